"""Stopping subscriptions: what ends, what had ended, what cannot, and what it says of each."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests.filetasks.outcomes import rows_of
from tests.reports.book import Book
from tollbook.clients.viewer import Viewer
from tollbook.contracts.models import Addendum, Stop, Subscription
from tollbook.contracts.rules import AddendumStatus
from tollbook.contracts.services import end_addendums, stop_addendum
from tollbook.expenses.services import begin_closing, finish_closing, submit_stop, write_stop
from tollbook.filetasks.models import FileTask
from tollbook.filetasks.rules import TaskStatus
from tollbook.filetasks.services import cancel_file_task, run_file_task
from tollbook.kernel.errors import Conflict, Forbidden, InvalidFields

AT = datetime(2026, 10, 15, 12, tzinfo=UTC)
NOW = datetime(2026, 10, 20, tzinfo=UTC)
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


def agree(
    book: Book, *ranges: tuple[datetime, datetime | None], item: str = "CDN", client: Any = None
) -> Addendum:
    """A contract with a subscription for each range."""
    plan_item = book.items[item]
    addendum = Addendum.objects.create(
        client=client or book.fjord,
        plan=plan_item.plan,
        currency=book.usd,
        status=AddendumStatus.ACTIVE,
        active_from=BEGAN,
    )
    for start, end in ranges:
        Subscription.objects.create(
            addendum=addendum, plan_item=plan_item, active_from=start, active_to=end
        )
    return addendum


def submit(viewer: Viewer, client_id: int, **asked: Any) -> FileTask:
    told = {"at": AT, "request_id": None, "now": NOW} | asked
    return submit_stop(viewer=viewer, client_id=client_id, **told)


def run(task: FileTask) -> FileTask:
    run_file_task(task.uuid, work=write_stop)
    task.refresh_from_db()
    return task


def close(book: Book, month: date) -> None:
    reseller_id = book.fjord.reseller_id
    begin_closing(reseller_id=reseller_id, month=month)
    finish_closing(reseller_id=reseller_id, month=month, closed_at=NOW)


def test_each_subscription_is_told_with_what_became_of_it(book: Book) -> None:
    addendum = agree(
        book,
        (BEGAN, None),
        (BEGAN, AT + timedelta(days=9)),
        (BEGAN, AT),
        (BEGAN, AT - timedelta(days=9)),
        (AT + timedelta(hours=1), None),
    )
    task = run(submit(book.admin, book.fjord.pk))
    rows = rows_of(book.admin, task)
    assert [(row["outcome"], row["active_to"]) for row in rows] == [
        ("stopped", AT),
        ("stopped", AT),
        ("already stopped", AT),
        ("already stopped", AT - timedelta(days=9)),
        ("not stopped", None),
    ]
    assert rows[4]["reason"] == "It begins only at 2026-10-15T13:00:00+00:00."
    assert {row["reason"] for row in rows[:4]} == {None}
    assert (rows[0]["client_name"], rows[0]["feature_name"]) == (
        book.fjord.company_name,
        "CDN traffic",
    )
    notes = task.processing_notes
    assert [notes[name] for name in ("stopped", "already_stopped", "not_stopped")] == [2, 2, 1]
    assert "begins only at" in notes["warnings"][0]["message"]
    addendum.refresh_from_db()
    assert (addendum.active_to, addendum.status) == (None, "active")


def test_a_contract_ends_with_all_that_it_holds(book: Book) -> None:
    addendum = agree(book, (BEGAN, None))
    run(submit(book.admin, book.fjord.pk))
    addendum.refresh_from_db()
    assert (addendum.active_to, addendum.status) == (AT, "stopped")


def test_what_ends_only_later_is_marked_when_its_time_has_come(book: Book) -> None:
    addendum = agree(book, (BEGAN, None))
    later = datetime(2027, 1, 1, tzinfo=UTC)
    stop_addendum(addendum_id=addendum.pk, at=later, now=NOW, task=uuid4())
    addendum.refresh_from_db()
    assert (addendum.active_to, addendum.status) == (later, "active")
    assert end_addendums(NOW) == 0
    assert end_addendums(later) == 1
    addendum.refresh_from_db()
    assert addendum.status == "stopped"


def test_product_and_contract_narrow_what_is_stopped(book: Book) -> None:
    cdn, storage = agree(book, (BEGAN, None)), agree(book, (BEGAN, None), item="Storage")
    other, of_brook = agree(book, (BEGAN, None)), agree(book, (BEGAN, None), client=book.brook)

    def running() -> set[int]:
        open_ones = Subscription.objects.filter(active_to=None)
        return set(open_ones.values_list("addendum_id", flat=True))

    run(submit(book.admin, book.fjord.pk, product_id=storage.plan.product_id))
    assert running() == {cdn.pk, other.pk, of_brook.pk}
    run(submit(book.admin, book.fjord.pk, addendum_ids=[other.pk]))
    assert running() == {cdn.pk, of_brook.pk}
    run(submit(book.operator, book.fjord.pk))
    assert running() == {of_brook.pk}


def test_work_that_is_done_again_stops_nothing_twice_and_tells_the_same(book: Book) -> None:
    agree(book, (BEGAN, None))
    addendum = agree(book, (BEGAN, AT + timedelta(days=1)))
    task = submit(book.admin, book.fjord.pk)
    stop_addendum(addendum_id=addendum.pk, at=AT, now=NOW, task=task.uuid)  # and then it was killed
    run(task)
    assert [row["outcome"] for row in rows_of(book.admin, task)] == ["stopped", "stopped"]
    assert Stop.objects.count() == 2
    assert Stop.objects.get(subscription__addendum=addendum).before == AT + timedelta(days=1)

    again = run(submit(book.admin, book.fjord.pk))
    assert [row["outcome"] for row in rows_of(book.admin, again)] == ["already stopped"] * 2
    assert Stop.objects.count() == 2


def test_a_later_stop_does_not_make_anything_run_longer(book: Book) -> None:
    agree(book, (BEGAN, AT))
    run(submit(book.admin, book.fjord.pk, at=AT + timedelta(days=5)))
    assert Subscription.objects.get().active_to == AT


@pytest.mark.parametrize("month", [date(2026, 10, 1), date(2026, 11, 1)])
def test_nothing_ends_in_a_closed_month_nor_before_one(book: Book, month: date) -> None:
    agree(book, (BEGAN, None))
    close(book, month)
    with pytest.raises(InvalidFields) as caught:
        submit(book.admin, book.fjord.pk)
    assert list(caught.value.errors) == ["at"]
    assert f"{month:%Y-%m} is closed" in caught.value.message


def test_the_moment_at_which_an_open_month_begins_may_be_the_end(book: Book) -> None:
    agree(book, (BEGAN, None))
    close(book, date(2026, 9, 1))
    task = run(submit(book.admin, book.fjord.pk, at=datetime(2026, 10, 1, tzinfo=UTC)))
    assert task.processing_notes["stopped"] == 1


def test_a_month_that_was_closed_meanwhile_is_left_alone_and_rows_of(book: Book) -> None:
    agree(book, (BEGAN, None))
    task = submit(book.admin, book.fjord.pk)
    close(book, date(2026, 10, 1))
    run(task)
    (row,) = rows_of(book.admin, task)
    assert row["outcome"] == "not stopped"
    assert row["reason"].startswith("2026-10 is closed")
    assert Subscription.objects.get().active_to is None
    assert task.status == TaskStatus.COMPLETED


def test_a_stop_that_was_cancelled_stops_nothing(book: Book) -> None:
    agree(book, (BEGAN, None))
    task = submit(book.admin, book.fjord.pk)
    cancel_file_task(viewer=book.admin, uuid=task.uuid, now=NOW)
    run(task)
    assert Subscription.objects.get().active_to is None


def test_another_resellers_client_is_told_apart_from_none_by_nothing(book: Book) -> None:
    messages = []
    for client_id in (book.sand.pk, 2_000_000_000):
        with pytest.raises(InvalidFields) as caught:
            submit(book.admin, client_id)
        messages.append(str(caught.value.errors).replace(str(client_id), "N"))
    assert messages[0] == messages[1]


def test_a_contract_of_another_client_or_product_is_unknown(book: Book) -> None:
    cdn, of_brook = agree(book, (BEGAN, None)), agree(book, (BEGAN, None), client=book.brook)
    for asked in (
        {"addendum_ids": [of_brook.pk]},
        {"addendum_ids": [cdn.pk, 2_000_000_000]},
        {"addendum_ids": [cdn.pk], "product_id": book.items["Storage"].plan.product_id},
    ):
        with pytest.raises(InvalidFields) as caught:
            submit(book.admin, book.fjord.pk, **asked)
        assert list(caught.value.errors) == ["addendum_ids"]
    with pytest.raises(InvalidFields, match="There is no product"):
        submit(book.admin, book.fjord.pk, product_id=2_000_000_000)


def test_sellers_and_clients_stop_nothing(book: Book) -> None:
    for viewer in (book.seller, book.client):
        with pytest.raises(Forbidden):
            submit(viewer, book.fjord.pk)


def test_the_same_request_id_is_the_same_stop(book: Book) -> None:
    agree(book, (BEGAN, None))
    request_id = uuid4()
    first = submit(book.admin, book.fjord.pk, request_id=request_id)
    assert submit(book.admin, book.fjord.pk, request_id=request_id).uuid == first.uuid
    with pytest.raises(Conflict):
        submit(book.admin, book.fjord.pk, request_id=request_id, at=AT + timedelta(days=1))
