"""Files as they really come: odd, broken, hostile. Good rows are found, bad ones named."""

import gzip
import io
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.laws import examples
from tests.usage.files import csv_bytes, json_bytes, parquet_bytes
from tollbook.kernel.errors import InvalidInput
from tollbook.usage.checks import Checked, check_records
from tollbook.usage.forms import form_of_name
from tollbook.usage.names import Names
from tollbook.usage.readers import packed, read_records
from tollbook.usage.readers.json_lines import read_json_lines
from tollbook.usage.readers.parquet_file import read_parquet
from tollbook.usage.seen import Seen

NAMES = Names(
    clients=pl.Series([1, 2], dtype=pl.Int64),
    features=pl.DataFrame(
        [("cdn", 10, 5, 7, "gb")],
        schema={
            "feature": pl.String,
            "feature_id": pl.Int32,
            "product_id": pl.Int32,
            "unit_id": pl.Int32,
            "unit_name": pl.String,
        },
        orient="row",
    ),
    regions=pl.DataFrame(
        [("eu", None, 1), ("eu", 5, 2), ("asia", None, 3), ("mars", 6, 4)],
        schema={"region": pl.String, "product_id": pl.Int32, "region_id": pl.Int32},
        orient="row",
    ),
    addendums=pl.DataFrame([(100, 1)], schema=["addendum_id", "owner"], orient="row"),
    units=pl.DataFrame(
        [("gb", 7), ("tb", 8)], schema={"unit": pl.String, "unit_id": pl.Int32}, orient="row"
    ),
)
GOOD: dict[str, Any] = {
    "record_id": "a",
    "client_id": "1",
    "feature": "cdn",
    "region": "eu",
    "period_start": "2026-10-05T14:00:00Z",
    "period_end": "2026-10-05T15:00:00Z",
    "amount": "1.5",
}
HEADER = ",".join(GOOD).encode() + b"\n"
LINE = ",".join(GOOD.values()).encode()


def read(
    content: bytes, name: str = "x.csv", most: int = 10**9
) -> tuple[list[dict[str, Any]], list[tuple[int, str, str]], int]:
    """Good records; line, column and reason of every mistake; how many records there were."""
    good, bad, records = [], [], 0
    form, seen = form_of_name(name), Seen()
    file = pa.BufferReader(content)
    for unread in read_records(file, form, most=most, folder=Path.cwd()):
        checked = check_records(unread(), NAMES, seen)
        good += checked.good.to_dicts()
        bad += checked.refused.select("line", "column", "reason").rows()
        records += checked.records
    return good, bad, records


def ids(content: bytes, name: str = "x.csv") -> list[tuple[int, str]]:
    good, bad, _ = read(content, name)
    assert bad == []
    return [(row["line"], row["record_id"]) for row in good]


_texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=128)
_rows = st.lists(
    st.fixed_dictionaries(
        {
            "record_id": _texts,
            "resource_id": st.none() | _texts,
            "amount": st.decimals(0, Decimal(10) ** 18 - 1, places=12).map("{:f}".format)
            | st.integers(0, 10**18 - 1).map(str),
            "period_start": st.sampled_from(
                ["2026-10-05T00:00:00Z", "2026-10-05 23:59:59.999999z", "2026-10-06T01:00:00+02:00"]
            ),
            "period_end": st.sampled_from(["2026-10-06T00:00:00Z", "2026-10-06T02:00:00+02:00"]),
        }
    ).map(lambda row: GOOD | row),
    min_size=1,
    max_size=40,
)


@examples(40)
@given(rows=_rows)
@pytest.mark.parametrize(
    ("name", "write"), [("x.csv", csv_bytes), ("x.jsonl", json_bytes), ("x.parquet", parquet_bytes)]
)
def test_what_is_written_is_what_is_read(name: str, write: Any, rows: list[dict[str, Any]]) -> None:
    good, bad, records = read(write(rows), name)
    assert bad == []
    assert records == len(rows)
    first = 2 if name == "x.csv" else 1
    assert [row["line"] for row in good] == list(range(first, first + len(rows)))
    for found, row in zip(good, rows, strict=True):
        assert found["record_id"] == row["record_id"]
        assert found["resource_id"] == row["resource_id"]
        assert found["amount"] == Decimal(row["amount"])
        assert found["period_start"].isoformat()[:10] == "2026-10-05"
        assert found["region_id"] == 2


