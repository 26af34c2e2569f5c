"""A file goes into the lake once, whole, and what is wrong with it comes back."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import uuid4

import pytest

from tests.reports.book import Book
from tests.usage.files import (
    AGES,
    WRITERS,
    counts,
    csv_bytes,
    lake_rows,
    refused,
    submit,
    take_in,
    usage,
)
from tollbook.contracts.models import Addendum
from tollbook.expenses.models import MonthState
from tollbook.filetasks.models import FileTask
from tollbook.filetasks.results import result_store
from tollbook.filetasks.services import Progress, TaskStopped
from tollbook.kernel.errors import Conflict, Forbidden
from tollbook.usage import uploads
from tollbook.usage.lake import open_lake
from tollbook.usage.leftovers import discard_leftovers
from tollbook.usage.models import KnownRecords, UsageSegment
from tollbook.usage.readers import packed
from tollbook.usage.records import USAGE_SCHEMA
from tollbook.usage.selectors import lake_files, segments_of
from tollbook.usage.services import import_usage


def test_an_empty_lake_is_a_dataset_without_rows(book: Book) -> None:
    assert open_lake(AGES).schema.equals(USAGE_SCHEMA)
    assert open_lake(AGES).count_rows() == 0
    assert open_lake(AGES, columns=["amount"]).to_table().schema.names == ["amount"]


@pytest.mark.parametrize("name", WRITERS)
def test_every_form_of_file_gives_the_same_records(book: Book, name: str) -> None:
    rows = [
        usage(book, "a", amount="123456789012345678.123456789012"),
        usage(
            book, "b", period_start="2026-10-05T23:30:00+00:00", period_end="2026-10-06T00:00:00Z"
        ),
        usage(book, "ç, \"d'", client_id=book.sand.pk, resource_id="vm-1", unit="CDN_gb"),
    ]
    columns = [*rows[0], "resource_id", "unit"]
    filled = [{name: row.get(name) for name in columns} for row in rows]
    task = take_in(book.operator, WRITERS[name](filled), name)
    assert counts(task) == (3, 3, 0, 0), task.processing_notes
    first, second, third = lake_rows()
    assert first == {
        "record_id": "a",
        "client_id": book.fjord.pk,
        "feature_id": book.items["CDN"].feature_id,
        "region_id": book.regions["Europe"].pk,
        "addendum_id": None,
        "resource_id": None,
        "period_start": datetime(2026, 10, 5, 14, tzinfo=UTC),
        "period_end": datetime(2026, 10, 5, 15, tzinfo=UTC),
        "amount": Decimal("123456789012345678.123456789012"),
    }
    assert second["period_end"] == datetime(2026, 10, 6, tzinfo=UTC)
    assert (third["record_id"], third["resource_id"]) == ("ç, \"d'", "vm-1")
    assert refused(book.operator, task) == []
    assert task.result_rows == 0


def test_the_same_file_twice_changes_nothing(book: Book) -> None:
    content = csv_bytes([usage(book, f"r{n}", amount=str(n)) for n in range(100)])
    take_in(book.operator, content)
    files = lake_files(AGES), KnownRecords.objects.get().key
    again = take_in(book.operator, content)
    assert counts(again) == (100, 0, 100, 0)
    assert (lake_files(AGES), KnownRecords.objects.get().key) == files
    assert len(lake_rows()) == 100
    assert all(
        result_store().exists(key) for key in UsageSegment.objects.values_list("key", flat=True)
    )


def test_a_record_that_says_something_else_than_before_is_refused(book: Book) -> None:
    take_in(book.operator, csv_bytes([usage(book, "a"), usage(book, "b")]))
    task = take_in(
        book.operator,
        csv_bytes([usage(book, "b", amount="1.500000000001"), usage(book, "a"), usage(book, "c")]),
    )
    assert counts(task) == (3, 1, 1, 1)
    assert refused(book.operator, task) == [
        {
            "line": 2,
            "record_id": "b",
            "column": "record_id",
            "value": "b",
            "reason": "was imported before, with other values",
        }
    ]
    assert [row["record_id"] for row in lake_rows()] == ["a", "b", "c"]
    assert {row["amount"] for row in lake_rows()} == {Decimal("1.500000000000")}


@pytest.mark.parametrize(
    "change",
    [
        {"client_id": "brook"},
        {"feature": "Storage"},
        {"region": "asia"},
        {"period_start": "2026-10-05T14:00:00.000001Z"},
        {"period_end": "2026-10-05T15:00:01Z"},
        {"period_start": "2026-10-06T14:00:00Z", "period_end": "2026-10-06T15:00:00Z"},
        {"amount": "1.6"},
        {"resource_id": "vm-2"},
        {"addendum_id": "known"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_every_column_counts_for_what_a_record_says(book: Book, change: dict[str, str]) -> None:
    contract = Addendum.objects.create(
        client=book.fjord, plan=book.items["CDN"].plan, currency=book.usd, status="active"
    )
    named = {"brook": book.brook.pk, "known": contract.pk}
    changed = {name: named.get(value, value) for name, value in change.items()}
    columns = [*usage(book), "addendum_id", "resource_id"]
    take_in(book.operator, csv_bytes([usage(book)], columns))
    task = take_in(book.operator, csv_bytes([usage(book, **changed)], columns))
    assert counts(task) == (1, 0, 0, 1)


def test_of_several_records_under_one_id_in_a_file_the_first_counts(book: Book) -> None:
    rows = [usage(book, "a"), usage(book, "a"), usage(book, "a", amount="2"), usage(book, "b")]
    task = take_in(book.operator, csv_bytes(rows))
    assert counts(task) == (4, 2, 1, 1)
    assert [(row["line"], row["reason"]) for row in refused(book.operator, task)] == [
        (4, "is on line 2 as well, with other values")
    ]
    assert [str(row["amount"]) for row in lake_rows()] == ["1.500000000000"] * 2


def test_bad_rows_are_refused_one_by_one_and_good_ones_go_in(book: Book) -> None:
    rows = [
        usage(book, "good"),
        usage(book, "a", amount="-1"),
        usage(book, "b", feature="x", region="y", client_id="z"),
        usage(book, ""),
        usage(book, "c", period_end="2026-10-05T14:00:00Z"),
    ]
    task = take_in(book.operator, csv_bytes(rows))
    assert counts(task) == (5, 1, 0, 4)
    assert [(row["line"], row["column"], row["value"]) for row in refused(book.operator, task)] == [
        (3, "amount", "-1"),
        (4, "client_id", "z"),
        (4, "feature", "x"),
        (5, "record_id", ""),
        (6, "period_end", "2026-10-05T14:00:00Z"),
    ]
    assert [row["record_id"] for row in lake_rows()] == ["good"]


def test_a_client_of_another_reseller_is_as_unknown_as_one_that_does_not_exist(book: Book) -> None:
    rows = [usage(book, "a", client_id=book.sand.pk), usage(book, "b", client_id=987654)]
    task = take_in(book.admin, csv_bytes(rows))
    reasons = {row["reason"] for row in refused(book.admin, task)}
    assert counts(task) == (2, 0, 0, 2)
    assert reasons == {"is no client that is known here"}


def test_an_addendum_must_be_the_clients_own(book: Book) -> None:
    plan = book.items["CDN"].plan
    own, other = (
        Addendum.objects.create(client=client, plan=plan, currency=book.usd, status="active")
        for client in (book.fjord, book.brook)
    )
    rows = [usage(book, str(n), addendum_id=n) for n in (own.pk, other.pk, 987654)]
    task = take_in(book.operator, csv_bytes(rows))
    assert counts(task) == (3, 1, 0, 2)
    assert {row["reason"] for row in refused(book.operator, task)} == {
        "is no addendum of this client"
    }


def test_usage_of_a_closed_month_is_taken_in_with_a_warning(book: Book) -> None:
    MonthState.objects.create(
        reseller=book.fjord.reseller, month=date(2026, 9, 1), status="Closing"
    )
    rows = [
        usage(book, "a", period_start="2026-09-30T22:00:00Z", period_end="2026-09-30T23:00:00Z"),
        usage(book, "b"),
    ]
    task = take_in(book.operator, csv_bytes(rows))
    assert counts(task) == (2, 2, 0, 0)
    [warning] = task.processing_notes["warnings"]
    assert (warning["code"], warning["month"], warning["records"]) == ("closed_month", "2026-09", 1)


def test_usage_of_a_year_that_is_far_ahead_is_taken_in_with_a_warning(book: Book) -> None:
    rows = [
        usage(book, "a", period_start="2098-09-30T22:00:00Z", period_end="2098-09-30T23:00:00Z"),
        usage(book, "b"),
    ]
    task = take_in(book.operator, csv_bytes(rows))
    assert counts(task) == (2, 2, 0, 0)
    [warning] = task.processing_notes["warnings"]
    assert (warning["code"], warning["month"], warning["records"]) == (
        "month_to_come",
        "2098-09",
        1,
    )


def test_an_upload_lies_in_the_store_until_its_import_has_ended(book: Book) -> None:
    task = submit(book.operator, csv_bytes([usage(book)]))
    key = uploads.key_of(task)
    assert result_store().exists(key)
    ended = take_in(book.operator, b"nonsense")
    assert ended.status == "Failed"
    assert result_store().keys("uploads") == [key]
    FileTask.objects.filter(pk=task.pk).update(status="Cancelled", updated_at=ended.updated_at)
    assert discard_leftovers(ended.updated_at) == 1
    assert result_store().keys("uploads") == []


def test_a_request_id_finds_the_import_again_and_refuses_another_file(book: Book) -> None:
    number, content = uuid4(), csv_bytes([usage(book)])
    first = submit(book.operator, content, request_id=number)
    assert submit(book.operator, content, request_id=number).pk == first.pk
    with pytest.raises(Conflict):
        submit(book.operator, content + b"\n", request_id=number)
    assert result_store().keys("uploads") == [uploads.key_of(first)]


def test_sellers_and_clients_may_not_import(book: Book) -> None:
    for viewer in (book.seller, book.client):
        with pytest.raises(Forbidden):
            submit(viewer, csv_bytes([usage(book)]))
    assert result_store().keys("uploads") == []


def test_segments_say_their_day_rows_and_digest(book: Book, tmp_path: Path) -> None:
    days = [(date(2026, 10, day), f"2026-10-{day:02}") for day in (5, 6, 7)]
    rows = [
        usage(book, f"{n}", period_start=f"{day}T00:00:00Z", period_end=f"{day}T01:00:00Z")
        for n, (_, day) in enumerate(days)
    ]
    task = take_in(book.operator, csv_bytes(rows))
    found = segments_of(AGES)
    assert [(one.day, one.rows, one.file_task) for one in found] == [
        (day, 1, task.uuid) for day, _ in days
    ]
    assert not list((tmp_path / "work").iterdir())


def test_many_small_imports_leave_few_files_of_prints(book: Book) -> None:
    for n in range(9):
        take_in(book.operator, csv_bytes([usage(book, f"{n}")]))
    assert sorted(KnownRecords.objects.values_list("records", flat=True)) == [1, 8]
    assert discard_leftovers(datetime.now(UTC) + timedelta(days=2)) == 7
    assert set(result_store().keys("lake/known")) == set(
        KnownRecords.objects.values_list("key", flat=True)
    )
    again = take_in(book.operator, csv_bytes([usage(book, f"{n}") for n in range(10)]))
    assert counts(again) == (10, 1, 9, 0)


def test_an_attempt_after_one_that_died_between_its_commit_and_its_end_counts_the_same(
    book: Book,
) -> None:
    MonthState.objects.create(
        reseller=book.fjord.reseller, month=date(2026, 10, 1), status="Closing"
    )
    rows = [usage(book, "a"), usage(book, "b"), usage(book, "b"), usage(book, "c", amount="x")]
    task = submit(book.operator, csv_bytes(rows))
    for attempt in (1, 2):
        FileTask.objects.filter(pk=task.pk).update(
            status="InProgress", attempt=attempt, lease_expires_at=datetime.now(UTC)
        )
        task.refresh_from_db()
        notes = import_usage(task, Progress()).notes
        told = [notes[name] for name in ("records_read", "imported", "known", "refused")]
        assert told == [4, 2, 1, 1]
        [warning] = notes["warnings"]
        assert (warning["code"], warning["records"]) == ("closed_month", 2)
        assert [row["record_id"] for row in lake_rows()] == ["a", "b"]


@pytest.mark.parametrize("name", ["usage.csv", "usage.jsonl"])
def test_how_many_records_there_will_be_is_told_well_from_the_beginning(
    book: Book, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[int, int]] = []

    class Noted(Progress):
        def report(self, *, done: int, total: int | None = None) -> None:
            told.append((done, total or 0))

    monkeypatch.setattr(packed, "_BLOCK", 20_000)
    rows = [usage(book, f"r{number:05}") for number in range(4_000)]
    task = submit(book.operator, WRITERS[name](rows), name)
    with pytest.raises(TaskStopped):  # nobody holds it
        import_usage(task, Noted())
    assert len(told) > 10
    assert told[-1] == (4_000, 4_000)
    assert all(3_900 < total < 4_100 for _, total in told)


def test_an_attempt_that_lost_its_task_leaves_nothing(book: Book) -> None:
    task = submit(book.operator, csv_bytes([usage(book)]))
    FileTask.objects.filter(pk=task.pk).update(status="Cancelled")
    with pytest.raises(TaskStopped):
        import_usage(task, Progress())
    assert lake_files(AGES) == []
    assert result_store().keys("lake") == []
