"""Tollbook's own way: the report as a worker makes it, then rendered as a download is."""

from collections.abc import Sequence
from pathlib import Path

from bench.span import Span
from tollbook.clients.models import User
from tollbook.clients.rules import Role
from tollbook.filetasks.models import FileTask
from tollbook.filetasks.results import result_store
from tollbook.filetasks.rules import TaskType
from tollbook.filetasks.work import Progress
from tollbook.reports.renderers import RENDERERS, ReportFormat
from tollbook.reports.services import write_report
from tollbook.reports.templates.reseller_expenses import EXPENSE, RESELLER_EXPENSES
from tollbook.results.columns import Column
from tollbook.results.result_file import ResultFile


def report_columns() -> tuple[Column, ...]:
    """The columns of the report that everybody makes."""
    return RESELLER_EXPENSES.layouts[EXPENSE]


def write_csv(span: Span, _columns: Sequence[Column], file: Path) -> None:
    """As CSV, guarded against formulas."""
    _write(span, ReportFormat.CSV, file)


def write_json(span: Span, _columns: Sequence[Column], file: Path) -> None:
    """As JSON."""
    _write(span, ReportFormat.JSON, file)


def write_xlsx(span: Span, _columns: Sequence[Column], file: Path) -> None:
    """As XLSX."""
    _write(span, ReportFormat.XLSX, file)


def _write(span: Span, form: ReportFormat, file: Path) -> None:
    """Make the result, with its digest and control totals, and render it to ``file``."""
    task = FileTask(
        task_type=TaskType.REPORT,
        user=User.objects.filter(role=Role.OPERATOR).order_by("id")[0],
        template=RESELLER_EXPENSES.code,
        parameters={"date_from": span.start.isoformat(), "date_to": span.end.isoformat()},
    )
    outcome = write_report(task, Progress())
    with result_store().open(outcome.key) as opened, file.open("wb") as written:
        written.writelines(RENDERERS[form].render(ResultFile(opened)))
    result_store().delete(outcome.key)
