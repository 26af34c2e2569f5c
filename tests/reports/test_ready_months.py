"""A ready month is used where it is what the report would have of the month, and never else."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from celery import current_app
from django.test import override_settings

from tests.invoicing.closings import closed
from tests.reports.book import Book, add_expense, opened
from tests.reports.renderers.results import ODD_TEXTS, SAMPLE, result_of
from tests.reports.sealed import change_bit, close_october, rewrite, spend_by_hand
from tollbook.clients.models import Reseller
from tollbook.clients.viewer import Viewer
from tollbook.expenses.models import MonthState
from tollbook.filetasks.results import copy_key, result_key, result_store
from tollbook.reports.models import ReadyMonth
from tollbook.reports.ready_months import (
    give_up_month,
    making,
    prepare_months,
    sources,
    sweep_months,
)
from tollbook.reports.renderers import ReportFormat, copy_name
from tollbook.reports.tasks import prepare_months as prepare_task
from tollbook.reports.tasks import sweep_months as sweep_task
from tollbook.results.result_writer import ROW_GROUP, ROWS_PER_PAGE, ResultWriter
from tollbook.storage.files import StorageUnavailable

NOW = datetime(2026, 12, 5, tzinfo=UTC)
WHOLE = {"date_from": "2026-09-01", "date_to": "2026-12-01"}
OCTOBER = {"date_from": "2026-10-01", "date_to": "2026-11-01"}


def only_long(*cases: Any) -> list[Any]:
    """Cases that are tried where there is time."""
    return [pytest.param(case, marks=pytest.mark.long) for case in cases]


@pytest.fixture
def sealed(book: Book) -> Book:
    """October of North is closed and ready; of South and all of November nothing is."""
    spend_by_hand(book, 90, lambda number: 9 + number // 3 % 3)
    close_october(book.admin)
    assert prepare() == 1
    return book


def prepare(**more: Any) -> int:
    return prepare_months(now=NOW, **({"fewest": 0} | more))


class Asked:
    """A report: its file, its CSV and what is said of them."""

    def __init__(self, viewer: Viewer, **parameters: Any) -> None:
        report = opened(viewer, **(WHOLE | parameters))
        self.file = b"".join(report.result.pieces())
        report.close()
        self.notes = report.task.processing_notes
        key = copy_key(result_key(report.task), copy_name(ReportFormat.CSV))
        with result_store().open(key) as csv:
            self.csv = csv.read()
        self.said = {name: self.notes[name] for name in ("data_version", "totals", "warnings")}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Asked) and (self.file, self.csv, self.said) == (
            other.file,
            other.csv,
            other.said,
        )

    __hash__ = None  # type: ignore[assignment]


@pytest.fixture
def appended(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The rows of every month that was taken as it was ready."""
    taken: list[int] = []
    append = ResultWriter.append

    def noted(self: ResultWriter, ready: Any) -> None:
        taken.append(ready.num_rows)
        append(self, ready)

    monkeypatch.setattr(ResultWriter, "append", noted)
    return taken


def unready(viewer: Viewer, **parameters: Any) -> Asked:
    """The report when nothing is ready."""
    ReadyMonth.objects.all().delete()
    return Asked(viewer, **parameters)


def states() -> list[str]:
    """Where every month stands that was ever made ready, the first one first."""
    return list(ReadyMonth.objects.order_by("pk").values_list("state", flat=True))


@pytest.mark.parametrize("asked", [WHOLE, OCTOBER, OCTOBER | {"date_to": "2026-12-01"}], ids=str)
def test_a_report_with_ready_months_is_the_same_bytes(
    sealed: Book, appended: list[int], asked: dict[str, str]
) -> None:
    found = Asked(sealed.admin, **asked)
    assert appended == [20]
    assert found == unready(sealed.admin, **asked)
    assert appended == [20]


@pytest.mark.parametrize(
    "narrowed",
    [
        {"include_deleted": True},
        {"currency": "EUR"},
        {"client_id": 0},
        {"product_id": 0},
        {"date_from": "2026-10-05"},
        {"date_to": "2026-10-20"},
        {"group_by": "client"},
    ],
    ids=str,
)
def test_a_report_on_a_part_of_the_month_is_made_of_its_rows(
    sealed: Book, appended: list[int], narrowed: dict[str, Any]
) -> None:
    ids = {"client_id": sealed.fjord.pk, "product_id": sealed.items["CDN"].plan.product_id}
    asked = OCTOBER | {name: ids.get(name, value) for name, value in narrowed.items()}
    found = Asked(sealed.admin, **asked)
    assert appended == []
    assert found == unready(sealed.admin, **asked)


