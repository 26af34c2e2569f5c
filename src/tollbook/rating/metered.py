"""Usage records and contracts to what is posted for each day: the whole way, record by record.

What SQL does for millions of rows is held equal to this, digit for digit.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Final

from tollbook.kernel.money import ZERO, round_money
from tollbook.kernel.periods import day_start
from tollbook.rating.charge import charge
from tollbook.rating.commit import Committed
from tollbook.rating.commit_hourly import hourly_excess
from tollbook.rating.exact import exact
from tollbook.rating.rules import MONTH_TO_DATE, CalcRule, Terms, posting
from tollbook.rating.trials import TrialLimit, TrialUse, free_amounts
from tollbook.rating.usage import UsageRounding, billed_quantity

_ONE_DAY: Final = timedelta(days=1)
_ONE_HOUR: Final = timedelta(hours=1)
_NEVER: Final = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class UsageRecord:
    """One record of the lake; its period lies in one UTC day."""

    record_id: str
    client_id: int
    feature_id: int
    region_id: int
    period_start: datetime
    period_end: datetime
    amount: Decimal
    addendum_id: int | None = None


@dataclass(frozen=True)
class MeteredLine:
    """An active plan item that usage is billed by; without ``region_ids`` it takes any region.

    ``region_commits`` says what is committed in the regions that a commit of the feature names; in
    all others ``terms`` and ``hourly_commit`` do.
    """

    line_id: int
    addendum_id: int
    client_id: int
    plan_item_id: int
    feature_id: int
    rule: CalcRule
    terms: Terms
    active_from: datetime
    active_to: datetime | None = None
    unit_size: Decimal = Decimal(1)
    rounding: UsageRounding | None = None
    hourly_commit: Decimal | None = None
    region_ids: frozenset[int] = frozenset()
    region_commits: Mapping[int, Committed] = field(default_factory=dict)

    @property
    def ends(self) -> datetime:
        """When it ends, were it at the end of the calendar."""
        return _NEVER if self.active_to is None else self.active_to

    def in_region(self, region_id: int) -> "MeteredLine":
        """The line with what is committed in a region."""
        found = self.region_commits.get(region_id)
        if found is None:
            return self
        terms = replace(self.terms, committed=found.monthly)
        return replace(self, terms=terms, hourly_commit=found.hourly)


@dataclass(frozen=True)
class DiscountSpan:
    """A percentage off an addendum's amounts while it is active; an empty bound is open."""

    addendum_id: int
    discount_id: int
    percent: Decimal
    active_from: datetime | None = None
    active_to: datetime | None = None

    def holds_at(self, moment: datetime) -> bool:
        """Whether it is active at ``moment``."""
        begun = self.active_from is None or self.active_from <= moment
        return begun and (self.active_to is None or moment < self.active_to)


@dataclass(frozen=True)
class FreeRange:
    """A range of a trial for a feature, and what is left of its limit when the month starts."""

    trial_id: int
    client_id: int
    feature_id: int
    free_from: datetime
    free_to: datetime | None = None
    limit: TrialLimit | None = None


@dataclass(frozen=True)
class Contracts:
    """All that usage is rated by; ``taxes`` are percents by client."""

    lines: Sequence[MeteredLine]
    discounts: Sequence[DiscountSpan] = ()
    taxes: Mapping[int, Decimal] = field(default_factory=dict)
    free_ranges: Sequence[FreeRange] = ()


@dataclass(frozen=True)
class RatedDay:
    """What is posted for a line in a region on a day; ``rated == money_value + discount_value``."""

    line_id: int
    region_id: int
    for_date: date
    period_start: datetime
    period_end: datetime
    usage: Decimal
    rated: Decimal
    discount_id: int | None
    discount_value: Decimal
    money_value: Decimal
    tax_rate: Decimal
    tax_value: Decimal


@dataclass(frozen=True, order=True)
class UsageBucket:
    """Usage of one day, or of one hour where the commit is hourly."""

    day: date
    hour: int
    line_id: int
    region_id: int


@exact
def rate_records(records: Iterable[UsageRecord], contracts: Contracts) -> list[RatedDay]:
    """Rate the records of one month; ordered by line, region and day.

    Records that no line takes are left out (see :func:`line_for`).
    """
    lines = {line.line_id: line for line in contracts.lines}
    days = day_quantities(charged_usage(records, contracts, lines), lines)
    used: dict[tuple[object, ...], Decimal] = defaultdict(Decimal)
    posted: list[RatedDay] = []
    for day, line, region_id, quantity in sorted(days, key=in_time):
        meter = (line.addendum_id, line.feature_id, region_id, line.unit_size)
        rated = posting(line.rule, line.terms, used_before=used[meter], used=quantity)
        used[meter] += quantity
        posted.append(_posted(line, region_id, day, quantity, rated, contracts))
    return sorted(posted, key=lambda row: (row.line_id, row.region_id, row.for_date))


def line_for(record: UsageRecord, lines: Iterable[MeteredLine]) -> MeteredLine | None:
    """Which line takes a record: one of the record's addendum, if it names one, that is active at
    the start of its period and prices its feature in its region.

    Of several, that of the lowest addendum; there, one that names the region before one that takes
    any; then the lowest. None also where the commit is hourly and the record spans several hours.
    It is given as it is in the record's region.
    """
    fitting = [line for line in lines if _fits(record, line)]
    if not fitting:
        return None
    best = min(fitting, key=_preference).in_region(record.region_id)
    hour_end = record.period_start.replace(minute=0, second=0, microsecond=0) + _ONE_HOUR
    if best.hourly_commit is not None and record.period_end > hour_end:
        return None
    return best


