"""``ResellerExpenses``: what is in it, what never is, and that every digit arrives."""

from datetime import date
from decimal import Decimal

import pytest

from tests.reports.book import OCTOBER, ODD_NAME, Book, add_expense, opened, rows_of
from tests.reports.sealed import spend_much
from tollbook.expenses.models import Expense
from tollbook.kernel.errors import InvalidFields
from tollbook.reports.templates.expense_columns import EACH_EXPENSE
from tollbook.reports.templates.reseller_expenses import GROUP_BY

LARGEST = "99999999999999999999999999.999999999999"
DAY = date(2026, 10, 5)
GROUPS = [group for group in GROUP_BY.enum if group != "expense"]
SUMMED = (
    "money_before_discount",
    "discount_value",
    "money_value",
    "tax_value",
    "total_value",
)


@pytest.fixture
def busy(book: Book) -> Book:
    """Two months of two resellers, two currencies, discounts, taxes and a replaced row."""
    spend_much(book, 40, lambda number: 9 + number % 2)
    return book


def test_a_row_tells_everything_about_its_expense(book: Book) -> None:
    expense = add_expense(
        book,
        book.fjord,
        DAY,
        "90.000000000001",
        discount="10",
        tax="18.5",
        comment="noted",
    )
    (row,) = rows_of(book.admin)
    assert list(row) == [each.column.key for each in EACH_EXPENSE]
    assert row["id"] == expense.id
    assert row["for_date"] == DAY
    assert str(row["period_start"]) == "2026-10-05 00:00:00+00:00"
    assert str(row["period_end"]) == "2026-10-06 00:00:00+00:00"
    assert row["client_id"] == book.fjord.id
    names = ("client_name", "payer_name", "plan_name", "product_name", "feature_name")
    assert [row[name] for name in names] == [
        ODD_NAME,
        f"{ODD_NAME}, payer",
        "CDN Pro",
        "CDN",
        "CDN traffic",
    ]
    assert [row[name] for name in ("region_name", "unit_name", "currency", "calc_rule")] == [
        "Europe",
        "GB of CDN",
        "USD",
        "stepped",
    ]
    amounts = (*SUMMED, "tax_rate", "usage")
    assert [str(row[name]) for name in amounts] == [
        "100.000000000001",
        "10.000000000000",
        "90.000000000001",
        "18.500000000000",
        "108.500000000001",
        "20.00",
        "3.000000000000",
    ]
    assert (row["deleted"], row["reason"], row["comment"]) == (False, None, "noted")


def test_every_digit_of_the_largest_and_smallest_amounts_arrives(book: Book) -> None:
    amounts = [LARGEST, f"-{LARGEST}", "0.000000000001", "-0.000000000001", "0", "7"]
    for amount in amounts:
        add_expense(book, book.fjord, DAY, amount)
    rows = rows_of(book.admin)
    assert [row["money_value"] for row in rows] == [Decimal(amount) for amount in amounts]
    assert [row["total_value"] for row in rows] == [Decimal(amount) for amount in amounts]


def test_a_sum_that_no_amount_can_hold_fails_the_report_with_its_reason(book: Book) -> None:
    add_expense(book, book.fjord, DAY, LARGEST, tax="1")
    with pytest.raises(Exception, match="more than 26 digits"):
        opened(book.admin)


def test_rows_come_by_day_and_number_whatever_month_they_were_written_in(busy: Book) -> None:
    both = {"date_from": "2026-09-01", "date_to": "2026-11-01"}
    rows = [(row["for_date"], row["id"]) for row in rows_of(busy.operator, **both)]
    assert len(rows) == 40
    assert rows == sorted(rows)


@pytest.mark.long
@pytest.mark.parametrize("group", GROUPS)
@pytest.mark.parametrize("include_deleted", [False, True])
def test_grouped_sums_equal_the_sums_of_the_rows(
    busy: Book, group: str, include_deleted: bool
) -> None:
    asked = {"date_from": "2026-09-01", "date_to": "2026-11-01"}
    both = opened(busy.admin, include_deleted=include_deleted, **asked)
    grouped = opened(busy.admin, include_deleted=include_deleted, group_by=group, **asked)
    assert grouped.result.summary.totals == both.result.summary.totals
    counts = [row["expenses"] for batch in grouped.result.batches() for row in batch.to_pylist()]
    assert sum(counts) == both.result.rows
    assert 1 < len(counts) < both.result.rows
    both.close()
    grouped.close()


def test_live_and_deleted_expenses_are_never_added_up(busy: Book) -> None:
    day = {"date_from": "2026-10-05", "date_to": "2026-10-05"}
    add_expense(busy, busy.fjord, DAY, "5")
    rows = rows_of(
        busy.admin, group_by="client", client_id=busy.fjord.id, include_deleted=True, **day
    )
    assert [(row["deleted"], str(row["money_value"])) for row in rows] == [
        (False, "5.000000000000"),
        (True, "1000.000000000000"),
    ]


