"""The result file of a closing: what each client's month came to, one row a currency and payer."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import pyarrow as pa

from tollbook.filetasks.models import FileTask
from tollbook.filetasks.results import result_key, result_store
from tollbook.filetasks.work import TaskOutcome
from tollbook.invoicing.closing import Closing
from tollbook.invoicing.columns import COLUMNS
from tollbook.invoicing.selectors.summary import SummaryRow, empty_rows
from tollbook.invoicing.selectors.trial_balance import Finding, Severity
from tollbook.results.columns import arrow_schema
from tollbook.results.result_writer import ResultWriter

CLOSED: Final = "closed"
FAILED: Final = "failed"
_TOTALS: Final = ("expenses", "credit", "rounding", "untaxed", "tax", "total")
_AT_ONCE: Final = 4_096


def write_result(
    task: FileTask,
    closing: Closing,
    rows: Sequence[SummaryRow],
    findings: Sequence[Finding],
    notes: Mapping[str, Any],
) -> TaskOutcome:
    """Keep ``rows`` with what was found of each client; who has no row but a finding gets one.

    A rehearsal's file differs from the real one's only in what it says about itself.
    """
    key, store = result_key(task), result_store()
    with store.writing(key) as sink:
        writer = ResultWriter(sink, COLUMNS, _about(closing), totals=_TOTALS, currency="currency")
        with writer:
            for batch in _batches(_all_rows(rows, findings), findings):
                writer.write(batch)
    summary = writer.summary
    return TaskOutcome(
        key=key, bytes=store.size(key), rows=summary.rows, digest=summary.digest, notes=notes
    )


def _all_rows(rows: Sequence[SummaryRow], findings: Sequence[Finding]) -> list[SummaryRow]:
    without = {each.client_id for each in findings}.difference(row.client_id for row in rows)
    return sorted([*rows, *empty_rows(without)], key=lambda row: row.client_id)


def _batches(rows: Sequence[SummaryRow], findings: Sequence[Finding]) -> Iterator[pa.RecordBatch]:
    schema = arrow_schema(COLUMNS)
    errors, warnings = _told(findings, Severity.ERROR), _told(findings, Severity.WARNING)
    for first in range(0, len(rows), _AT_ONCE):
        told = [
            {
                **row._asdict(),
                "state": FAILED if row.client_id in errors else CLOSED,
                "error": "; ".join(errors.get(row.client_id, ())),
                "warning": "; ".join(warnings.get(row.client_id, ())),
            }
            for row in rows[first : first + _AT_ONCE]
        ]
        yield pa.RecordBatch.from_pylist(told, schema)


def _told(findings: Sequence[Finding], severity: Severity) -> Mapping[int, list[str]]:
    told: dict[int, list[str]] = {}
    for finding in findings:
        if finding.severity is severity:
            told.setdefault(finding.client_id, []).append(finding.message)
    return told


def _about(closing: Closing) -> dict[str, Any]:
    asked = closing.parameters()
    return {
        "parameters": asked,
        "information": [
            ("Closing", f"{closing.month.start:%Y-%m}"),
            ("Reseller", str(closing.reseller_id)),
            ("Clients", "all" if closing.client_ids is None else str(len(closing.client_ids))),
            ("Dry run", "yes, nothing was kept" if closing.dry_run else "no"),
        ],
    }
