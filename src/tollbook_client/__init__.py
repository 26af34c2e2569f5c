"""A typed client of Tollbook's HTTP API: reports, imports, webhooks, schedules and more.

>>> book = Tollbook("http://127.0.0.1:8080", key="1234$abcdef")
>>> task = book.reports.create("ResellerExpenses", {"date_from": "2026-08-01", ...})
>>> task = book.reports.wait(task.uuid)
>>> book.reports.download(task.uuid, format="csv", to="expenses.csv")
"""

from tollbook_client.client import Tollbook
from tollbook_client.downloads import Download
from tollbook_client.errors import (
    Conflict,
    DownloadBroken,
    Expired,
    Forbidden,
    InvalidRequest,
    NotFound,
    RateLimited,
    ReportCancelled,
    ReportFailed,
    ReportNotReady,
    ServerFailed,
    ServerUnavailable,
    TollbookError,
    Unauthorized,
    UnexpectedAnswer,
    WaitedTooLong,
)
from tollbook_client.retries import RetryPolicy
from tollbook_client.rows import ResultColumn, RowsPage, RowValue
from tollbook_client.schedules import Schedule, ScheduleRun
from tollbook_client.signatures import InvalidSignature, verify_signature
from tollbook_client.values import (
    Credit,
    ErpInvoice,
    FileTask,
    MoveType,
    PaymentState,
    ProcessingNotes,
    Proof,
    TaskStatus,
    Template,
    TemplateParameter,
)
from tollbook_client.webhooks import DeliveryAttempt, Webhook, WebhookDelivery

__all__ = [
    "Conflict",
    "Credit",
    "DeliveryAttempt",
    "Download",
    "DownloadBroken",
    "ErpInvoice",
    "Expired",
    "FileTask",
    "Forbidden",
    "InvalidRequest",
    "InvalidSignature",
    "MoveType",
    "NotFound",
    "PaymentState",
    "ProcessingNotes",
    "Proof",
    "RateLimited",
    "ReportCancelled",
    "ReportFailed",
    "ReportNotReady",
    "ResultColumn",
    "RetryPolicy",
    "RowValue",
    "RowsPage",
    "Schedule",
    "ScheduleRun",
    "ServerFailed",
    "ServerUnavailable",
    "TaskStatus",
    "Template",
    "TemplateParameter",
    "Tollbook",
    "TollbookError",
    "Unauthorized",
    "UnexpectedAnswer",
    "WaitedTooLong",
    "Webhook",
    "WebhookDelivery",
    "verify_signature",
]
