"""A plain Python oracle of lists: what a page must hold, told from rows and not from SQL.

A test loads the rows of a list into dicts, says of each filter what it keeps, and hypothesis draws
questions: who asks, which filters with which values, in which order, which page. The page over
HTTP must be the oracle's: its count, its items in their order, its links, in four queries at most.

Text compares by code points and ``None`` is the greatest, as in PostgreSQL under ``C.UTF-8``.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import strategies as st

from tests.wire.demo_ledger import Caller
from tollbook.api.schema import openapi_document

BASE = "/billing/org/v1"
MOST_QUERIES = 4
Row = dict[str, Any]
ODD_PARTS = ("%", "_", "\\", "'", '"', "%%", "a_", "É", "é", "ß", "🎉", "no such name", " ")


@dataclass(frozen=True)
class Asked:
    """One parameter as it is written in a question, and what it keeps."""

    pairs: tuple[tuple[str, str], ...]
    keeps: Callable[[Row], bool]


@dataclass(frozen=True)
class Wish:
    """A filter by its name, and all that may be asked of it."""

    name: str
    asked: st.SearchStrategy[Asked]


@dataclass(frozen=True)
class Oracle:
    """A list: its rows and filters; columns by their name in orders; how a row looks on the wire.

    ``key`` are the columns that end every order, ``default`` is the order of those who ask for
    none, with ``-`` for descending, in names on the wire or columns.
    """

    path: str
    rows: Sequence[Row]
    wishes: Sequence[Wish]
    orders: Mapping[str, str]
    default: tuple[str, ...]
    key: tuple[str, ...]
    shown: Callable[[Row], Any]
    everyone: bool = True
    """Whether all see all rows; else rows tell ``client_id``, ``reseller_id``, ``seller_id``."""
    visible: Callable[[Caller, Row], bool] = lambda caller, row: caller.sees(row)
    fold: Callable[[Iterable[Row]], list[Row]] = list
    """What becomes of the rows that are kept, such as sums of them."""
    hidden: AbstractSet[str] = frozenset()
    """Fields that are left to other tests."""
    elsewhere: AbstractSet[str] = frozenset()
    """Parameters that are left to other tests."""
    most: int | None = None
    """About how many items there are, where it is not the number of rows."""


@dataclass(frozen=True)
class Question:
    """A request for a page and all that the oracle needs to answer it."""

    caller: Caller
    asked: tuple[Asked, ...]
    terms: tuple[tuple[str, str], ...]
    limit: int | None
    offset: int | None

    def query(self) -> list[tuple[str, str]]:
        """The parameters in the order in which they are sent."""
        pairs = [pair for each in self.asked for pair in each.pairs]
        ordering = [f"{'-' * (word == 'desc')}{name}" for form, name, word in self._split() if form]
        worded = [f"{name}.{word}" for form, name, word in self._split() if not form]
        if ordering:
            pairs.append(("ordering", ",".join(ordering)))
        if worded:
            pairs.append(("order_by", ",".join(worded)))
        if self.limit is not None:
            pairs.append(("limit", str(self.limit)))
        if self.offset is not None:
            pairs.append(("offset", str(self.offset)))
        return pairs

    def order(self) -> list[tuple[str, bool]]:
        """Names with whether they descend, the most important first."""
        split = sorted(self._split(), key=lambda each: not each[0])
        return [(name, word == "desc") for _, name, word in split]

    def _split(self) -> list[tuple[bool, str, str]]:
        return [
            (word.startswith("signed "), name, word.removeprefix("signed "))
            for name, word in self.terms
        ]


@st.composite
def questions(draw: st.DrawFn, oracle: Oracle, callers: Sequence[Caller]) -> Question:
    """A question to the list that it can answer."""
    chosen = draw(st.sets(st.integers(0, max(len(oracle.wishes) - 1, 0)), max_size=3))
    words = st.sampled_from(("signed asc", "signed desc", "asc", "desc"))
    terms = st.tuples(st.sampled_from(sorted(oracle.orders)), words)
    limits = st.sampled_from((1, 2, 3, 7, 20, 50, 99, 100, 101, 1_000))
    offsets = st.integers(0, (oracle.most or len(oracle.rows)) + 2) | st.integers(0, 12)
    return Question(
        caller=draw(st.sampled_from(callers)),
        asked=tuple(draw(wish.asked) for n, wish in enumerate(oracle.wishes) if n in chosen),
        terms=tuple(draw(st.lists(terms, max_size=3))),
        limit=draw(st.none() | limits),
        offset=draw(st.none() | offsets),
    )


def check_filters_alone(oracle: Oracle, caller: Caller, data: st.DataObject) -> None:
    """Ask for each filter by itself, so that no other hides what it keeps."""
    for asked in data.draw(st.tuples(*(wish.asked for wish in oracle.wishes))):
        check_page(oracle, Question(caller, (asked,), (), 100, None))


def check_page(oracle: Oracle, question: Question) -> None:
    """Ask over HTTP and compare with what the oracle says."""
    pairs = question.query()
    address = f"{BASE}{oracle.path}?{urlencode(pairs, quote_via=quote)}"
    with CaptureQueriesContext(connection) as queries:
        answer = question.caller.browser.get(address)
    assert answer.status_code == 200, (address, answer.content)
    assert len(queries) <= MOST_QUERIES, [query["sql"] for query in queries]
    page = json.loads(answer.content, parse_float=Decimal)

    found = found_rows(oracle, question)
    limit, offset = min(question.limit or 20, 100), question.offset or 0
    wanted = [_plain(oracle.shown(row)) for row in found[offset : offset + limit]]
    assert page["count"] == len(found), address
    given = [_without(item, oracle.hidden) for item in page["results"]]
    assert given == wanted, address
    kept = [pair for pair in pairs if pair[0] not in {"limit", "offset"}]
    _check_link(
        page["next"], oracle, kept, limit, offset + limit, there=offset + limit < len(found)
    )
    _check_link(page["previous"], oracle, kept, limit, max(offset - limit, 0), there=offset > 0)


def check_complete(oracle: Oracle) -> None:
    """The oracle knows every filter and every order that the document has."""
    operation = openapi_document()["paths"][f"{BASE}{oracle.path}"]["get"]
    declared = {each["name"]: each["schema"] for each in operation["parameters"]}
    signed = declared.pop("ordering")["items"]["enum"]
    worded = declared.pop("order_by")["items"]["enum"]
    filters = declared.keys() - {"limit", "offset"}
    assert filters == {wish.name for wish in oracle.wishes} | oracle.elsewhere
    assert {name.removeprefix("-") for name in signed} == oracle.orders.keys()
    assert {name.rpartition(".")[0] for name in worded} == oracle.orders.keys()


def found_rows(oracle: Oracle, question: Question) -> list[Row]:
    """All rows that the question is answered with, in their order."""
    seen = [row for row in oracle.rows if oracle.everyone or oracle.visible(question.caller, row)]
    found = oracle.fold(row for row in seen if all(each.keeps(row) for each in question.asked))
    order = [(oracle.orders[name], descends) for name, descends in question.order()]
    order = order or [(name.removeprefix("-"), name.startswith("-")) for name in oracle.default]
    for column, descends in reversed([*order, *((column, False) for column in oracle.key)]):
        found.sort(key=lambda row: _sorted_by(row[column]), reverse=descends)
    return found


def whole(name: str, column: str, values: Iterable[Any]) -> Wish:
    """The column is exactly the value."""
    asked = st.sampled_from(list(values)).map(
        lambda value: Asked(((name, _text(value)),), lambda row: bool(row[column] == value))
    )
    return Wish(name, asked)


def several(name: str, column: str | Callable[[Row], Iterable[Any]], values: Iterable[Any]) -> Wish:
    """The column is one of the values, or where rows have many, one of them is; repeated, or
    separated by commas. ``None`` is written as ``null``."""

    def read(row: Row) -> Iterable[Any]:
        return [row[column]] if isinstance(column, str) else column(row)

    def asked(drawn: tuple[list[Any], int]) -> Asked:
        chosen, joined = drawn
        texts = [_text(value) for value in chosen]
        first, rest = texts[:joined], texts[joined:]
        pairs = [(name, ",".join(first))] if first else []
        pairs += [(name, text) for text in rest]
        return Asked(tuple(pairs), lambda row: any(value in chosen for value in read(row)))

    lists = st.lists(st.sampled_from(list(values)), min_size=1, max_size=4)
    return Wish(name, st.tuples(lists, st.integers(0, 3)).map(asked))


def part(
    name: str, column: str | Callable[[Row], Iterable[str | None]], rows: Sequence[Row]
) -> Wish:
    """The text contains the value in any case of letters, accented ones too."""

    def read(row: Row) -> Iterable[str | None]:
        return [row[column]] if isinstance(column, str) else column(row)

    def asked(drawn: tuple[str, int, int, int]) -> Asked:
        text, start, length, case = drawn
        start = start % max(len(text), 1)
        piece = text[start : start + length] or text[:1]
        lower = piece.lower() if len(piece.lower()) == len(piece) else piece
        piece = (piece, _upper(piece), lower)[case]
        return Asked(
            ((name, piece),),
            lambda row: any(_upper(piece) in _upper(t) for t in read(row) if t is not None),
        )

    texts = sorted({t for row in rows for t in read(row) if t})
    lengths = st.integers(1, 12)
    drawn = st.tuples(st.sampled_from(texts), st.integers(0, 60), lengths, st.integers(0, 2))
    odd = st.tuples(st.sampled_from(ODD_PARTS), st.just(0), st.just(20), st.integers(0, 2))
    return Wish(name, (drawn | odd).map(asked))


def flag(name: str, keeps: Callable[[Row, bool], bool]) -> Wish:
    """True or false, in any case of letters."""
    asked = st.sampled_from(("true", "false", "True", "FALSE")).map(
        lambda text: Asked(((name, text),), lambda row: keeps(row, text.lower() == "true"))
    )
    return Wish(name, asked)


def moment(
    name: str, keeps: Callable[[Row, datetime], bool], edges: Iterable[datetime | None]
) -> Wish:
    """A moment at an edge, or a second or the least there is beside it; in any form."""
    steps = [timedelta(seconds=s, microseconds=u) for s in (-1, 0, 1) for u in (-1, 0, 1)]
    near = st.tuples(
        st.sampled_from(sorted({edge for edge in edges if edge is not None})),
        st.sampled_from(steps) | st.just(timedelta()),
    ).map(lambda pair: pair[0] + pair[1])
    forms = st.sampled_from((_zulu, _offset, _space, _bare))
    asked = st.tuples(near, forms).map(
        lambda drawn: Asked(((name, drawn[1](drawn[0])),), lambda row: keeps(row, drawn[0]))
    )
    return Wish(name, asked)


def day(name: str, keeps: Callable[[Row, date], bool], days: Iterable[date]) -> Wish:
    """A day."""
    asked = st.sampled_from(sorted(set(days))).map(
        lambda value: Asked(((name, value.isoformat()),), lambda row: keeps(row, value))
    )
    return Wish(name, asked)


def amount(
    name: str,
    keeps: Callable[[Row, Decimal], bool],
    amounts: Iterable[Decimal],
    *,
    json_number: bool = False,
) -> Wish:
    """An amount of the rows, or a little beside it; as a JSON number with an exponent too."""
    beside = st.sampled_from([Decimal(0), Decimal("1e-12"), Decimal("-1e-12"), Decimal(1)])
    drawn = st.tuples(st.sampled_from(sorted(set(amounts))), beside).map(sum)
    forms = ["f", "e"] if json_number else ["f"]
    asked = st.tuples(drawn, st.sampled_from(forms)).map(
        lambda pair: Asked(
            ((name, format(pair[0], pair[1])),), lambda row: keeps(row, Decimal(pair[0]))
        )
    )
    return Wish(name, asked)


def active_range_wishes(rows: Sequence[Row], start: str, end: str) -> list[Wish]:
    """The eight filters on an active range, as the contract words them."""

    def contains(row: Row, at: datetime) -> bool:
        begun = row[start] is None or row[start] <= at
        return begun and (row[end] is None or at < row[end])

    edges = [row[column] for row in rows for column in (start, end)]
    rules: dict[str, Callable[[Row, datetime], bool]] = {
        "active_at": contains,
        "not_active_at": lambda row, at: not contains(row, at),
        "active_after": lambda row, at: row[end] is None or row[end] > at,
        "active_before": lambda row, at: row[start] is None or row[start] < at,
        "active_start_from": lambda row, at: row[start] is not None and row[start] >= at,
        "active_start_to": lambda row, at: row[start] is not None and row[start] <= at,
        "active_end_from": lambda row, at: row[end] is not None and row[end] >= at,
        "active_end_to": lambda row, at: row[end] is not None and row[end] <= at,
    }
    return [moment(name, keeps, edges) for name, keeps in rules.items()]


def columns(*names: str) -> Callable[[Row], Row]:
    """A row that goes out with these columns as they are."""
    return lambda row: {name: row[name] for name in names}


def moment_text(value: datetime | None) -> str | None:
    """A moment as it goes out."""
    return None if value is None else f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}Z"


def money_text(value: Decimal | None, places: int = 12) -> str | None:
    """An amount as it goes out, which has no more decimals than that."""
    return None if value is None else f"{value:.{places}f}"


def _check_link(
    link: str | None,
    oracle: Oracle,
    kept: Sequence[tuple[str, str]],
    limit: int,
    offset: int,
    *,
    there: bool,
) -> None:
    if not there:
        assert link is None
        return
    assert link is not None
    parts = urlsplit(link)
    assert parts.path == f"{BASE}{oracle.path}"
    wanted = [("limit", str(limit)), *([("offset", str(offset))] if offset else []), *kept]
    assert sorted(parse_qsl(parts.query, keep_blank_values=True)) == sorted(wanted)


def _without(item: Row, names: AbstractSet[str]) -> Row:
    return {name: value for name, value in item.items() if name not in names}


def _plain(value: Any) -> Any:
    return json.loads(json.dumps(value), parse_float=Decimal)


def _sorted_by(value: Any) -> tuple[bool, Any]:
    return (True, 0) if value is None else (False, value)


def _upper(text: str) -> str:
    """Each letter by itself, as the database does: ``ß`` stays one letter."""
    return "".join(up if len(up := letter.upper()) == 1 else letter for letter in text)


def _text(value: Any) -> str:
    return "null" if value is None else str(value)


def _zulu(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S.%f}Z"


def _offset(at: datetime) -> str:
    return at.astimezone(timezone(timedelta(hours=5, minutes=30))).isoformat()


def _space(at: datetime) -> str:
    return str(at)


def _bare(at: datetime) -> str:
    return at.replace(tzinfo=None).isoformat()
