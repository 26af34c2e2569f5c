"""Request bodies, read strictly: JSON, forms and multipart forms, all into plain dictionaries."""

import io
import json
import re
from collections.abc import Mapping, Sequence
from typing import IO, Any, Final

from django.core.exceptions import TooManyFieldsSent, TooManyFilesSent
from django.core.files.uploadedfile import UploadedFile
from django.utils.http import parse_header_parameters
from rest_framework.parsers import BaseParser, DataAndFiles, MultiPartParser

from tollbook.api.operations import JSON
from tollbook.api.query import check_text, read_pairs
from tollbook.kernel.errors import InvalidFields, InvalidInput

NO_FIELD: Final = "non_field_errors"
_MOST_DIGITS: Final = 400
_MEMBER: Final = re.compile(r"(?P<of>\w+)(?:\[(?P<key>[^\[\]]*)\]|\.(?P<dotted>.+))", re.DOTALL)


class StrictJson(BaseParser):
    """``application/json``: UTF-8, no constants outside JSON, no key twice."""

    media_type = JSON

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """The value that the body holds."""
        return read_json(stream.read())


class StrictForm(BaseParser):
    """``application/x-www-form-urlencoded``, with ``parameters[name]`` or ``parameters.name``."""

    media_type = "application/x-www-form-urlencoded"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """The fields, gathered into objects."""
        return gather(read_pairs(stream.read().decode("latin-1"), field=NO_FIELD))


class StrictMultipart(MultiPartParser):
    """``multipart/form-data``; a field may as well come as a file."""

    def parse(  # type: ignore[override]  # a dictionary does for the caller
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """The fields, gathered into objects; a body without its last boundary broke off."""
        body = stream.read()
        _check_end(body, media_type or "")
        try:
            parsed: DataAndFiles[Any, Any] = super().parse(
                io.BytesIO(body), media_type, parser_context
            )
        except (TooManyFieldsSent, TooManyFilesSent):
            raise InvalidInput("The form has too many fields.", field=NO_FIELD) from None
        pairs: dict[str, list[str]] = {
            check_text(name, field=NO_FIELD): [check_text(text, field=name) for text in texts]
            for name, texts in parsed.data.lists()
        }
        for name, files in parsed.files.lists():
            pairs.setdefault(name, []).extend(_file_text(file, name) for file in files)
        return gather(pairs)


def is_json(content_type: str) -> bool:
    """Whether a body of this type is JSON, whatever it says besides, as in ``; charset=utf-8``."""
    return content_type.partition(";")[0].strip().lower() == JSON


def read_json(body: bytes | str) -> Any:
    """The value of a JSON text; what cannot be kept or means two things is refused."""
    try:
        text = body.decode("utf-8-sig") if isinstance(body, bytes) else body
        value = json.loads(
            text,
            object_pairs_hook=_object,
            parse_int=_integer,
            parse_float=_number,
            parse_constant=_refuse_constant,
        )
    except UnicodeDecodeError:
        raise InvalidInput("The body is no UTF-8.", field=NO_FIELD) from None
    except RecursionError:
        raise InvalidInput("The JSON is nested too deep.", field=NO_FIELD) from None
    except ValueError as error:
        raise InvalidInput(f"This is no JSON: {error}", field=NO_FIELD) from None
    _check_texts(value)
    return value


def gather(pairs: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Fields of a form as an object: ``a[b]`` and ``a.b`` become a member ``b`` of ``a``.

    Such an ``a`` may also be given whole, as JSON text. A member ``null`` is none, as in JSON.
    """
    gathered: dict[str, Any] = {}
    members: dict[str, dict[str, str | None]] = {}
    for name, texts in pairs.items():
        if len(texts) > 1:
            raise InvalidInput("This is given more than once.", field=name)
        if member := _MEMBER.fullmatch(name):
            key = member["key"] if member["dotted"] is None else member["dotted"]
            if key in members.setdefault(member["of"], {}):
                raise InvalidInput("This is given more than once.", field=name)
            members[member["of"]][key] = None if texts[0] == "null" else texts[0]
        else:
            gathered[name] = texts[0]
    return _with_members(gathered, members)


def object_member(body: Mapping[str, Any], name: str) -> Any:
    """A member that is an object: itself, or read from the JSON text that a form gives for it."""
    value = body.get(name)
    if not isinstance(value, str) or not value.strip():
        return None if value == "" else value
    try:
        return read_json(value)
    except InvalidInput as error:
        raise InvalidFields({name: [error.message]}) from None


def _with_members(
    gathered: dict[str, Any], members: Mapping[str, dict[str, str | None]]
) -> dict[str, Any]:
    for name, given in members.items():
        whole = object_member(gathered, name) or {}
        if not isinstance(whole, dict):
            raise InvalidInput("This is no object, but has members.", field=name)
        for key in given.keys() & whole.keys():
            raise InvalidInput("This is given more than once.", field=f"{name}.{key}")
        gathered[name] = {**whole, **given}
    return gathered


def _check_end(body: bytes, media_type: str) -> None:
    _, options = parse_header_parameters(media_type)
    boundary = options.get("boundary", "")
    if boundary and f"--{boundary}--".encode() not in body:
        raise InvalidInput("The form is not whole: its last boundary is missing.", field=NO_FIELD)


def _file_text(file: "UploadedFile[bytes]", name: str) -> str:
    try:
        return check_text(file.read().decode("utf-8"), field=name)
    except UnicodeDecodeError:
        raise InvalidInput("This is no UTF-8.", field=name) from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {twice[:50]!a} is there twice")
    return members


def _integer(text: str) -> int:
    if len(text) > _MOST_DIGITS:
        raise ValueError(f"a number has more than {_MOST_DIGITS} digits")
    return int(text)


def _number(text: str) -> int | float:
    number = float(text)
    return int(number) if number.is_integer() else number


def _refuse_constant(word: str) -> None:
    raise ValueError(f"{word} is no number of JSON")


def _check_texts(value: Any) -> None:
    """Refuse texts that cannot be kept, anywhere in ``value``, naming the member they stand in."""
    waiting = [(value, NO_FIELD)]
    while waiting:
        item, field = waiting.pop()
        if isinstance(item, str):
            check_text(item, field=field)
        elif isinstance(item, list):
            waiting += [(member, field) for member in item]
        elif isinstance(item, dict):
            for key, member in item.items():
                check_text(key, field=field)
                waiting.append((member, key if field == NO_FIELD else f"{field}.{key}"))
