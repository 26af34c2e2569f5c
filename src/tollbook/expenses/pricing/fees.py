"""Fees of a month: what is owed for commits, whether they are used or not."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import pyarrow as pa

from tollbook.expenses.pricing.checks import check_line
from tollbook.expenses.pricing.contracts import regions_of
from tollbook.expenses.pricing.tables import AMOUNT, ContractTables
from tollbook.kernel.money import ZERO
from tollbook.kernel.periods import DateRange, day_start, month_of
from tollbook.rating.commit import first_commit_fee
from tollbook.rating.commit_hourly import committed_hours
from tollbook.rating.conventions import Conventions
from tollbook.rating.proration import hours_owed
from tollbook.rating.rules import MONTH_TO_DATE, CalcRule

_MOMENT: Final = pa.timestamp("us", tz="UTC")
_ONE_DAY: Final = timedelta(days=1)
_FEES: Final = pa.schema(
    [
        ("line_id", pa.int64()),
        ("addendum_id", pa.int32()),
        ("client_id", pa.int32()),
        ("region_id", pa.int32()),
        ("rule", pa.string()),
        ("for_date", pa.date32()),
        ("period_start", _MOMENT),
        ("period_end", _MOMENT),
        ("quantity", AMOUNT),
        ("fee", AMOUNT),
    ]
)


def owed_fees(contracts: ContractTables, days: DateRange) -> pa.Table:
    """The fees of ``days``, the first days of one month: shares of the month taken exactly.

    A commit is owed once, on its first active day of the month, for what is left of it (nothing
    where that is its activation day at the month's end); an hourly commit each day, for its hours.
    """
    prices = {
        row["line_id"]: row["price"]
        for row in contracts.stages.to_pylist()
        if row["threshold"] == 0
    }
    regions = regions_of(contracts)
    month, conventions = month_of(days.start), contracts.conventions
    fees: list[dict[str, Any]] = []
    for line in contracts.lines.to_pylist():
        if line["rule"] in MONTH_TO_DATE:
            continue
        check_line(line, has_price=line["line_id"] in prices)
        region_id = regions.get(line["line_id"], [contracts.fee_region_id])[0]
        fees += [
            _fee(line, region_id, fee)
            for fee in _fees_of(line, prices[line["line_id"]], month, conventions)
            if fee[0] in days
        ]
    return pa.Table.from_pylist(fees, _FEES)


def _fees_of(
    line: dict[str, Any], price: Decimal, month: DateRange, conventions: Conventions
) -> Iterator[tuple[date, datetime, datetime, Decimal, Decimal]]:
    """Day, period, quantity and, of a month's commit, the fee."""
    ends = line["active_to"] or day_start(month.end)
    served = [
        day
        for day in month
        if line["active_from"] < day_start(day) + _ONE_DAY and ends > day_start(day)
    ]
    if not line["committed"] or not served:
        return
    if line["rule"] == CalcRule.COMMIT:
        fee = first_commit_fee(
            line["committed"],
            price,
            activated_at=line["active_from"],
            month=month,
            ended_at=line["active_to"],
            counts_activation_day=conventions.counts_activation_day,
        )
        start = max(day_start(served[0]), line["active_from"])
        yield served[0], start, min(day_start(month.end), ends), line["committed"], fee
        return
    for day in served:
        hours = hours_owed(line["active_from"], day, ended_at=line["active_to"])
        if hours:
            start = max(day_start(day), line["active_from"])
            quantity = committed_hours(line["committed"], hours)
            yield day, start, min(day_start(day) + _ONE_DAY, ends), quantity, ZERO


def _fee(
    line: dict[str, Any],
    region_id: int,
    fee: tuple[date, datetime, datetime, Decimal, Decimal],
) -> dict[str, Any]:
    day, start, end, quantity, amount = fee
    return {
        "line_id": line["line_id"],
        "addendum_id": line["addendum_id"],
        "client_id": line["client_id"],
        "region_id": region_id,
        "rule": line["rule"],
        "for_date": day,
        "period_start": start,
        "period_end": end,
        "quantity": quantity,
        "fee": amount,
    }
