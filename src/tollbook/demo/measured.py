"""Usage of the demo's lines as a meter reports it, and as columns of the lake."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, NamedTuple

import polars as pl

from tollbook.demo.contract_frames import MOMENT
from tollbook.demo.lines import Line
from tollbook.usage.checks import GOOD
from tollbook.usage.records import USAGE_SCHEMA

_DAY: Final = "day"
_NUMBERS: Final = ("line", "client_id", "feature_id", "region_id", "addendum_id")


class Measured(NamedTuple):
    """One usage record of a line; ``amount`` in the unit of the feature's metric."""

    line: int
    period_start: datetime
    period_end: datetime
    amount: Decimal


def measured_frame(measured: Sequence[Measured]) -> pl.DataFrame:
    """Usage as columns, which take a tenth of its memory."""
    columns = list(zip(*measured, strict=True)) or [()] * len(_MEASURED)
    return pl.DataFrame(
        [
            pl.Series(name, values, dtype=_MEASURED[name])
            for name, values in zip(Measured._fields, columns, strict=True)
        ]
    )


def usage_frame(lines: Sequence[Line], measured: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """The records of the lake in the order of their days, with what their lines say."""
    hour = pl.col("period_start").dt.strftime("%Y%m%d%H")
    return (
        pl.concat(measured)
        .join(_line_frame(lines), on="line", how="left", maintain_order="left")
        .with_columns(
            record_id=pl.format("demo-{}-{}", "line", hour),
            resource_id=pl.format("resource-{}", "line"),
        )
        .sort("period_start", "line")
        .select(USAGE_SCHEMA.names)
    )


def usage_of_copies(base: pl.DataFrame, shifts: Sequence[dict[str, int]]) -> Iterator[pl.DataFrame]:
    """The usage of every copy of the book, a frame of ``checks.GOOD`` for each day.

    ``shifts`` move the numbers of each copy; ``line`` counts as in a file.
    """
    days = base.with_columns(pl.col("period_start").dt.date().alias(_DAY))
    first = 1
    for day in days.partition_by(_DAY, maintain_order=True, include_key=False):
        copies = pl.concat([_copy(day, number, by) for number, by in enumerate(shifts)])
        yield copies.with_row_index("line", offset=first).select(*GOOD).cast({"line": pl.Int64})
        first += copies.height


def _copy(day: pl.DataFrame, number: int, by: dict[str, int]) -> pl.DataFrame:
    moved = [pl.col(name) + by[name] for name in ("client_id", "addendum_id")]
    named = [pl.format("{}-{}", "record_id", pl.lit(number + 1))] if number else []
    return day.with_columns(*moved, *(each.alias("record_id") for each in named))


_MEASURED: Final[dict[str, Any]] = {
    "line": pl.Int32,
    "period_start": MOMENT,
    "period_end": MOMENT,
    "amount": pl.Decimal(38, 12),
}


def _line_frame(lines: Sequence[Line]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "line": [line.number for line in lines],
            "client_id": [line.addendum.client.id for line in lines],
            "feature_id": [line.subscription.tariff.feature_id for line in lines],
            "region_id": [line.region_id for line in lines],
            "addendum_id": [line.addendum.id for line in lines],
        },
        schema_overrides=dict.fromkeys(_NUMBERS, pl.Int32),
    )
