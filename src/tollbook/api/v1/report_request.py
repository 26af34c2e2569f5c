"""What ``POST /reports`` takes, as the document says it: made from the templates on offer."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from tollbook.api.kinds import LARGEST_INTEGER, NO_NUL, SMALLEST_INTEGER
from tollbook.api.operations import JSON, Operation
from tollbook.api.v1.task_list import REQUEST_ID_HEADER, created_answers
from tollbook.filetasks.rules import TaskType
from tollbook.reports.parameters import LAST_DAY, Parameter, ParameterType
from tollbook.reports.templates import TEMPLATES

TAG: Final = "reports"
FORM: Final = "application/x-www-form-urlencoded"
MULTIPART: Final = "multipart/form-data"
COMPONENTS: Final = {
    JSON: "OrgReportTaskRequest",
    FORM: "OrgReportTaskForm",
    MULTIPART: "OrgReportTaskMultipartForm",
}
"""The body's schema has a name of its own for each media type: generated clients tell by the class
of the body how it is sent."""
EXAMPLE: Final = {
    "template_code": "ResellerExpenses",
    "parameters": {"date_from": "2026-10-01", "date_to": "2026-11-01"},
}
_LONGEST_TEXT: Final = 1_000
_MONTH_AND_DAY: Final = (
    "((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)"
    "|02-(0[1-9]|[12][0-9]))"
)
DAY_PATTERN: Final = f"^(20[0-9]{{2}}-{_MONTH_AND_DAY}|{LAST_DAY})$"
"""Days from ``FIRST_DAY`` to ``LAST_DAY``, but for 29 February, which the format leaves out."""


def request_schemas() -> dict[str, dict[str, Any]]:
    """The JSON Schemas of the body, by component."""
    return {name: _request_schema() for name in COMPONENTS.values()}


def _request_schema() -> dict[str, Any]:
    return {
        "type": "object",
        "description": "A template and what it is asked.",
        "properties": {
            "template_code": {
                "type": "string",
                "minLength": 1,
                "enum": [
                    code for template in TEMPLATES for code in (template.code, *template.aliases)
                ],
                "description": "The `code` of one of the templates on offer.",
                "writeOnly": True,
            },
            "parameters": {
                "type": "object",
                "description": (
                    "The template's own parameters, by name; an unknown one is refused. "
                    "`date_from` may not be after `date_to`, and a client must be one of yours."
                ),
                "properties": {name: _any_of(ones) for name, ones in _parameters().items()},
                **({"required": always} if (always := _always_required()) else {}),
                "additionalProperties": False,
            },
        },
        "required": ["parameters", "template_code"] if _asks_something() else ["template_code"],
        "additionalProperties": False,
        "examples": [EXAMPLE],
    }


def _parameters() -> dict[str, list[Parameter]]:
    """The declarations of each parameter, by name; templates may mean different things by one."""
    declared: dict[str, list[Parameter]] = {}
    for template in TEMPLATES:
        for one in template.parameters:
            of_name = declared.setdefault(one.name, [])
            if one not in of_name:
                of_name.append(one)
    return declared


def _any_of(declared: Sequence[Parameter]) -> dict[str, Any]:
    schemas = [_schema(one) for one in declared]
    return schemas[0] if len(schemas) == 1 else {"anyOf": schemas}


def _always_required() -> list[str]:
    return sorted(set.intersection(*_required()))


def _asks_something() -> bool:
    """Whether no template can do without any parameter."""
    return all(_required())


def _required() -> list[set[str]]:
    return [{one.name for one in template.parameters if one.required} for template in TEMPLATES]


def _schema(parameter: Parameter) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": parameter.type.value, "description": parameter.description}
    match parameter.type, parameter.format:
        case ParameterType.STRING, "date":
            schema |= {"format": "date", "pattern": DAY_PATTERN}
        case ParameterType.STRING, "uuid":
            schema |= {"format": "uuid"}
        case ParameterType.STRING, _:
            schema |= {"maxLength": _LONGEST_TEXT, "pattern": NO_NUL}
        case ParameterType.INTEGER, _:
            schema |= {"minimum": SMALLEST_INTEGER, "maximum": LARGEST_INTEGER}
    if parameter.enum:
        schema = {
            "type": "string",
            "enum": list(parameter.enum),
            "description": parameter.description,
        }
    if parameter.default is not None:
        schema["default"] = parameter.default
    return schema if parameter.required else _or_null(schema)


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    loose = {**schema, "type": [schema["type"], "null"]}
    return {**loose, "enum": [*schema["enum"], None]} if "enum" in schema else loose


def _content(kinds: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    return {
        kind: {"schema": {"$ref": f"#/components/schemas/{COMPONENTS[kind]}"}, **more}
        for kind, more in kinds.items()
    }


CREATE_REPORT: Final = Operation(
    "v1_reports_create",
    TAG,
    "Ask for a report",
    "Records the request and answers at once; a worker makes the report. Follow it by its `uuid`, "
    "and download it when it is `Completed`. In a form, `parameters` is JSON text, or its members "
    "are fields such as `parameters[date_from]` or `parameters.date_from`.\n\n"
    "Send a `Request-Id` of your own to be free to repeat the call: the same request under the "
    "same id answers the same report, a different one under it is refused. Go on with the `uuid` "
    "of the answer: it is not yours where somebody whose reports you cannot see uses yours.",
    created_answers(
        TAG,
        TaskType.REPORT,
        {"parameters.date_from": ["date_from (2026-11-01) is after date_to (2026-10-01)."]},
    ),
    parameters=(REQUEST_ID_HEADER,),
    request={
        "required": True,
        "content": _content(
            {
                JSON: {"examples": {"ResellerExpenses": {"value": EXAMPLE}}},
                FORM: {"encoding": {"parameters": {"style": "deepObject", "explode": True}}},
                MULTIPART: {"encoding": {"parameters": {"contentType": JSON}}},
            }
        ),
    },
)
