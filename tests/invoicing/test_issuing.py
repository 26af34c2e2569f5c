"""Invoices become the ERP's documents: once each, numbered without a gap, sooner or later."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

from django.db import connection, transaction

from tests.invoicing.closings import closed
from tests.invoicing.closings import spend as add_expense
from tests.reports.book import Book
from tollbook.erp.gateway import ErpUnavailable
from tollbook.erp.local.gateway import LocalErp
from tollbook.erp.local.numbers import next_number
from tollbook.erp.models import ErpInvoice, NumberSeries
from tollbook.erp.rules import MoveType, PaymentState
from tollbook.erp.services import Issued, find_pdf, issue_invoices
from tollbook.invoicing.models import Dispatch, Invoice

NOW = datetime(2100, 1, 1, tzinfo=UTC)
INVOICE, REFUND = MoveType.OUT_INVOICE, MoveType.OUT_REFUND


def close_october(book: Book) -> None:
    add_expense(book, book.fjord, date(2026, 10, 3), "10.004")
    add_expense(book, book.fjord, date(2026, 10, 3), "7", currency=book.eur, item="Storage")
    add_expense(book, book.brook, date(2026, 10, 4), "-3")
    add_expense(book, book.brook, date(2026, 10, 5), "0.001", currency=book.eur)
    closed(book.admin)


def names() -> list[str]:
    return sorted(ErpInvoice.objects.values_list("name", flat=True))


def test_each_invoice_becomes_a_document_with_its_lines(book: Book) -> None:
    close_october(book)

    assert issue_invoices(now=NOW) == Issued(3, 0)

    assert names() == ["INV/2026/00001", "INV/2026/00002", "RINV/2026/00001"]
    for document in ErpInvoice.objects.all():
        invoice = Invoice.objects.get(pk=document.invoice_id)
        assert invoice.number == document.name
        assert document.amount_total == invoice.amount_total
        assert sum(line.amount for line in document.lines.all()) == document.amount_untaxed
        assert document.payment_state == PaymentState.NOT_PAID
        assert document.billing_period_to == date(2026, 10, 31)
        assert document.invoice_date == date(2026, 11, 1)
        assert find_pdf(book.operator, document.pk).bytes.startswith(b"%PDF-")
    assert not Dispatch.objects.filter(done_at=None).exists()


def test_issuing_again_makes_nothing_new(book: Book) -> None:
    close_october(book)
    issue_invoices(now=NOW)
    before = names()

    assert issue_invoices(now=NOW) == Issued(0, 0)
    Dispatch.objects.update(done_at=None)
    issue_invoices(now=NOW)

    assert names() == before


def test_many_who_issue_at_once_give_each_number_once(book: Book) -> None:
    for day in range(1, 29):
        add_expense(book, book.fjord, date(2026, 10, day), "1", currency=book.eur)
    for client in (book.fjord, book.brook):
        for day in range(1, 9):
            add_expense(book, client, date(2026, 10, day), "2")
    closed(book.admin)
    gate = threading.Barrier(4)

    def issue(_: int) -> Issued:
        gate.wait(60)
        try:
            return issue_invoices(now=NOW)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(issue, range(4)))

    assert sum(each.issued for each in done) == Dispatch.objects.count() == 3
    assert names() == [f"INV/2026/{number:05d}" for number in (1, 2, 3)]


def test_a_number_that_is_rolled_back_is_given_to_the_next(book: Book) -> None:
    series = {"reseller_id": book.fjord.reseller_id, "move_type": INVOICE}
    day = date(2026, 11, 1)
    with transaction.atomic():
        assert next_number(**series, dated=day) == ("INV/2026/00001", day)
        transaction.set_rollback(True)

    with transaction.atomic():
        assert next_number(**series, dated=day) == ("INV/2026/00001", day)


def test_each_reseller_kind_and_year_has_numbers_of_its_own(book: Book) -> None:
    north, south = book.fjord.reseller_id, book.sand.reseller_id
    given = [
        (north, INVOICE, date(2026, 11, 1)),
        (north, REFUND, date(2026, 11, 1)),
        (south, INVOICE, date(2026, 11, 1)),
        (north, INVOICE, date(2027, 1, 1)),
        (north, INVOICE, date(2026, 12, 1)),
    ]
    with transaction.atomic():
        numbers = [
            next_number(reseller_id=owner, move_type=kind, dated=day)[0]
            for owner, kind, day in given
        ]
    assert numbers == [
        "INV/2026/00001",
        "RINV/2026/00001",
        "INV/2026/00001",
        "INV/2027/00001",
        "INV/2026/00002",
    ]
    assert NumberSeries.objects.count() == 4


def test_numbers_run_with_the_dates_that_are_printed(book: Book) -> None:
    series = {"reseller_id": book.fjord.reseller_id, "move_type": INVOICE}
    with transaction.atomic():
        next_number(**series, dated=date(2026, 12, 1))
        late = next_number(**series, dated=date(2026, 11, 1))
    assert late == ("INV/2026/00002", date(2026, 12, 1))


def test_a_series_goes_on_after_documents_that_were_there(book: Book) -> None:
    close_october(book)
    issue_invoices(now=NOW)
    NumberSeries.objects.all().delete()
    add_expense(book, book.fjord, date(2026, 9, 3), "1")

    closed(book.admin, "2026-09")
    issue_invoices(now=NOW)

    latest = ErpInvoice.objects.latest("id")
    assert (latest.name, latest.invoice_date) == ("INV/2026/00003", date(2026, 11, 1))
    assert Invoice.objects.get(pk=latest.invoice_id).invoice_date == latest.invoice_date


def test_what_the_erp_does_not_take_is_tried_again_later_each_time(book: Book) -> None:
    class Away(LocalErp):
        def post_invoice(self, invoice: Invoice) -> ErpInvoice:
            document = super().post_invoice(invoice)
            raise ErpUnavailable(f"no answer for {document.name}")

    close_october(book)
    pauses = []
    for attempt in range(1, 4):
        now = NOW + timedelta(days=attempt)
        assert issue_invoices(now=now, gateway=Away()) == Issued(0, 3)
        waiting = Dispatch.objects.first()
        assert waiting is not None
        assert (waiting.attempts, waiting.done_at) == (attempt, None)
        assert waiting.error.startswith("no answer for")
        pauses.append(waiting.due_at - now)
        assert issue_invoices(now=now) == Issued(0, 0)

    assert pauses == sorted(set(pauses))
    assert not ErpInvoice.objects.exists()
    assert issue_invoices(now=NOW + timedelta(days=9)) == Issued(3, 0)
    assert names() == ["INV/2026/00001", "INV/2026/00002", "RINV/2026/00001"]


def test_an_invoice_of_nothing_is_none_of_the_erps(book: Book) -> None:
    close_october(book)
    issue_invoices(now=NOW)

    (nothing,) = Invoice.objects.filter(amount_total=0)
    assert (nothing.client_id, nothing.number) == (book.brook.pk, "")
    assert [str(item.amount) for item in nothing.items.all()] == [
        "0.001000000000",
        "-0.001000000000",
    ]
    assert not ErpInvoice.objects.filter(invoice_id=nothing.pk).exists()
