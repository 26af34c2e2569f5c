"""What the document says of an operation, declared beside the view that answers it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

JSON: Final = "application/json"
_RETRY_AFTER: Final = {
    "description": "Seconds after which it is worth trying again.",
    "schema": {"type": "integer", "minimum": 0},
}
_REQUEST_ID: Final = {
    "description": "The id of this request: the one sent under this name, else a new one.",
    "required": True,
    "schema": {"type": "string", "minLength": 1, "maxLength": 64},
}


@dataclass(frozen=True)
class Answer:
    """One answer: what it means, the schema of each media type, and headers beside the usual."""

    description: str
    content: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    headers: Mapping[str, Any] = field(default_factory=dict)
    example: Any = None
    links: Mapping[str, Any] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """Its OpenAPI response object."""
        content: dict[str, Any] = {
            kind: {"schema": dict(schema)} for kind, schema in self.content.items()
        }
        if self.example is not None and JSON in content:
            content[JSON]["example"] = self.example
        answer: dict[str, Any] = {
            "description": self.description,
            "headers": {"X-Request-Id": _REQUEST_ID, **self.headers},
        }
        if content:
            answer["content"] = content
        return {**answer, "links": dict(self.links)} if self.links else answer


@dataclass(frozen=True)
class Operation:
    """One method of one path; ``answers`` by status, those that every operation has left out."""

    operation_id: str
    tag: str
    summary: str
    description: str
    answers: Mapping[int, Answer]
    parameters: Sequence[Mapping[str, Any]] = ()
    request: Mapping[str, Any] | None = None

    def document(self) -> dict[str, Any]:
        """Its OpenAPI operation object."""
        answers = {**COMMON_ANSWERS, **self.answers}
        document: dict[str, Any] = {
            "operationId": self.operation_id,
            "tags": [self.tag],
            "summary": self.summary,
            "description": self.description,
            "parameters": [dict(parameter) for parameter in self.parameters],
            "responses": {str(status): answers[status].document() for status in sorted(answers)},
        }
        return document | ({"requestBody": dict(self.request)} if self.request else {})


def detail(description: str, example: str, *, headers: Mapping[str, Any] | None = None) -> Answer:
    """An error told in one sentence."""
    reference = {"$ref": "#/components/schemas/ErrorDetail"}
    return Answer(description, {JSON: reference}, headers or {}, {"detail": example})


def field_errors(description: str, example: Mapping[str, Sequence[str]]) -> Answer:
    """A 400 that says of each field what is wrong with it."""
    reference = {"$ref": "#/components/schemas/FieldErrors"}
    return Answer(description, {JSON: reference}, example=dict(example))


def json_body(component: str) -> dict[str, Any]:
    """A request that must hold the component as JSON."""
    schema = {"$ref": f"#/components/schemas/{component}"}
    return {"required": True, "content": {JSON: {"schema": schema}}}


NOT_FOUND: Final = detail(
    "There is no such object, or it is not yours to see.", "There is no such object."
)
BODY_REFUSED: Final[Mapping[int, Answer]] = {
    413: detail("The body is too long.", "The body is longer than 1000000 bytes."),
    415: detail("The body is of a type that is not taken.", "Unsupported media type."),
}
"""What whoever sends a body may be answered, wherever one is taken."""
COMMON_ANSWERS: Final[Mapping[int, Answer]] = {
    401: detail(
        "No API key, or one that is unknown, expired or revoked.",
        "This API key is unknown, expired or revoked.",
        headers={
            "WWW-Authenticate": {
                "description": "The scheme to use.",
                "required": True,
                "schema": {"type": "string", "const": "apikey"},
            }
        },
    ),
    403: detail("The key's role may not do this.", "A client's key may only read."),
    406: detail(
        "`Accept` wants nothing that can be had here.", "Only application/json is served here."
    ),
    429: detail(
        "The key has asked too often.",
        "Too many requests; wait a second.",
        headers={"Retry-After": {**_RETRY_AFTER, "required": True}},
    ),
    500: Answer(
        "A mistake on our side; `request_id` finds it in the log.",
        {JSON: {"$ref": "#/components/schemas/ServerError"}},
    ),
    503: detail(
        "A part that is needed does not answer now; nothing was changed.",
        "The database does not answer now; try again.",
        headers={"Retry-After": _RETRY_AFTER},
    ),
}
RETRY_AFTER: Final = _RETRY_AFTER
ERROR_SCHEMAS: Final[Mapping[str, Mapping[str, Any]]] = {
    "ErrorDetail": {
        "type": "object",
        "description": "An error, told in one sentence.",
        "properties": {"detail": {"type": "string"}},
        "required": ["detail"],
    },
    "FieldErrors": {
        "type": "object",
        "description": (
            "What is wrong, by the name of the parameter or field; `parameters.date_from` is the "
            "field `date_from` in `parameters`, `non_field_errors` is the request as a whole."
        ),
        "additionalProperties": {"type": "array", "items": {"type": "string"}, "minItems": 1},
    },
    "ServerError": {
        "type": "object",
        "description": "A mistake on the side of the server.",
        "properties": {"detail": {"type": "string"}, "request_id": {"type": "string"}},
        "required": ["detail", "request_id"],
    },
}
