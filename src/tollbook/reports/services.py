"""Asking for a report, and making it: question → snapshot → one result file."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from functools import partial
from typing import Final
from uuid import UUID

from django.conf import settings

from tollbook.clients.selectors import viewer_of
from tollbook.clients.viewer import Viewer
from tollbook.filetasks.models import FileTask
from tollbook.filetasks.results import copy_key, result_key, result_store
from tollbook.filetasks.rules import TaskType
from tollbook.filetasks.services import Progress, TaskOutcome, submit_file_task
from tollbook.kernel.errors import Forbidden
from tollbook.reports.csv_copy import keeping_csv
from tollbook.reports.dataset import Dataset
from tollbook.reports.parameters import read_parameters
from tollbook.reports.question import Question
from tollbook.reports.ready_months import give_up_month
from tollbook.reports.renderers import ReportFormat, copy_name
from tollbook.reports.snapshot import open_snapshot
from tollbook.reports.templates import find_template
from tollbook.reports.templates.template import ReportTemplate
from tollbook.results.ready_rows import UnusableRows
from tollbook.results.result_writer import ResultSummary, ResultWriter

_WORDS: Final[Mapping[object, str]] = {None: "all", True: "yes", False: "no"}


def submit_report(
    *,
    viewer: Viewer,
    template_code: object,
    parameters: object,
    request_id: UUID | None,
    now: datetime,
) -> FileTask:
    """Check the question and record it as a task; ``InvalidFields`` names what cannot be taken."""
    if not viewer.may_write:
        raise Forbidden("this role may only read")
    template = find_template(template_code)
    question = ask(template, parameters, viewer)
    if template.check is not None:
        template.check(question, now)
    client_id = question.values.get("client_id")
    return submit_file_task(
        viewer=viewer,
        task_type=TaskType.REPORT,
        template=template.code,
        parameters={"type": template.code, **_given(question, parameters)},
        resolved=question.resolved(),
        client_id=client_id if isinstance(client_id, int) else viewer.account_id,
        request_id=request_id,
        now=now,
    )


def write_report(task: FileTask, progress: Progress) -> TaskOutcome:
    """Make the result of ``task``, as the one who asked may see the book now.

    A ready month that turns out not to be what was written is given up, and all is made without.
    """
    try:
        return _write_report(task, progress, copies=True)
    except UnusableRows as error:
        give_up_month(int(error.name), str(error))
    return _write_report(task, progress, copies=False)


def _write_report(task: FileTask, progress: Progress, *, copies: bool) -> TaskOutcome:
    template = find_template(task.template)
    asked = {name: value for name, value in task.parameters.items() if name != "type"}
    question = replace(ask(template, asked, viewer_of(task.user)), copies=copies)
    key, store = result_key(task), result_store()
    with (
        open_snapshot(check=progress.check) as snapshot,
        keeping_csv(store, _csv_key(key)) as keep_lines,
        store.writing(key) as sink,
    ):
        dataset = template.answer(question, snapshot)
        writer = ResultWriter(
            sink,
            dataset.columns,
            partial(_about, template, question, dataset),
            totals=dataset.amounts,
            currency=dataset.currency,
            months=dataset.months,
            on_lines=keep_lines,
        )
        summary = _write(dataset, writer, progress)
    return TaskOutcome(
        key=key,
        bytes=store.size(key),
        rows=summary.rows,
        digest=summary.digest,
        notes=_notes(task, dataset, summary),
    )


def ask(template: ReportTemplate, parameters: object, viewer: Viewer) -> Question:
    """The question that ``parameters`` put to the viewer's book."""
    return Question(viewer, read_parameters(template.parameters, parameters, viewer))


def _csv_key(key: str) -> str | None:
    """Where the CSV of the result is kept, if any copies are."""
    return copy_key(key, copy_name(ReportFormat.CSV)) if settings.COPY_RETENTION_HOURS else None


def _write(dataset: Dataset, writer: ResultWriter, progress: Progress) -> ResultSummary:
    done = 0
    progress.report(done=done, total=dataset.records)
    with writer:
        for batch in dataset.batches:
            writer.write(batch)
            done += batch.num_rows
            progress.report(done=min(done, dataset.records), total=dataset.records)
    return writer.summary


def _given(question: Question, parameters: object) -> dict[str, object]:
    """What was asked, typed, without the defaults: what the task shows as its parameters."""
    named = parameters if isinstance(parameters, Mapping) else {}
    return {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in question.values.items()
        if named.get(name) is not None
    }


def _about(template: ReportTemplate, question: Question, dataset: Dataset) -> dict[str, object]:
    """What the file tells about itself: nothing that differs when it is made again."""
    resolved = question.resolved()
    asked = [(_label(name), _shown(value)) for name, value in resolved.items()]
    return {
        "template": template.code,
        "parameters": resolved,
        "period_state": dataset.period_state,
        "data_version": dataset.version,
        "information": [
            ("Report", template.name_en),
            ("Template", template.code),
            *asked,
            ("Period state", dataset.period_state),
            ("Data version", dataset.version),
        ],
    }


def _label(name: str) -> str:
    """The name of a parameter as people read it."""
    label = name.replace("_", " ").capitalize()
    return f"{label} (exclusive)" if name == "date_to" else label


def _shown(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name.replace('_', ' ')} {each}" for name, each in value.items())
    if value is None or isinstance(value, bool):
        return _WORDS[value]
    return str(value)


def _notes(task: FileTask, dataset: Dataset, summary: ResultSummary) -> dict[str, object]:
    totals: dict[str, dict[str, str]] = {}
    for total in summary.totals:
        totals.setdefault(total.currency, {})[total.key] = format(total.amount, "f")
    return {
        "records_processed": dataset.records,
        "records_to_process": dataset.records,
        "data_version": dataset.version,
        "period_state": dataset.period_state,
        "totals": totals,
        "warnings": [*(task.processing_notes.get("warnings") or ()), *dataset.warnings],
        "total_columns": _total_columns(dataset),
        "column_kinds": [column.kind.value for column in dataset.columns],
    }


def _total_columns(dataset: Dataset) -> dict[str, object]:
    """The headers under which a file holds what was totalled, so that anybody can do it again."""
    headers = {column.key: column.header for column in dataset.columns}
    return {
        "currency": headers[dataset.currency] if dataset.currency else None,
        "amounts": {key: headers[key] for key in dataset.amounts},
    }