def test_deleted_expenses_come_only_when_asked_for(busy: Book) -> None:
    assert not any(row["deleted"] for row in rows_of(busy.admin))
    (replaced,) = [row for row in rows_of(busy.admin, include_deleted=True) if row["deleted"]]
    assert replaced["reason"] == "rated again"


def test_the_first_day_is_in_and_the_last_is_not(book: Book) -> None:
    for day in (date(2026, 9, 30), date(2026, 10, 1), date(2026, 10, 31), date(2026, 11, 1)):
        add_expense(book, book.fjord, day, "1")
    days = [row["for_date"] for row in rows_of(book.admin)]
    assert days == [date(2026, 10, 1), date(2026, 10, 31)]


def test_equal_dates_mean_that_one_day(book: Book) -> None:
    for day in (4, 5, 6):
        add_expense(book, book.fjord, date(2026, 10, day), "1")
    rows = rows_of(book.admin, date_from="2026-10-05", date_to="2026-10-05")
    assert [row["for_date"] for row in rows] == [DAY]


def test_a_range_without_expenses_or_partitions_gives_a_finished_empty_report(book: Book) -> None:
    for group in GROUP_BY.enum:
        report = opened(book.admin, date_from="2000-01-01", date_to="2100-01-01", group_by=group)
        assert (report.result.rows, report.task.status) == (0, "Completed")
        assert len(report.result.columns) > 8
        report.close()


def test_parameters_narrow_the_answer(busy: Book) -> None:
    everything = rows_of(busy.admin)
    cdn = busy.items["CDN"].plan.product
    for asked, key, value in (
        ({"client_id": busy.fjord.id}, "client_id", busy.fjord.id),
        ({"currency": "EUR"}, "currency", "EUR"),
    ):
        expected = [row for row in everything if row[key] == value]
        assert 0 < len(expected) < len(everything)
        assert rows_of(busy.admin, **asked) == expected
    assert rows_of(busy.admin, product_id=cdn.id, date_from="2026-09-01")


def test_each_role_sees_its_own_clients_and_no_others(busy: Book) -> None:
    seen = {
        name: {row["client_id"] for row in rows_of(viewer)}
        for name, viewer in (
            ("operator", busy.operator),
            ("admin", busy.admin),
            ("seller", busy.seller),
            ("stranger", busy.stranger),
        )
    }
    assert seen == {
        "operator": {busy.fjord.id, busy.brook.id, busy.sand.id},
        "admin": {busy.fjord.id, busy.brook.id},
        "seller": {busy.fjord.id},
        "stranger": {busy.sand.id},
    }


@pytest.mark.parametrize("group", GROUP_BY.enum)
def test_no_byte_of_a_report_names_another_resellers_client(busy: Book, group: str) -> None:
    report = opened(busy.admin, group_by=group, date_from="2026-09-01")
    content = b"".join(report.result.pieces())
    rows = str([batch.to_pylist() for batch in report.result.batches()])
    report.close()
    assert b"South" not in content
    assert "South" not in rows


def test_an_expense_that_names_two_resellers_is_shown_to_neither(book: Book) -> None:
    add_expense(book, book.fjord, DAY, "1", reseller_id=book.sand.reseller_id)
    assert rows_of(book.admin) == []
    assert rows_of(book.stranger) == []


def test_a_client_of_another_is_told_apart_from_none_by_nothing(book: Book) -> None:
    messages = []
    for client_id in (book.sand.id, 2_000_000_000):
        with pytest.raises(InvalidFields) as caught:
            opened(book.admin, client_id=client_id)
        assert list(caught.value.errors) == ["parameters.client_id"]
        messages.append(caught.value.errors["parameters.client_id"][0])
    assert messages[0].replace(str(book.sand.id), "N") == messages[1].replace("2000000000", "N")


def test_the_same_question_on_the_same_book_gives_the_same_bytes(busy: Book) -> None:
    files = []
    for _ in range(2):
        report = opened(busy.operator, group_by="expense")
        files.append(b"".join(report.result.pieces()))
        report.close()
    assert files[0] == files[1]


def test_notes_tell_rows_totals_and_how_the_question_was_understood(busy: Book) -> None:
    report = opened(busy.seller, date_to="2026-10-01")
    notes = report.task.processing_notes
    report.close()
    live = Expense.objects.filter(client=busy.fjord, for_date="2026-10-01", deleted=False)
    assert notes["rows"] == notes["records_to_process"] == live.count()
    assert notes["resolved_parameters"] == {
        "date_from": "2026-10-01",
        "date_to": "2026-10-02",
        "days": 1,
        "client_id": None,
        "product_id": None,
        "currency": None,
        "group_by": "expense",
        "include_deleted": False,
        "scope": {
            "role": "seller",
            "reseller_id": busy.seller.reseller_id,
            "seller_id": busy.seller.user_id,
        },
    }
    assert set(notes["totals"]) <= {"USD", "EUR"}
    assert notes["period_state"] == "open"
    assert OCTOBER["date_from"] == report.task.parameters["date_from"]
