"""Schedules on the wire: what is asked for when, and what became of each time."""

from collections.abc import Mapping
from typing import Any, Final

from tollbook.api.members import ID_SCHEMA, Member, read_id, read_text, text_schema
from tollbook.api.shapes import (
    INTEGER_SCHEMA,
    MOMENT_SCHEMA,
    TEXT_SCHEMA,
    UUID_SCHEMA,
    Field,
    Shape,
    moment,
    moment_or_null,
    nested,
    nullable,
    plain,
    words,
)
from tollbook.api.v1.webhook_shapes import read_flag
from tollbook.reports.renderers import ReportFormat
from tollbook.schedules.models import Run, Schedule
from tollbook.schedules.rules import LONGEST_KEPT, NAME, Kind, RunState, Target

_MOST_PARAMETERS: Final = 50
_PARAMETERS: Final[dict[str, Any]] = {
    "type": "object",
    "additionalProperties": True,
    "maxProperties": _MOST_PARAMETERS,
}
_RUN_EXAMPLE: Final[dict[str, Any]] = {
    "id": 41,
    "fire_at": "2026-11-01T06:00:00.000000Z",
    "by_hand": False,
    "state": "Completed",
    "error": None,
    "task_uuid": "4c827be2-dd38-4bb8-8b90-44a8a5773f69",
    "exported_key": "exports/101/monthly-expenses/20261101T060000Z.csv",
    "exported_bytes": 5_412_880,
    "exported_sha256": "2fd9f153838bee57e60a2618377bc34b42d9fef9850a538fedd3c2b2119231b8",
    "export_expires_at": "2027-11-01T06:00:41.000000Z",
    "delivery_id": None,
    "created_at": "2026-11-01T06:00:11.000000Z",
    "settled_at": "2026-11-01T06:00:41.000000Z",
}


def _uuid(column: str) -> Any:
    def read(row: Run) -> str | None:
        value = plain(column)(row)
        return None if value is None else str(value)

    return read


RUN: Final = Shape(
    "ScheduleRun",
    (
        Field("id", INTEGER_SCHEMA, plain("pk"), "Its number."),
        Field("fire_at", MOMENT_SCHEMA, moment("fire_at"), "The moment that was due."),
        Field("by_hand", {"type": "boolean"}, plain("by_hand"), "Whether somebody asked for it."),
        Field(
            "state",
            words(RunState),
            plain("state"),
            "`Completed` once the result is in its place, or the webhook is being told.",
        ),
        Field(
            "error",
            nullable(TEXT_SCHEMA),
            lambda run: run.error or None,
            "Why it failed, or what keeps it.",
        ),
        Field(
            "task_uuid",
            nullable(UUID_SCHEMA),
            _uuid("file_task_uuid"),
            "The report or closing that was asked for; null where it was refused.",
        ),
        Field(
            "exported_key",
            nullable(TEXT_SCHEMA),
            lambda run: run.exported_key or None,
            "Where the file is in the storage; null where there is none, or none any more.",
        ),
        Field("exported_bytes", nullable(INTEGER_SCHEMA), plain("exported_bytes"), "Its length."),
        Field(
            "exported_sha256",
            nullable(TEXT_SCHEMA),
            lambda run: run.exported_sha256 or None,
            "Its SHA-256.",
        ),
        Field(
            "export_expires_at",
            nullable(MOMENT_SCHEMA),
            moment_or_null("export_expires_at"),
            "When the file is removed.",
        ),
        Field(
            "delivery_id",
            nullable(UUID_SCHEMA),
            _uuid("delivery_id"),
            "The message to the webhook.",
        ),
        Field("created_at", MOMENT_SCHEMA, moment("created_at"), "When it was noticed."),
        Field(
            "settled_at", nullable(MOMENT_SCHEMA), moment_or_null("settled_at"), "When it ended."
        ),
    ),
    "One time of a schedule, and what became of it.",
    _RUN_EXAMPLE,
)


def _latest(schedule: Schedule) -> Run | None:
    latest: list[Run] = plain("latest")(schedule)
    return latest[0] if latest else None


