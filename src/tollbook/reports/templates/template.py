"""What a report template declares."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from tollbook.reports.comparison import Comparison
from tollbook.reports.dataset import Dataset
from tollbook.reports.parameters import Parameter
from tollbook.reports.question import Question
from tollbook.reports.snapshot import Snapshot
from tollbook.results.columns import Column


@dataclass(frozen=True)
class ReportTemplate:
    """One report: what it may be asked, what it answers with, and how the answer is found.

    ``layouts`` names every list of columns that it can answer with; ``answer`` finds the dataset,
    whose columns are one of them. ``id`` and ``code`` are published and never change; the template
    also answers to its ``aliases``. ``comparisons`` tells of each layout how two results of it are
    compared; a template without any is not compared. ``check`` raises ``InvalidFields`` where
    parameters that are right by themselves do not fit the book or each other.
    """

    id: int
    code: str
    name_en: str
    description: str
    parameters: tuple[Parameter, ...]
    layouts: Mapping[str, tuple[Column, ...]]
    answer: Callable[[Question, Snapshot], Dataset]
    aliases: tuple[str, ...] = ()
    comparisons: Mapping[str, Comparison] = field(default_factory=dict)
    check: Callable[[Question, datetime], None] | None = None

    def wire_parameters(self) -> dict[str, object]:
        """The parameter definitions in the form of OpenAPI 2."""
        return {"parameters": [parameter.wire() for parameter in self.parameters]}
