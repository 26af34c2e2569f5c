"""What the clients have agreed to: addendums, subscriptions and discounts."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from random import Random
from typing import Final

from tollbook.contracts.rules import AddendumStatus
from tollbook.demo.accounts import DemoClient
from tollbook.demo.catalogue import EUR, USD
from tollbook.demo.demand import usual_commit
from tollbook.demo.seed import BOOK_DAYS, chance
from tollbook.demo.tariffs import PLANS, PlanTariff, Tariff
from tollbook.kernel.money import ZERO
from tollbook.kernel.periods import day_start
from tollbook.rating.rules import CalcRule

_PLANS_BY_SIZE: Final = {1: (1, 2, 2, 3), 8: (2, 3, 4, 5), 60: (5, 6, 7, 8)}
_PERCENTS: Final = ("5", "10", "10", "12.5", "15", "7.25", "33.333333333333", "50", "100")
_DISCOUNT_COMMENTS: Final = (None, "first year", "agreed with sales, until revoked", '"=10%"')


@dataclass(frozen=True)
class DemoDiscount:
    """A percentage off an addendum's expenses in ``[active_from, active_to)``."""

    id: int
    percent: Decimal
    comment: str | None
    active_from: datetime
    active_to: datetime | None

    def holds_at(self, moment: datetime) -> bool:
        """Whether the discount is active at ``moment``."""
        return self.active_from <= moment and (self.active_to is None or moment < self.active_to)


@dataclass(frozen=True)
class DemoSubscription:
    """An activated plan item; ``committed`` units of it are owed or included."""

    id: int
    tariff: Tariff
    committed: Decimal


@dataclass(frozen=True)
class DemoAddendum:
    """A client's contract on one plan."""

    id: int
    client: DemoClient
    plan: PlanTariff
    currency_id: int
    active_from: datetime
    active_to: datetime | None
    subscriptions: tuple[DemoSubscription, ...] = field(repr=False)
    discounts: tuple[DemoDiscount, ...] = field(repr=False)

    @property
    def status(self) -> AddendumStatus:
        """Where it stands at the end of the book."""
        end = day_start(BOOK_DAYS.end)
        if self.active_from >= end:
            return AddendumStatus.UPCOMING
        if self.active_to is not None and self.active_to <= end:
            return AddendumStatus.STOPPED
        return AddendumStatus.ACTIVE

    def committed_of(self, tariff: Tariff) -> Decimal:
        """The monthly commit of the tariff's feature, zero without one."""
        return sum(
            (
                subscription.committed
                for subscription in self.subscriptions
                if subscription.tariff.rule is CalcRule.COMMIT
                and subscription.tariff.feature_id == tariff.feature_id
            ),
            ZERO,
        )

    def hourly_commit_of(self, tariff: Tariff) -> Decimal | None:
        """What is committed of the tariff's feature for every hour, none without an item of it."""
        for subscription in self.subscriptions:
            other = subscription.tariff
            if other.rule is CalcRule.COMMIT_HOURLY and other.feature_id == tariff.feature_id:
                return subscription.committed
        return None


def addendums(clients: tuple[DemoClient, ...]) -> tuple[DemoAddendum, ...]:
    """All addendums, numbered from one over all clients."""
    numbers, subscription_numbers, discount_numbers = count(1), count(1), count(1)
    return tuple(
        _addendum(client, plan, next(numbers), subscription_numbers, discount_numbers)
        for client in clients
        for plan in _plans_of(client)
    )


def _plans_of(client: DemoClient) -> list[PlanTariff]:
    dice = chance("plans", client.id)
    sold = [plan for plan in PLANS if not plan.archive]
    dice.shuffle(sold)
    wanted = dice.choice(_PLANS_BY_SIZE[client.size])
    return sorted(sold[:wanted], key=lambda plan: plan.id)


def _addendum(
    client: DemoClient,
    plan: PlanTariff,
    number: int,
    subscription_numbers: Iterator[int],
    discount_numbers: Iterator[int],
) -> DemoAddendum:
    dice = chance("addendum", number)
    active_from = client.active_from + timedelta(hours=dice.randrange(3))
    if client.active_from.month < 8 and dice.randrange(100) < 15:
        active_from = datetime(2026, dice.randrange(8, 11), dice.randrange(2, 28), 9, tzinfo=UTC)
        if client.active_to is not None and active_from >= client.active_to:
            active_from = client.active_from
    in_other_currency = dice.randrange(100) < 4
    return DemoAddendum(
        id=number,
        client=client,
        plan=plan,
        currency_id=USD + EUR - client.currency_id if in_other_currency else client.currency_id,
        active_from=active_from,
        active_to=client.active_to,
        subscriptions=tuple(
            DemoSubscription(
                id=next(subscription_numbers),
                tariff=tariff,
                committed=usual_commit(tariff, client.size, dice),
            )
            for tariff in plan.items
        ),
        discounts=tuple(_discounts(dice, active_from, discount_numbers)),
    )


def _discounts(dice: Random, start: datetime, numbers: Iterator[int]) -> Iterator[DemoDiscount]:
    fate = dice.randrange(100)
    if fate >= 38:
        return
    turn = datetime(2026, 9, dice.randrange(1, 29), tzinfo=UTC)
    turns = fate < 12 and start < turn
    yield DemoDiscount(
        id=next(numbers),
        percent=Decimal(dice.choice(_PERCENTS)),
        comment=dice.choice(_DISCOUNT_COMMENTS),
        active_from=start,
        active_to=turn if turns else None,
    )
    if turns:
        yield DemoDiscount(next(numbers), Decimal(dice.choice(_PERCENTS)), "renewed", turn, None)
