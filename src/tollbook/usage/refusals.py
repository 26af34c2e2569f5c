"""Rows that an import refuses: where they stand in the file, what is wrong, with which value."""

from typing import Final

import polars as pl
import pyarrow as pa

from tollbook.results.columns import Column

REFUSED_COLUMNS: Final = (
    Column("line", "Line", pa.int64(), "Line of the file; of a Parquet file the row, from 1."),
    Column("record_id", "Record", pa.string(), "The record's id, where it could be read."),
    Column("column", "Column", pa.string(), "Which column; empty where it is the whole line."),
    Column("value", "Value", pa.string(), "What stands there, at most 200 characters of it."),
    Column("reason", "Reason", pa.string(), "Why it cannot be taken."),
)
"""The columns of an import's result, one row for each mistake."""

REFUSED: Final = pl.Schema(
    {
        "line": pl.Int64,
        "record_id": pl.String,
        "column": pl.String,
        "value": pl.String,
        "reason": pl.String,
    }
)
_SHOWN: Final = 200
_CONTROL: Final = r"[\x00-\x1f\x7f]"


def no_refusals() -> pl.DataFrame:
    """No row at all."""
    return pl.DataFrame(schema=REFUSED)


def refusals(
    lines: pl.Series,
    *,
    column: str,
    values: pl.Series,
    reasons: pl.Series,
    record_ids: pl.Series | None = None,
) -> pl.DataFrame:
    """Rows of the schema ``REFUSED``, one for each of ``lines``."""
    ids = pl.Series([None], dtype=pl.String) if record_ids is None else record_ids
    return pl.DataFrame(
        {
            "line": lines.cast(pl.Int64),
            "record_id": ids if len(ids) == len(lines) else ids.new_from_index(0, len(lines)),
            "column": pl.repeat(column, len(lines), dtype=pl.String, eager=True),
            "value": values.cast(pl.String),
            "reason": reasons.cast(pl.String),
        },
        schema=REFUSED,
    ).with_columns(
        pl.col("record_id", "value").str.slice(0, _SHOWN).str.replace_all(_CONTROL, "\ufffd")
    )
