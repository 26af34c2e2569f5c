"""Bonus credits of the demo book: given, charged for expenses, expired, some taken back again.

What they pay of a closed month stands in it as expenses of kind ``credit``, and so on its invoice.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID, uuid5

import polars as pl
from django.db import models

from tollbook.credits.models import Action, Grant, Operation
from tollbook.credits.rules import SIDES, ActionType
from tollbook.demo.accounts import DemoClient
from tollbook.demo.catalogue import EUR, USD, category_names
from tollbook.demo.contract_frames import MOMENT
from tollbook.demo.seed import BOOK_DAYS, UNCLOSED, chance
from tollbook.expenses.rules import ExpenseKind
from tollbook.kernel.money import ZERO, round_money
from tollbook.kernel.periods import day_start, month_start
from tollbook.rating.charge import percent_of
from tollbook.rating.exact import exact

_SPACE: Final = UUID("0d9a6f57-6f0f-4d4f-9a55-1d6e3f8c2026")
_CODES: Final = {USD: "USD", EUR: "EUR"}
_AMOUNT: Final = pl.Decimal(38, 12)
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
    for credit, moves in _moved(clients, expenses):
        for move in moves:
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


@exact
def with_credits(clients: Sequence[DemoClient], expenses: pl.DataFrame) -> pl.DataFrame:
    """The expenses and, numbered after them, what credits paid of each contract in each month."""
    paid: dict[tuple[date, int, int], Decimal] = defaultdict(Decimal)
    example: dict[tuple[date, int, int], dict[str, Any]] = {}
    for _, moves in _moved(clients, expenses):
        for move in moves:
            if move.expense and not move.deleted:
                month = month_start(move.expense["for_date"])
                key = (month, move.expense["addendum_id"], move.expense["plan_item_id"])
                paid[key] += move.amount
                first = example.setdefault(key, move.expense)
                example[key] = min(first, move.expense, key=lambda row: int(row["id"]))
    rows = [(example[key]["id"], paid[key], _tax(paid[key], example[key])) for key in sorted(paid)]
    found = pl.DataFrame(
        rows, schema={"id": pl.Int64, "paid": _AMOUNT, "tax": _AMOUNT}, orient="row"
    ).join(expenses, on="id", how="left", maintain_order="left")
    return pl.concat([expenses, _posted(found, len(expenses)).select(expenses.columns)])


def _tax(paid: Decimal, expense: Mapping[str, Any]) -> Decimal:
    return round_money(percent_of(paid, expense["tax_rate"]))


def _posted(found: pl.DataFrame, numbered: int) -> pl.DataFrame:
    """Rows like the expenses that are paid for, as a closing posts them on the month's last day."""
    last = pl.col("for_date").dt.month_end()
    nothing = {
        name: pl.lit(None, dtype=found.schema[name])
        for name in ("subscription_id", "discount_id", "comment", "reason")
    }
    zero = pl.lit(ZERO, dtype=_AMOUNT)
    return found.with_columns(
        id=pl.int_range(1, pl.len() + 1, dtype=pl.Int64) + numbered,
        kind=pl.lit(ExpenseKind.CREDIT.value),
        revision=pl.lit(1, dtype=found.schema["revision"]),
        for_date=last,
        period_start=last.cast(MOMENT),
        period_end=last.cast(MOMENT) + pl.duration(days=1),
        usage=zero,
        discount_value=zero,
        money_value=-pl.col("paid"),
        tax_value=-pl.col("tax"),
        created_at=last.cast(MOMENT) + pl.duration(days=1, hours=5),
        **nothing,
    )


def _moved(
    clients: Sequence[DemoClient], expenses: pl.DataFrame
) -> Iterator[tuple[DemoCredit, list[_Move]]]:
    """What becomes of each credit; an expense is paid for by one."""
    by_client = _chargeable(expenses)
    for credit in demo_credits(clients):
        unpaid = by_client.get(credit.client.id, [])
        moves = list(_moves(credit, unpaid))
        for move in moves:
            if move.expense in unpaid:
                unpaid.remove(move.expense)
        yield credit, moves


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
    """Live expenses of some days that cost something, by client, in the order of their days.

    Credits are charged when a month is closed: of the one that is open nothing is paid yet.
    """
    reseller_id, open_month = UNCLOSED
    is_open = (pl.col("reseller_id") == reseller_id) & (pl.col("for_date") >= open_month)
    found = (
        expenses.lazy()
        .filter(pl.col("deleted").not_() & (pl.col("money_value") > 0))
        .filter(pl.col("for_date").dt.day().is_in(_CHARGED_DAYS) & ~is_open)
        .select(
            "id", "client_id", "addendum_id", "plan_item_id", "currency_id",
            "product_category_id", "for_date", "money_value", "tax_rate",
        )
        .sort("for_date", "id")
        .collect()
    )  # fmt: skip
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
