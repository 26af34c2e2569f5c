"""A finished report as it is read: one Parquet file that knows what it holds."""

import json
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from os import PathLike, fspath
from types import TracebackType
from typing import Any, BinaryIO, Final, Self

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from tollbook.results.columns import Column, arrow_schema
from tollbook.results.conditions import NUMBER
from tollbook.results.control_totals import ControlTotal
from tollbook.results.few_rows import RowPicker
from tollbook.results.parquet_batches import batches_of
from tollbook.results.result_writer import METADATA_KEY, ROW_GROUP, ResultSummary, ResultWriter

__all__ = ["NotAResult", "ResultFile", "ResultSummary", "ResultWriter"]

_PIECE: Final = 1 << 20


class NotAResult(ValueError):
    """The file is no finished report, or it broke off while it was written."""


class ResultFile:
    """Reads one result in flat memory, from a path or anything that can be read and sought.

    Closing closes what was opened here; a file that was handed over stays open.
    """

    def __init__(self, source: str | PathLike[str] | BinaryIO | pa.NativeFile) -> None:
        self._owned = isinstance(source, str | PathLike)
        self._file = _opened(source)
        try:
            self._parquet = pq.ParquetFile(self._file)
            self.metadata = _metadata(self._parquet)
        except (pa.ArrowInvalid, NotAResult) as error:
            self.close()
            raise NotAResult(f"not a finished report: {error}") from error
        self.columns = _columns(self._parquet.schema_arrow, self.metadata)
        self.summary = _summary(self.metadata, self.columns)

    @property
    def rows(self) -> int:
        """How many rows it holds."""
        return self.summary.rows

    @property
    def information(self) -> list[tuple[str, str]]:
        """What a reader should know, label and value: the maker's lines, then what was counted."""
        lines = [(str(label), str(value)) for label, value in self.metadata.get("information", [])]
        lines.append(("Rows", str(self.rows)))
        lines.append(("Digest (SHA-256 of the CSV)", self.summary.digest))
        for total in self.summary.totals:
            label = f"Total {total.header} {total.currency}".rstrip()
            lines.append((label, format(total.amount, "f")))
        return lines

    @property
    def longest_texts(self) -> Mapping[str, int]:
        """The length in characters of the longest text of each text column, by key."""
        longest: Mapping[str, int] = self.metadata["longest_texts"]
        return longest

    def batches(self, size: int = ROW_GROUP) -> Iterator[pa.RecordBatch]:
        """The rows, at most ``size`` in a batch; texts that repeat come as dictionaries."""
        yield from batches_of(self._parquet, size)

    def frames(self, size: int = ROW_GROUP) -> Iterator[pl.DataFrame]:
        """The rows as polars frames, all texts plain."""
        plain = arrow_schema(self.columns)
        for batch in self.batches(size):
            yield pl.DataFrame(pa.Table.from_batches([batch]).cast(plain))

    def numbered(self, keys: Sequence[str]) -> pa.RecordBatchReader:
        """Some columns and, after them, the number of each row, from 0."""
        kept = arrow_schema([column for column in self.columns if column.key in keys])
        schema = kept.append(pa.field(NUMBER, pa.int64()))
        return pa.RecordBatchReader.from_batches(schema, self._numbered(kept, schema))

    def picker(self, *, is_near: bool) -> RowPicker:
        """What picks single rows; ``is_near`` where the file can be read at once at any place."""
        return RowPicker(self._file, self._parquet, is_near=is_near)

    def pieces(self) -> Iterator[bytes]:
        """The bytes of the file itself."""
        self._file.seek(0)
        while piece := self._file.read(_PIECE):
            yield piece

    def _numbered(self, kept: pa.Schema, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
        done = 0
        for batch in batches_of(self._parquet, ROW_GROUP, columns=kept.names):
            plain = pa.Table.from_batches([batch]).select(kept.names).cast(kept)
            numbers = pa.array(range(done, done + batch.num_rows), pa.int64())
            yield from plain.append_column(NUMBER, numbers).cast(schema).to_batches()
            done += batch.num_rows

    def close(self) -> None:
        """Close the file if it was opened here."""
        if self._owned:
            self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _opened(source: str | PathLike[str] | BinaryIO | pa.NativeFile) -> pa.NativeFile:
    if isinstance(source, str | PathLike):
        return pa.OSFile(fspath(source), "rb")
    if isinstance(source, pa.NativeFile):
        return source
    return pa.PythonFile(source, mode="r")


def _metadata(parquet: pq.ParquetFile) -> Mapping[str, Any]:
    kept = parquet.metadata.metadata or {}
    if METADATA_KEY not in kept:
        raise NotAResult("its metadata are missing")
    metadata: Mapping[str, Any] = json.loads(kept[METADATA_KEY])
    return metadata


def _columns(schema: pa.Schema, metadata: Mapping[str, Any]) -> tuple[Column, ...]:
    columns = []
    for told in metadata["columns"]:
        kept = schema.field(told["key"]).type
        plain = kept.value_type if pa.types.is_dictionary(kept) else kept
        columns.append(Column(told["key"], told["header"], plain, told["description"]))
    return tuple(columns)


def _summary(metadata: Mapping[str, Any], columns: tuple[Column, ...]) -> ResultSummary:
    headers = {column.key: column.header for column in columns}
    totals = tuple(
        ControlTotal(told["currency"], told["key"], headers[told["key"]], Decimal(told["amount"]))
        for told in metadata["totals"]
    )
    return ResultSummary(metadata["rows"], metadata["digest"], metadata["csv_bytes"], totals)
