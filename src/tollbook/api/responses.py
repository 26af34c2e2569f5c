"""Answers that several operations describe alike."""

from collections.abc import Mapping, Sequence

from tollbook.api.operations import JSON, Answer, field_errors
from tollbook.api.shapes import Shape


def list_answers(shape: Shape, mistake: Mapping[str, Sequence[str]]) -> dict[int, Answer]:
    """A page of ``shape``, or what is wrong with the query."""
    return {
        200: Answer("A page of the list.", {JSON: shape.page_reference}),
        400: field_errors("A parameter is unknown or cannot be taken as it is.", mistake),
    }
