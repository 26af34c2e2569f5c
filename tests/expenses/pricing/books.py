"""Books drawn at random: contracts of one month and usage that meets all their edges."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.laws import share_of
from tollbook.expenses.pricing import tables
from tollbook.expenses.pricing.tables import ContractTables
from tollbook.kernel.money import round_money
from tollbook.kernel.periods import DateRange, day_start, month_of
from tollbook.usage.records import USAGE_SCHEMA

MONTH: Final = month_of(datetime(2026, 10, 1, tzinfo=UTC).date())
FIRST: Final = day_start(MONTH.start)
_APART: Final = 100
_OWN: Final = frozenset({"client_id", "addendum_id", "line_id", "trial_id"})
_CLIENT_OF: Final = {11: 1, 12: 1, 13: 2}
_FEATURES: Final = (101, 102)
_REGIONS: Final = (1, 2, 3)
_UNITS: Final = (
    ("1", "60", "3", "7"),
    ("1000000000", "3000000000"),
    ("1000000000000",),
    ("0.001", "0.007"),
    ("0.00000003",),
)
"""Unit sizes that one feature may have in different plans."""

_MULTIPLES: Final = ("1", "0.1", "0.25", "0.001", "3")
_PERCENTS: Final = ("0", "10", "33.333333333333", "100", "7.25", "0.000000000001")
_PRICES: Final = ("1", "0.5", "0.333333", "0.000000000001", "224.801981", "12345.678901234567")
_TAXES: Final = ("0.00", "20.00", "8.25", "19.99")

_COMMITS: Final = st.fixed_dictionaries(
    {
        "committed": st.sampled_from(("0", "0", "5", "10.5", "1000")).map(Decimal),
        "hourly_commit": st.sampled_from((None, None, Decimal(2), Decimal("0.5"))),
    }
)
"""What is committed, of a line in all regions or in one."""


@dataclass(frozen=True)
class Book:
    """Contracts and usage of October 2026."""

    contracts: ContractTables
    usage: pa.Table


def contract_tables(
    lines: list[dict[str, Any]],
    stages: list[dict[str, Any]],
    *,
    line_regions: list[dict[str, Any]] | None = None,
    region_commits: list[dict[str, Any]] | None = None,
    discounts: list[dict[str, Any]] | None = None,
    taxes: list[dict[str, Any]] | None = None,
    trials: list[dict[str, Any]] | None = None,
) -> ContractTables:
    """Tables from rows; fees without a region of their own are posted in region 9."""
    return ContractTables(
        lines=pa.Table.from_pylist(lines, tables.LINES_SCHEMA),
        line_regions=pa.Table.from_pylist(line_regions or [], tables.LINE_REGIONS_SCHEMA),
        region_commits=pa.Table.from_pylist(region_commits or [], tables.REGION_COMMITS_SCHEMA),
        stages=pa.Table.from_pylist(stages, tables.STAGES_SCHEMA),
        discounts=pa.Table.from_pylist(discounts or [], tables.DISCOUNTS_SCHEMA),
        taxes=pa.Table.from_pylist(taxes or [], tables.TAXES_SCHEMA),
        trials=pa.Table.from_pylist(trials or [], tables.TRIALS_SCHEMA),
        fee_region_id=9,
    )


def line_row(line_id: int = 1, **given: Any) -> dict[str, Any]:
    """A plain pay-as-you-go line of client 1, with what is ``given`` in its place."""
    return {
        "line_id": line_id,
        "addendum_id": 11,
        "client_id": 1,
        "plan_item_id": line_id,
        "feature_id": 101,
        "rule": "overcommit",
        "active_from": FIRST,
        "active_to": None,
        "unit_size": Decimal(1),
        "round_multiple": None,
        "round_way": None,
        "committed": Decimal(0),
        "hourly_commit": None,
    } | given


def stage_row(line_id: int, price: str, threshold: str = "0") -> dict[str, Any]:
    """One stage."""
    return {"line_id": line_id, "threshold": Decimal(threshold), "price": Decimal(price)}


def usage_row(record_id: str, amount: str, start: datetime, **given: Any) -> dict[str, Any]:
    """A record of client 1 of one hour."""
    return {
        "record_id": record_id,
        "client_id": 1,
        "feature_id": 101,
        "region_id": 1,
        "addendum_id": None,
        "resource_id": None,
        "period_start": start,
        "period_end": start + timedelta(hours=1),
        "amount": Decimal(amount),
    } | given


def usage_table(rows: list[dict[str, Any]]) -> pa.Table:
    """Records as the lake has them."""
    return pa.Table.from_pylist(rows, USAGE_SCHEMA)


def drawn_books(count: int) -> list[Book]:
    """``count`` books at random, or the share that is tried; they are rated :func:`joined`."""
    found: list[Book] = []

    @settings(
        max_examples=share_of(count),
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(books())
    def draw(book: Book) -> None:
        found.append(book)

    draw()
    return found


def joined(found: Sequence[Book]) -> Book:
    """All books as one, each with clients, addendums, lines and trials of its own.

    A query is planned in a good part of a second, on Spark in many: one for all of them.
    """
    contracts = {
        name: _stacked(getattr(book.contracts, name) for book in found)
        for name in tables.CONTRACT_SCHEMAS
    }
    usage = _stacked(book.usage for book in found)
    return Book(ContractTables(**contracts, fee_region_id=9), usage)


def _stacked(of_books: Iterable[pa.Table]) -> pa.Table:
    return pa.concat_tables(_moved(table, number) for number, table in enumerate(of_books))


def _moved(table: pa.Table, number: int) -> pa.Table:
    for position, field in enumerate(table.schema):
        if field.name in _OWN:
            moved = pc.add(table[field.name], pa.scalar(_APART * number, field.type))
            table = table.set_column(position, field, moved)
        elif field.name == "record_id":
            named = pc.binary_join_element_wise(table[field.name], str(number), "/")
            table = table.set_column(position, field, named)
    return table


@st.composite
def books(draw: st.DrawFn, *, days: DateRange = MONTH) -> Book:
    """Few clients, features and regions with many lines, so that everything meets everything."""
    units = {feature_id: draw(st.sampled_from(_UNITS)) for feature_id in _FEATURES}
    items = draw(st.lists(_items(units), min_size=1, max_size=4))
    items = [item | {"plan_item_id": number} for number, item in enumerate(items, start=1)]
    lines = draw(st.lists(_lines(items), min_size=3, max_size=8))
    for number, line in enumerate(lines, start=1):
        line["line_id"] = number
    regions = [
        {"line_id": line["line_id"], "region_id": region_id}
        for line in lines
        for region_id in draw(st.sets(st.sampled_from(_REGIONS), max_size=2))
    ]
    commits = {
        place: draw(_COMMITS)
        for place in draw(
            st.sets(st.tuples(st.integers(1, len(lines)), st.sampled_from(_REGIONS)), max_size=5)
        )
    }
    stages = [stage for line in lines for stage in draw(_ladders(line["line_id"]))]
    usage = draw(st.lists(_records(units, days), min_size=10, max_size=25))
    for number, record in enumerate(usage):
        record["record_id"] = f"r{number}"
    return Book(
        contracts=contract_tables(
            lines,
            stages,
            line_regions=regions,
            region_commits=[
                {"line_id": line_id, "region_id": region_id} | committed
                for (line_id, region_id), committed in commits.items()
            ],
            discounts=draw(_discounts()),
            taxes=[
                {"client_id": client_id, "tax_rate": Decimal(draw(st.sampled_from(_TAXES)))}
                for client_id in draw(st.sets(st.sampled_from((1, 2))))
            ],
            trials=draw(_trials()),
        ),
        usage=usage_table(usage),
    )


@st.composite
def _items(draw: st.DrawFn, units: dict[int, tuple[str, ...]]) -> dict[str, Any]:
    """What a plan item fixes for all lines of it."""
    feature_id = draw(st.sampled_from(_FEATURES))
    unit_size = Decimal(draw(st.sampled_from(units[feature_id])))
    rounded = unit_size >= Decimal("0.001") and draw(st.booleans())
    return {
        "feature_id": feature_id,
        "rule": draw(st.sampled_from(("overcommit", "stepped", "staged"))),
        "unit_size": unit_size,
        "round_multiple": Decimal(draw(st.sampled_from(_MULTIPLES))) if rounded else None,
        "round_way": draw(st.sampled_from(("ceil", "floor"))) if rounded else None,
    }


@st.composite
def _lines(draw: st.DrawFn, items: list[dict[str, Any]]) -> dict[str, Any]:
    item = draw(st.sampled_from(items))
    addendum_id = draw(st.sampled_from(tuple(_CLIENT_OF)))
    start = draw(_moments(-200, 500))
    length = draw(st.none() | st.integers(1, 600))
    return item | {
        "addendum_id": addendum_id,
        "client_id": _CLIENT_OF[addendum_id],
        "active_from": start,
        "active_to": None if length is None else start + timedelta(hours=length),
        **draw(_COMMITS),
    }


@st.composite
def _ladders(draw: st.DrawFn, line_id: int) -> list[dict[str, Any]]:
    above = draw(st.sets(st.sampled_from(("1", "5", "10", "12.5", "100", "0.000001")), max_size=3))
    return [
        stage_row(line_id, draw(st.sampled_from(_PRICES)), threshold) for threshold in ("0", *above)
    ]


@st.composite
def _records(draw: st.DrawFn, units: dict[int, tuple[str, ...]], days: DateRange) -> dict[str, Any]:
    feature_id = draw(st.sampled_from(_FEATURES))
    start = draw(_moments(0, days.days * 24 - 1, minutes=(0, 0, 30, 59)))
    midnight = day_start(start.date()) + timedelta(days=1)
    length = timedelta(minutes=draw(st.sampled_from((1, 30, 60, 60, 60, 1440))))
    return {
        "client_id": draw(st.sampled_from((1, 2))),
        "feature_id": feature_id,
        "region_id": draw(st.sampled_from(_REGIONS)),
        "addendum_id": draw(st.sampled_from((*(None,) * 7, *_CLIENT_OF))),
        "resource_id": None,
        "period_start": start,
        "period_end": min(start + length, midnight),
        "amount": draw(_amounts(Decimal(draw(st.sampled_from(units[feature_id]))))),
    }


def _amounts(unit_size: Decimal) -> st.SearchStrategy[Decimal]:
    """Whole units, so that thresholds are hit; halves and thirds of one; anything at all."""
    units = st.integers(0, 20) | st.integers(0, 10**5)
    whole = units.map(lambda count: count * unit_size)
    halves = st.integers(0, 50).map(lambda count: count * unit_size / 2)
    anything = st.decimals(min_value=0, max_value=10**5, places=6).map(
        lambda count: count * unit_size
    )
    return (whole | halves | anything).map(round_money)


@st.composite
def _moments(
    draw: st.DrawFn, low: int, high: int, minutes: tuple[int, ...] = (0, 0, 30)
) -> datetime:
    """Hours from the start of the month, often at midnight."""
    hours = draw(st.integers(low, high) | st.integers(low // 24, high // 24).map(lambda d: 24 * d))
    return FIRST + timedelta(hours=hours, minutes=draw(st.sampled_from(minutes)))


@st.composite
def _discounts(draw: st.DrawFn) -> list[dict[str, Any]]:
    discounts = []
    for discount_id in range(1, draw(st.integers(0, 4)) + 1):
        start = draw(st.none() | _moments(-100, 600))
        length = draw(st.none() | st.integers(1, 500))
        end = None if length is None else (start or FIRST) + timedelta(hours=length)
        discounts.append(
            {
                "addendum_id": draw(st.sampled_from(tuple(_CLIENT_OF))),
                "discount_id": discount_id,
                "active_from": start,
                "active_to": end,
                "percent": Decimal(draw(st.sampled_from(_PERCENTS))),
            }
        )
    return discounts


@st.composite
def _trials(draw: st.DrawFn) -> list[dict[str, Any]]:
    """A trial of client 1, of one or both features, in one or two ranges."""
    if draw(st.booleans()):
        return []
    ranges = [(draw(_moments(-50, 200)), None)]
    if draw(st.booleans()):
        end = ranges[0][0] + timedelta(hours=draw(st.integers(1, 200)))
        ranges = [(ranges[0][0], end), (end + timedelta(hours=draw(st.integers(0, 90))), None)]
    trials = []
    for feature_id in draw(st.sets(st.sampled_from(_FEATURES), min_size=1)):
        limit = draw(st.sampled_from((None, "0", "5", "60", "1000000000.5")))
        ends = limit is not None and draw(st.booleans())
        trials += [
            {
                "trial_id": 5,
                "client_id": 1,
                "feature_id": feature_id,
                "free_from": start,
                "free_to": end,
                "limit": None if limit is None else Decimal(limit),
                "ends_trial": ends,
            }
            for start, end in ranges
        ]
    return trials
