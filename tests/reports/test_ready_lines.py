"""Lines of a sealed month are used where they are those of its rows, and never else."""

import hashlib
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from tests.reports.book import Book
from tests.reports.renderers.results import ODD_TEXTS, SAMPLE, result_of
from tests.reports.sealed import BOTH, OCTOBER, bytes_of, change_file, close_october, segment_key
from tollbook.clients.rules import Role
from tollbook.clients.viewer import Viewer
from tollbook.expenses.segments import segment_digest
from tollbook.filetasks.results import result_store
from tollbook.kernel.periods import DateRange
from tollbook.reports.expense_facts import reading
from tollbook.reports.expense_facts.asked import AskedExpenses
from tollbook.reports.expense_facts.places import Places, Segment
from tollbook.reports.ready_lines import finding, lines_file, making
from tollbook.reports.ready_lines.making import make_ready_lines
from tollbook.reports.tasks import make_lines
from tollbook.results import csv_lines, result_writer

NORTH = {"date_from": "2026-10-01", "date_to": "2026-11-01", "include_deleted": True}


@pytest.fixture
def sealed(book: Book) -> Book:
    """October of North is closed and has lines."""
    close_october(book)
    assert make(book)
    return book


def make(book: Book, fewest: int = 0) -> bool:
    return make_ready_lines(reseller_id=book.fjord.reseller_id or 0, month=OCTOBER, fewest=fewest)


def key_of(book: Book) -> str:
    return lines_file.lines_key(book.fjord.reseller_id or 0, OCTOBER)


def without_lines(book: Book, viewer: Viewer, **asked: Any) -> bytes:
    """The report once the lines are gone."""
    result_store().delete(key_of(book))
    return bytes_of(viewer, **asked)