@examples(200)
@given(st.binary(max_size=300), st.sampled_from(["x.csv", "x.jsonl", "x.csv.gz", "x.parquet"]))
def test_no_bytes_at_all_are_more_than_refused(junk: bytes, name: str) -> None:
    for content in (junk, HEADER + junk, HEADER + LINE + b"\n" + junk + b"\n" + LINE):
        try:
            good, bad, records = read(content, name)
        except InvalidInput:
            continue
        assert records == len(good) + len({line for line, _, _ in bad})
        if name == "x.csv" and content.startswith(HEADER + LINE + b"\n"):
            assert good[0]["line"] == 2
            assert good[-1]["record_id"] == "a"


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        (b"\xef\xbb\xbf" + HEADER + LINE, [2]),
        ((HEADER + LINE + b"\n").replace(b"\n", b"\r\n"), [2]),
        (HEADER, []),
        (HEADER.strip(), []),
        (HEADER + b"\n\n" + LINE + b"\n\n" + LINE, [4, 6]),
        (HEADER + b",,,,,,\n" + LINE, [3]),
        (HEADER + LINE.replace(b"a,", b'"a",', 1), [2]),
    ],
    ids=["BOM", "CRLF", "header only", "header without end", "blank", "commas only", "quoted"],
)
def test_lines_are_counted_as_an_editor_counts_them(content: bytes, lines: list[int]) -> None:
    assert [line for line, _ in ids(content)] == lines


@pytest.mark.parametrize(
    ("line", "column", "reason"),
    [
        (LINE + b",more", "", "has 8 values, the header names 7"),
        (b"a,1", "", "has 2 values, the header names 7"),
        (LINE.replace(b"a", b'"a'), "", "has quotes that are not closed, or"),
        (LINE.replace(b"a", b'x"y'), "", "has quotes that are not closed, or"),
        (LINE.replace(b"a", b"\xff"), "", "is no UTF-8"),
        (LINE.replace(b"a", b"\x00", 1), "record_id", "holds a control character"),
        (LINE.replace(b"a", b"x" * 129, 1), "record_id", "is longer than 128 characters"),
        (LINE.replace(b"1.5", b"1e400"), "amount", "is no decimal number"),
        (LINE.replace(b"1.5", b"NaN"), "amount", "is no decimal number"),
        (LINE.replace(b"1.5", b"-0.1"), "amount", "is negative"),
        (LINE.replace(b"1.5", b"0.0000000000001"), "amount", "has more than 18 digits"),
        (LINE.replace(b"1.5", b"1" + b"0" * 18), "amount", "has more than 18 digits"),
        (LINE.replace(b"15:00:00Z", b"15:00:00"), "period_end", "is no moment"),
        (LINE.replace(b"15:00:00Z", b"14:00:00Z"), "period_end", "is not after period_start"),
        (LINE.replace(b"05T15", b"06T15"), "period_end", "is on another UTC day"),
        (LINE.replace(b"eu", b"mars"), "region", "is no region that is known here"),
        (LINE.replace(b",1,", b",3,"), "client_id", "is no client that is known here"),
        (LINE.replace(b",1,", b",1.0,"), "client_id", "is no whole number"),
    ],
)
def test_what_is_wrong_with_a_line_never_touches_the_next(
    line: bytes, column: str, reason: str
) -> None:
    good, bad, records = read(HEADER + LINE + b"\n" + line + b"\n" + LINE + b"\n")
    assert [row["line"] for row in good] == [2, 4]
    assert records == 3
    [(number, where, said)] = bad
    assert (number, where) == (3, column)
    assert said.startswith(reason)


