"""``ReportDiff``: what changed between two finished reports, by how much and why."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final

import pyarrow as pa

from tollbook.clients.selectors import clients_seen_by, visible_clients
from tollbook.engine.duck import DuckEngine
from tollbook.engine.engine import Source
from tollbook.filetasks.selectors import database_now
from tollbook.kernel.errors import DomainError, InvalidFields
from tollbook.reports.comparison import REASON
from tollbook.reports.dataset import AmountTooLarge, Dataset
from tollbook.reports.parameters import Parameter, ParameterType
from tollbook.reports.question import Question
from tollbook.reports.snapshot import Snapshot
from tollbook.reports.templates.diff_columns import (
    AFTER,
    BEFORE,
    DIFFERENCE,
    beside,
    diff_columns,
)
from tollbook.reports.templates.diff_results import (
    CANNOT_BE_COMPARED,
    SIDES,
    ComparedResult,
    check_alike,
    find_compared,
)
from tollbook.reports.templates.diff_sql import (
    SEEN,
    Edge,
    comparing_sql,
    counting_sql,
    part_condition,
)
from tollbook.reports.templates.template import ReportTemplate

_ROWS_AT_ONCE: Final = 200_000
"""Rows of both results are compared together up to so many; one day may have more."""
_SEEN_BY_ALL: Final = "true"


@dataclass(frozen=True)
class _Pair:
    """Both results, and what of them the asker may see."""

    before: ComparedResult
    after: ComparedResult
    condition: str
    clients: pa.Table

    @property
    def sources(self) -> Mapping[str, Source]:
        """What the SQL reads, by name."""
        return {
            BEFORE: self.before.dataset(),
            AFTER: self.after.dataset(),
            "clients": self.clients,
        }

    @property
    def version(self) -> str:
        """The digests of the results, and of how many clients rows are told."""
        digests = f"before {self.before.digest}, after {self.after.digest}"
        if self.condition == _SEEN_BY_ALL:
            return digests
        return f"{digests}, of {self.clients.num_rows} clients"


def report_diff_of(templates: Sequence[ReportTemplate]) -> ReportTemplate:
    """The template that compares reports of ``templates``."""
    return ReportTemplate(
        id=5,
        code="ReportDiff",
        name_en="Report diff",
        description=(
            "What changed between two finished reports of one template and layout: added, removed "
            "and changed rows, with each amount before and after, the difference, and for expenses "
            "the reasons of their revisions."
        ),
        parameters=(
            _report_parameter(BEFORE, "The earlier report: the uuid of a finished one of yours."),
            _report_parameter(
                AFTER, "The later report, of the same template and layout; it may be the same one."
            ),
        ),
        layouts={
            f"{template.code}: {name}": diff_columns(template.comparisons[name], columns)
            for template in templates
            for name, columns in template.layouts.items()
        },
        answer=partial(answer_report_diff, templates),
        check=partial(check_reports, templates),
    )


def check_reports(templates: Sequence[ReportTemplate], question: Question, now: datetime) -> None:
    """Raise ``InvalidFields`` where the reports cannot be compared, naming which is to blame."""
    found, errors = {}, {}
    for side in SIDES:
        try:
            found[side] = find_compared(templates, question.viewer, question.text(side), now)
        except CANNOT_BE_COMPARED as error:
            errors[side] = error
    if not errors:
        try:
            check_alike(found[BEFORE], found[AFTER])
        except CANNOT_BE_COMPARED as error:
            errors[AFTER] = error
    if errors:
        raise InvalidFields({f"parameters.{side}": [_told(e)] for side, e in errors.items()})


def answer_report_diff(
    templates: Sequence[ReportTemplate], question: Question, snapshot: Snapshot
) -> Dataset:
    """What differs of the rows that the asker may see now, in the order of the reports."""
    pair = _open(templates, question, snapshot)
    layout = pair.after.layout
    engine = DuckEngine(check=snapshot.check)
    counts = _count(engine, pair)
    comparison = layout.comparison
    return Dataset(
        columns=diff_columns(comparison, layout.columns),
        amounts=tuple(beside(key, DIFFERENCE) for key in comparison.amounts),
        currency=comparison.currency,
        records=sum(counts.values()),
        data_version=pair.version,
        batches=_with_reasons(_differences(engine, pair, counts), pair, question, snapshot),
        period_state=pair.after.period_state,
    )


def _report_parameter(name: str, description: str) -> Parameter:
    return Parameter(
        name=name,
        type=ParameterType.STRING,
        format="uuid",
        required=True,
        description=description,
    )


def _told(error: DomainError) -> str:
    return f"{error.message[0].upper()}{error.message[1:]}."


def _open(templates: Sequence[ReportTemplate], question: Question, snapshot: Snapshot) -> _Pair:
    viewer, now = question.viewer, database_now()
    before, after = (find_compared(templates, viewer, question.text(side), now) for side in SIDES)
    check_alike(before, after)
    names_clients = any(column.key == "client_id" for column in after.layout.columns)
    return _Pair(
        before=before,
        after=after,
        condition=SEEN if names_clients and clients_seen_by(viewer) else _SEEN_BY_ALL,
        clients=snapshot.table(visible_clients(viewer).order_by("id").values_list("id")),
    )


def _count(engine: DuckEngine, pair: _Pair) -> dict[Edge, int]:
    """How many rows of both there are, by what the results are ordered by first, in that order."""
    sql = counting_sql(pair.after.layout.comparison, pair.condition)
    with engine.running_query(sql, sources=pair.sources) as reader:
        edges, rows = reader.read_all().to_pydict().values()
    return dict(zip(edges, rows, strict=True))


def _parts(counts: Mapping[Edge, int]) -> Iterator[tuple[Edge, Edge]]:
    """First and last of what is compared at once; rows without a value are a part of their own."""
    first, last, rows = None, None, 0
    for edge, count in counts.items():
        first, last, rows = edge if rows == 0 else first, edge, rows + count
        if edge is None or rows >= _ROWS_AT_ONCE:
            yield first, last
            rows = 0
    if rows:
        yield first, last


def _differences(
    engine: DuckEngine, pair: _Pair, counts: Mapping[Edge, int]
) -> Iterator[pa.RecordBatch]:
    layout = pair.after.layout
    for first, last in _parts(counts):
        pair.before.check_is_kept()
        pair.after.check_is_kept()
        part = part_condition(layout.comparison, first, last)
        sql = comparing_sql(layout.comparison, layout.columns, f"{part} AND {pair.condition}")
        try:
            with engine.running_query(sql, sources=pair.sources) as reader:
                yield from reader
        except OverflowError as error:
            raise AmountTooLarge(
                f"A difference has more than 26 digits before the point: {error}"
            ) from error


def _with_reasons(
    batches: Iterator[pa.RecordBatch], pair: _Pair, question: Question, snapshot: Snapshot
) -> Iterator[pa.RecordBatch]:
    find_reasons = pair.after.layout.comparison.find_reasons
    for batch in batches:
        if find_reasons is None:
            yield batch
        else:
            reasons = find_reasons(question, snapshot, batch)
            yield batch.set_column(batch.schema.get_field_index(REASON), REASON, reasons)
