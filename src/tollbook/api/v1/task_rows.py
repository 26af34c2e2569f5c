"""The rows of a finished result, a page at a time: chosen, filtered and ordered where it lies."""

from collections.abc import Mapping
from contextlib import closing
from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar, Final

from rest_framework.request import Request
from rest_framework.response import Response

from tollbook.api.operations import JSON, NOT_FOUND, RETRY_AFTER, Answer, Operation, detail
from tollbook.api.paths import read_uuid, uuid_parameter
from tollbook.api.query import read_query
from tollbook.api.row_lists import find_rows
from tollbook.api.row_pickers import pick_rows
from tollbook.api.v1.rows_query import parameters, read_rows_query
from tollbook.api.v1.task_download import open_task_result, storage_unavailable
from tollbook.api.views import ApiView
from tollbook.filetasks.rules import TaskType
from tollbook.results.columns import Column, Kind

_NULLABLE: Final = ["string", "integer", "boolean", "null"]
ROWS_COMPONENTS: Final[Mapping[str, Any]] = {
    "ResultColumn": {
        "type": "object",
        "description": "A column of a result.",
        "properties": {
            "key": {"type": "string", "description": "Its name in `columns` and `filter`."},
            "header": {"type": "string", "description": "Its name for people."},
            "kind": {
                "type": "string",
                "enum": [str(kind.value) for kind in Kind],
                "description": "What it holds, and so what `filter` compares it to.",
            },
            "description": {"type": "string"},
        },
        "required": ["key", "header", "kind", "description"],
    },
    "ResultRows": {
        "type": "object",
        "description": "A page of the rows of a result.",
        "properties": {
            "count": {"type": "integer", "description": "How many rows there are on all pages."},
            "next": {
                "type": ["string", "null"],
                "format": "uri",
                "description": "The address of the next page.",
            },
            "previous": {
                "type": ["string", "null"],
                "format": "uri",
                "description": "The address of the page before.",
            },
            "columns": {"type": "array", "items": {"$ref": "#/components/schemas/ResultColumn"}},
            "results": {
                "type": "array",
                "description": (
                    "The rows, by the keys of the columns: amounts are texts with all their "
                    "digits, days and moments are ISO 8601, as in the JSON download."
                ),
                "items": {"type": "object", "additionalProperties": {"type": _NULLABLE}},
            },
        },
        "required": ["count", "next", "previous", "columns", "results"],
        "examples": [
            {
                "count": 30845,
                "next": (
                    "https://billing.example/billing/org/v1/reports/"
                    "4c827be2-dd38-4bb8-8b90-44a8a5773f69/rows?limit=1&offset=1"
                    "&columns=for_date%2Cmoney_value"
                ),
                "previous": None,
                "columns": [
                    {
                        "key": "for_date",
                        "header": "Date",
                        "kind": "date",
                        "description": "The day the expense counts for (UTC).",
                    },
                    {
                        "key": "money_value",
                        "header": "Cost",
                        "kind": "decimal",
                        "description": "The amount after discount, before tax.",
                    },
                ],
                "results": [{"for_date": "2026-10-01", "money_value": "6.926041773420"}],
            }
        ],
    },
    "RowsRefused": {
        "type": "object",
        "description": (
            "What is wrong, by the name of the parameter; or `error`, which says why there are no "
            "rows."
        ),
        "properties": {"error": {"type": "string"}},
        "additionalProperties": True,
    },
}


class TaskRows(ApiView):
    """The rows that a task of one type made."""

    task_type: ClassVar[TaskType]

    @classmethod
    def components(cls) -> dict[str, Any]:
        """The schemas of a page of rows."""
        return dict(ROWS_COMPONENTS)

    def get(self, request: Request, uuid: str) -> Response:
        """Answer one page."""
        with closing(open_task_result(self.viewer, read_uuid(uuid), self.task_type)) as opened:
            query = read_query(request)
            asked = read_rows_query(query, opened.result.columns)
            try:
                found = find_rows(opened, asked.conditions, asked.orders, asked.window)
                picked = pick_rows(opened, found.numbers, asked.columns)
            except OSError as error:
                raise storage_unavailable() from error
        return Response(
            {
                "count": found.count,
                **asked.window.links(request, query, found.count),
                "columns": [_told(column) for column in asked.columns],
                "results": [{key: _shown(value) for key, value in row.items()} for row in picked],
            }
        )


def rows_operation(tag: str, noun: str) -> Operation:
    """The document's words on reading the rows that a ``noun`` made."""
    return Operation(
        f"v1_{tag}_rows_retrieve",
        tag,
        f"Browse the rows of a {noun}",
        f"The result of a `Completed` {noun}, a page at a time, without downloading it; an "
        "addition to the published API. Any column can be filtered by and ordered by, and a page "
        "may lie as deep as you like. The result never changes, so neither do its pages.",
        {
            200: Answer(
                "A page of rows.",
                {JSON: {"$ref": "#/components/schemas/ResultRows"}},
            ),
            400: Answer(
                "There are no rows (yet, or at all), or a parameter cannot be taken.",
                {JSON: {"$ref": "#/components/schemas/RowsRefused"}},
                headers={"Retry-After": RETRY_AFTER},
                example={"filter": ["id:eq:x: id (integer): This is no whole number."]},
            ),
            404: NOT_FOUND,
            410: detail(f"The result has expired; ask for the {noun} again.", "the result expired"),
        },
        parameters=(
            uuid_parameter("uuid", f"The {noun}'s `uuid`, which is also its `Request-Id`."),
            *sorted(parameters(), key=lambda parameter: str(parameter["name"])),
        ),
    )


def _told(column: Column) -> dict[str, str]:
    return {
        "key": column.key,
        "header": column.header,
        "kind": column.kind.value,
        "description": column.description,
    }


def _shown(value: object) -> object:
    match value:
        case Decimal():
            return format(value, "f")
        case datetime():
            return value.isoformat().replace("+00:00", "Z")
        case date():
            return value.isoformat()
        case _:
            return value
