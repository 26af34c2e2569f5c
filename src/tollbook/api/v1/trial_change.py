"""What ``PATCH /trials/{id}`` takes: how its body is read, and what the document says of it."""

import re
from collections.abc import Mapping
from typing import Any, Final

from tollbook.api.bodies import NO_FIELD
from tollbook.api.operations import (
    BODY_REFUSED,
    JSON,
    NOT_FOUND,
    Answer,
    Operation,
    detail,
    field_errors,
)
from tollbook.api.paths import id_parameter
from tollbook.api.v1.trial import LIMIT_SCHEMA, TRIAL
from tollbook.contracts.services import DAYS_LIMIT
from tollbook.kernel.errors import InvalidFields, InvalidInput

TAG: Final = "trials"
PUBLISHED_OPTIONS: Final = (
    "CDN_TRIAL_TRAFFIC_LIMIT",
    "DDOS_TRIAL_RESOURCE_LIMIT",
    "DNS_REQUEST_COUNT_COMMIT",
    "GCLAW_INPUT_TOKENS",
    "GCLAW_OUTPUT_TOKENS",
    "STORAGE_TRIAL_CAPACITY_LIMIT",
    "STREAMING_TRIAL_LIMIT_ENCODING_VIDEO_MIN",
    "STREAMING_TRIAL_LIMIT_VIDEO_STORAGE_MIN",
    "STREAMING_TRIAL_STREAMS_LIMIT",
    "TRIAL_STREAMING_ACTIVE_RESTREAMS_LIMIT_COUNT",
    "TRIAL_STREAMING_VOD",
    "WAAP_TRIAL_DOMAINS_LIMIT",
    "WAAP_TRIAL_REQUESTS_LIMIT",
    "WAAP_TRIAL_VOLUME_LIMIT",
)
"""The names that the document lists. Which of them a ledger has, and any others, is data."""

COMPONENTS: Final = {
    JSON: "PatchedTrialUpdateForOrgSerializerV1Request",
    "application/x-www-form-urlencoded": "PatchedTrialUpdateForOrgSerializerV1Form",
    "multipart/form-data": "PatchedTrialUpdateForOrgSerializerV1MultipartForm",
}
"""A name for each media type: generated clients tell by the class of the body how it is sent."""

EXAMPLE: Final = {DAYS_LIMIT: 30, "CDN_TRIAL_TRAFFIC_LIMIT": 2000}
_DIGITS: Final = re.compile(r"-?[0-9]{1,20}")
_MOST_NAMED: Final = 10


def read_limits(body: object, *, from_form: bool) -> dict[str, int]:
    """The whole numbers that the body gives by name; those of a form are written as text."""
    if not isinstance(body, Mapping):
        raise InvalidInput("The body must be an object.", field=NO_FIELD)
    limits = {str(name): _whole(given, from_form=from_form) for name, given in body.items()}
    wrong = [name for name, value in limits.items() if value is None]
    if wrong:
        raise InvalidFields({name: ["This is no whole number."] for name in wrong[:_MOST_NAMED]})
    return {name: value for name, value in limits.items() if value is not None}


def request_schemas() -> dict[str, dict[str, Any]]:
    """The JSON Schemas of the body, by component."""
    return {name: _request_schema() for name in COMPONENTS.values()}


def _whole(given: object, *, from_form: bool) -> int | None:
    if from_form:
        return int(given) if isinstance(given, str) and _DIGITS.fullmatch(given) else None
    return given if isinstance(given, int) and not isinstance(given, bool) else None


def _request_schema() -> dict[str, Any]:
    limit = {**LIMIT_SCHEMA, "writeOnly": True}
    options = {
        name: {**limit, "description": "How much of this option the trial gives, in its unit."}
        for name in PUBLISHED_OPTIONS
    }
    return {
        "type": "object",
        "description": "What to change; what is left out stays as it is.",
        "properties": {
            DAYS_LIMIT: {**limit, "description": "For how many days the trial may run."},
            **options,
        },
        "additionalProperties": False,
        "examples": [EXAMPLE],
    }


CHANGE_TRIAL: Final = Operation(
    "v1_trials_partial_update",
    TAG,
    "Change a trial",
    "Sets how many days and how much of each option a trial gives. All that is sent is set, or "
    "nothing where any of it cannot be; what is not sent stays, so an empty body changes nothing. "
    "An option must be one of the trial's product; one that the trial does not have yet is added "
    "to it. What has been used stays used: a limit below it leaves nothing, and a higher one lets "
    "a trial that had run out go on.\n\n"
    "The operator, the reseller's admins and the client's seller may do this; a base trial, which "
    "every reseller offers, is the operator's alone.",
    {
        200: Answer("The trial as it is now.", {JSON: TRIAL.reference}),
        400: field_errors(
            "A field is unknown, of another product, or cannot be taken.",
            {"WAAP_TRIAL_DOMAINS_LIMIT": ["This is no option of the trial's product, CDN."]},
        ),
        403: detail(
            "The key's role may only read, or the trial is a base trial and not the operator's "
            "key was used.",
            "Only the operator may change what every new client is offered.",
        ),
        404: NOT_FOUND,
        **BODY_REFUSED,
    },
    parameters=(id_parameter("id", "The trial's `id` in the list."),),
    request={
        "required": False,
        "content": {
            kind: {"schema": {"$ref": f"#/components/schemas/{name}"}}
            for kind, name in COMPONENTS.items()
        },
    },
)
