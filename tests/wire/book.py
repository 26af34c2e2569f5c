"""Who calls over HTTP in these tests, and what is there to be read: keys, invoices, reports."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pyarrow as pa
from auditlog.context import disable_auditlog

from tests.remembered import remembered
from tests.reports.book import Book, open_book
from tollbook.catalog.models import Currency
from tollbook.clients.models import ApiKey, Client, User
from tollbook.clients.services import issue_api_key
from tollbook.clients.viewer import Viewer
from tollbook.erp.models import ErpInvoice
from tollbook.filetasks.models import FileTask
from tollbook.filetasks.results import result_key, result_store
from tollbook.filetasks.rules import TaskStatus, TaskType
from tollbook.results.columns import MONEY, Column
from tollbook.results.result_writer import ResultWriter

COLUMNS = (
    Column("company_name", "Client", pa.string()),
    Column("for_date", "Day", pa.date32()),
    Column("count", "Count", pa.int64()),
    Column("money_value", "Cost", MONEY),
)
ROWS: Mapping[str, list[Any]] = {
    "company_name": ['=SUM(A1), "Åse" <&>', "Brook", None],
    "for_date": [date(2026, 10, 1), date(2026, 10, 2), None],
    "count": [1, -2, None],
    "money_value": [Decimal("12345678901234567890.123456789012"), Decimal("-0.1"), None],
}
DAYS = {"date_from": "2026-10-01", "date_to": "2026-11-01"}


@dataclass(frozen=True)
class Callers:
    """The book and an ``Authorization`` header for each who may call."""

    book: Book
    operator: str
    admin: str
    seller: str
    client: str
    stranger: str
    expired: str
    revoked: str


def let_in(book: Book | None = None) -> Callers:
    """Make keys for everybody in the book, of which no history is kept."""
    return _with_keys(book) if book else _let_into_a_new_book()


@remembered
def _let_into_a_new_book() -> Callers:
    return _with_keys(open_book())


@disable_auditlog()
def _with_keys(book: Book) -> Callers:
    now = datetime.now(UTC)
    admin = User.objects.get(pk=book.admin.user_id)
    expired, expired_text = issue_api_key(user=admin, now=now)
    revoked, revoked_text = issue_api_key(user=admin, now=now)
    ApiKey.objects.filter(pk=expired.pk).update(expires_at=now - timedelta(seconds=1))
    ApiKey.objects.filter(pk=revoked.pk).update(revoked_at=now)
    return Callers(
        book=book,
        **{name: _key(getattr(book, name)) for name in ("operator", "admin", "seller")},
        **{name: _key(getattr(book, name)) for name in ("client", "stranger")},
        expired=f"apikey {expired_text}",
        revoked=f"apikey {revoked_text}",
    )


def erp_invoice(client: Client, name: str, **changes: Any) -> ErpInvoice:
    """An invoice of 120.00, 20.00 of it tax."""
    told: dict[str, Any] = {
        "reseller_id": client.reseller_id,
        "payer_id": client.payer_id,
        "move_type": "out_invoice",
        "currency": Currency.objects.get(char_code="USD"),
        "invoice_date": date(2026, 10, 1),
        "invoice_date_due": date(2026, 10, 31),
        "billing_period_from": date(2026, 9, 1),
        "billing_period_to": date(2026, 9, 30),
        "amount_untaxed": Decimal(100),
        "amount_tax": Decimal(20),
        "amount_total": Decimal(120),
        "payment_state": "not_paid",
    }
    invoice = ErpInvoice.objects.create(client=client, name=name, **(told | changes))
    invoice.lines.create(
        position=1, name="CDN traffic", quantity=1, amount=invoice.amount_untaxed, tax_rate=20
    )
    return invoice


def report_task(viewer: Viewer, **changes: Any) -> FileTask:
    """A report that nobody works on, as the row says."""
    told: dict[str, Any] = {
        "uuid": uuid4(),
        "task_type": TaskType.REPORT,
        "user_id": viewer.user_id,
        "reseller_id": viewer.reseller_id,
        "client_id": viewer.account_id,
        "template": "ResellerExpenses",
        "parameters": {"type": "ResellerExpenses", **DAYS},
        "request_digest": "0" * 64,
    }
    return FileTask.objects.create(**(told | changes))


def finished_report(
    viewer: Viewer, rows: Mapping[str, list[Any]] = ROWS, **changes: Any
) -> FileTask:
    """A report with a result file of ``rows``."""
    task = report_task(viewer, status=TaskStatus.COMPLETED, attempt=1, **changes)
    table = pa.table({c.key: pa.array(rows[c.key], c.type) for c in COLUMNS})
    key = result_key(task)
    with result_store().writing(key) as file:
        about = {"information": [("Report", "Test")]}
        writer = ResultWriter(file, COLUMNS, about, totals=["money_value"])
        with writer:
            for batch in table.to_batches():
                writer.write(batch)
    task.result_key = key
    task.result_rows = writer.summary.rows
    task.result_digest = writer.summary.digest
    task.result_bytes = result_store().size(key)
    task.result_expires_at = datetime.now(UTC) + timedelta(days=90)
    task.save()
    return task


def _key(viewer: Viewer) -> str:
    user = User.objects.get(pk=viewer.user_id)
    return f"apikey {issue_api_key(user=user, now=datetime.now(UTC))[1]}"
