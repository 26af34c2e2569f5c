"""Rates the usage and the fees of one month on an engine."""

from collections.abc import Collection, Iterator, Mapping
from typing import Final

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as pads

from tollbook.engine.engine import Engine, Source
from tollbook.expenses.pricing.contracts import charge_sources, stage_sources, usage_sources
from tollbook.expenses.pricing.fees import owed_fees
from tollbook.expenses.pricing.statements import (
    Statement,
    fees_statement,
    hourly_used_statement,
    measured_statement,
    strange_record_statement,
    unrated_statement,
    usage_statement,
)
from tollbook.expenses.pricing.tables import (
    MEASURED_SCHEMA,
    RATED_SCHEMA,
    UNRATED_SCHEMA,
    ContractTables,
)
from tollbook.kernel.errors import InvalidInput
from tollbook.kernel.periods import DateRange, month_of, month_start

_BATCH_ROWS: Final = 65_536
_RECORD: Final = {"record_id": pl.String(), "amount": pl.Decimal(38, 12)}


class LinesBeyondRange(InvalidInput):
    """The month of some lines is more than exact decimals hold; ``lines`` says it of each."""

    def __init__(self, lines: Mapping[int, str]) -> None:
        line_id, message = next(iter(lines.items()))
        super().__init__(message, field=f"lines[{line_id}]")
        self.lines = lines


def rate_usage(
    engine: Engine,
    usage: pads.Dataset | pa.Table,
    contracts: ContractTables,
    days: DateRange,
) -> Iterator[pa.RecordBatch]:
    """Rate ``usage`` (``USAGE_SCHEMA``) of ``days``, the first days of one month or all of it.

    Gives ``RATED_SCHEMA``, ordered, the same bytes each time. What prices nothing is left out: see
    :func:`unrated_usage`. ``InvalidInput`` names a record, line or day that cannot be rated.
    """
    _check_days(days)
    _check_records(engine, usage)
    try:
        yield from _rated(engine, usage_statement(), _usage_sources(usage, contracts, days))
    except LinesBeyondRange as error:
        largest = _largest_records(usage, contracts, error.lines)
        told = {
            line_id: f"{message}; its largest record is {largest[line_id]!r}"
            if line_id in largest
            else message
            for line_id, message in error.lines.items()
        }
        raise LinesBeyondRange(told) from error


def rate_fees(
    engine: Engine, contracts: ContractTables, days: DateRange
) -> Iterator[pa.RecordBatch]:
    """The fees of ``commit`` and ``commit_hourly`` lines in ``days``; gives ``RATED_SCHEMA``."""
    _check_days(days)
    sources = {
        "fees": owed_fees(contracts, days),
        **stage_sources(contracts),
        **charge_sources(contracts, month_of(days.start)),
    }
    return _rated(engine, fees_statement(), sources)


def used_within_hourly_commits(
    engine: Engine,
    usage: pads.Dataset | pa.Table,
    contracts: ContractTables,
    days: DateRange,
) -> pa.Table:
    """How much of hourly commits was used: by addendum, feature, region and day, in measured units.

    ``unit_size`` of them make a billed unit.
    """
    _check_days(days)
    statement, sources = hourly_used_statement(), _usage_sources(usage, contracts, days)
    with engine.running_query(statement.sql, sources=sources, steps=statement.steps) as reader:
        return reader.read_all()


def unrated_usage(
    engine: Engine,
    usage: pads.Dataset | pa.Table,
    contracts: ContractTables,
    days: DateRange,
) -> Iterator[pa.RecordBatch]:
    """How much usage of ``days`` no line takes, and why; gives ``UNRATED_SCHEMA``, ordered."""
    _check_days(days)
    statement, sources = unrated_statement(), _usage_sources(usage, contracts, days)
    with engine.running_query(statement.sql, sources=sources, steps=statement.steps) as reader:
        yield from _batches(reader, UNRATED_SCHEMA)


def measured_places(
    engine: Engine, usage: pads.Dataset | pa.Table, client_ids: Collection[int]
) -> Iterator[pa.RecordBatch]:
    """Where and when some clients used something at all; gives ``MEASURED_SCHEMA``."""
    clients = pa.table({"client_id": pa.array(client_ids, pa.int32())})
    sources: dict[str, Source] = {"records": usage, "clients": clients}
    with engine.running_query(measured_statement().sql, sources=sources) as reader:
        yield from _batches(reader, MEASURED_SCHEMA)