@pytest.mark.parametrize(
    ("line", "column", "reason"),
    [
        ('{"record_id": "a"', "", "is no JSON"),
        ("[]", "", "is no JSON object"),
        ("null", "", "is no JSON object"),
        (" null ", "", "is no JSON object"),
        ('"text"', "", "is no JSON object"),
        ("1", "", "is no JSON object"),
        ("null" + json.dumps(GOOD), "", "is no JSON"),
        (json.dumps(GOOD) + "null", "", "is no JSON"),
        (json.dumps(GOOD)[:-1] + ', "x": 1}', "", "is no column of a usage record"),
        (json.dumps(GOOD)[:-1] + ', "amount": 1}', "amount", "is given twice"),
        (json.dumps(GOOD | {"record_id": 5}), "record_id", "is a number"),
        (json.dumps(GOOD | {"record_id": "\ud800"}), "record_id", "is no text of Unicode"),
        (json.dumps(GOOD | {"amount": "\ud800"}), "amount", "is no number"),
        (json.dumps(GOOD | {"client_id": "\ud800"}), "client_id", "is no number"),
        (json.dumps(GOOD | {"\ud800": 1}), "", "is no column of a usage record"),
        (json.dumps(GOOD | {"unit": ["\ud800"]}), "unit", "is neither a text nor a number"),
        (json.dumps(GOOD | {"unit": {"\ud800": 1}}), "unit", "is neither a text nor a number"),
        (json.dumps(GOOD | {"feature": ["cdn"]}), "feature", "is neither a text nor a number"),
        (json.dumps(GOOD).replace('"1.5"', "1e400"), "amount", "is too large"),
        (json.dumps(GOOD).replace('"1.5"', "NaN"), "amount", "is neither a text nor a number"),
        (json.dumps(GOOD).replace('"1.5"', "-1"), "amount", "is negative"),
        (json.dumps(GOOD).replace('"1.5"', "1e-13"), "amount", "has more than 12 decimals"),
        (json.dumps(GOOD).replace('"1.5"', "null"), "amount", "is missing"),
        (json.dumps(GOOD) * 2, "", "is no JSON"),
    ],
)
def test_a_bad_line_of_json_is_found_among_good_ones(line: str, column: str, reason: str) -> None:
    lines = [json.dumps(GOOD | {"record_id": str(n)}) for n in range(100)]
    lines.insert(70, line)
    good, bad, _ = read("\n".join(lines).encode(), "x.jsonl")
    assert len(good) == 100
    [(number, where, said)] = bad
    assert (number, where) == (71, column)
    assert said.startswith(reason)


@pytest.mark.parametrize(
    "value",
    [
        "true",
        '{"a": [1.50, null, "é"]}',
        "[false]",
        "[[[[[[[[…]]]]]]]]",
        '["\\ud800"]',
    ],
)
def test_what_is_refused_is_shown_as_it_stands_in_the_file(value: str) -> None:
    nested = "[" * 500 + "]" * 500
    line = json.dumps(GOOD).replace('"cdn"', nested if "…" in value else value)
    [unread] = read_json_lines([line.encode()])
    assert unread().refused["value"].to_list() == [value]


@pytest.mark.parametrize("place", [0, 50, 100])
@pytest.mark.parametrize("line", ["null", "null\nnull", "null " * 9])
def test_what_is_no_object_stops_no_reader_wherever_it_stands(line: str, place: int) -> None:
    lines = [json.dumps(GOOD | {"record_id": str(n)}) for n in range(100)]
    lines.insert(place, line)
    good, bad, _ = read("\n".join(lines).encode(), "x.jsonl")
    assert len(good) == 100
    assert [number for number, _, _ in bad] == [place + 1 + n for n in range(len(line.split("\n")))]


@pytest.mark.parametrize("end", ["\n", "\r\n", " \t\n"])
def test_objects_glued_together_are_refused_though_empty_lines_make_up_for_them(end: str) -> None:
    line = json.dumps(GOOD)
    lines = [line * 2, line, json.dumps(GOOD | {"amount": "-1"}), "", line]
    good, bad, _ = read("".join(each + end for each in lines).encode(), "x.jsonl")
    assert [row["line"] for row in good] == [2, 5]
    assert [(number, reason) for number, _, reason in bad] == [
        (1, "is no JSON"),
        (3, "is negative"),
    ]


def test_an_object_on_several_lines_is_refused_line_by_line() -> None:
    pretty = json.dumps(GOOD, indent=1)
    text = f"{pretty}\n" + (json.dumps(GOOD) * len(pretty.split("\n"))) + "\n"
    good, bad, _ = read(text.encode(), "x.jsonl")
    assert good == []
    assert [number for number, _, _ in bad] == list(range(1, len(pretty.split("\n")) + 2))


