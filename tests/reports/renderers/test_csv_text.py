"""CSV as other programs read it."""

import csv
import io
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.csv as pacsv
import pytest
from hypothesis import given

from tests.reports.renderers.results import (
    COLUMNS,
    ODD_TEXTS,
    ROWS,
    SAMPLE,
    repeated,
    result_of,
    text_of,
)
from tollbook.reports.renderers import render_csv
from tollbook.results.columns import TIMESTAMP, Column, arrow_schema
from tollbook.results.result_file import ResultFile

TEXT = (Column("text", "Text", pa.string()), Column("after", "After", pa.int64()))
RUN_BY_SPREADSHEETS = ("=", "+", "-", "@", "\t", "\r")


def rendered(result: ResultFile, *, raw: bool = False) -> str:
    return b"".join(render_csv(result, raw=raw)).decode()


def read(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline=""), strict=True))


def guarded(value: object) -> str:
    text = text_of(value) or ""
    runs = isinstance(value, str) and text.lstrip("'").startswith(RUN_BY_SPREADSHEETS)
    return f"'{text}" if runs else text


def test_a_known_result_is_this_text() -> None:
    assert rendered(result_of(SAMPLE)) == (
        'Client,\'=Note,Expense,Deleted,Day,Created,Cost,"Tax, %"\r\n'
        '"Ünal, Ltd",\'=1+1,7,true,2026-10-01,2026-10-01T00:00:00Z,1234.500000000000,20.0000\r\n'
        '"Ünal, Ltd",,-1,false,1899-12-31,2026-10-01T23:59:59.123456Z,-0.000000000001,0.0001\r\n'
        ',"",,,,,,\r\n'
    )


def test_no_rows_are_a_header_line() -> None:
    assert rendered(result_of([], TEXT)) == "Text,After\r\n"


@given(ROWS)
def test_the_csv_module_reads_back_every_value(rows: list[Sequence[Any]]) -> None:
    header, *lines = read(rendered(result_of(rows)))
    assert header == ["Client", "'=Note", "Expense", "Deleted", "Day", "Created", "Cost", "Tax, %"]
    assert lines == [[guarded(value) for value in row] for row in rows]


@given(ROWS)
def test_raw_changes_no_text(rows: list[Sequence[Any]]) -> None:
    header, *lines = read(rendered(result_of(repeated(rows)), raw=True))
    assert header[1] == "=Note"
    assert lines == [[text_of(value) or "" for value in row] for row in repeated(rows)]


@given(ROWS)
def test_arrow_reads_back_the_typed_table_with_nulls_apart_from_empty_texts(
    rows: list[Sequence[Any]],
) -> None:
    result = result_of(rows)
    table = pacsv.read_csv(
        io.BytesIO(rendered(result, raw=True).encode()),
        parse_options=pacsv.ParseOptions(newlines_in_values=True),
        convert_options=pacsv.ConvertOptions(
            column_types={
                c.header: t for c, t in zip(COLUMNS, arrow_schema(COLUMNS).types, strict=True)
            },
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )
    assert [tuple(row.values()) for row in table.to_pylist()] == rows


@pytest.mark.parametrize("times", [1, 8], ids=["plain", "dictionary"])
@pytest.mark.parametrize("text", ODD_TEXTS)
def test_an_odd_text_stays_itself(text: str, times: int) -> None:
    result = result_of([(text, 1)] * times, TEXT)
    assert read(rendered(result, raw=True))[1:] == [[text, "1"]] * times
    assert read(rendered(result))[1:] == [[guarded(text), "1"]] * times


@pytest.mark.parametrize("text", ["'=1+1", "''-1", "'@x", "'\t", "'\r="])
def test_what_looks_guarded_is_guarded_once_more(text: str) -> None:
    assert read(rendered(result_of([(text, 1)], TEXT)))[1] == [f"'{text}", "1"]
    assert read(rendered(result_of([("'quoted'", 1)], TEXT)))[1] == ["'quoted'", "1"]


def test_numbers_are_never_guarded() -> None:
    columns = (Column("n", "N", pa.int64()), Column("m", "M", pa.decimal128(38, 12)))
    assert rendered(result_of([(-1, Decimal("-0.5"))], columns)).endswith(
        "\r\n-1,-0.500000000000\r\n"
    )


def test_quotes_stand_only_where_they_are_needed() -> None:
    texts = ["plain", " space", "semi;colon", "it's", "comma,", 'quo"te', "\n"]
    lines = rendered(result_of([(text, None) for text in texts], TEXT)).split("\r\n")
    expected = ["plain,", " space,", "semi;colon,", "it's,", '"comma,",', '"quo""te",', '"\n",']
    assert lines[1:-1] == expected


def test_seconds_have_a_fraction_only_where_there_is_one() -> None:
    moments = [
        datetime(1, 1, 1, tzinfo=UTC),
        datetime(2026, 10, 1, 1, 2, 3, 400, tzinfo=UTC),
        datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    ]
    columns = (Column("at", "At", TIMESTAMP),)
    lines = rendered(result_of([(moment,) for moment in moments], columns)).split()
    assert lines[1:] == [
        "0001-01-01T00:00:00Z",
        "2026-10-01T01:02:03.000400Z",
        "9999-12-31T23:59:59.999999Z",
    ]
    assert rendered(result_of([(moments[0],)], columns)).split()[1:] == lines[1:2]
