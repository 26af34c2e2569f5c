"""``/reports/templates``: the reports on offer and what each may be asked."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final

from tollbook.api.filters import Condition, Filter
from tollbook.api.items import list_operation
from tollbook.api.kinds import INTEGER, TEXT
from tollbook.api.ordering import Ordering
from tollbook.api.pagination import Window
from tollbook.api.shapes import INTEGER_SCHEMA, TEXT_SCHEMA, Field, Shape, nullable, plain
from tollbook.api.v1.report_request import TAG
from tollbook.api.views import ListView
from tollbook.reports.templates import TEMPLATES
from tollbook.reports.templates.template import ReportTemplate

_DEFINITION: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "description": "Its name in `parameters`."},
        "in": {"type": "string"},
        "required": {"type": "boolean"},
        "type": {"type": "string"},
        "format": {"type": ["string", "null"]},
        "description": {"type": ["string", "null"]},
        "enum": {"type": ["array", "null"], "items": {"type": "string"}},
        "default": {"description": "What is taken where none is given."},
    },
    "required": ["name"],
}

_TEMPLATE: Final = Shape(
    "Template",
    (
        Field("id", INTEGER_SCHEMA, plain("id")),
        Field("code", {**TEXT_SCHEMA, "maxLength": 100}, plain("code"), "Its name in requests."),
        Field(
            "name_en", {**TEXT_SCHEMA, "maxLength": 255}, plain("name_en"), "Its name for people."
        ),
        Field("description", nullable(TEXT_SCHEMA), plain("description"), "What it answers."),
        Field(
            "parameters",
            {
                "type": "object",
                "properties": {"parameters": {"type": "array", "items": _DEFINITION}},
            },
            ReportTemplate.wire_parameters,
            "What it may be asked: definitions in the form of OpenAPI 2.",
        ),
    ),
    "A report on offer.",
)
TEMPLATE: Final = replace(_TEMPLATE, example=_TEMPLATE.row(TEMPLATES[0]))


def _where(read: Callable[[ReportTemplate], Any], holds: Callable[[Any, Any], bool]) -> Condition:
    def condition(value: Any) -> Callable[[ReportTemplate], bool]:
        return lambda template: holds(read(template), value)

    return condition


def _contains(text: str, part: str) -> bool:
    return part.casefold() in text.casefold()


class ReportTemplates(ListView):
    """The catalogue of reports; it lies in memory."""

    shape = TEMPLATE
    filters = (
        Filter(
            "code",
            TEXT,
            _where(lambda t: t.code, lambda code, given: code == given),
            "Of this code.",
        ),
        Filter(
            "code__icontains", TEXT, _where(lambda t: t.code, _contains), "The code contains this."
        ),
        Filter(
            "code__in",
            TEXT,
            _where(lambda t: t.code, lambda code, given: code in given),
            "Of one of these codes.",
            several=True,
            commas=True,
        ),
        Filter(
            "comment__icontains",
            TEXT,
            _where(lambda _: "", _contains),
            "The comment contains this; templates have none.",
        ),
        Filter(
            "description__icontains",
            TEXT,
            _where(lambda t: t.description, _contains),
            "The description contains this.",
        ),
        Filter(
            "id", INTEGER, _where(lambda t: t.id, lambda id_, given: id_ == given), "Of this id."
        ),
        Filter(
            "id__gt",
            INTEGER,
            _where(lambda t: t.id, lambda id_, given: id_ > given),
            "Of a higher id.",
        ),
        Filter(
            "id__in",
            INTEGER,
            _where(lambda t: t.id, lambda id_, given: id_ in given),
            "Of one of these ids.",
            several=True,
            commas=True,
        ),
        Filter(
            "id__lt",
            INTEGER,
            _where(lambda t: t.id, lambda id_, given: id_ < given),
            "Of a lower id.",
        ),
        Filter(
            "name_en__icontains",
            TEXT,
            _where(lambda t: t.name_en, _contains),
            "The name contains this.",
        ),
    )
    ordering = Ordering(
        {name: name for name in ("code", "description", "id", "name_en", "parameters")},
        default=("id",),
        key="id",
    )

    def find(
        self, conditions: Sequence[Any], order: Sequence[str], window: Window
    ) -> tuple[int, Sequence[ReportTemplate]]:
        """The templates that fit, sorted by each column in turn from the last to the first."""
        found = [each for each in TEMPLATES if all(fits(each) for fits in conditions)]
        for column in reversed(order):
            found.sort(key=_SORTED_BY[column.removeprefix("-")], reverse=column.startswith("-"))
        return len(found), found[window.offset : window.offset + window.limit]


_SORTED_BY: Final[dict[str, Callable[[ReportTemplate], Any]]] = {
    "code": lambda template: template.code,
    "description": lambda template: template.description,
    "id": lambda template: template.id,
    "name_en": lambda template: template.name_en,
    "parameters": lambda template: json.dumps(template.wire_parameters()),
}
ReportTemplates.operations = list_operation(
    ReportTemplates,
    "v1_reports_templates_list",
    TAG,
    "List report templates",
    "The reports on offer, each with the parameters that it may be asked.",
    mistake={"id__gt": ["This is no whole number."]},
)