def test_numbers_that_are_refused_are_shown_without_zeros_that_nobody_wrote() -> None:
    lines = [
        GOOD | {"client_id": 1001},
        GOOD | {"client_id": 1.5},
        GOOD | {"amount": -100},
        GOOD | {"amount": -0.00000000001},
    ]
    json_lines = json_bytes(lines)
    table = pa.Table.from_pylist([GOOD]).drop_columns(["amount"])
    amounts = pa.array([Decimal("-20.50")], pa.decimal128(10, 2))
    sink = io.BytesIO()
    pq.write_table(table.append_column("amount", amounts), sink)
    shown = [
        checked.refused["value"].to_list()
        for content, name in ((json_lines, "x.jsonl"), (sink.getvalue(), "x.parquet"))
        for checked in _checked(content, name)
    ]
    assert shown == [["1001", "1.5", "-100", "-0.00000000001"], ["-20.5"]]


def _checked(content: bytes, name: str) -> list[Checked]:
    pieces = read_records(pa.BufferReader(content), form_of_name(name), most=10**9, folder=Path())
    return [check_records(unread(), NAMES, Seen()) for unread in pieces]


def test_numbers_of_json_keep_every_digit() -> None:
    line = json.dumps(GOOD).replace('"1.5"', "123456789012345678.123456789012")
    [row] = read(line.encode(), "x.jsonl")[0]
    assert str(row["amount"]) == "123456789012345678.123456789012"


@pytest.mark.parametrize(
    ("content", "name", "reason"),
    [
        (b"", "x.csv", "the file is empty"),
        (HEADER.replace(b",amount", b""), "x.csv", "the column amount is missing"),
        (HEADER.replace(b"amount", b"client_id"), "x.csv", "the column 'client_id' is there more"),
        (HEADER.replace(b"\n", b",x\n"), "x.csv", "the column 'x' is unknown"),
        (b'"\n', "x.csv", "the header line is no CSV"),
        ((HEADER + LINE + b"\n").replace(b"\n", b"\r"), "x.csv", "the lines end with CR alone"),
        (HEADER + b"x" * (2 << 20), "x.csv", "a line after line 1 is longer"),
        (gzip.compress(HEADER + LINE * 1_000, mtime=0)[:-9], "x.csv.gz", "the gzip file broke off"),
        (b"x" * 99, "x.csv.gz", "the file is no gzip"),
        (HEADER, "x.parquet", "this is no Parquet file"),
        (parquet_bytes([GOOD])[:-9], "x.parquet", "this is no Parquet file"),
    ],
)
def test_a_file_that_is_none_is_refused_as_a_whole(content: bytes, name: str, reason: str) -> None:
    with pytest.raises(InvalidInput, match=reason):
        read(content, name)


def test_a_small_file_that_would_unpack_to_a_huge_one_is_refused_early() -> None:
    bomb = gzip.compress(HEADER + b"\n" * 50_000_000)
    with pytest.raises(InvalidInput, match="longer than 1000000 bytes"):
        read(bomb, "x.csv.gz", most=1_000_000)


def test_many_tiny_members_of_gzip_cost_what_they_are_long(monkeypatch: pytest.MonkeyPatch) -> None:
    copied = 0

    class Counted:
        """Tells how many bytes after the end of a member are copied."""

        def __init__(self, bits: int) -> None:
            self._one = real(bits)

        def __getattr__(self, name: str) -> Any:
            nonlocal copied
            found = getattr(self._one, name)
            copied += len(found) if name == "unused_data" else 0
            return found

    real = packed.isal_zlib.decompressobj
    monkeypatch.setattr(packed.isal_zlib, "decompressobj", Counted)
    members = gzip.compress(HEADER + LINE + b"\n") + gzip.compress(b"") * 10_000
    assert ids(members, "x.csv.gz") == [(2, "a")]
    assert copied < 500 * len(members)


def test_several_members_of_gzip_are_one_file() -> None:
    assert ids(gzip.compress(HEADER) + gzip.compress(LINE + b"\n"), "x.csv.gz") == [(2, "a")]


@pytest.mark.parametrize(
    ("column", "values", "words"),
    [
        ("amount", pa.array([1.5]), "amount is double; write it as a decimal"),
        ("amount", pa.array([1.5], pa.float32()), "amount is float"),
        ("client_id", pa.array([1.0]), "client_id is double; write it as an integer"),
        ("record_id", pa.array([1]), "record_id is int64; write it as a text"),
        ("period_start", pa.array([0], pa.timestamp("us")), "with the time zone UTC"),
    ],
)
def test_parquet_of_types_that_lose_something_is_refused(
    column: str, values: pa.Array, words: str
) -> None:
    with pytest.raises(InvalidInput, match=words):
        read(_parquet({column: values}), "x.parquet")


