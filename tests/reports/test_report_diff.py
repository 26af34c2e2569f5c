"""``ReportDiff``: what changed between two finished reports, by how much and why."""

import threading
import time
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from tests.reports.book import OCTOBER, Book, add_expense, open_report
from tests.reports.lake import fill_lake, used
from tollbook.clients.viewer import Viewer
from tollbook.expenses.models import Expense
from tollbook.filetasks.models import FileTask
from tollbook.filetasks.results import result_store
from tollbook.filetasks.rules import TaskStatus, TaskType
from tollbook.filetasks.services import Progress, TaskStopped, run_file_task
from tollbook.kernel.errors import InvalidFields, Unavailable
from tollbook.reports.services import submit_report, write_report
from tollbook.reports.templates import COMPARED, TEMPLATES
from tollbook.reports.templates.template import ReportTemplate
from tollbook.results.columns import Kind

DAY = date(2026, 10, 5)
NOBODYS = "00000000-0000-4000-8000-000000000000"
Row = dict[str, Any]


def asked(viewer: Viewer, template_code: str, **parameters: Any) -> FileTask:
    """A report that waits to be worked on."""
    return submit_report(
        viewer=viewer,
        template_code=template_code,
        parameters=parameters,
        request_id=uuid4(),
        now=datetime.now(UTC),
    )


def worked_on(task: FileTask) -> FileTask:
    run_file_task(task.uuid, work=write_report)
    task.refresh_from_db()
    return task


def report(viewer: Viewer, template_code: str = "ResellerExpenses", **parameters: Any) -> str:
    """The uuid of a finished report of October."""
    task = worked_on(asked(viewer, template_code, **{**OCTOBER, **parameters}))
    assert task.status == TaskStatus.COMPLETED, task.processing_notes
    return str(task.uuid)


def compared(viewer: Viewer, before: str, after: str) -> FileTask:
    return worked_on(asked(viewer, "ReportDiff", before=before, after=after))


def rows_of(viewer: Viewer, uuid: str) -> list[Row]:
    opened = open_report(viewer, uuid, datetime.now(UTC))
    try:
        return [row for batch in opened.result.batches() for row in batch.to_pylist()]
    finally:
        opened.close()


def diff(viewer: Viewer, before: str, after: str) -> list[Row]:
    task = compared(viewer, before, after)
    assert task.status == TaskStatus.COMPLETED, task.processing_notes
    return rows_of(viewer, str(task.uuid))


def revise(expense: Expense, money: str, reason: str, **changes: Any) -> Expense:
    """Replace a revision as a rating run does."""
    Expense.objects.filter(pk=expense.pk).update(deleted=True, reason=reason)
    new = Expense.objects.get(pk=expense.pk)
    new.pk, new.deleted, new.reason = None, False, None
    new.revision, new.money_value = expense.revision + 1, Decimal(money)
    for name, value in changes.items():
        setattr(new, name, value)
    new.save(force_insert=True)
    return new


def remove(expense: Expense, reason: str) -> None:
    Expense.objects.filter(pk=expense.pk).update(deleted=True, reason=reason)


def errors_of(viewer: Viewer, before: Any, after: Any) -> dict[str, list[str]]:
    with pytest.raises(InvalidFields) as caught:
        asked(viewer, "ReportDiff", before=before, after=after)
    return caught.value.errors


def test_a_revision_is_one_changed_row_with_amounts_and_reason(book: Book) -> None:
    add_expense(book, book.brook, DAY, "7")
    first = add_expense(book, book.fjord, DAY, "10.5", tax="2.1")
    before = report(book.admin)
    second = revise(first, "12", "new price (amount changed)", tax_value=Decimal("2.4"))
    (row,) = diff(book.admin, before, report(book.admin))
    assert (row["change"], row["reason"]) == ("changed", "new price (amount changed)")
    assert row["changed_columns"] == (
        "id, money_before_discount, money_value, tax_value, total_value"
    )
    assert row["values_before"] is None
    assert (row["id_before"], row["id_after"]) == (first.pk, second.pk)
    assert (row["money_value_before"], row["money_value_after"]) == (Decimal("10.5"), Decimal(12))
    assert row["money_value_difference"] == Decimal("1.5")
    assert row["total_value_difference"] == Decimal("1.8")
    assert row["usage_difference"] == Decimal(0)
    assert (row["client_id"], row["for_date"], row["currency"]) == (book.fjord.pk, DAY, "USD")


