"""Closed months are read from their segments: the same bytes as from the ledger."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from tests.invoicing.closings import closed
from tests.reports.book import Book, add_expense, opened, rows_of
from tests.reports.sealed import change_bit, close_october, spend_by_hand
from tollbook.clients.viewer import Viewer
from tollbook.expenses.models import Expense, MonthState
from tollbook.filetasks.results import result_store
from tollbook.reports.expense_facts import reading
from tollbook.reports.templates.reseller_expenses import GROUP_BY

BOTH = {"date_from": "2026-09-15", "date_to": "2026-12-01", "include_deleted": True}


@pytest.fixture
def sealed(book: Book) -> Book:
    """October of North is closed; of South and all of November nothing is."""
    spend_by_hand(book, 60, lambda number: 9 + number % 3)
    close_october(book.admin)
    return book


def bytes_of(viewer: Viewer, **parameters: Any) -> bytes:
    report = opened(viewer, **(BOTH | parameters))
    content = b"".join(report.result.pieces())
    report.close()
    return content


def warnings_of(viewer: Viewer) -> list[str]:
    report = opened(viewer, **BOTH)
    report.close()
    return [warning["code"] for warning in report.task.processing_notes["warnings"]]


def remove_segment() -> None:
    result_store().delete(str(MonthState.objects.get(status="Closed").segment_key))


def change_segment() -> None:
    change_bit(str(MonthState.objects.get(status="Closed").segment_key))


@pytest.mark.parametrize("group", GROUP_BY.enum)
@pytest.mark.parametrize(
    "name",
    [
        "admin",
        pytest.param("operator", marks=pytest.mark.long),
        pytest.param("seller", marks=pytest.mark.long),
    ],
)
def test_the_same_report_by_both_ways_is_the_same_bytes(
    sealed: Book, group: str, name: str
) -> None:
    viewer: Viewer = getattr(sealed, name)
    from_segment = bytes_of(viewer, group_by=group)
    assert warnings_of(viewer) == []
    remove_segment()
    assert bytes_of(viewer, group_by=group) == from_segment
    assert warnings_of(viewer) == ["segment_not_used"]


@pytest.mark.long
@pytest.mark.parametrize(
    "asked", [{"currency": "EUR"}, {"include_deleted": False}, {"client_id": 0}, {"product_id": 0}]
)
def test_what_narrows_a_report_narrows_segments_alike(sealed: Book, asked: dict[str, Any]) -> None:
    ids = {"client_id": sealed.fjord.pk, "product_id": sealed.items["CDN"].plan.product_id}
    narrowed = {name: ids.get(name, value) for name, value in asked.items()}
    from_segment = bytes_of(sealed.admin, **narrowed)
    assert from_segment != bytes_of(sealed.admin)
    remove_segment()
    assert bytes_of(sealed.admin, **narrowed) == from_segment


@pytest.mark.parametrize("group", ["expense", "client"])
def test_a_closed_month_is_not_read_from_the_ledger(sealed: Book, group: str) -> None:
    october = {"date_from": "2026-10-01", "date_to": "2026-11-01", "group_by": group}
    before = rows_of(sealed.admin, **october)
    assert before
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE expenses_expense DETACH PARTITION expenses_expense_2026_10")
    try:
        assert not Expense.objects.filter(for_date__month=10).exists()
        assert rows_of(sealed.admin, **october) == before
    finally:
        with connection.cursor() as cursor:
            cursor.execute(
                "ALTER TABLE expenses_expense ATTACH PARTITION expenses_expense_2026_10 "
                "FOR VALUES FROM ('2026-10-01') TO ('2026-11-01')"
            )


def test_a_segment_that_is_not_what_was_sealed_is_not_believed(sealed: Book) -> None:
    honest = bytes_of(sealed.admin)
    change_segment()
    assert bytes_of(sealed.admin) == honest
    assert warnings_of(sealed.admin) == ["segment_not_used"]


def test_the_state_of_the_period_is_told(sealed: Book) -> None:
    states = {}
    for name, first, end in (
        ("closed", "2026-10-01", "2026-11-01"),
        ("open", "2026-11-01", "2026-12-01"),
        ("partly closed", "2026-10-01", "2026-12-01"),
    ):
        report = opened(sealed.admin, date_from=first, date_to=end)
        report.close()
        states[name] = report.task.processing_notes["period_state"]
    assert states == {name: name for name in states}
    report = opened(sealed.operator, date_from="2026-10-01", date_to="2026-11-01")
    report.close()
    assert report.task.processing_notes["period_state"] == "partly closed"


def test_days_that_are_read_side_by_side_come_in_their_order(
    sealed: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = bytes_of(sealed.operator)
    monkeypatch.setattr(reading, "_ROWS_OF_A_SLICE", 1)
    assert bytes_of(sealed.operator) == whole


def test_another_name_of_a_client_is_another_version_of_the_data(sealed: Book) -> None:
    first = opened(sealed.admin, **BOTH)
    first.close()
    sealed.brook.company_name = "Brook and Sons"
    sealed.brook.save()
    again = opened(sealed.admin, **BOTH)
    again.close()
    versions = [task.processing_notes["data_version"] for task in (first.task, again.task)]
    assert versions[0] != versions[1]
    assert first.task.result_digest != again.task.result_digest


def test_amounts_of_a_segment_keep_every_digit(book: Book) -> None:
    add_expense(
        book,
        book.fjord,
        date(2026, 10, 5),
        "12345678901234567890123.456789012345",
        kind="correction",
    )
    add_expense(book, book.fjord, date(2026, 10, 5), "0.000000000001", kind="correction")
    closed(book.admin)
    october = {"date_from": "2026-10-01", "date_to": "2026-11-01"}
    assert [row["money_value"] for row in rows_of(book.admin, **october)] == [
        Decimal("12345678901234567890123.456789012345"),
        Decimal("0.000000000001"),
    ]
    (total,) = rows_of(book.admin, group_by="month", **october)
    assert total["money_value"] == Decimal("12345678901234567890123.456789012346")
