"""The ERP invoices of the demo book agree with its expenses to the cent."""

import re
from collections import defaultdict
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from django.db.models import Sum
from django.db.models.functions import TruncMonth

from tests.invoicing.closings import check_books_balance
from tollbook.demo.seed import BOOK_MONTHS, UNCLOSED
from tollbook.erp.models import ErpInvoice, ErpInvoiceLine
from tollbook.erp.rules import MoveType, PaymentState
from tollbook.expenses.models import Expense
from tollbook.expenses.rules import MonthStatus
from tollbook.expenses.selectors import find_month_state
from tollbook.invoicing.models import Invoice
from tollbook.invoicing.selectors import clients_to_close
from tollbook.kernel.periods import DateRange

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("demo_book"),
    pytest.mark.xdist_group("demo_book"),
]
CENT = Decimal("0.01")


def cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, ROUND_HALF_UP)


def test_five_hundred_documents_in_all_states_and_both_types() -> None:
    assert ErpInvoice.objects.count() == 500
    pairs = set(ErpInvoice.objects.values_list("move_type", "payment_state"))
    assert {state for kind, state in pairs if kind == MoveType.OUT_INVOICE} == set(PaymentState)
    assert len({state for kind, state in pairs if kind == MoveType.OUT_REFUND}) >= 3
    words = ErpInvoice.objects.exclude(erp_payment_state__in=PaymentState.values)
    assert set(words.values_list("payment_state", "erp_payment_state")) == {
        ("not_paid", "blocked"),
        ("paid", "invoicing_legacy"),
    }


def test_numbers_have_no_gaps_and_run_with_the_dates() -> None:
    for reseller_id in (101, 102, 103):
        for move_type, prefix in ((MoveType.OUT_INVOICE, "INV"), (MoveType.OUT_REFUND, "RINV")):
            own = ErpInvoice.objects.filter(reseller_id=reseller_id, move_type=move_type)
            names = list(own.order_by("invoice_date", "id").values_list("name", flat=True))
            assert names == [f"{prefix}/2026/{n:05d}" for n in range(1, len(names) + 1)]
            assert names


def test_lines_sum_to_the_untaxed_amount_and_tax_is_taken_by_rate() -> None:
    with_rounding = 0
    for invoice in ErpInvoice.objects.prefetch_related("lines"):
        lines = list(invoice.lines.all())
        assert [line.position for line in lines] == list(range(1, len(lines) + 1))
        assert sum(line.amount for line in lines) == invoice.amount_untaxed
        assert invoice.amount_total == invoice.amount_untaxed + invoice.amount_tax
        for amount in (invoice.amount_untaxed, invoice.amount_tax, *(x.amount for x in lines)):
            assert amount == cents(amount)
        (rate,) = {line.tax_rate for line in lines}
        off = abs(invoice.amount_tax - invoice.amount_untaxed * rate / 100)
        assert off <= CENT
        with_rounding += lines[-1].name == "Rounding"
    assert with_rounding >= 50


def test_an_invoice_is_the_sum_of_its_clients_live_expenses_of_the_month() -> None:
    key = ("reseller_id", "client_id", "payer_id", "currency_id")
    sums = (
        Expense.objects.filter(deleted=False)
        .annotate(month=TruncMonth("for_date"))
        .values_list(*key, "month")
        .annotate(total=Sum("money_value"))
        .order_by()
    )
    expected = {
        row[:-1]: cents(row[-1]) for row in sums if (row[0], row[4]) != UNCLOSED and cents(row[-1])
    }
    issued = {
        (*(getattr(invoice, name) for name in key), invoice.billing_period_from): (
            invoice.amount_untaxed
            if invoice.move_type == MoveType.OUT_INVOICE
            else invoice.amount_untaxed.copy_negate()
        )
        for invoice in ErpInvoice.objects.filter(reverses=None)
    }
    assert issued == expected
    assert min(issued.values()) < 0
    assert len(issued) >= 450


