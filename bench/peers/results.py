"""Ways from one Parquet result to a file of some form; each yields the bytes it wrote so far."""

import csv
import io
import itertools
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any, Final

import duckdb
import orjson
import polars as pl
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
from openpyxl import Workbook
from xlsxwriter import Workbook as XlsxWorkbook

from tollbook.reports.renderers import RENDERERS, ReportFormat
from tollbook.results.result_file import ResultFile

type_of_write = Callable[[Path, int], Iterator[int]]

_AT_ONCE: Final = 8_192


@dataclass(frozen=True)
class Way:
    """One way to render; ``limit`` is the number of rows that it is asked for at most."""

    code: str
    label: str
    output: str
    write: type_of_write
    limit: int


class Discard(io.RawIOBase):
    """A file that counts what is written to it and keeps nothing."""

    def __init__(self) -> None:
        self.size = 0

    def writable(self) -> bool:
        """Yes."""
        return True

    def write(self, data: Any) -> int:
        """Count."""
        length = memoryview(data).nbytes
        self.size += length
        return length

    def taken(self) -> int:
        """What was written since the last call."""
        size, self.size = self.size, 0
        return size


def ours(report_format: ReportFormat, path: Path, _: int) -> Iterator[int]:
    """Tollbook's renderer."""
    with ResultFile(path) as result:
        yield from map(len, RENDERERS[report_format].render(result))


def csv_module(path: Path, limit: int) -> Iterator[int]:
    """The csv module on Python values."""
    sink = Discard()
    with io.TextIOWrapper(io.BufferedWriter(sink), encoding="utf-8", newline="") as text:
        writer = csv.writer(text)
        writer.writerow(_headers(path))
        for rows in _rows(path, limit):
            writer.writerows(rows)
            yield sink.taken()
        text.flush()
        yield sink.taken()


def arrow_csv(path: Path, _: int) -> Iterator[int]:
    """pyarrow.csv, batch by batch."""
    sink = Discard()
    file = pq.ParquetFile(path)
    plain = _plain(file.schema_arrow)
    with pacsv.CSVWriter(pa.PythonFile(sink, "w"), plain) as writer:
        for batch in file.iter_batches(65_536):
            writer.write_table(pa.Table.from_batches([batch]).cast(plain))
            yield sink.taken()


def duckdb_csv(path: Path, _: int) -> Iterator[int]:
    """DuckDB's COPY; it says nothing of the size."""
    duckdb.execute(f"COPY (FROM '{path}') TO '/dev/null' (FORMAT csv, HEADER)")
    yield 0


def polars_csv(path: Path, _: int) -> Iterator[int]:
    """polars' streaming sink, no guard against formulas."""
    sink = Discard()
    pl.scan_parquet(path).sink_csv(io.BufferedWriter(sink))
    yield sink.size


def json_module(path: Path, limit: int) -> Iterator[int]:
    """The json module, row by row."""
    yield from _json_rows(path, limit, lambda row: json.dumps(row, default=_json_text).encode())


def orjson_rows(path: Path, limit: int) -> Iterator[int]:
    """orjson, row by row."""
    yield from _json_rows(path, limit, partial(orjson.dumps, default=str))


def xlsxwriter(path: Path, limit: int) -> Iterator[int]:
    """XlsxWriter in constant memory."""
    options = {"constant_memory": True, "strings_to_formulas": False, "remove_timezone": True}
    target = path.with_suffix(".xlsxwriter.xlsx")
    with XlsxWorkbook(str(target), {**options, "default_date_format": "yyyy-mm-dd"}) as workbook:
        sheet = workbook.add_worksheet()
        sheet.write_row(0, 0, _headers(path))
        for number, row in enumerate(itertools.chain.from_iterable(_rows(path, limit)), 1):
            sheet.write_row(number, 0, row)
    yield target.stat().st_size
    target.unlink()


def openpyxl(path: Path, limit: int) -> Iterator[int]:
    """openpyxl's write-only workbook."""
    workbook = Workbook(write_only=True)
    sheet = workbook.create_sheet()
    sheet.append(_headers(path))
    for row in itertools.chain.from_iterable(_rows(path, limit)):
        sheet.append([_naive(value) for value in row])
    target = path.with_suffix(".openpyxl.xlsx")
    workbook.save(target)
    yield target.stat().st_size
    target.unlink()


def _headers(path: Path) -> list[str]:
    return list(pq.read_schema(path).names)


def _rows(path: Path, limit: int) -> Iterator[list[tuple[Any, ...]]]:
    left = limit
    for batch in pq.ParquetFile(path).iter_batches(_AT_ONCE):
        if left <= 0:
            return
        taken = batch.slice(0, left)
        left -= taken.num_rows
        yield list(zip(*(column.to_pylist() for column in taken.columns), strict=True))


def _json_rows(path: Path, limit: int, dumps: Callable[[tuple[Any, ...]], bytes]) -> Iterator[int]:
    yield len(orjson.dumps(_headers(path)))
    for rows in _rows(path, limit):
        yield len(b",".join(map(dumps, rows)))


def _json_text(value: object) -> str:
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def _naive(value: Any) -> Any:
    return value.replace(tzinfo=None) if isinstance(value, datetime) else value


def _plain(schema: pa.Schema) -> pa.Schema:
    return pa.schema(
        [
            (
                field.name,
                field.type.value_type if pa.types.is_dictionary(field.type) else field.type,
            )
            for field in schema
        ]
    )


_ALL: Final = 10**12
OURS: Final[Mapping[str, str]] = {"csv": "ours-csv", "json": "ours-json", "xlsx": "ours-xlsx"}
"""Our way to each output, by its code."""
WAYS: Final = (
    Way("ours-csv", "Tollbook, guarded", "csv", partial(ours, ReportFormat.CSV), _ALL),
    Way("polars-csv", "polars sink_csv, not guarded", "csv", polars_csv, _ALL),
    Way("duckdb-csv", "DuckDB COPY", "csv", duckdb_csv, _ALL),
    Way("arrow-csv", "pyarrow.csv", "csv", arrow_csv, _ALL),
    Way("csv-module", "csv module", "csv", csv_module, 100_000),
    Way("ours-json", "Tollbook", "json", partial(ours, ReportFormat.JSON), _ALL),
    Way("orjson", "orjson", "json", orjson_rows, 100_000),
    Way("json-module", "json module", "json", json_module, 100_000),
    Way("ours-xlsx", "Tollbook", "xlsx", partial(ours, ReportFormat.XLSX), _ALL),
    Way("xlsxwriter", "XlsxWriter, constant memory", "xlsx", xlsxwriter, 20_000),
    Way("openpyxl", "openpyxl, write-only", "xlsx", openpyxl, 20_000),
)