def test_of_several_revisions_in_between_every_reason_is_told_once(book: Book) -> None:
    zeroth = add_expense(book, book.fjord, DAY, "1")
    first = revise(zeroth, "2", "before the first report")
    before = report(book.admin)
    second = revise(first, "3", "new price")
    third = revise(second, "4", "new tax", tax_rate=Decimal(25))
    fourth = revise(third, "5", "new price")
    after = report(book.admin)
    revise(fourth, "6", "after the last report")
    (row,) = diff(book.admin, before, after)
    assert row["reason"] == "new price; new tax"
    assert row["values_before"] == "tax_rate: 20.00"
    assert row["money_value_difference"] == Decimal(3)


def test_rows_are_added_and_removed_with_what_they_amounted_to(book: Book) -> None:
    gone = add_expense(book, book.fjord, DAY, "4")
    before = report(book.admin)
    remove(gone, "stop (nothing is owed any more)")
    came = add_expense(book, book.brook, DAY, "0.000000000001", kind="correction", reason="late")
    removed, added = diff(book.admin, before, report(book.admin))
    assert (removed["change"], removed["reason"]) == ("removed", "stop (nothing is owed any more)")
    assert (removed["id_before"], removed["id_after"]) == (gone.pk, None)
    assert removed["money_value_after"] is None
    assert removed["money_value_difference"] == Decimal(-4)
    assert removed["client_id"] == book.fjord.pk
    assert (added["change"], added["reason"], added["id_after"]) == ("added", "late", came.pk)
    assert added["money_value_difference"] == Decimal("0.000000000001")
    assert added["changed_columns"] is None


def test_another_currency_is_never_subtracted(book: Book) -> None:
    first = add_expense(book, book.fjord, DAY, "4")
    before = report(book.admin)
    revise(first, "3", "contract changed", currency=book.eur)
    rows = diff(book.admin, before, report(book.admin))
    assert [(row["change"], row["currency"], row["money_value_difference"]) for row in rows] == [
        ("added", "EUR", Decimal(3)),
        ("removed", "USD", Decimal(-4)),
    ]


def test_corrections_of_one_day_are_told_apart_by_their_period(book: Book) -> None:
    of_first = add_expense(book, book.fjord, DAY, "1", kind="correction")
    of_second = add_expense(
        book,
        book.fjord,
        DAY,
        "2",
        kind="correction",
        addendum=of_first.addendum,
        period_start=of_first.period_start - timedelta(days=30),
    )
    before = report(book.admin)
    revise(of_second, "5", "more late usage")
    (row,) = diff(book.admin, before, report(book.admin))
    assert (row["change"], row["reason"]) == ("changed", "more late usage")
    assert row["period_start"] == of_second.period_start
    assert row["money_value_difference"] == Decimal(3)


def test_a_comment_alone_is_a_change_without_a_reason(book: Book) -> None:
    expense = add_expense(book, book.fjord, DAY, "1", kind="correction", reason="late usage")
    before = report(book.admin)
    Expense.objects.filter(pk=expense.pk).update(comment="checked")
    (row,) = diff(book.admin, before, report(book.admin))
    assert (row["changed_columns"], row["reason"]) == ("comment", None)
    assert (row["comment"], row["values_before"]) == ("checked", "comment: ")
    assert row["total_value_difference"] == Decimal(0)


def test_with_deleted_revisions_the_live_ones_are_still_one_row(book: Book) -> None:
    first = add_expense(book, book.fjord, DAY, "10")
    before = report(book.admin, include_deleted=True)
    second = revise(first, "12", "new price")
    live, deleted = diff(book.admin, before, report(book.admin, include_deleted=True))
    assert (live["change"], live["id_before"], live["id_after"]) == (
        "changed",
        first.pk,
        second.pk,
    )
    assert (deleted["change"], deleted["deleted"], deleted["id_after"]) == ("added", True, first.pk)
    assert deleted["reason"] == "new price"