def test_refunds_leave_what_their_invoices_say() -> None:
    refunded: dict[ErpInvoice, Decimal] = defaultdict(Decimal)
    refunds = ErpInvoice.objects.exclude(reverses=None).select_related("reverses")
    for refund in refunds:
        invoice = refund.reverses
        assert refund.move_type == MoveType.OUT_REFUND
        assert invoice is not None
        assert invoice.move_type == MoveType.OUT_INVOICE
        assert (refund.client_id, refund.currency_id) == (invoice.client_id, invoice.currency_id)
        assert refund.invoice_date is not None
        assert invoice.invoice_date is not None
        assert refund.invoice_date > invoice.invoice_date
        refunded[invoice] += refund.amount_total
    reversed_ones = ErpInvoice.objects.filter(payment_state=PaymentState.REVERSED)
    assert {i for i in refunded if refunded[i] == i.amount_total} == set(reversed_ones)
    assert all(amount <= invoice.amount_total for invoice, amount in refunded.items())
    assert any(amount < invoice.amount_total for invoice, amount in refunded.items())


def test_dates_are_those_of_one_closing() -> None:
    dates: Any = ErpInvoice.objects.values_list(
        "name", "billing_period_from", "billing_period_to", "invoice_date", "invoice_date_due"
    )
    for name, first, last, printed, due in dates:
        assert first.day == 1
        assert first < last < printed <= due
        assert last.month == first.month
        assert re.fullmatch(r"R?INV/2026/\d{5}", name)


def test_a_printed_quantity_has_the_sign_of_its_amount() -> None:
    lines = ErpInvoiceLine.objects.exclude(name="Rounding").exclude(quantity=0)
    odd = lines.filter(quantity__lt=0, amount__gt=0) | lines.filter(quantity__gt=0, amount__lt=0)
    assert lines.exists()
    assert list(odd.values_list("invoice__name", "name", "quantity", "amount")) == []


@pytest.mark.parametrize("reseller_id", [101, 102, 103])
@pytest.mark.parametrize("month", BOOK_MONTHS, ids=str)
def test_the_books_of_every_closed_month_balance(reseller_id: int, month: DateRange) -> None:
    if (reseller_id, month.start) == UNCLOSED:
        assert not Invoice.objects.filter(reseller_id=reseller_id, month=month.start).exists()
        assert find_month_state(reseller_id, month.start).status == MonthStatus.OPEN
        return
    assert check_books_balance(reseller_id, month.start) > 10
    assert find_month_state(reseller_id, month.start).status == MonthStatus.CLOSED


def test_a_document_says_what_the_invoice_behind_it_says() -> None:
    behind = {invoice.pk: invoice for invoice in Invoice.objects.prefetch_related("items")}
    printed = ErpInvoice.objects.filter(reverses=None).prefetch_related("lines")
    for document in printed:
        assert document.invoice_id is not None
        invoice = behind.pop(document.invoice_id)
        assert invoice.number == document.name
        for name in ("client_id", "currency_id", "payer_id", "move_type", "amount_untaxed"):
            assert getattr(invoice, name) == getattr(document, name)
        assert (invoice.amount_tax, invoice.amount_total) == (
            document.amount_tax,
            document.amount_total,
        )
        items = [
            i for i in invoice.items.all() if (i.printed_amount if i.is_rounding else i.amount)
        ]
        assert [(item.name, item.printed_amount) for item in items] == [
            (line.name, line.amount) for line in document.lines.all()
        ]
    assert {(i.amount_untaxed, i.number) for i in behind.values()} <= {(Decimal(0), "")}
    assert ErpInvoice.objects.exclude(reverses=None).filter(invoice_id=None).exists()


def test_nothing_of_a_closed_month_is_left_to_be_billed() -> None:
    left = {
        (reseller_id, month.start)
        for reseller_id in (101, 102, 103)
        for month in BOOK_MONTHS
        if clients_to_close(reseller_id=reseller_id, month=month)
    }
    assert left == {UNCLOSED}
