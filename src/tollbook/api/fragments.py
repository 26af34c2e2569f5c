"""JSON in which an object that stands in many rows is written once and then copied."""

from collections.abc import Callable
from typing import Any

import orjson
from rest_framework.renderers import BaseRenderer

from tollbook.api.operations import JSON
from tollbook.api.shapes import Field, Shape


class FragmentRenderer(BaseRenderer):
    """Renders what fields of ``shared`` read."""

    media_type = JSON
    format = "json"
    charset = None

    def render(self, data: Any, *_: object, **__: object) -> bytes:
        """The bytes of an answer; none where there is nothing to say."""
        return b"" if data is None else orjson.dumps(data)


def shared(
    name: str,
    shape: Shape,
    read: Callable[[Any], Any],
    description: str = "",
    *,
    empty: bool = False,
) -> Field:
    """A property as ``nested`` makes it, whose object keeps in ``shown`` how it looks."""
    schema = {"oneOf": [shape.reference, {"type": "null"}]} if empty else shape.reference

    def row(item: Any) -> Any:
        inner = read(item)
        if inner is None:
            return None
        if inner.shown is None:
            inner.shown = orjson.Fragment(orjson.dumps(shape.row(inner)))
        return inner.shown

    return Field(name, schema, row, description, parts=(shape,))
