"""Webhooks on the wire: endpoints, their secret (once), and the log of deliveries."""

from typing import Any, Final

from tollbook.api.members import Member, read_text, text_schema
from tollbook.api.shapes import (
    INTEGER_SCHEMA,
    MOMENT_SCHEMA,
    TEXT_SCHEMA,
    UUID_SCHEMA,
    Field,
    Shape,
    moment,
    moment_or_null,
    nested_list,
    nullable,
    plain,
    text,
    words,
)
from tollbook.webhooks.addresses import LONGEST_URL
from tollbook.webhooks.rules import DeliveryStatus, Event
from tollbook.webhooks.services import OLD_SECRET_FOR

EVENTS_SCHEMA: Final[dict[str, Any]] = {"type": "array", "items": words(Event), "minItems": 1}
_EXAMPLE: Final[dict[str, Any]] = {
    "id": 7,
    "reseller_id": 101,
    "url": "https://billing.north.example/hooks/tollbook",
    "description": "nightly books",
    "events": ["closing.completed", "report.completed", "report.failed"],
    "enabled": True,
    "disabled_reason": None,
    "failures": 0,
    "rests_until": None,
    "created_at": "2026-11-20T13:12:53.532738Z",
    "updated_at": "2026-11-20T13:12:53.532738Z",
}
_HOURS: Final = int(OLD_SECRET_FOR.total_seconds()) // 3600

_FIELDS: Final = (
    Field("id", INTEGER_SCHEMA, plain("pk"), "Its number."),
    Field(
        "reseller_id",
        nullable(INTEGER_SCHEMA),
        plain("reseller_id"),
        "Whose it is; null for the operator's, which are told of everybody's work.",
    ),
    Field("url", TEXT_SCHEMA, plain("url"), "Where messages are posted to."),
    Field("description", TEXT_SCHEMA, plain("description"), "What it is for."),
    Field("events", EVENTS_SCHEMA, plain("events"), "What it is told of."),
    Field("enabled", {"type": "boolean"}, plain("enabled"), "Whether it is told of anything."),
    Field(
        "disabled_reason",
        nullable(TEXT_SCHEMA),
        lambda endpoint: endpoint.disabled_reason or None,
        "Why it was disabled where nobody asked for that.",
    ),
    Field(
        "failures",
        INTEGER_SCHEMA,
        plain("failures"),
        "Attempts in a row that found it in trouble: no answer, 5xx or 429.",
    ),
    Field(
        "rests_until",
        nullable(MOMENT_SCHEMA),
        moment_or_null("rests_until"),
        "It gets nothing before this moment, as it was in trouble.",
    ),
    Field("created_at", MOMENT_SCHEMA, moment("created_at"), "When it was added."),
    Field("updated_at", MOMENT_SCHEMA, moment("updated_at"), "When it was last changed."),
)
WEBHOOK: Final = Shape("Webhook", _FIELDS, "An address that is told when work has ended.", _EXAMPLE)
WEBHOOK_WITH_SECRET: Final = Shape(
    "WebhookWithSecret",
    (
        *_FIELDS,
        Field(
            "secret",
            TEXT_SCHEMA,
            plain("secret"),
            "What messages to it are signed with. Keep it: it is not shown again.",
        ),
    ),
    "A webhook and the secret that was made for it.",
    {**_EXAMPLE, "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwv1Yk3t0FqkE="},
)
_ATTEMPT: Final = Shape(
    "DeliveryAttempt",
    (
        Field("number", INTEGER_SCHEMA, plain("number"), "Its number, from 1."),
        Field("started_at", MOMENT_SCHEMA, moment("started_at"), "When it was begun."),
        Field("milliseconds", INTEGER_SCHEMA, plain("milliseconds"), "How long it took."),
        Field(
            "response_status",
            nullable(INTEGER_SCHEMA),
            plain("response_status"),
            "The status of the answer; null where none came.",
        ),
        Field("response_start", TEXT_SCHEMA, plain("response_start"), "How the answer begins."),
        Field("error", TEXT_SCHEMA, plain("error"), "Why no answer came; empty where one did."),
    ),
    "One attempt to deliver a message.",
)
DELIVERY: Final = Shape(
    "WebhookDelivery",
    (
        Field("id", UUID_SCHEMA, text("pk"), "The message's `webhook-id`, at every attempt."),
        Field("webhook_id", INTEGER_SCHEMA, plain("endpoint_id"), "Where it goes."),
        Field(
            "event",
            {"type": "string", "enum": ["ping", *Event.values]},
            plain("event"),
            "What it tells of.",
        ),
        Field(
            "task_uuid",
            nullable(UUID_SCHEMA),
            lambda delivery: delivery.file_task_uuid and str(delivery.file_task_uuid),
            "The task that has ended; null for a `ping`.",
        ),
        Field(
            "status",
            words(DeliveryStatus),
            plain("status"),
            "`Pending` until an answer 2xx came, or for four days.",
        ),
        Field(
            "next_attempt_at",
            nullable(MOMENT_SCHEMA),
            lambda delivery: None if delivery.settled_at else moment("due_at")(delivery),
            "When it is tried next, at the earliest; null once it is settled.",
        ),
        Field("created_at", MOMENT_SCHEMA, moment("created_at"), "When the work had ended."),
        Field(
            "settled_at",
            nullable(MOMENT_SCHEMA),
            moment_or_null("settled_at"),
            "When it arrived or was given up.",
        ),
        nested_list(
            "attempts", _ATTEMPT, lambda delivery: delivery.attempts.all(), "Every attempt so far."
        ),
    ),
    "One message to a webhook, and how it got on.",
    {
        "id": "97a05755-885f-58a8-abe2-b9d94f308983",
        "webhook_id": 7,
        "event": "report.completed",
        "task_uuid": "4c827be2-dd38-4bb8-8b90-44a8a5773f69",
        "status": "Delivered",
        "next_attempt_at": None,
        "created_at": "2026-11-20T13:12:56.096174Z",
        "settled_at": "2026-11-20T13:12:56.396174Z",
        "attempts": [
            {
                "number": 1,
                "started_at": "2026-11-20T13:12:56.196174Z",
                "milliseconds": 180,
                "response_status": 204,
                "response_start": "",
                "error": "",
            }
        ],
    },
)


