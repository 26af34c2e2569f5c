"""The two finished reports that ``ReportDiff`` compares, as the asker may see them now."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import pyarrow.dataset as pads

from tollbook.clients.viewer import Viewer
from tollbook.filetasks.opened import ResultNotReady, open_result
from tollbook.filetasks.results import result_store
from tollbook.filetasks.rules import TaskType
from tollbook.kernel.errors import Gone, InvalidInput, NotFound
from tollbook.reports.comparison import Comparison
from tollbook.reports.templates.diff_columns import AFTER, BEFORE
from tollbook.reports.templates.template import ReportTemplate
from tollbook.results.columns import Column
from tollbook.storage.files import StorageUnavailable

SIDES: Final = (BEFORE, AFTER)
"""The parameters that name the reports."""
CANNOT_BE_COMPARED: Final = (NotFound, ResultNotReady, Gone, InvalidInput)
"""What is wrong with a report that is named."""


@dataclass(frozen=True)
class ComparedLayout:
    """A template's layout that results can be compared in."""

    template: ReportTemplate
    name: str

    @property
    def columns(self) -> tuple[Column, ...]:
        """What a result of it holds."""
        return self.template.layouts[self.name]

    @property
    def comparison(self) -> Comparison:
        """How two of them are compared."""
        return self.template.comparisons[self.name]

    def __str__(self) -> str:
        return f"{self.template.code} by {self.name}"


@dataclass(frozen=True)
class ComparedResult:
    """A finished report: its layout and digest, the file it lies in, and how its months stood."""

    layout: ComparedLayout
    digest: str
    key: str
    period_state: str

    def check_is_kept(self) -> None:
        """Raise ``Gone`` where the file was removed since."""
        if not result_store().exists(self.key):
            raise Gone("a report that is compared is not kept any more")

    def dataset(self) -> pads.Dataset:
        """Its rows, for an engine."""
        store = result_store()
        return pads.dataset(store.path(self.key), format="parquet", filesystem=store.filesystem)


def find_compared(
    templates: Sequence[ReportTemplate], viewer: Viewer, uuid: str, now: datetime
) -> ComparedResult:
    """The report that ``uuid`` names; one of ``CANNOT_BE_COMPARED`` says why there is none."""
    try:
        opened = open_result(viewer, UUID(uuid), TaskType.REPORT, now=now)
    except OSError as error:
        raise StorageUnavailable("the storage for results does not answer") from error
    try:
        layout = _layout_of(templates, opened.task.template, opened.result.columns)
        return ComparedResult(
            layout,
            opened.result.summary.digest,
            opened.task.result_key,
            str(opened.result.metadata["period_state"]),
        )
    finally:
        opened.close()


def check_alike(before: ComparedResult, after: ComparedResult) -> None:
    """Raise ``InvalidInput`` unless both are of one template and layout."""
    if before.layout != after.layout:
        raise InvalidInput(
            f"only reports of one template and layout are compared: this one is {after.layout}, "
            f"the one before {before.layout}",
            field=AFTER,
        )


def _layout_of(
    templates: Iterable[ReportTemplate], code: str, columns: Sequence[Column]
) -> ComparedLayout:
    template = next((each for each in templates if each.code == code), None)
    if template is None:
        raise InvalidInput(f"reports of the template {code} are not compared")
    held = [(column.key, column.type) for column in columns]
    for name, declared in template.layouts.items():
        if held == [(column.key, column.type) for column in declared]:
            return ComparedLayout(template, name)
    raise InvalidInput(f"this {code} does not have the columns of today: ask for it again")