@pytest.fixture
def texts_made(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many rows were made into text, each time that any were."""
    made: list[int] = []
    take = result_writer._Digest._take_rows

    def take_rows(self: Any, table: pa.Table) -> None:
        made.append(table.num_rows)
        take(self, table)

    monkeypatch.setattr(result_writer._Digest, "_take_rows", take_rows)
    return made


@pytest.fixture
def asked_for(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """The messages of reports that missed lines of any month."""
    sent: list[tuple[str, ...]] = []
    monkeypatch.setattr(finding, "send_message", lambda *told: sent.append(told))
    monkeypatch.setattr(finding, "FEWEST_ROWS", 1)
    return sent


def test_a_report_on_a_month_with_lines_makes_no_text(
    sealed: Book, texts_made: list[int], asked_for: list[tuple[str, ...]]
) -> None:
    found = bytes_of(sealed.admin, **NORTH)
    assert texts_made == []
    assert found == without_lines(sealed, sealed.admin, **NORTH)
    assert texts_made == [21]
    assert asked_for == [("reports.make_lines", str(sealed.fjord.reseller_id), "2026-10-01")]


@pytest.mark.parametrize(
    "narrowed",
    [
        {"include_deleted": False},
        {"currency": "EUR"},
        {"client_id": 0},
        {"product_id": 0},
        {"date_from": "2026-10-05", "date_to": "2026-10-06"},
    ],
    ids=str,
)
def test_what_narrows_a_report_narrows_its_lines(
    sealed: Book, texts_made: list[int], narrowed: dict[str, Any]
) -> None:
    ids = {"client_id": sealed.fjord.pk, "product_id": sealed.items["CDN"].plan.product_id}
    asked = NORTH | {name: ids.get(name, value) for name, value in narrowed.items()}
    found = bytes_of(sealed.admin, **asked)
    assert texts_made == []
    assert found == without_lines(sealed, sealed.admin, **asked)
    assert 0 < sum(texts_made) < 21


@pytest.mark.parametrize("role", ["operator", "admin", "seller"])
def test_whoever_looks_sees_the_same_with_lines_and_without(sealed: Book, role: str) -> None:
    viewer: Viewer = getattr(sealed, role)
    assert bytes_of(viewer) == without_lines(sealed, viewer)


def test_who_knows_some_clients_only_asks_for_no_lines(
    sealed: Book, asked_for: list[tuple[str, ...]]
) -> None:
    bytes_of(sealed.seller)
    assert asked_for == []


def test_a_new_name_makes_lines_useless_until_they_are_made_again(
    sealed: Book, texts_made: list[int], asked_for: list[tuple[str, ...]]
) -> None:
    before = bytes_of(sealed.admin, **NORTH)
    sealed.brook.company_name = 'Brook, "the second"'
    sealed.brook.save()

    renamed = bytes_of(sealed.admin, **NORTH)
    assert renamed != before
    assert texts_made == [21]
    ((task, *arguments),) = asked_for
    assert task == make_lines.name

    assert make(sealed)
    assert bytes_of(sealed.admin, **NORTH) == renamed
    assert texts_made == [21]
    assert len(asked_for) == 1
    make_lines(*arguments)
    assert not make(sealed), "the lines hold, and nobody makes them again"


def test_names_that_nothing_of_the_month_has_may_change(
    sealed: Book, texts_made: list[int]
) -> None:
    sealed.sand.company_name = "Sand and Sons"
    sealed.sand.save()
    bytes_of(sealed.operator, **NORTH, client_id=sealed.fjord.pk)
    assert texts_made == []


def test_lines_of_another_layout_are_not_used(
    sealed: Book, texts_made: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines_file, "TEXT_VERSION", csv_lines.TEXT_VERSION + 1)
    bytes_of(sealed.admin, **NORTH)
    assert texts_made == [21]


def test_lines_of_another_segment_are_not_used(sealed: Book, texts_made: list[int]) -> None:
    kept = result_store().open(key_of(sealed)).read()
    digest = segment_digest(segment_key()).encode()
    assert kept.count(digest) == 1
    with result_store().writing(key_of(sealed)) as sink:
        sink.write(kept.replace(digest, b"0" * 64))
    bytes_of(sealed.admin, **NORTH)
    assert texts_made == [21]


@pytest.mark.parametrize("harm", ["bit", "end", "nothing"])
def test_a_broken_file_of_lines_fails_nobody(sealed: Book, harm: str) -> None:
    key = key_of(sealed)
    if harm == "bit":
        change_file(key)
    else:
        content = result_store().open(key).read()
        with result_store().writing(key) as sink:
            sink.write(content[: len(content) // 2] if harm == "end" else b"")
    found = bytes_of(sealed.admin, **BOTH)
    assert found == without_lines(sealed, sealed.admin, **BOTH)


def test_lines_that_are_not_of_their_rows_are_passed_over(
    sealed: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = bytes_of(sealed.admin, **NORTH)
    result_store().delete(key_of(sealed))
    right = making._lines

    def wrong(*told: Any) -> Iterator[pa.Table]:
        for table in right(*told):
            ids = pa.array([each + 1 for each in table["id"].to_pylist()], pa.int64())
            yield table.set_column(0, table.schema.field(0), ids)

    monkeypatch.setattr(making, "_lines", wrong)
    assert make(sealed)
    assert bytes_of(sealed.admin, **NORTH) == honest


def test_small_months_and_segments_that_changed_have_no_lines(book: Book) -> None:
    close_october(book)
    assert not make(book, fewest=1_000)
    assert not result_store().exists(key_of(book))
    change_file(segment_key())
    assert not make(book)
    assert not make_ready_lines(reseller_id=book.sand.reseller_id or 0, month=OCTOBER, fewest=0)


def test_the_same_month_has_the_same_lines(sealed: Book) -> None:
    first = hashlib.sha256(result_store().open(key_of(sealed)).read()).hexdigest()
    result_store().delete(key_of(sealed))
    assert make(sealed)
    assert hashlib.sha256(result_store().open(key_of(sealed)).read()).hexdigest() == first


def test_lines_have_a_version_that_goes_up_with_their_text() -> None:
    """Where this digest must be another one, ``TEXT_VERSION`` must be too: see it."""
    like = (1, True, date(2026, 10, 1), datetime(2026, 10, 1, 2, 3, 4, tzinfo=UTC))
    odd = [(text, text, *like, Decimal("0.1"), Decimal(20)) for text in ODD_TEXTS]
    digest = result_of([*SAMPLE, *odd]).summary.digest
    assert (csv_lines.TEXT_VERSION, digest) == (
        1,
        "13ae4a93bad413dcd1993b3afc16b1ae02043ae2e6589824ed7e328cf0b6bab6",
    )


def test_the_more_segments_a_month_has_the_less_is_read_of_each(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sizes: dict[int, set[int]] = {}
    viewer = Viewer(user_id=0, role=Role.OPERATOR)
    asked = AskedExpenses(viewer, DateRange(OCTOBER, date(2026, 11, 1)), ())
    for segments in (0, 1, 3, 1_000):
        read = sizes.setdefault(segments, set())

        def rows(
            *_: Any, at_once: int, read: set[int] = read, **__: Any
        ) -> Iterator[pa.RecordBatch]:
            read.add(at_once)
            return iter(())

        monkeypatch.setattr(reading, "rows_of_segment", rows)
        of_month = tuple(Segment(number, OCTOBER, f"{number}", "") for number in range(segments))
        places = Places(of_month, frozenset(), "closed", None, sees_all=True)
        assert len(reading._of_segments(asked, places, OCTOBER, ["id"], {})) == segments
    assert sizes == {0: set(), 1: {12_288}, 3: {4_096}, 1_000: {256}}