def _usage_sources(
    usage: pads.Dataset | pa.Table, contracts: ContractTables, days: DateRange
) -> dict[str, Source]:
    return {"records": usage, **usage_sources(contracts, days)}


def _check_days(days: DateRange) -> None:
    if days.start != month_start(days.start) or days.end > month_of(days.start).end:
        raise ValueError(f"a month is rated from its first day on, not {days}")


def _check_records(engine: Engine, usage: pads.Dataset | pa.Table) -> None:
    strange = strange_record_statement().sql
    with engine.running_query(strange, sources={"records": usage}) as reader:
        for row in reader.read_all().to_pylist():
            raise InvalidInput(
                f"record {row['record_id']!r} cannot be rated: amount {row['amount']:f} from "
                f"{row['period_start']} to {row['period_end']}; an amount is from 0 to below "
                "10^18, and a period ends after it starts",
                field="amount",
            )


def _rated(
    engine: Engine, statement: Statement, sources: Mapping[str, Source]
) -> Iterator[pa.RecordBatch]:
    with engine.running_query(statement.sql, sources=sources, steps=statement.steps) as reader:
        beyond: dict[int, str] = {}
        for batch in _batches(reader, pa.schema([*RATED_SCHEMA, ("beyond", pa.int32())])):
            beyond = _beyond_range(batch) | beyond
            if not beyond:
                yield batch.drop_columns(["beyond"]).cast(RATED_SCHEMA)
    if beyond:
        raise LinesBeyondRange(dict(sorted(beyond.items())))


def _largest_records(
    usage: pads.Dataset | pa.Table, contracts: ContractTables, line_ids: Collection[int]
) -> dict[int, str]:
    """The id of each line's record with the largest amount, for who has to find what is wrong."""
    own = pl.DataFrame(contracts.lines).filter(pl.col("line_id").is_in(list(line_ids)))
    place = ["client_id", "feature_id"]
    wanted = pads.field("client_id").isin(own["client_id"].unique().to_arrow())
    records = usage if isinstance(usage, pads.Dataset) else pads.dataset(usage)
    largest = pl.DataFrame(schema={**dict.fromkeys(place, pl.Int32), **_RECORD})
    for batch in records.to_batches(columns=[*place, *_RECORD], filter=wanted):
        found = pl.DataFrame(pa.Table.from_batches([batch])).cast(largest.schema)
        largest = (
            pl.concat([largest, found])
            .sort("amount", "record_id", descending=[True, False])
            .unique(place, keep="first")
        )
    return dict(own.join(largest, on=place).select("line_id", "record_id").iter_rows())


def _beyond_range(batch: pa.RecordBatch) -> dict[int, str]:
    """The lines, if any, that exact decimals cannot hold: no number of them would be right."""
    rows = batch.filter(pc.equal(batch["beyond"], 1))
    told: dict[int, str] = {}
    for row in rows.select(["line_id", "region_id", "for_date"]).to_pylist():
        told.setdefault(
            row["line_id"],
            f"line {row['line_id']} in region {row['region_id']} on {row['for_date']} goes beyond "
            "what can be rated: 9 x 10^17 billed units or an amount of 9 x 10^12 in a month; "
            "look at its unit size, its price and its usage",
        )
    return told


def _batches(reader: pa.RecordBatchReader, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """The rows in batches of one size, whatever sizes the engine gives."""
    waiting: list[pa.RecordBatch] = []
    rows = 0
    for batch in reader:
        waiting.append(batch.cast(schema))
        rows += batch.num_rows
        if rows >= _BATCH_ROWS:
            *whole, rest = pa.Table.from_batches(waiting).combine_chunks().to_batches(_BATCH_ROWS)
            if rest.num_rows == _BATCH_ROWS:
                whole, rest = [*whole, rest], rest.slice(0, 0)
            yield from whole
            waiting, rows = [rest], rest.num_rows
    if rows:
        yield pa.Table.from_batches(waiting).combine_chunks().to_batches()[0]