def test_days_without_rows_need_not_be_asked_for(sealed: Book, appended: list[int]) -> None:
    ready = ReadyMonth.objects.get()
    assert ready.first_day
    assert ready.last_day
    days = {
        "date_from": ready.first_day.isoformat(),
        "date_to": (ready.last_day + timedelta(days=1)).isoformat(),
    }
    assert days != OCTOBER
    assert Asked(sealed.admin, **days) == unready(sealed.admin, **days)
    assert appended == [20]


def test_who_sees_others_too_or_a_part_only_gets_rows_of_the_own(
    sealed: Book, appended: list[int]
) -> None:
    for viewer in (sealed.operator, sealed.seller):
        found = Asked(viewer)
        assert appended == []
        assert found == unready(viewer)
        assert prepare() == 1


def test_the_operator_gets_the_months_that_all_have_sealed(
    sealed: Book, appended: list[int]
) -> None:
    before = Asked(sealed.operator, **OCTOBER)
    assert appended == []
    close_october(sealed.operator, reseller=sealed.sand.reseller_id)
    assert MonthState.objects.filter(status="Closed").count() == 2
    assert prepare() == 2  # South alone, and both together
    found = Asked(sealed.operator, **OCTOBER)
    assert appended == [30]
    assert found.csv == before.csv
    assert found == unready(sealed.operator, **OCTOBER)


def test_rows_that_lie_in_the_ledger_alone_are_not_left_out(
    sealed: Book, appended: list[int]
) -> None:
    """The operator's month is not ready while South has it open, though North's is."""
    (ready,) = ReadyMonth.objects.all()
    assert ready.rows == 20
    found = Asked(sealed.operator, **OCTOBER)
    assert found.notes["rows"] == 30
    assert appended == []


def test_a_new_name_is_shown_and_the_month_made_again(sealed: Book, appended: list[int]) -> None:
    before = Asked(sealed.admin)
    sealed.brook.company_name = '=Brook, "the second"'
    sealed.brook.save()
    renamed = Asked(sealed.admin)
    assert renamed.csv != before.csv
    assert appended == [20]
    assert states() == ["given up"]
    assert prepare() == 1
    assert states() == ["given up", "ready"]
    assert Asked(sealed.admin) == renamed
    assert appended == [20, 20]


def test_names_that_nothing_of_the_month_has_may_change(sealed: Book, appended: list[int]) -> None:
    sealed.sand.company_name = "Sand and Sons"
    sealed.sand.save()
    Asked(sealed.admin)
    assert appended == [20]


def test_a_client_that_went_to_another_reseller_is_in_no_ready_month_of_the_old_one(
    sealed: Book, appended: list[int]
) -> None:
    sealed.brook.reseller_id = sealed.sand.reseller_id
    sealed.brook.save()
    found = Asked(sealed.admin)
    assert appended == []
    assert states() == ["ready"], "it holds still, for those who know of all its clients"
    assert found == unready(sealed.admin)


def test_what_another_release_wrote_is_not_used(
    sealed: Book, appended: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources.tollbook, "__version__", "another")
    Asked(sealed.admin)
    assert appended == []
    assert prepare() == 1
    assert states() == ["ready", "ready"]
    Asked(sealed.admin)
    assert appended == [20]


def harm(key: str, how: str) -> None:
    if how == "gone":
        result_store().delete(key)
    elif how == "bit":
        change_bit(key)
    else:
        with result_store().open(key) as file:
            content = file.read()
        rewrite(key, {"cut": content[:-9], "empty": b"", "other": b"PAR1" * 99}[how])


@pytest.mark.parametrize("ending", [sources.RESULT, sources.LINES])
@pytest.mark.parametrize("how", ["gone", "bit", *only_long("cut", "empty", "other")])
def test_a_broken_file_costs_time_and_nothing_else(sealed: Book, ending: str, how: str) -> None:
    harm(ReadyMonth.objects.get().key + ending, how)
    found = Asked(sealed.admin)
    assert states() == ["given up"]
    assert found == unready(sealed.admin)
    assert prepare() == 1
    assert Asked(sealed.admin) == found


def test_rows_of_another_month_are_found_out(sealed: Book) -> None:
    """A book that was restored may name files that were written since for something else."""
    assert closed(sealed.admin, "2026-09").status == "Completed"
    assert prepare() == 1
    september, october = ReadyMonth.objects.order_by("month")
    store = result_store()
    for ending in (sources.RESULT, sources.LINES):
        with store.open(september.key + ending) as file:
            content = file.read()
        rewrite(october.key + ending, content)
    assert Asked(sealed.admin) == unready(sealed.admin)


def test_nothing_is_made_of_a_segment_that_is_not_what_was_sealed(book: Book) -> None:
    add_expense(book, book.fjord, date(2026, 10, 5), "1", kind="correction")
    close_october(book.admin)
    harm(str(MonthState.objects.get().segment_key), "bit")
    assert prepare() == 0
    assert states() == ["made"], "it is not tried again each minute"