def _fits(record: UsageRecord, line: MeteredLine) -> bool:
    return (
        line.rule in MONTH_TO_DATE
        and (line.client_id, line.feature_id) == (record.client_id, record.feature_id)
        and record.addendum_id in {None, line.addendum_id}
        and line.active_from <= record.period_start < line.ends
        and (not line.region_ids or record.region_id in line.region_ids)
    )


def _preference(line: MeteredLine) -> tuple[int, bool, int]:
    return line.addendum_id, not line.region_ids, line.line_id


def charged_usage(
    records: Iterable[UsageRecord], contracts: Contracts, lines: Mapping[int, MeteredLine]
) -> dict[UsageBucket, Decimal]:
    """Measured usage less what trials make free."""
    priced: dict[tuple[int, int], list[MeteredLine]] = defaultdict(list)
    for line in contracts.lines:
        priced[line.client_id, line.feature_id].append(line)
    charged: dict[UsageBucket, Decimal] = defaultdict(Decimal)
    tried: dict[int, dict[UsageBucket, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for record in records:
        taken_by = line_for(record, priced[record.client_id, record.feature_id])
        if taken_by is None:
            continue
        day = record.period_start.date()
        hour = record.period_start.hour if taken_by.hourly_commit is not None else 0
        last = line_of_day(day, taken_by, priced[record.client_id, record.feature_id])
        bucket = UsageBucket(day, hour, last.line_id, record.region_id)
        charged[bucket] += record.amount
        free = _free_range(record, contracts.free_ranges)
        if free is not None:
            tried[free.trial_id][bucket] += record.amount
    for trial_id, amounts in tried.items():
        for bucket, free_part in _free(trial_id, amounts, contracts, lines):
            charged[bucket] -= free_part
    return charged


def line_of_day(day: date, line: MeteredLine, lines: Iterable[MeteredLine]) -> MeteredLine:
    """Where a plan item is activated anew within a day, all of the day belongs to the last."""
    return max(_same_item(day, line, lines), key=lambda one: (one.active_from, one.line_id))


def _same_item(day: date, line: MeteredLine, lines: Iterable[MeteredLine]) -> Iterator[MeteredLine]:
    start = day_start(day)
    for one in lines:
        if (one.addendum_id, one.plan_item_id) == (line.addendum_id, line.plan_item_id) and (
            one.active_from < start + _ONE_DAY and one.ends > start
        ):
            yield one


def _free_range(record: UsageRecord, ranges: Iterable[FreeRange]) -> FreeRange | None:
    for one in ranges:
        if (one.client_id, one.feature_id) == (record.client_id, record.feature_id) and (
            one.free_from <= record.period_start
            and (one.free_to is None or record.period_start < one.free_to)
        ):
            return one
    return None


def _free(
    trial_id: int,
    amounts: Mapping[UsageBucket, Decimal],
    contracts: Contracts,
    lines: Mapping[int, MeteredLine],
) -> Iterable[tuple[UsageBucket, Decimal]]:
    limits = {
        one.feature_id: one.limit
        for one in contracts.free_ranges
        if one.trial_id == trial_id and one.limit is not None
    }
    buckets = sorted(amounts)
    uses = [
        TrialUse(lines[bucket.line_id].feature_id, bucket.day, amounts[bucket])
        for bucket in buckets
    ]
    return zip(buckets, free_amounts(uses, limits), strict=True)


def day_quantities(
    charged: Mapping[UsageBucket, Decimal], lines: Mapping[int, MeteredLine]
) -> list[tuple[date, MeteredLine, int, Decimal]]:
    """Billed units of each day, line (as it is in the region) and region, where there are any."""
    days: dict[tuple[date, int, int], list[Decimal]] = defaultdict(list)
    for bucket, amount in charged.items():
        days[bucket.day, bucket.line_id, bucket.region_id].append(amount)
    quantities = (
        (day, line, region_id, _quantity(line, amounts))
        for (day, line_id, region_id), amounts in days.items()
        for line in [lines[line_id].in_region(region_id)]
    )
    return [found for found in quantities if found[3]]


def _quantity(line: MeteredLine, amounts: Sequence[Decimal]) -> Decimal:
    if line.hourly_commit is None:
        measured = sum(amounts, ZERO)
    else:
        measured = hourly_excess(amounts, line.hourly_commit * line.unit_size)
    return billed_quantity(measured, unit_size=line.unit_size, rounding=line.rounding)


def in_time(found: tuple[date, MeteredLine, int, Decimal]) -> tuple[date, datetime, int]:
    """The order in which quantities count towards the month."""
    day, line, _, _ = found
    return day, line.active_from, line.line_id


def _posted(
    line: MeteredLine,
    region_id: int,
    day: date,
    quantity: Decimal,
    rated: Decimal,
    contracts: Contracts,
) -> RatedDay:
    served = list(_same_item(day, line, contracts.lines))
    start = max(day_start(day), min(one.active_from for one in served))
    discounts = sorted(
        (one for one in contracts.discounts if one.addendum_id == line.addendum_id),
        key=lambda one: one.discount_id,
    )
    discount = next((one for one in discounts if one.holds_at(start)), None)
    tax_rate = contracts.taxes.get(line.client_id, ZERO)
    owed = charge(
        rated, discount_percent=discount.percent if discount else ZERO, tax_percent=tax_rate
    )
    return RatedDay(
        line_id=line.line_id,
        region_id=region_id,
        for_date=day,
        period_start=start,
        period_end=min(day_start(day) + _ONE_DAY, max(one.ends for one in served)),
        usage=quantity,
        rated=round_money(rated),
        discount_id=discount.discount_id if discount else None,
        discount_value=owed.discount,
        money_value=owed.net,
        tax_rate=tax_rate,
        tax_value=owed.tax,
    )
