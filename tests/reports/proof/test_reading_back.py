"""Every form of a download is read back to the lines of its CSV, and nothing else passes."""

import gzip
import io
import zipfile
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.reports.renderers.results import COLUMNS, ODD_TEXTS, ROWS, SAMPLE, repeated, result_of
from tollbook.reports.proof.counting import Counted, TotalColumns, counted
from tollbook.reports.proof.csv_file import csv_pieces, raw_csv_pieces, unguarded
from tollbook.reports.proof.differing import CellDifference, first_difference
from tollbook.reports.proof.opening import open_report_file
from tollbook.reports.proof.pieces import About, FileForm, NotAsWritten
from tollbook.reports.renderers import render_csv, render_json, render_parquet, render_xlsx
from tollbook.reports.renderers.xlsx.text import LONGEST_TEXT
from tollbook.results.result_file import ResultFile

GUARD_LIKE = ("'=x", "''-1", "'", "''", "a,'=b", "\"'=1", "'\r=1", ",'=", "'@\"\n'=", "\n'=x")
ODD = [(text, text, *[None] * 6) for text in (*ODD_TEXTS, *GUARD_LIKE)]
Render = Callable[[ResultFile], bytes]


def all_of(render: Callable[..., Any], **options: Any) -> Render:
    return lambda result: b"".join(render(result, **options))


def packed(render: Render) -> Render:
    return lambda result: gzip.compress(render(result), mtime=0)


FORMS: dict[str, tuple[FileForm, Render]] = {
    "csv": (FileForm.CSV, all_of(render_csv)),
    "raw.csv": (FileForm.CSV, all_of(render_csv, raw=True)),
    "csv.gz": (FileForm.CSV, packed(all_of(render_csv))),
    "json": (FileForm.JSON, all_of(render_json)),
    "json.gz": (FileForm.JSON, packed(all_of(render_json))),
    "xlsx": (FileForm.XLSX, all_of(render_xlsx)),
    "sheets.xlsx": (FileForm.XLSX, all_of(render_xlsx, rows_per_sheet=2)),
    "parquet": (FileForm.PARQUET, all_of(render_parquet)),
}


KINDS = [column.kind.value for column in COLUMNS]


def read(path: Path, wanted: TotalColumns | None = None, *, raw: bool = False) -> Counted:
    opened = open_report_file(path, lambda _done, _total: None, kinds=KINDS)
    pieces = opened.as_raw if raw and opened.as_raw is not None else opened.pieces
    return counted(pieces(), wanted)


def read_bytes(
    folder: Path, content: bytes, wanted: TotalColumns | None = None, *, raw: bool = False
) -> Counted:
    path = folder / "download"
    path.write_bytes(content)
    return read(path, wanted, raw=raw)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "rows",
    [ODD, repeated(ODD), list(SAMPLE), repeated(SAMPLE), []],
    ids=["odd", "odd dictionaries", "sample", "dictionaries", "empty"],
)
def test_a_download_is_read_back_to_its_digest(
    form: str, rows: Sequence[Sequence[Any]], tmp_path: Path
) -> None:
    result = result_of(rows)
    kind, render = FORMS[form]
    path = tmp_path / f"report.{form}"
    path.write_bytes(render(result))
    opened = open_report_file(path, lambda _done, _total: None)
    found = read(path, raw=form == "raw.csv")

    assert opened.form is kind
    assert found.digest == result.summary.digest
    assert found.rows == len(rows)
    assert found.headers == tuple(column.header for column in COLUMNS)


@given(ROWS)
def test_any_rows_are_read_back_from_every_form(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[Any, ...]]
) -> None:
    result = result_of(rows)
    folder = tmp_path_factory.getbasetemp()
    for form, (_, render) in FORMS.items():
        found = read_bytes(folder, render(result), raw=form == "raw.csv")
        assert found.digest == result.summary.digest
        assert found.rows == len(rows)


TEXTS = st.text(st.sampled_from("'=+-@\t\r\n,\"a"), max_size=8)


@given(st.lists(st.tuples(TEXTS, TEXTS, *[st.none()] * 6), max_size=6))
def test_a_guard_is_taken_off_exactly_whatever_the_texts(rows: list[tuple[Any, ...]]) -> None:
    result = result_of(rows)
    raw = b"".join(render_csv(result, raw=True))
    assert unguarded(b"".join(render_csv(result))) == raw