@pytest.mark.parametrize("failure", [StorageUnavailable("full"), ValueError("?")])
def test_a_month_that_cannot_be_made_holds_up_no_other(
    sealed: Book, monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    assert closed(sealed.admin, "2026-09").status == "Completed"
    ReadyMonth.objects.all().delete()
    write = making._write

    def fail(ready: ReadyMonth, *told: Any) -> None:
        if ready.month == date(2026, 10, 1):
            raise failure
        write(ready, *told)

    monkeypatch.setattr(making, "_write", fail)
    assert prepare() == 1
    assert states() == ["made", "ready"]


def test_the_month_of_all_is_made_once_all_who_spent_have_sealed_it(sealed: Book) -> None:
    quiet = Reseller.objects.create(company_name="Quiet, Inc.")
    assert prepare() == 0, "South has October open"
    close_october(sealed.operator, reseller=sealed.sand.reseller_id)
    assert prepare() == 2
    assert sorted(ReadyMonth.objects.values_list("rows", flat=True)) == [10, 20, 30]
    close_october(sealed.operator, reseller=quiet.pk)
    assert prepare() == 0, "who has no expenses changes nothing"


def test_a_name_out_of_sight_is_no_new_name(sealed: Book, appended: list[int]) -> None:
    """The payer of October pays for nobody any more whom the admin knows of."""
    sealed.fjord.payer = sealed.brook.payer
    sealed.fjord.save()
    found = Asked(sealed.admin)
    assert (states(), appended) == (["ready"], [])
    sweep_months(now=datetime.now(UTC))
    assert states() == ["given up"], "nobody knows of the payer"
    assert prepare() == 1
    assert Asked(sealed.admin) == found
    assert appended == [20]
    assert found == unready(sealed.admin)


def test_a_report_is_made_again_once_however_many_months_are_lost(
    sealed: Book, appended: list[int]
) -> None:
    assert closed(sealed.admin, "2026-09").status == "Completed"
    assert prepare() == 1
    for key in result_store().keys("ready"):
        result_store().delete(key)
    found = Asked(sealed.admin)
    assert len(appended) <= 2
    assert sorted(states()) == ["given up", "ready"]
    assert found == unready(sealed.admin)


def test_what_is_given_up_late_is_not_what_was_made_since(sealed: Book) -> None:
    old = ReadyMonth.objects.get().pk
    give_up_month(old, "a test")
    assert prepare() == 1
    give_up_month(old, "a report that began before")
    assert states() == ["given up", "ready"]


def test_small_months_are_looked_at_once(book: Book, appended: list[int]) -> None:
    add_expense(book, book.fjord, date(2026, 10, 5), "1", kind="correction")
    close_october(book.admin)
    prepare_task()
    (ready,) = ReadyMonth.objects.all()
    assert (ready.rows, ready.key) == (1, "")
    assert result_store().keys("ready") == []
    assert prepare_months(now=NOW) == 0
    Asked(book.admin)
    assert appended == []


def test_months_that_are_long_past_are_not_kept(sealed: Book) -> None:
    with override_settings(READY_MONTHS=1):
        sweep_months(now=NOW)
    assert states() == []
    with override_settings(READY_MONTHS=0):
        assert prepare() == 0
    with override_settings(READY_MONTHS=2):
        assert prepare() == 1
        sweep_months(now=NOW)
    assert states() == ["ready"]


def test_files_go_some_time_after_their_month_was_given_up(sealed: Book) -> None:
    store = result_store()
    kept = store.keys("ready")
    assert [key.rpartition(".")[2] for key in kept] == ["zst", "parquet"]
    give_up_month(ReadyMonth.objects.get().pk, "a test")
    assert prepare() == 1
    both = store.keys("ready")
    assert len(both) == 4
    sweep_task()
    assert store.keys("ready") == both
    assert sweep_months(now=datetime.now(UTC) + timedelta(hours=7)) == 1
    assert store.keys("ready") == sorted(set(both) - set(kept))
    assert states() == ["ready"]


def test_files_that_the_ledger_knows_nothing_of_are_somebody_elses(sealed: Book) -> None:
    store = result_store()
    with store.writing("ready/2026-10/of-another-ledger.parquet") as sink:
        sink.write(b"theirs")
    ReadyMonth.objects.all().delete()
    sweep_months(now=datetime.now(UTC) + timedelta(days=9))
    assert len(store.keys("ready")) == 3


def test_what_breaks_off_is_made_again_later_and_its_files_go(
    sealed: Book, appended: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    ReadyMonth.objects.all().delete()

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(making, "_end_of", killed)
        with pytest.raises(KeyboardInterrupt):
            prepare()
    assert states() == ["made"]
    assert prepare() == 0, "somebody is at it"
    Asked(sealed.admin)
    assert appended == []
    ReadyMonth.objects.update(state_since=datetime.now(UTC) - timedelta(hours=1))
    assert prepare() == 1
    assert states() == ["made", "ready"]
    broken_off = ReadyMonth.objects.get(state="made").key
    ReadyMonth.objects.filter(state="made").update(
        state_since=datetime.now(UTC) - timedelta(hours=7)
    )
    assert sweep_months(now=datetime.now(UTC)) == 1
    assert states() == ["ready"]
    assert not [key for key in result_store().keys("ready") if key.startswith(broken_off)]


@pytest.mark.parametrize(
    "wrong",
    [
        {"rows": 19},
        {"result_end": 4},
        {"frames": 7},
        {"names": {}},
        *only_long(
            {"rows": 2**40},
            {"result_end": -1},
            {"result_end": 2**40},
            {"result_digest": "0" * 64},
            {"lines_digest": ""},
            {"frames": []},
            {"frames": [["a", 1]]},
            {"frames": [[1, 2, 3]]},
            {"frames": [[-1, 5]]},
            {"frames": [[10**15, 10**15]]},
            {"names": {"client_name": [[], []]}},
            {"key": "ready/nothing"},
        ),
    ],
    ids=str,
)
def test_a_row_that_says_nonsense_costs_time_and_nothing_else(
    sealed: Book, wrong: dict[str, Any]
) -> None:
    ReadyMonth.objects.update(**wrong)
    found = Asked(sealed.admin)
    assert states() == ["given up"]
    assert found == unready(sealed.admin)


def test_time_that_is_over_begins_no_month(sealed: Book) -> None:
    ReadyMonth.objects.all().delete()
    assert prepare(longest=-1) == 0
    assert prepare() == 1


def test_beat_asks_for_both() -> None:
    asked = {entry["task"] for entry in current_app.conf.beat_schedule.values()}
    assert {prepare_task.name, sweep_task.name} <= asked


def test_amounts_keep_every_digit(book: Book, appended: list[int]) -> None:
    for money in ("12345678901234567890123.456789012345", "0.000000000001"):
        add_expense(book, book.fjord, date(2026, 10, 5), money, kind="correction")
    close_october(book.admin)
    assert prepare() == 1
    found = Asked(book.admin, **OCTOBER)
    assert appended == [2]
    (totals,) = found.notes["totals"].values()
    assert Decimal(totals["money_value"]) == Decimal("12345678901234567890123.456789012346")


def test_a_month_in_which_everything_was_replaced_has_no_files(book: Book) -> None:
    add_expense(book, book.fjord, date(2026, 10, 5), "1", kind="correction", deleted=True)
    add_expense(book, book.fjord, date(2026, 9, 5), "1", kind="correction")
    for month in ("2026-09", "2026-10"):
        assert closed(book.admin, month).status == "Completed"
    assert prepare() == 2
    assert [ready.rows for ready in ReadyMonth.objects.order_by("month")] == [1, 0]
    assert len(result_store().keys("ready")) == 2


def test_releases_that_run_beside_each_other_take_nothing_from_each_other(
    sealed: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "WRITTEN", sources.WRITTEN + 1)
    assert prepare() == 1
    assert states() == ["ready", "ready"]
    assert prepare() == 0
    sweep_months(now=datetime.now(UTC))
    assert states() == ["given up", "ready"]


def test_a_store_out_of_reach_is_not_asked_for_each_month(
    sealed: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert closed(sealed.admin, "2026-09").status == "Completed"
    ReadyMonth.objects.all().delete()
    asked: list[str] = []

    def out_of_reach(key: str) -> str:
        asked.append(key)
        raise ConnectionError("no answer")

    monkeypatch.setattr(making, "segment_digest", out_of_reach)
    assert prepare() == 0
    assert len(asked) == 1


def test_what_is_written_has_a_number_that_goes_up_with_it() -> None:
    """Where this digest must be another one, ``WRITTEN`` must be too: see it."""
    like = (1, True, date(2026, 10, 1), datetime(2026, 10, 1, 2, 3, 4, tzinfo=UTC))
    odd = [(text, text, *like, Decimal("0.1"), Decimal(20)) for text in ODD_TEXTS]
    digest = result_of([*SAMPLE, *odd]).summary.digest
    packed = (ROW_GROUP, ROWS_PER_PAGE)
    assert (sources.WRITTEN, digest, packed) == (
        1,
        "13ae4a93bad413dcd1993b3afc16b1ae02043ae2e6589824ed7e328cf0b6bab6",
        (32_768, 1_024),
    )