@pytest.mark.long
@pytest.mark.parametrize("group_by", ["expense", "day", "client", "product", "region", "month"])
def test_a_report_does_not_differ_from_itself(book: Book, group_by: str) -> None:
    add_expense(book, book.fjord, DAY, "10")
    uuid = report(book.admin, group_by=group_by)
    task = compared(book.admin, uuid, uuid.upper())
    assert (task.status, task.result_rows) == (TaskStatus.COMPLETED, 0)
    assert task.processing_notes["records_processed"] == 2
    assert task.parameters == {"type": "ReportDiff", "before": uuid, "after": uuid}


@pytest.mark.long
@pytest.mark.parametrize("group_by", ["day", "client", "product", "feature", "region", "month"])
def test_sums_differ_by_what_changed_in_them(book: Book, group_by: str) -> None:
    first = add_expense(book, book.fjord, DAY, "10", usage=Decimal(3))
    add_expense(book, book.brook, DAY.replace(day=6), "7", item="Storage", region="Asia")
    before = report(book.admin, group_by=group_by)
    revise(first, "12.5", "new price", usage=Decimal(4))
    (row,) = diff(book.admin, before, report(book.admin, group_by=group_by))
    assert row["change"] == "changed"
    assert row["money_value_difference"] == Decimal("2.5")
    assert row["expenses_difference"] == 0
    assert "reason" not in row
    if group_by == "feature":
        assert row["usage_difference"] == Decimal(1)


def totals_of(uuid: str) -> dict[str, dict[str, Decimal]]:
    told = FileTask.objects.get(pk=uuid).processing_notes["totals"]
    return {
        currency: {key: Decimal(amount) for key, amount in of_currency.items()}
        for currency, of_currency in told.items()
    }


