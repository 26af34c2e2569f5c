"""Bonus credits of the demo book: given, charged for expenses, expired, some taken back again."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID, uuid5

import polars as pl
from django.db import models

from tollbook.credits.models import Action, Grant, Operation
from tollbook.credits.rules import SIDES, ActionType
from tollbook.demo.accounts import DemoClient
from tollbook.demo.catalogue import EUR, USD, category_names
from tollbook.demo.seed import BOOK_DAYS, chance
from tollbook.kernel.money import ZERO
from tollbook.kernel.periods import day_start

_SPACE: Final = UUID("0d9a6f57-6f0f-4d4f-9a55-1d6e3f8c2026")
_CODES: Final = {USD: "USD", EUR: "EUR"}
_CAMPAIGN: Final = datetime(2026, 10, 1, tzinfo=UTC)
_CHARGED_DAYS: Final = (5, 20)
_AMOUNTS: Final = ("20", "50", "100", "100", "250", "1000", "33.333333333333", "0.000000000001")
_REASONS: Final = ("welcome", "goodwill: outage of 2026-08-14", "50 % off “Edge & AI”", "référence")
_SERVICES: Final = (None, None, 1, 2, 3)
_MOST_CHARGES: Final = 6
_ALLOWED_DAYS: Final = timedelta(days=45)


@dataclass(frozen=True)
class DemoCredit:
    """A credit given to a client; ``category_id`` is what it is good for, ``None`` for all."""

    client: DemoClient
    number: int
    amount: Decimal
    category_id: int | None
    given_at: datetime
    reason: str
    taken_back: bool

    @property
    def expires_at(self) -> datetime:
        """When what is left of it is lost."""
        return self.given_at + _ALLOWED_DAYS


@dataclass(frozen=True)
class _Move:
    """One action to be written: what it moves, for which credit, and why."""

    type: ActionType
    name: str
    amount: Decimal
    at: datetime
    details: Mapping[str, Any] | None = None
    expense: dict[str, Any] | None = None
    deleted: bool = False


def credit_rows(
    clients: Sequence[DemoClient], expenses: pl.DataFrame, shifts: Mapping[str, int]
) -> tuple[Sequence[models.Model], ...]:
    """The rows of one copy of the book, whose numbers lie ``shifts`` above those of the first."""
    actions: list[Action] = []
    operations: list[Operation] = []
    grants: list[Grant] = []
    limits: list[models.Model] = []
    by_client = _chargeable(expenses)
    for credit in demo_credits(clients):
        unpaid = by_client.get(credit.client.id, [])
        for move in _moves(credit, unpaid):
            if move.expense in unpaid:
                unpaid.remove(move.expense)
            action = _action(credit, move, shifts)
            actions.append(action)
            operations += _operations(credit, move, action, shifts)
        grants.append(_grant(credit, shifts))
        if credit.category_id:
            limits.append(
                Grant.categories.through(
                    grant_id=grants[-1].pk, productcategory_id=credit.category_id
                )
            )
    return tuple(table for table in (actions, operations, grants, limits) if table)


def demo_credits(clients: Sequence[DemoClient]) -> Iterator[DemoCredit]:
    """What two clients of five are given, some of them several times."""
    for client in clients:
        dice = chance("credits", client.id)
        for number in range(dice.choice((0, 0, 0, 1, 1, 2, 3))):
            alone = day_start(BOOK_DAYS.start) + timedelta(
                days=dice.randrange(75), hours=dice.randrange(24), microseconds=dice.randrange(3)
            )
            yield DemoCredit(
                client=client,
                number=number,
                amount=Decimal(dice.choice(_AMOUNTS)),
                category_id=dice.choice(_SERVICES),
                given_at=_CAMPAIGN if dice.randrange(3) == 0 else alone,
                reason=dice.choice(_REASONS),
                taken_back=dice.randrange(12) == 0,
            )


def _chargeable(expenses: pl.DataFrame) -> dict[int, list[dict[str, Any]]]:
    """Live expenses of some days that cost something, by client, in the order of their days."""
    found = (
        expenses.lazy()
        .filter(pl.col("deleted").not_() & (pl.col("money_value") > 0))
        .filter(pl.col("for_date").dt.day().is_in(_CHARGED_DAYS))
        .select("id", "client_id", "currency_id", "product_category_id", "for_date", "money_value")
        .sort("for_date", "id")
        .collect()
    )
    parts = found.partition_by("client_id", as_dict=True)
    return {int(key[0]): part.to_dicts() for key, part in parts.items()}


def _moves(credit: DemoCredit, expenses: Sequence[dict[str, Any]]) -> Iterator[_Move]:
    about = {
        "comment": credit.reason,
        "valid_to": credit.expires_at.isoformat(),
        "product_categories": [credit.category_id] if credit.category_id else [],
    }
    given = _Move(ActionType.CREDIT, "credit", credit.amount, credit.given_at, about)
    if credit.taken_back:
        yield _Move(**{**vars(given), "deleted": True})
        return
    yield given
    left = credit.amount
    for nth, expense in enumerate(_paid_by(credit, expenses)):
        amount = min(left, expense["money_value"])
        at = day_start(expense["for_date"]) + timedelta(days=1, hours=3)
        charge = _Move(ActionType.CHARGE, f"charge {nth}", amount, at, None, expense)
        if nth == 1:
            yield _Move(**{**vars(charge), "name": "charge taken back", "deleted": True})
        yield charge
        left -= amount
        if left == ZERO:
            return
    if credit.expires_at < day_start(BOOK_DAYS.end):
        yield _Move(ActionType.EXPIRE, "expiry", left, credit.expires_at)


def _paid_by(credit: DemoCredit, expenses: Sequence[dict[str, Any]]) -> Sequence[dict[str, Any]]:
    """The expenses that the credit can be charged for, in the order of their days."""
    fitting = [
        expense
        for expense in expenses
        if expense["currency_id"] == credit.client.currency_id
        and credit.category_id in {None, expense["product_category_id"]}
        and credit.given_at <= day_start(expense["for_date"])
        and day_start(expense["for_date"]) + timedelta(days=2) < credit.expires_at
    ]
    return fitting[:_MOST_CHARGES]


def _grant(credit: DemoCredit, shifts: Mapping[str, int]) -> Grant:
    return Grant(
        action_id=_uuid(credit, "credit", shifts),
        client_id=credit.client.id + shifts["client_id"],
        unit_code=_CODES[credit.client.currency_id],
        amount=credit.amount,
        valid_from=credit.given_at,
        valid_to=credit.expires_at,
        comment=credit.reason,
    )


def _action(credit: DemoCredit, move: _Move, shifts: Mapping[str, int]) -> Action:
    expense_id = str(move.expense["id"] + shifts["expense_id"]) if move.expense else None
    return Action(
        id=_uuid(credit, move.name, shifts),
        parent_id=None if move.name == "credit" else _uuid(credit, "credit", shifts),
        type_code=move.type,
        applying_at=move.at,
        details_json=move.details,
        object_type="expense" if expense_id else None,
        object_id=expense_id,
        deleted=move.deleted,
        created_at=move.at + timedelta(minutes=4, seconds=30),
    )


def _operations(
    credit: DemoCredit, move: _Move, action: Action, shifts: Mapping[str, int]
) -> Iterator[Operation]:
    into, out_of = SIDES[move.type]
    for account, side in ((into, "debit"), (out_of, "credit")):
        yield Operation(
            id=_uuid(credit, f"{move.name} {side}", shifts),
            action=action,
            client_id=credit.client.id + shifts["client_id"],
            acc=account,
            unit_code=_CODES[credit.client.currency_id],
            service=category_names()[credit.category_id] if credit.category_id else "",
            analytics={"for_date": move.expense["for_date"].isoformat()} if move.expense else None,
            **{side: move.amount},
        )


def _uuid(credit: DemoCredit, name: str, shifts: Mapping[str, int]) -> UUID:
    return uuid5(_SPACE, f"{credit.client.id + shifts['client_id']}/{credit.number}/{name}")
