"""The way from a question to a closed month, and what must hold of it."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

from django.db.models import Sum

from tests.reports.book import Book, add_expense
from tollbook.clients.models import Client
from tollbook.clients.viewer import Viewer
from tollbook.expenses.models import Expense
from tollbook.filetasks.models import FileTask
from tollbook.filetasks.services import run_file_task
from tollbook.invoicing.models import Invoice
from tollbook.invoicing.rules import MoveType
from tollbook.invoicing.services import close_period, submit_closing
from tollbook.kernel.periods import next_month
from tollbook.rating.exact import exact

OCTOBER = date(2026, 10, 1)
NOVEMBER = datetime(2026, 11, 2, 3, 4, tzinfo=UTC)


def spend(book: Book, client: Client, day: date, money: str, **changes: Any) -> Expense:
    """An expense that people wrote down: rating has no business with it."""
    return add_expense(book, client, day, money, **({"kind": "correction"} | changes))


def asked(viewer: Viewer, month: str = "2026-10", **more: Any) -> FileTask:
    """A closing that nobody has begun, asked for on the second of November."""
    told: dict[str, Any] = {"request_id": uuid4(), "now": NOVEMBER}
    return submit_closing(viewer=viewer, month=month, **(told | more))


def closed(viewer: Viewer, month: str = "2026-10", **more: Any) -> FileTask:
    """A closing that was run, through everything that a worker goes through."""
    task = asked(viewer, month, **more)
    run_file_task(task.uuid, work=close_period)
    return FileTask.objects.get(pk=task.pk)


@exact
def check_books_balance(reseller_id: int, month: date = OCTOBER) -> int:
    """Σ expenses + rounding = Σ items = invoices, client by client; returns how many were held."""
    spent = _spent(reseller_id, month)
    billed: dict[tuple[int, int, int], Decimal] = {}
    for invoice in Invoice.objects.filter(reseller_id=reseller_id, month=month):
        items = list(invoice.items.all())
        rounding = sum((item.amount for item in items if item.is_rounding), Decimal(0))
        exact_sum = sum((item.amount for item in items if not item.is_rounding), Decimal(0))
        printed = sum((item.printed_amount for item in items), Decimal(0))
        assert exact_sum + rounding == printed == invoice.amount_untaxed
        assert exact_sum == invoice.expenses_amount
        assert abs(rounding) < Decimal("0.01")
        assert [item.position for item in items] == list(range(1, len(items) + 1))
        sign = -1 if invoice.move_type == MoveType.OUT_REFUND else 1
        key = (invoice.client_id, invoice.currency_id, invoice.payer_id)
        billed[key] = billed.get(key, Decimal(0)) + sign * exact_sum
    assert billed == spent
    return len(billed)


def contents() -> Sequence[tuple[Any, ...]]:
    """All invoices and items, but for what numbers them."""
    return list(
        Invoice.objects.order_by("reference", "items__position").values_list(
            "reference",
            "move_type",
            "amount_untaxed",
            "amount_tax",
            "items__name",
            "items__quantity",
            "items__amount",
            "items__printed_amount",
        )
    )


def _spent(reseller_id: int, month: date) -> dict[tuple[int, int, int], Decimal]:
    live = Expense.objects.filter(
        reseller_id=reseller_id,
        for_date__gte=month,
        for_date__lt=next_month(month),
        deleted=False,
    )
    key = ("client_id", "currency_id", "payer_id")
    sums = live.order_by().values_list(*key).annotate(Sum("money_value"))
    return {tuple(found[:3]): found[3] for found in sums}