def test_parquet_of_its_own_types_is_read_exactly() -> None:
    moment = pa.timestamp("ns", tz="Europe/Oslo")
    typed = {
        "client_id": pa.array([2], pa.uint8()),
        "amount": pa.array([Decimal("0.10")], pa.decimal256(50, 2)),
        "period_start": pa.array([1_791_208_800_000_000_000], moment),
        "feature": pa.array(["cdn"]).dictionary_encode(),
    }
    [row], bad, _ = read(_parquet(typed), "x.parquet")
    assert bad == []
    assert (row["client_id"], row["amount"]) == (2, Decimal("0.1"))
    assert row["period_start"].isoformat() == "2026-10-05T14:00:00+00:00"


@pytest.mark.parametrize(
    "kind", [pa.string(), pa.large_string(), pa.dictionary(pa.int32(), "string")]
)
@pytest.mark.parametrize("column", [*GOOD, "resource_id", "unit"])
def test_texts_of_parquet_that_are_no_unicode_are_refused_row_by_row(
    column: str, kind: pa.DataType
) -> None:
    texts = [GOOD | {"resource_id": "é", "unit": "gb", "record_id": text} for text in "abcd"]
    table = pa.Table.from_pylist(texts)
    place = table.schema.get_field_index(column)
    values = [text.encode() for text in table[column].to_pylist()]
    values[1], values[3] = b"\xff" + values[1], b"\xc3"
    table = table.set_column(place, column, _unchecked(values).cast(kind))
    sink = io.BytesIO()
    pq.write_table(table, sink)
    good, bad, records = read(sink.getvalue(), "x.parquet")
    assert [(row["line"], row["record_id"]) for row in good] == [(1, "a"), (3, "c")]
    assert bad == [(line, column, "is no text of Unicode") for line in (2, 4)]
    assert records == 4


def test_bytes_that_are_no_text_are_shown_escaped() -> None:
    content = _parquet({"feature": _unchecked([b"cd\xffn"])})
    [unread] = read_parquet(pa.BufferReader(content))
    assert unread().refused.rows() == [(1, "a", "feature", r"cd\xffn", "is no text of Unicode")]


def test_a_column_whose_name_is_no_text_is_refused_with_the_file() -> None:
    sink = io.BytesIO()
    pq.write_table(pa.table({"unix": ["gb"]}), sink, store_schema=False)
    with pytest.raises(InvalidInput, match="the name of a column is no text of Unicode"):
        read(sink.getvalue().replace(b"unix", b"un\xffx"), "x.parquet")


def test_a_moment_of_parquet_is_the_same_in_a_zone_that_nobody_knows() -> None:
    ends = pa.array([1_791_212_400_000_000], pa.timestamp("us", tz="Foo/Bar"))
    [row], bad, _ = read(_parquet({"period_end": ends}), "x.parquet")
    assert bad == []
    assert row["period_end"].isoformat() == "2026-10-05T15:00:00+00:00"


@pytest.mark.parametrize(
    ("unit", "first", "last"),
    [
        ("us", 2**63 - 2, 2**63 - 1),
        ("us", -(2**63), -(2**63) + 1),
        ("ms", 2**63 - 2, 2**63 - 1),
        ("ms", 18_448_535_282_509_552, 18_448_535_282_509_553),
        ("ms", -(2**63), -(2**63) + 1),
    ],
)
def test_moments_of_parquet_far_away_do_not_come_around(unit: str, first: int, last: int) -> None:
    moments = {
        name: pa.array([value]).cast(pa.timestamp(unit, tz="UTC"))
        for name, value in (("period_start", first), ("period_end", last))
    }
    good, bad, _ = read(_parquet(moments), "x.parquet")
    assert good == []
    assert (1, "period_start", "is not between 2000 and 2100") in bad


@pytest.mark.parametrize("stored", [True, False], ids=["numbered", "plain"])
@pytest.mark.parametrize("column", ["record_id", "resource_id", "feature", "amount"])
def test_one_long_text_that_repeats_takes_the_memory_of_one(
    column: str, stored: bool, tmp_path: Path
) -> None:
    place = tmp_path / "usage.parquet"
    texts = GOOD | {"resource_id": "x", column: "0" * 100_000 + "1"}
    numbers = pa.array([0] * 30_000, pa.int32())
    columns = {
        name: pa.DictionaryArray.from_arrays(numbers, pa.array([text]))
        for name, text in texts.items()
    }
    pq.write_table(pa.table(columns), place, store_schema=stored)
    [unread] = read_parquet(pa.OSFile(str(place)))
    raw = unread()
    assert raw.table.nbytes < 200_000_000
    checked = check_records(raw, NAMES, Seen())
    assert len(checked.good) == 0
    assert checked.refused["column"].unique().to_list() == [column]


