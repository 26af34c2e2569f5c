"""The usage of a client in a month beside its contracts: what the steps of its expenses go by."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cached_property
from typing import Final

import pyarrow.compute as pc

from tollbook.expenses.contract_tables import contract_tables
from tollbook.expenses.models import Expense
from tollbook.expenses.pricing.reference import contracts_of
from tollbook.expenses.rules import ExpenseKind
from tollbook.kernel.money import ZERO
from tollbook.kernel.periods import DateRange
from tollbook.rating.exact import exact
from tollbook.rating.metered import (
    Contracts,
    MeteredLine,
    UsageBucket,
    UsageRecord,
    charged_usage,
    day_quantities,
    in_time,
    line_for,
    line_of_day,
)
from tollbook.usage.lake import open_segments
from tollbook.usage.selectors import segments_of

_ANY: Final = None
_Meter = tuple[int, int, int, Decimal]
_Place = tuple[date, datetime, int]


@dataclass(frozen=True)
class LakeRecord(UsageRecord):
    """A usage record with what it was used by."""

    resource_id: str | None = None


@dataclass(frozen=True)
class ClientMonth:
    """Records of the lake and contracts of one client in one month."""

    client_id: int
    month: DateRange
    contracts: Contracts
    records: Sequence[LakeRecord]

    @cached_property
    def lines(self) -> dict[int, MeteredLine]:
        """The client's lines by number, those of fees among them."""
        return {line.line_id: line for line in self.contracts.lines}

    @cached_property
    def charged(self) -> dict[UsageBucket, Decimal]:
        """Measured usage less what trials make free."""
        return charged_usage(self.records, self.contracts, self.lines)

    @cached_property
    def records_of(self) -> dict[tuple[date, int, int], list[LakeRecord]]:
        """The records by day, line and region that they count for; those that no line takes not."""
        priced: dict[int, list[MeteredLine]] = defaultdict(list)
        for line in self.contracts.lines:
            priced[line.feature_id].append(line)
        found: dict[tuple[date, int, int], list[LakeRecord]] = defaultdict(list)
        for record in self.records:
            taker = line_for(record, priced[record.feature_id])
            if taker is not None:
                day = record.period_start.date()
                last = line_of_day(day, taker, priced[record.feature_id])
                found[day, last.line_id, record.region_id].append(record)
        return found

    @cached_property
    @exact
    def quantities(self) -> list[tuple[date, MeteredLine, int, Decimal]]:
        """Billed units of each day, line and region, in the order in which they count."""
        return sorted(day_quantities(self.charged, self.lines), key=in_time)

    def charged_on(self, day: date, line: MeteredLine, region_id: int) -> Sequence[Decimal]:
        """What is charged of a day in measured units: hour by hour where a commit is hourly."""
        return self._charged_by_day.get((day, line.line_id, region_id), ())

    def used_before(self, day: date, line: MeteredLine, region_id: int) -> Decimal:
        """Billed units of the month that came before, by the same meter."""
        places, sums = self._used_by_meter[_meter(line, region_id)]
        return sums[bisect_left(places, in_time((day, line, region_id, ZERO)))]

    @cached_property
    def _charged_by_day(self) -> dict[tuple[date, int, int], list[Decimal]]:
        found: dict[tuple[date, int, int], list[Decimal]] = defaultdict(list)
        for bucket, amount in self.charged.items():
            found[bucket.day, bucket.line_id, bucket.region_id].append(amount)
        return found

    @cached_property
    @exact
    def _used_by_meter(self) -> dict[_Meter, tuple[list[_Place], list[Decimal]]]:
        """By meter when something was used, and what had been used before each and at the end."""
        found: dict[_Meter, tuple[list[_Place], list[Decimal]]]
        found = defaultdict(lambda: ([], [ZERO]))
        for one in self.quantities:
            _, line, region_id, quantity = one
            places, sums = found[_meter(line, region_id)]
            places.append(in_time(one))
            sums.append(sums[-1] + quantity)
        return found

    @cached_property
    def credit_expenses(self) -> dict[tuple[int, int], tuple[int, ...]]:
        """Expenses that say how much bonus credit was used, by addendum and plan item."""
        rows = Expense.objects.filter(
            client_id=self.client_id,
            kind=ExpenseKind.CREDIT,
            for_date__gte=self.month.start,
            for_date__lt=self.month.end,
            deleted=False,
        )
        found: dict[tuple[int, int], tuple[int, ...]] = defaultdict(tuple)
        for pk, *place in rows.order_by("pk").values_list("pk", "addendum_id", "plan_item_id"):
            found[place[0], place[1]] += (pk,)
        return found


def read_client_month(
    month: DateRange,
    client_id: int,
    feature_id: int | None = _ANY,
    *,
    until: datetime | None = None,
) -> ClientMonth:
    """The client's month by the lake and the contracts of now; of one feature, or of all.

    Usage that came at ``until`` or later is left out.
    Where the client is on trial all features are read: one may use up what ends it for the others.
    """
    contracts = contracts_of(contract_tables(month, [client_id]))
    wanted = pc.field("client_id") == client_id
    if feature_id is not None and not contracts.free_ranges:
        wanted &= pc.field("feature_id") == feature_id
    segments = [each for each in segments_of(month) if until is None or each.created_at < until]
    records = [
        LakeRecord(
            record_id=row["record_id"],
            client_id=row["client_id"],
            feature_id=row["feature_id"],
            region_id=row["region_id"],
            period_start=row["period_start"].astimezone(UTC),
            period_end=row["period_end"].astimezone(UTC),
            amount=row["amount"],
            addendum_id=row["addendum_id"],
            resource_id=row["resource_id"],
        )
        for batch in open_segments(segments).to_batches(filter=wanted)
        for row in batch.to_pylist()
    ]
    ordered = sorted(records, key=lambda record: (record.period_start, record.record_id))
    return ClientMonth(client_id, month, contracts, ordered)


def _meter(line: MeteredLine, region_id: int) -> _Meter:
    return line.addendum_id, line.feature_id, region_id, line.unit_size