@given(st.lists(TEXTS, min_size=2, max_size=2, unique=True))
def test_texts_that_differ_differ_when_guarded(texts: list[str]) -> None:
    one, other = (b"".join(render_csv(result_of([(text, *[None] * 7)]))) for text in texts)
    assert one != other


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64])
def test_lines_are_whole_wherever_the_reading_stops(
    size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tollbook.reports.proof.csv_file._PIECE", size)
    result = result_of(ODD)
    content = b"".join(render_csv(result))
    about = About()
    assert b"".join(csv_pieces(io.BytesIO(content), about)) == content
    assert about.guarded
    raw = b"".join(render_csv(result, raw=True))
    assert b"".join(raw_csv_pieces(io.BytesIO(raw), KINDS)) == content


def test_without_kinds_only_what_reads_as_a_negative_number_is_taken_for_one() -> None:
    rows = [("-5", "-5a", *[None] * 6), ("-0.5", "=1", *[None] * 4, Decimal("-0.5"), None)]
    result = result_of(rows)
    raw = b"".join(render_csv(result, raw=True))
    guarded = b"".join(render_csv(result))
    assert b"".join(raw_csv_pieces(io.BytesIO(raw), KINDS)) == guarded
    told = guarded.replace(b"'-5,", b"-5,").replace(b"'-0.5,", b"-0.5,")
    assert b"".join(raw_csv_pieces(io.BytesIO(raw), None)) == told


FLIPPED = result_of(
    [
        ("Ünal, Ltd", "=1+1", 7, True, date(2026, 10, 1), datetime(2026, 10, 1, tzinfo=UTC),
         Decimal("1234.5"), Decimal(20)),
        ("'=x", "_x0001_ \x01", -1, False, date(1899, 12, 31),
         datetime(2026, 10, 1, 23, 59, 59, 123456, tzinfo=UTC),
         Decimal("-0.000000000001"), Decimal("0.0001")),
        (None, "", None, None, None, None, None, None),
    ],
    metadata={"information": [["Report", "Sample"]]},
)  # fmt: skip


def notices(folder: Path, content: bytes, *, raw: bool = False) -> bool:
    try:
        return read_bytes(folder, content, raw=raw).digest != FLIPPED.summary.digest
    except NotAsWritten:
        return True


@pytest.mark.parametrize("form", ["csv", "raw.csv", "json"])
@given(data=st.data())
def test_any_byte_that_is_another_is_noticed(
    tmp_path_factory: pytest.TempPathFactory, form: str, data: Any
) -> None:
    content = bytearray(FORMS[form][1](FLIPPED))
    at = data.draw(st.integers(0, len(content) - 1))
    content[at] = data.draw(st.integers(0, 255).filter(lambda byte: byte != content[at]))
    assert notices(tmp_path_factory.getbasetemp(), bytes(content), raw=form == "raw.csv")


def repacked(content: bytes, name: str, change: Callable[[bytes], bytes]) -> bytes:
    """The workbook with one part changed, its checksums right again."""
    sink = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(sink, "w") as new:
        for part in old.namelist():
            text = old.read(part)
            new.writestr(part, change(text) if part == name else text)
    return sink.getvalue()


@pytest.mark.parametrize("form", ["xlsx", "sheets.xlsx"])
@given(data=st.data())
def test_any_character_of_a_row_of_a_workbook_that_is_another_is_noticed(
    tmp_path_factory: pytest.TempPathFactory, form: str, data: Any
) -> None:
    content = FORMS[form][1](FLIPPED)

    def change(text: bytes) -> bytes:
        changed = bytearray(text)
        begin, end = text.index(b"<row>"), text.index(b"</worksheet>")
        at = data.draw(st.integers(begin, end - 1))
        changed[at] = data.draw(st.integers(0x20, 0x7E).filter(lambda byte: byte != changed[at]))
        return bytes(changed)

    assert notices(
        tmp_path_factory.getbasetemp(), repacked(content, "xl/worksheets/sheet1.xml", change)
    )


@pytest.mark.parametrize(
    ("part", "shown", "falsely"),
    [
        ("xl/styles.xml", b'formatCode="#,##0', b'formatCode="&quot;1&quot;#,##0'),
        ("xl/styles.xml", b'formatCode="#,##0', b'formatCode="#,##9'),
        ("xl/styles.xml", b"Calibri", b"Wingdings"),
        ("xl/workbook.xml", b'sheetId="1"', b'sheetId="1" state="hidden"'),
        ("xl/_rels/workbook.xml.rels", b"sheet1.xml", b"sheet2.xml"),
    ],
)
def test_a_workbook_that_shows_something_else_than_it_holds_is_noticed(
    tmp_path: Path, part: str, shown: bytes, falsely: bytes
) -> None:
    content = FORMS["xlsx"][1](FLIPPED)
    assert not notices(tmp_path, content)
    with pytest.raises(NotAsWritten):
        read_bytes(tmp_path, repacked(content, part, lambda text: text.replace(shown, falsely)))


@given(data=st.data())
def test_any_character_of_the_shared_texts_that_is_another_is_noticed(
    tmp_path_factory: pytest.TempPathFactory, data: Any
) -> None:
    result = result_of(repeated([("Ünal & <Ltd>", "note", *[None] * 6)]))

    def change(text: bytes) -> bytes:
        changed = bytearray(text)
        at = data.draw(st.integers(text.index(b"<si>"), text.index(b"</sst>") - 1))
        changed[at] = data.draw(st.integers(0x20, 0x7E).filter(lambda byte: byte != changed[at]))
        return bytes(changed)

    content = repacked(b"".join(render_xlsx(result)), "xl/sharedStrings.xml", change)
    try:
        found = read_bytes(tmp_path_factory.getbasetemp(), content)
    except NotAsWritten:
        return
    assert found.digest != result.summary.digest


@pytest.mark.parametrize("form", ["xlsx", "parquet", "csv.gz", "json.gz"])
@given(data=st.data())
def test_a_damaged_archive_is_refused_or_read_and_ends_in_no_other_error(
    tmp_path_factory: pytest.TempPathFactory, form: str, data: Any
) -> None:
    """What is no part of the rows, such as a date in the archive, may differ."""
    content = bytearray(FORMS[form][1](FLIPPED))
    at = data.draw(st.integers(0, len(content) - 1))
    content[at] ^= 1 << data.draw(st.integers(0, 7))
    try:
        found = read_bytes(tmp_path_factory.getbasetemp(), bytes(content))
    except NotAsWritten:
        return
    if found.digest == FLIPPED.summary.digest:
        assert (found.rows, found.headers) == (3, tuple(column.header for column in COLUMNS))


@pytest.mark.parametrize("form", FORMS)
def test_a_file_that_breaks_off_anywhere_is_noticed(form: str, tmp_path: Path) -> None:
    content = FORMS[form][1](FLIPPED)
    raw = form == "raw.csv"
    for end in range(0, len(content) - 1, max(1, len(content) // 60)):
        assert notices(tmp_path, content[:end], raw=raw)
    assert notices(tmp_path, content[:-1], raw=raw)


@pytest.mark.parametrize("form", FORMS)
def test_control_totals_are_counted_again(form: str, tmp_path: Path) -> None:
    rows = [
        ("EUR", "a\n,b", 1, None, None, None, Decimal("0.000000000001"), None),
        ("USD", "=1", 1, None, None, None, Decimal("12345678901234567890.5"), None),
        ("EUR", None, 1, None, None, None, None, None),
        (None, None, 1, None, None, None, Decimal(-3), None),
    ]
    wanted = TotalColumns({"Cost": 12}, "Client")
    content = FORMS[form][1](result_of(rows))
    found = read_bytes(tmp_path, content, wanted, raw=form == "raw.csv")

    assert found.totals == {
        "": {"Cost": Decimal(-3)},
        "EUR": {"Cost": Decimal("0.000000000001")},
        "USD": {"Cost": Decimal("12345678901234567890.5")},
    }


def lines_of(rows: Sequence[Sequence[Any]], size: int) -> list[bytes]:
    whole = b"".join(render_csv(result_of(rows)))
    pieces, held = [], b""
    for line in whole.splitlines(keepends=True):
        held += line
        if held.count(b'"') % 2 == 0 and len(held) >= size:
            pieces.append(held)
            held = b""
    return [*pieces, held] if held else pieces


DIFFERENT = [list(SAMPLE[0]), list(SAMPLE[1]), list(SAMPLE[2])]


@pytest.mark.parametrize("sizes", [(1, 1), (1, 10_000), (10_000, 1), (150, 90)])
def test_the_first_cell_that_differs_is_named(sizes: tuple[int, int]) -> None:
    changed = [list(row) for row in DIFFERENT]
    changed[1][6] = Decimal("-0.000000000002")
    changed[2][0] = "later"
    headers = [column.header for column in COLUMNS]

    def compare(one: Any, other: Any) -> CellDifference | None:
        return first_difference(
            lines_of(one, sizes[0]), lines_of(other, sizes[1]), headers=headers, cut_texts=False
        )

    assert compare(DIFFERENT, DIFFERENT) is None
    assert compare(changed, DIFFERENT) == CellDifference(
        2, "Cost", "-0.000000000001", "-0.000000000002"
    )
    short = compare(DIFFERENT[:2], DIFFERENT)
    assert short is not None
    assert (short.row, short.column, short.found) == (3, None, None)
    long = compare(DIFFERENT, DIFFERENT[:2])
    assert long is not None
    assert (long.row, long.expected) == (3, None)


def test_nothing_is_told_from_empty_text() -> None:
    one = lines_of([(None, *[None] * 7)], 1)
    other = lines_of([("", *[None] * 7)], 1)
    headers = [column.header for column in COLUMNS]
    found = first_difference(one, other, headers=headers, cut_texts=False)
    assert found == CellDifference(1, "Client", "", "nothing")


def test_a_text_cut_by_a_workbook_is_no_difference_but_any_other_is(tmp_path: Path) -> None:
    whole = [("x" * (LONGEST_TEXT + 5), "note", *[None] * 6)]
    result = result_of(whole)
    path = tmp_path / "cut.xlsx"
    path.write_bytes(b"".join(render_xlsx(result)))
    opened = open_report_file(path, lambda _done, _total: None)
    headers = [column.header for column in COLUMNS]
    told = list(opened.pieces())

    def compare(rows: Sequence[Sequence[Any]]) -> CellDifference | None:
        return first_difference(told, lines_of(rows, 1), headers=headers, cut_texts=True)

    assert opened.about.cut
    assert compare(whole) is None
    assert compare([(whole[0][0], "other", *[None] * 6)]) is not None
    assert compare([("y" + str(whole[0][0]), "note", *[None] * 6)]) is not None
