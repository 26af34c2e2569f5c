"""Ids in paths: one that cannot be an id names nothing, so it is a 404."""

import re
from typing import Any, Final
from uuid import UUID

from tollbook.api.kinds import LARGEST_INTEGER
from tollbook.kernel.errors import NotFound

UUID_TEXT: Final = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_ID: Final = re.compile(r"[0-9]{1,20}")


def read_uuid(text: str) -> UUID:
    """The uuid in the usual form with hyphens; ``NotFound`` for anything else."""
    if not UUID_TEXT.fullmatch(text):
        raise NotFound("There is no such object: the id is no UUID.")
    return UUID(text)


def read_id(text: str, *, largest: int = LARGEST_INTEGER) -> int:
    """The number; ``NotFound`` for anything else, or one that no row can have."""
    if not _ID.fullmatch(text):
        raise NotFound("There is no such object: the id is no number.")
    if int(text) > largest:
        raise NotFound("There is no such object: no id is as large as this.")
    return int(text)


def uuid_parameter(name: str, description: str) -> dict[str, Any]:
    """The OpenAPI parameter object of a uuid in the path."""
    schema = {"type": "string", "format": "uuid"}
    return {
        "name": name,
        "in": "path",
        "required": True,
        "description": description,
        "schema": schema,
    }


def id_parameter(name: str, description: str, *, largest: int = LARGEST_INTEGER) -> dict[str, Any]:
    """The OpenAPI parameter object of a number in the path."""
    schema = {"type": "integer", "minimum": 0, "maximum": largest}
    return {
        "name": name,
        "in": "path",
        "required": True,
        "description": description,
        "schema": schema,
    }
