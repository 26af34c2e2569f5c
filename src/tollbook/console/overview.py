"""What wants an operator's attention, at a glance."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from auditlog.models import LogEntry
from django.db.models import Max, Model, QuerySet
from django.urls import reverse

from tollbook.console.admin.audit import author_of, in_short
from tollbook.console.admin.paging import BoundedPaginator
from tollbook.erp.models import ErpInvoice
from tollbook.erp.rules import MoveType, PaymentState
from tollbook.expenses.models import Expense
from tollbook.filetasks.models import FileTask
from tollbook.filetasks.rules import UNFINISHED, TaskStatus

_CHANGES: Final = 8


@dataclass(frozen=True)
class Figure:
    """A number, what it counts, and where to see more."""

    title: str
    value: str
    link: str


@dataclass(frozen=True)
class Change:
    """A line of the audit."""

    at: datetime
    who: str
    what: str
    told: str
    link: str


def latest_changes() -> list[Change]:
    """What was changed last, by anybody."""
    entries = LogEntry.objects.select_related("actor", "content_type").order_by("-timestamp", "-id")
    return [
        Change(
            at=entry.timestamp,
            who=author_of(entry),
            what=f"{entry.content_type.name} {entry.object_repr}",
            told=in_short(entry),
            link=reverse("admin:auditlog_logentry_change", args=(entry.pk,)),
        )
        for entry in entries[:_CHANGES]
    ]


def figures() -> list[Figure]:
    """A few numbers, each from a bounded look at the book."""
    tasks = reverse("admin:filetasks_filetask_changelist")
    invoices = reverse("admin:erp_erpinvoice_changelist")
    since = datetime.now(UTC) - timedelta(days=1)
    return [
        Figure(
            "unfinished tasks",
            _count(FileTask.objects.filter(status__in=UNFINISHED)),
            f"{tasks}?status__exact={TaskStatus.PENDING}",
        ),
        Figure(
            "failed tasks, last 24 hours",
            _count(FileTask.objects.filter(status=TaskStatus.FAILED, created_at__gte=since)),
            f"{tasks}?status__exact={TaskStatus.FAILED}",
        ),
        Figure(
            "invoices not paid",
            _count(
                ErpInvoice.objects.filter(
                    payment_state=PaymentState.NOT_PAID, move_type=MoveType.OUT_INVOICE
                )
            ),
            f"{invoices}?payment_state__exact={PaymentState.NOT_PAID}"
            f"&move_type__exact={MoveType.OUT_INVOICE}",
        ),
        Figure(
            "newest day with expenses",
            str(Expense.objects.aggregate(last=Max("for_date"))["last"] or "none yet"),
            reverse("admin:expenses_expense_changelist"),
        ),
    ]


def _count(found: QuerySet[Model]) -> str:
    return str(BoundedPaginator(found, 1).count)