@pytest.mark.long
@pytest.mark.parametrize("group_by", ["expense", "client", "month"])
def test_totals_of_differences_are_those_after_less_those_before(book: Book, group_by: str) -> None:
    made = [
        add_expense(
            book,
            (book.fjord, book.brook)[number % 2],
            DAY.replace(day=1 + number),
            f"{number}.{number:012d}",
            discount="0.1",
            tax="0.000000000007",
            currency=(book.usd, book.eur)[number // 3 % 2],
        )
        for number in range(12)
    ]
    before = report(book.admin, group_by=group_by)
    revise(made[1], "0.333333333333", "new price")
    revise(made[5], "-8", "new price")
    remove(made[3], "stop")
    add_expense(book, book.brook, DAY, "17.000000000001", currency=book.eur)
    after = report(book.admin, group_by=group_by)
    task = compared(book.admin, before, after)
    then, now = totals_of(before), totals_of(after)
    differences: dict[str, dict[str, Decimal]] = defaultdict(dict)
    for currency in now:
        for key, amount in now[currency].items():
            differences[currency][f"{key}_difference"] = amount - then[currency][key]
    assert totals_of(str(task.uuid)) == differences


def test_data_version_names_both_digests_and_the_same_question_gives_the_same_bytes(
    book: Book,
) -> None:
    first = add_expense(book, book.fjord, DAY, "10")
    before = report(book.operator)
    revise(first, "12", "new price")
    after = report(book.operator)
    one, two = compared(book.operator, before, after), compared(book.operator, before, after)
    digests = [FileTask.objects.get(pk=each).result_digest for each in (before, after)]
    version = one.processing_notes["data_version"]
    assert version == f"before {digests[0]}, after {digests[1]}"
    store = result_store()
    assert (one.result_digest, one.result_rows) == (two.result_digest, 1)
    with store.open(one.result_key) as first_file, store.open(two.result_key) as second_file:
        assert first_file.read() == second_file.read()


def test_a_seller_does_not_see_a_client_that_was_lost_since(book: Book) -> None:
    kept = book.brook
    kept.seller_id = book.seller.user_id
    kept.save()
    lost_expense = add_expense(book, book.fjord, DAY, "1")
    kept_expense = add_expense(book, kept, DAY, "2")
    before = report(book.seller)
    revise(lost_expense, "3", "secret reason")
    revise(kept_expense, "5", "new price")
    after = report(book.seller)
    assert len(diff(book.seller, before, after)) == 2
    book.fjord.seller = None
    book.fjord.save()
    task = compared(book.seller, before, after)
    (row,) = rows_of(book.seller, str(task.uuid))
    assert (row["client_id"], row["reason"]) == (kept.pk, "new price")
    assert task.processing_notes["records_processed"] == 2
    assert task.processing_notes["totals"]["USD"]["money_value_difference"] == "3.000000000000"
    assert task.processing_notes["data_version"].endswith("of 1 clients")


def test_reports_that_cannot_be_compared_are_refused_by_name(book: Book) -> None:
    add_expense(book, book.fjord, DAY, "1")
    good, strangers = report(book.admin), report(book.stranger)
    waiting = str(asked(book.admin, "ResellerExpenses", **OCTOBER).uuid)
    stop = FileTask.objects.create(
        task_type=TaskType.STOP_SUBSCRIPTIONS,
        user_id=book.admin.user_id,
        reseller_id=book.admin.reseller_id,
        client_id=book.fjord.pk,
        request_digest="0" * 64,
        status=TaskStatus.COMPLETED,
    )
    expired = report(book.admin)
    FileTask.objects.filter(pk=expired).update(result_expires_at=datetime(2026, 1, 1, tzinfo=UTC))
    lost = report(book.admin)
    result_store().delete(FileTask.objects.get(pk=lost).result_key)
    comparison = str(compared(book.admin, good, good).uuid)
    for uuid, told in {
        NOBODYS: "There is no report",
        strangers: "There is no report",
        str(stop.uuid): "There is no report",
        waiting: "The report is not ready yet: Pending.",
        expired: "The result expired",
        lost: "The result is not kept any more.",
        comparison: "Reports of the template ReportDiff are not compared.",
    }.items():
        (before,) = errors_of(book.admin, uuid, good)["parameters.before"]
        (after,) = errors_of(book.admin, good, uuid)["parameters.after"]
        assert before.startswith(told)
        assert before == after
    assert list(errors_of(book.admin, NOBODYS, waiting)) == [
        "parameters.before",
        "parameters.after",
    ]


def test_a_storage_that_does_not_answer_is_told_as_that(
    book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    uuid = report(book.admin)

    def broken(*_: object, **__: object) -> None:
        raise OSError("no route")

    monkeypatch.setattr("tollbook.reports.templates.diff_results.open_result", broken)
    with pytest.raises(Unavailable):
        asked(book.admin, "ReportDiff", before=uuid, after=uuid)


@pytest.mark.parametrize("given", ["", "x", NOBODYS[:-1], f"{{{NOBODYS}}}", 5, None, [], True])
def test_what_is_no_uuid_is_refused_by_name(book: Book, given: Any) -> None:
    assert list(errors_of(book.admin, given, given)) == ["parameters.before", "parameters.after"]


def test_reports_of_other_templates_and_layouts_are_not_compared(book: Book) -> None:
    by_expense, by_day = report(book.admin), report(book.admin, group_by="day")
    plans = report(book.admin, "ResellerPlans")
    (told,) = errors_of(book.admin, by_expense, by_day)["parameters.after"]
    assert "ResellerExpenses by day" in told
    assert "ResellerExpenses by expense" in told
    assert list(errors_of(book.admin, by_expense, plans)) == ["parameters.after"]


@pytest.mark.parametrize(("change", "code"), [("expired", "gone"), ("removed", "not_found")])
def test_a_report_that_is_gone_when_the_work_begins_fails_it(
    book: Book, change: str, code: str
) -> None:
    before, after = report(book.admin), report(book.admin)
    task = asked(book.admin, "ReportDiff", before=before, after=after)
    compared_task = FileTask.objects.filter(pk=after)
    if change == "expired":
        compared_task.update(result_expires_at=datetime(2026, 1, 1, tzinfo=UTC))
    else:
        compared_task.delete()
    worked_on(task)
    assert task.status == TaskStatus.FAILED
    assert [each["code"] for each in task.processing_notes["errors"]] == [code]


def test_a_difference_that_is_too_large_fails_the_report(book: Book) -> None:
    most = "99999999999999999999999999"
    first = add_expense(book, book.fjord, DAY, most)
    before = report(book.admin)
    revise(first, f"-{most}", "a slip")
    task = compared(book.admin, before, report(book.admin))
    assert task.status == TaskStatus.FAILED
    assert [each["code"] for each in task.processing_notes["errors"]] == ["amount_too_large"]


def test_work_that_is_not_wanted_stops_within_a_second_while_the_engine_computes(
    book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_expense(book, book.fjord, DAY, "1")
    uuid = report(book.admin)
    task = asked(book.admin, "ReportDiff", before=uuid, after=uuid)
    forever = "SELECT count(*) FROM range(1000000000) a, range(1000000) b WHERE a.range % 7 = 3"
    monkeypatch.setattr("tollbook.reports.templates.report_diff.comparing_sql", lambda *_: forever)
    progress = Progress()
    threading.Timer(1, progress.stop).start()
    began = time.monotonic()
    with pytest.raises(TaskStopped):
        write_report(task, progress)
    assert 1 <= time.monotonic() - began < 2.5
    assert [key for key in result_store().keys("results") if str(task.uuid) in key] == []


def test_what_is_compared_part_by_part_is_in_the_order_of_the_whole(
    book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tollbook.reports.templates.report_diff._ROWS_AT_ONCE", 1)
    made = [add_expense(book, book.fjord, DAY.replace(day=1 + n % 3), "1") for n in range(9)]
    before = report(book.admin)
    for expense in made:
        revise(expense, "2", "new price")
    rows = diff(book.admin, before, report(book.admin))
    assert [row["for_date"].day for row in rows] == [1, 1, 1, 2, 2, 2, 3, 3, 3]
    assert [row["money_value_difference"] for row in rows] == [Decimal(1)] * 9


def test_plans_differ_by_price(book: Book) -> None:
    add_expense(book, book.fjord, DAY, "1")
    item = book.items["CDN"]
    item.prices.create(currency=book.usd, money_value=Decimal("0.5"))
    before = report(book.admin, "ResellerPlans")
    item.prices.update(money_value=Decimal("0.75"))
    (row,) = diff(book.admin, before, report(book.admin, "ResellerPlans"))
    assert (row["change"], row["changed_columns"]) == ("changed", "price")
    assert (row["price_before"], row["price_after"]) == (Decimal("0.5"), Decimal("0.75"))
    assert row["price_difference"] == Decimal("0.25")


def test_usage_differs_by_what_was_imported_since(book: Book) -> None:
    noon = datetime(2026, 10, 1, 12, tzinfo=UTC)
    fill_lake([used(book, book.fjord, noon, "1.5")])
    asked_for = {"group_by": "client,resource", "granularity": "hour"}
    before = report(book.admin, "ResellerStatistics", **asked_for)
    fill_lake([used(book, book.fjord, noon + timedelta(hours=1), "3", resource="zone")])
    fill_lake([used(book, book.fjord, noon, "2")])
    rows = diff(book.admin, before, report(book.admin, "ResellerStatistics", **asked_for))
    told = [
        (row["change"], row["hour"], row["usage_difference"], row["records_difference"])
        for row in rows
    ]
    assert told == [
        ("changed", noon, Decimal(2), 1),
        ("added", noon + timedelta(hours=1), Decimal(3), 1),
    ]


@pytest.mark.parametrize("template", COMPARED, ids=lambda each: each.code)
def test_every_layout_says_how_two_results_of_it_are_compared(template: ReportTemplate) -> None:
    assert set(template.comparisons) == set(template.layouts)
    for name, columns in template.layouts.items():
        comparison, kinds = template.comparisons[name], {each.key: each.kind for each in columns}
        assert comparison.identity
        named = {*comparison.identity, *comparison.subtracted, *comparison.numbers}
        assert named <= set(kinds)
        assert set(comparison.counts_where) <= set(comparison.identity)
        assert not comparison.subtracted & set(comparison.identity)
        assert kinds[comparison.identity[0]] in {Kind.DATE, Kind.TIMESTAMP, Kind.INTEGER}
        assert {kinds[key] for key in comparison.amounts} <= {Kind.DECIMAL}
        assert {kinds[key] for key in comparison.subtracted} <= {Kind.DECIMAL, Kind.INTEGER}
        assert bool(comparison.amounts) == (comparison.currency is not None)
        if comparison.currency is not None:
            assert comparison.currency in comparison.identity


def test_all_but_the_comparison_itself_and_the_export_are_compared() -> None:
    left = [each.code for each in TEMPLATES if each not in COMPARED]
    assert left == ["ReportDiff", "FocusCostAndUsage"]
