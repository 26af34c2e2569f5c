"""One posted expense, from its rated amount to what the ledger stores."""

from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from tollbook.demo.lines import Line
from tollbook.expenses.rules import ExpenseKind
from tollbook.kernel.money import ZERO
from tollbook.rating.charge import charge


class Posted(NamedTuple):
    """One expense of a line; amounts as they are stored.

    It was written in the night after its day, a second revision one night later.
    """

    line: int
    kind: str
    revision: int
    for_date: date
    period_start: datetime
    period_end: datetime
    usage: Decimal
    money_value: Decimal
    discount_id: int | None
    discount_value: Decimal
    tax_rate: Decimal
    tax_value: Decimal
    deleted: bool
    reason: str | None
    comment: str | None


def post(
    line: Line,
    kind: ExpenseKind,
    day: date,
    period: tuple[datetime, datetime],
    usage: Decimal,
    rated: Decimal,
    *,
    tax: Decimal | None = None,
) -> Posted:
    """Charge ``rated`` with the line's discount and tax, or the tax given in its place."""
    discount = line.discount_on(period[0])
    tax_rate = line.addendum.client.payer.tax_rate if tax is None else tax
    owed = charge(
        rated, discount_percent=discount.percent if discount else ZERO, tax_percent=tax_rate
    )
    return Posted(
        line=line.number,
        kind=kind.value,
        revision=1,
        for_date=day,
        period_start=period[0],
        period_end=period[1],
        usage=usage,
        money_value=owed.net,
        discount_id=discount.id if discount else None,
        discount_value=owed.discount,
        tax_rate=tax_rate,
        tax_value=owed.tax,
        deleted=False,
        reason=None,
        comment=None,
    )