def _unchecked(values: list[bytes]) -> pa.Array:
    """A column of texts that holds these bytes as they are."""
    _, offsets, data = pa.array(values, pa.binary()).buffers()
    return pa.StringArray.from_buffers(len(values), offsets, data)


def _parquet(changed: dict[str, pa.Array]) -> bytes:
    sink = io.BytesIO()
    pq.write_table(
        pa.table({name: pa.array([text]) for name, text in GOOD.items()} | changed), sink
    )
    return sink.getvalue()


@pytest.mark.parametrize(
    ("amounts", "kind"),
    [
        (["0", "0.0000001", "0.000000000001", "5.5"], pa.decimal128(38, 18)),
        (["0", "0.0000001", "123456789012345678.123456789012"], pa.decimal256(76, 30)),
    ],
)
def test_decimals_of_a_wider_scale_are_what_they_say(amounts: list[str], kind: Any) -> None:
    sink = io.BytesIO()
    rows = [GOOD | {"record_id": str(number)} for number, _ in enumerate(amounts)]
    table = pa.Table.from_pylist(rows).drop_columns(["amount"])
    numbers = pa.array([Decimal(amount) for amount in amounts], kind)
    pq.write_table(table.append_column("amount", numbers), sink)
    good, bad, _ = read(sink.getvalue(), "x.parquet")
    assert bad == []
    assert [row["amount"] for row in good] == [Decimal(amount) for amount in amounts]


def test_a_decimal_of_a_wider_scale_that_has_one_more_digit_is_refused_alone() -> None:
    sink = io.BytesIO()
    table = pa.Table.from_pylist([GOOD, GOOD | {"record_id": "b"}]).drop_columns(["amount"])
    numbers = pa.array([Decimal("0.0000000000001"), Decimal("0.0000001")], pa.decimal128(38, 18))
    pq.write_table(table.append_column("amount", numbers), sink)
    good, bad, _ = read(sink.getvalue(), "x.parquet")
    assert [row["amount"] for row in good] == [Decimal("0.0000001")]
    assert [(line, column) for line, column, _ in bad] == [(1, "amount")]
    assert "more than 12 after it" in bad[0][2]


def test_a_large_number_of_json_stands_beside_a_bad_line() -> None:
    large = json.dumps(GOOD | {"amount": "?"}).replace('"?"', "100000000000000000.000000000001")
    good, bad, _ = read(f"{large}\n{{broken\n".encode(), "x.jsonl")
    assert [row["amount"] for row in good] == [Decimal("100000000000000000.000000000001")]
    assert [line for line, _, _ in bad] == [2]


def test_a_moment_before_this_century_is_refused_whatever_its_offset() -> None:
    hour = {"period_start": "2000-01-01T00:00:00+10:00", "period_end": "2000-01-01T01:00:00+10:00"}
    good, bad, _ = read(HEADER + ",".join((GOOD | hour).values()).encode())
    assert good == []
    assert [(line, column) for line, column, _ in bad] == [(2, "period_start"), (2, "period_end")]


def test_parquet_of_many_row_groups_is_read_in_the_memory_of_few(tmp_path: Path) -> None:
    held = [_most_held(tmp_path / "usage.parquet", groups) for groups in (2, 20)]
    assert held[1] < 1.25 * held[0]


def _most_held(place: Path, groups: int) -> int:
    """Bytes that are held at most while a file of so many row groups is read from the disk."""
    rows = 60_000
    table = pa.table({name: pa.array([text] * rows) for name, text in GOOD.items()})
    with pq.ParquetWriter(place, table.schema) as writer:
        for group in range(groups):
            ids = pa.array([f"{group}-{number}" for number in range(rows)])
            writer.write_table(table.set_column(0, "record_id", ids), row_group_size=rows)
    del table, ids
    before, most = pa.total_allocated_bytes(), 0
    with pa.OSFile(str(place)) as file:
        for unread in read_parquet(file):
            unread()
            most = max(most, pa.total_allocated_bytes() - before)
    return most
