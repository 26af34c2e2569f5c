"""JSON as other programs read it."""

import json
from collections.abc import Sequence
from typing import Any

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
from tollbook.reports.renderers import render_json
from tollbook.results.result_file import ResultFile


def rendered(result: ResultFile) -> str:
    return b"".join(render_json(result)).decode()


def expected(value: Any) -> Any:
    return value if value is None or isinstance(value, int | str) else text_of(value)


def test_a_known_result_is_this_text() -> None:
    assert rendered(result_of(SAMPLE)) == (
        '{"headers": ["Client", "=Note", "Expense", "Deleted", "Day", "Created", "Cost", "Tax, %"],'
        ' "rows": [\n'
        '["Ünal, Ltd","=1+1",7,true,"2026-10-01","2026-10-01T00:00:00Z",'
        '"1234.500000000000","20.0000"],\n'
        '["Ünal, Ltd",null,-1,false,"1899-12-31","2026-10-01T23:59:59.123456Z",'
        '"-0.000000000001","0.0001"],\n'
        '[null,"",null,null,null,null,null,null]\n'
        "]}\n"
    )


def test_no_rows_are_an_empty_list() -> None:
    headers = [column.header for column in COLUMNS]
    assert json.loads(rendered(result_of([]))) == {"headers": headers, "rows": []}


@given(ROWS)
def test_the_json_module_reads_back_every_value(rows: list[Sequence[Any]]) -> None:
    document = json.loads(rendered(result_of(rows)))
    assert document["rows"] == [[expected(value) for value in row] for row in rows]


@given(ROWS)
def test_repeated_texts_are_written_alike(rows: list[Sequence[Any]]) -> None:
    document = json.loads(rendered(result_of(repeated(rows))))
    assert document["rows"] == [[expected(value) for value in row] for row in repeated(rows)]


@pytest.mark.parametrize("times", [1, 8], ids=["plain", "dictionary"])
def test_no_control_character_is_written_bare(times: int) -> None:
    controls = "".join(map(chr, [*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029]))
    texts = [*ODD_TEXTS, controls]
    rows = [(text, *[None] * 7) for text in texts for _ in range(times)]
    text = rendered(result_of(rows))
    assert not set(controls) & set(text.rstrip().replace("\n[", "").replace("\n]", ""))
    assert [row[0] for row in json.loads(text)["rows"]] == [row[0] for row in rows]


def test_headers_are_escaped_like_texts() -> None:
    odd = [type(column)(column.key, f'a"\\\n{column.header}', column.type) for column in COLUMNS]
    assert json.loads(rendered(result_of([], odd)))["headers"] == [column.header for column in odd]
