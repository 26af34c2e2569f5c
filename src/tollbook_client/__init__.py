"""A typed client of Tollbook's HTTP API: reports, imports, stops, credits and ERP invoices.

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
from tollbook_client.values import (
    Credit,
    ErpInvoice,
    FileTask,
    MoveType,
    PaymentState,
    ProcessingNotes,
    TaskStatus,
    Template,
    TemplateParameter,
)

__all__ = [
    "Conflict",
    "Credit",
    "Download",
    "DownloadBroken",
    "ErpInvoice",
    "Expired",
    "FileTask",
    "Forbidden",
    "InvalidRequest",
    "MoveType",
    "NotFound",
    "PaymentState",
    "ProcessingNotes",
    "RateLimited",
    "ReportCancelled",
    "ReportFailed",
    "ReportNotReady",
    "RetryPolicy",
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
]