SCHEDULE: Final = Shape(
    "Schedule",
    (
        Field("id", INTEGER_SCHEMA, plain("pk"), "Its number."),
        Field("name", TEXT_SCHEMA, plain("name"), "Its name; files are named after it."),
        Field("user_id", INTEGER_SCHEMA, plain("user_id"), "Whose sight its results have."),
        Field(
            "reseller_id",
            nullable(INTEGER_SCHEMA),
            plain("reseller_id"),
            "The user's reseller; null for the operator.",
        ),
        Field("kind", words(Kind), plain("kind"), "A report, or a closing of the previous month."),
        Field(
            "template_code",
            nullable(TEXT_SCHEMA),
            lambda schedule: schedule.template or None,
            "The report's template.",
        ),
        Field("parameters", _PARAMETERS, plain("parameters"), "As given; days may be words."),
        Field("cron", TEXT_SCHEMA, plain("cron"), "When."),
        Field("time_zone", TEXT_SCHEMA, plain("time_zone"), "By the clocks of which zone."),
        Field("target", words(Target), plain("target"), "Where the result goes."),
        Field(
            "format",
            nullable(TEXT_SCHEMA),
            lambda schedule: schedule.format or None,
            "The format of the file in the storage.",
        ),
        Field(
            "keep_days",
            nullable(INTEGER_SCHEMA),
            plain("keep_days"),
            "How long files are kept, where not as long as all others.",
        ),
        Field(
            "webhook_id",
            nullable(INTEGER_SCHEMA),
            plain("endpoint_id"),
            "The webhook that is told; null as well once that was removed.",
        ),
        Field("enabled", {"type": "boolean"}, plain("enabled"), "Whether it fires."),
        Field(
            "next_run_at",
            nullable(MOMENT_SCHEMA),
            moment_or_null("next_run_at"),
            "When it fires next; null while it is not enabled.",
        ),
        nested("last_run", RUN, _latest, "Its latest run, if any.", empty=True),
        Field("created_at", MOMENT_SCHEMA, moment("created_at"), "When it was added."),
        Field("updated_at", MOMENT_SCHEMA, moment("updated_at"), "When it was last changed."),
    ),
    "A report or a closing that is asked for at its time.",
    {
        "id": 3,
        "name": "monthly-expenses",
        "user_id": 2,
        "reseller_id": 101,
        "kind": "report",
        "template_code": "ResellerExpenses",
        "parameters": {
            "date_from": "{previous_month.start}",
            "date_to": "{previous_month.end}",
        },
        "cron": "0 6 1 * *",
        "time_zone": "UTC",
        "target": "storage",
        "format": "csv",
        "keep_days": None,
        "webhook_id": None,
        "enabled": True,
        "next_run_at": "2026-12-01T06:00:00.000000Z",
        "last_run": _RUN_EXAMPLE,
        "created_at": "2026-10-20T13:12:53.532738Z",
        "updated_at": "2026-10-20T13:12:53.532738Z",
    },
)


def _read_parameters(given: object) -> Mapping[str, Any]:
    if not isinstance(given, Mapping):
        raise ValueError("Must be an object: parameter names and values.")  # noqa: TRY004
    if len(given) > _MOST_PARAMETERS:
        raise ValueError(f"These are more than {_MOST_PARAMETERS} parameters.")
    return given


def _read_word(names: type[Kind] | type[Target]) -> Any:
    def read(given: object) -> str:
        if given not in names.values:
            raise ValueError(f"This is none of {', '.join(names.values)}.")
        return str(given)

    return read


def _read_format(given: object) -> str:
    if given not in list(ReportFormat):
        raise ValueError(f"This is none of {', '.join(ReportFormat)}.")
    return str(given)


def _read_days(given: object) -> int:
    number = read_id(given)
    if number > LONGEST_KEPT:
        raise ValueError(f"This is not between 1 and {LONGEST_KEPT}.")
    return number


COLUMNS: Final[Mapping[str, str]] = {"template_code": "template", "webhook_id": "endpoint_id"}
"""Members that a column of another name keeps."""

_NAME: Final = Member(
    "name",
    {"type": "string", "pattern": f"^{NAME.pattern}$"},
    read_text,
    "Its name, once in your company; files are named after it.",
    required=True,
)
_CRON: Final = Member(
    "cron",
    {"type": "string", "maxLength": 200},
    read_text,
    "When: five fields, minute, hour, day of month, month, day of week.",
    required=True,
)
_CHANGED: Final = (
    Member(
        "parameters",
        _PARAMETERS,
        _read_parameters,
        "The report's parameters, with words such as `{previous_month.start}` for days that move; "
        "of a closing `dry_run` and, with an operator's key, `reseller`.",
    ),
    Member(
        "time_zone",
        {"type": "string", "maxLength": 64},
        read_text,
        "Whose clocks count, such as `Europe/Oslo`; `UTC` by default.",
    ),
    Member(
        "target",
        words(Target),
        _read_word(Target),
        "Where the result goes; the `storage` by default.",
    ),
    Member(
        "format",
        {"type": "string", "enum": [each.value for each in ReportFormat]},
        _read_format,
        "The format of the file in the storage; `csv` by default.",
    ),
    Member(
        "keep_days",
        {"type": "integer", "minimum": 1, "maximum": LONGEST_KEPT},
        _read_days,
        "How long files are kept; else as long as the server keeps all.",
    ),
    Member("webhook_id", ID_SCHEMA, read_id, "The webhook that is told."),
    Member("enabled", {"type": "boolean"}, read_flag, "Whether it fires; it does by default."),
)
_TEMPLATE: Final = Member(
    "template_code", text_schema(100), read_text, "The report's template; a closing has none."
)
NEW_MEMBERS: Final = (
    _NAME,
    Member("kind", words(Kind), _read_word(Kind), "A `report` by default."),
    _TEMPLATE,
    _CRON,
    *_CHANGED,
)
CHANGED_MEMBERS: Final = (
    *(Member(each.name, each.schema, each.read, each.description) for each in (_NAME, _CRON)),
    _TEMPLATE,
    *_CHANGED,
)