def read_events(given: object) -> list[str]:
    """Names of events; whether there are such is for the business to say."""
    if not isinstance(given, list) or not given:
        raise ValueError("This is no list of events, or an empty one.")
    return [read_text(each) for each in given]


def read_flag(given: object) -> bool:
    """True or false."""
    if not isinstance(given, bool):
        raise ValueError("This is neither true nor false.")  # noqa: TRY004  as kinds do
    return given


_URL: Final = Member(
    "url",
    {"type": "string", "format": "uri", "maxLength": LONGEST_URL},
    read_text,
    "Where messages are posted to: `https://`, on a public address. The operator's own, and all "
    "where `TOLLBOOK_WEBHOOK_PRIVATE` is set, may be near by and without TLS.",
    required=True,
)
_OTHERS: Final = (
    Member("events", EVENTS_SCHEMA, read_events, "What it is told of; all events by default."),
    Member("description", text_schema(200), read_text, "What it is for."),
)
NEW_MEMBERS: Final = (_URL, *_OTHERS)
CHANGED_MEMBERS: Final = (
    Member(_URL.name, _URL.schema, _URL.read, _URL.description),
    *_OTHERS,
    Member(
        "enabled",
        {"type": "boolean"},
        read_flag,
        "Whether it is told of anything; `true` also lets it begin anew after failures.",
    ),
)
SIGNED: Final = (
    "Messages are signed as [Standard Webhooks](https://www.standardwebhooks.com) has it: "
    "`webhook-signature` holds `v1,` and the HMAC-SHA256 of `webhook-id`, `webhook-timestamp` and "
    "the body, joined by dots."
)
ROTATED: Final = (
    f"For {_HOURS} hours messages carry the signatures of both the old and the new secret."
)
