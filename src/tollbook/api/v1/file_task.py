"""A file task on the wire: background work, where it stands, and what it tells about itself."""

from typing import Any, Final

from tollbook.api.shapes import (
    DATE_SCHEMA,
    INTEGER_SCHEMA,
    MOMENT_SCHEMA,
    TEXT_SCHEMA,
    UUID_SCHEMA,
    Field,
    Shape,
    moment,
    nullable,
    plain,
    text,
    words,
)
from tollbook.filetasks.rules import TaskStatus, TaskType
from tollbook.filetasks.selectors import notes_on_wire

_MESSAGES: Final = {
    "type": ["array", "null"],
    "items": {"type": "object", "additionalProperties": True},
}
_PARAMETERS: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "type": {**TEXT_SCHEMA, "description": "The code of the report's template."},
        "date_from": {**nullable(DATE_SCHEMA), "description": "First day."},
        "date_to": {
            **nullable(DATE_SCHEMA),
            "description": "The day after the last one; equal to `date_from` it is that one day.",
        },
        "client_id": {**nullable(INTEGER_SCHEMA), "description": "Only this client."},
    },
    "additionalProperties": True,
}
_NOTES: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "celery_group_id": {
            **nullable(TEXT_SCHEMA),
            "description": "The group of queue messages of work that is spread over many.",
        },
        "period": {
            **nullable(TEXT_SCHEMA),
            "description": "The days it is about: `start/end`, the end excluded.",
        },
        "records_to_process": {
            **nullable(INTEGER_SCHEMA),
            "description": "How many records of the book go into it, once that is known.",
        },
        "errors": {**_MESSAGES, "description": "Why it failed: `code`, `message`, `retryable`."},
        "warnings": {**_MESSAGES, "description": "What the reader of the result should know."},
        "records_processed": {**nullable(INTEGER_SCHEMA), "description": "How many are done."},
        "rows": {**nullable(INTEGER_SCHEMA), "description": "How many rows the result has."},
        "attempt": {**nullable(INTEGER_SCHEMA), "description": "How often it was begun."},
        "queue_position": {
            **nullable(INTEGER_SCHEMA),
            "description": "Its place among those that wait; null once it is begun.",
        },
        "resolved_parameters": {
            "type": ["object", "null"],
            "additionalProperties": True,
            "description": "The parameters as they were understood, with every default.",
        },
        "digest": {
            **nullable(TEXT_SCHEMA),
            "description": "SHA-256 of the rows: equal books give equal digests.",
        },
        "data_version": {
            **nullable(TEXT_SCHEMA),
            "description": "The state of the book that it was made from.",
        },
        "totals": {
            "type": ["object", "null"],
            "additionalProperties": True,
            "description": "Control totals: by currency, then by the key of the column.",
        },
        "column_kinds": {
            "type": ["array", "null"],
            "items": {"type": "string"},
            "description": "What each column of the result holds, in their order.",
        },
        "total_columns": {
            "type": ["object", "null"],
            "additionalProperties": True,
            "description": "Headers: of the columns totalled (`amounts`, by key) and `currency`.",
        },
    },
    "additionalProperties": True,
}


FILE_TASK: Final = Shape(
    "FileTask",
    (
        Field(
            "uuid", UUID_SCHEMA, text("uuid"), "Its id, also the `Request-Id` it was asked under."
        ),
        Field("created_at", MOMENT_SCHEMA, moment("created_at"), "When it was asked for."),
        Field("updated_at", MOMENT_SCHEMA, moment("updated_at"), "When it last changed."),
        Field("user_id", INTEGER_SCHEMA, plain("user_id"), "Who asked for it."),
        Field(
            "client_id",
            INTEGER_SCHEMA,
            plain("client_id"),
            "The client it is about; where none was named, the asker's own account.",
        ),
        Field("task_type", words(TaskType), plain("task_type"), "What kind of work it is."),
        Field(
            "status",
            {**words(TaskStatus), "default": TaskStatus.PENDING.value},
            plain("status"),
            "Where it stands. `Completed`, `Failed` and `Cancelled` are final.",
        ),
        Field("parameters", _PARAMETERS, plain("parameters"), "What was asked for."),
        Field("processing_notes", _NOTES, notes_on_wire, "What it tells about itself."),
    ),
    "A piece of background work, such as a report.",
    {
        "uuid": "4c827be2-dd38-4bb8-8b90-44a8a5773f69",
        "created_at": "2026-11-20T13:12:53.532738Z",
        "updated_at": "2026-11-20T13:12:56.096174Z",
        "user_id": 2,
        "client_id": 101,
        "task_type": "Report",
        "status": "Completed",
        "parameters": {
            "type": "ResellerExpenses",
            "date_from": "2026-10-01",
            "date_to": "2026-11-01",
        },
        "processing_notes": {
            "celery_group_id": None,
            "period": "2026-10-01/2026-11-01",
            "records_to_process": 30845,
            "errors": [],
            "warnings": [],
            "records_processed": 30845,
            "rows": 30845,
            "attempt": 1,
            "queue_position": None,
            "resolved_parameters": {
                "days": 31,
                "scope": {"role": "admin", "reseller_id": 101},
                "date_from": "2026-10-01",
                "date_to": "2026-11-01",
                "client_id": None,
                "product_id": None,
                "currency": None,
                "group_by": "expense",
                "include_deleted": False,
            },
            "digest": "05a07490b28b55a555d4862fa7070a3f622230acb024c5e26d5027bf864dd251",
            "data_version": "30845 expenses, newest 2026-11-02T02:15:00+00:00, names 2a88be99c4c6",
            "totals": {
                "EUR": {
                    "money_before_discount": "3461.109424014079",
                    "discount_value": "780.164050279410",
                    "money_value": "2680.945373734669",
                    "tax_value": "64.068332138375",
                    "total_value": "2745.013705873044",
                },
                "USD": {
                    "money_before_discount": "1171998.069148153200",
                    "discount_value": "70768.391198649753",
                    "money_value": "1101229.677949503447",
                    "tax_value": "19668.899129819155",
                    "total_value": "1120898.577079322602",
                },
            },
            "column_kinds": [
                "integer",
                "date",
                "timestamp",
                "timestamp",
                "integer",
                "integer",
                "text",
                "integer",
                "text",
                "integer",
                "text",
                "integer",
                "integer",
                "text",
                "text",
                "integer",
                "text",
                "text",
                "text",
                "decimal",
                "text",
                "text",
                "decimal",
                "decimal",
                "decimal",
                "decimal",
                "decimal",
                "decimal",
                "boolean",
                "text",
                "text",
            ],
            "total_columns": {
                "currency": "Currency",
                "amounts": {
                    "money_before_discount": "Cost before discount",
                    "discount_value": "Discount",
                    "money_value": "Cost",
                    "tax_value": "Tax",
                    "total_value": "Cost with tax",
                },
            },
            "period_state": "closed",
        },
    },
)
