"""Views that read one item, and what the document says of reading and listing."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from tollbook.api.operations import JSON, NOT_FOUND, Answer, Operation
from tollbook.api.paths import id_parameter
from tollbook.api.responses import list_answers
from tollbook.api.shapes import Shape
from tollbook.api.views import ApiView, ListView


class ItemView(ApiView):
    """One item of a list, under its id."""

    shape: ClassVar[Shape]

    def find(self, text: str) -> Any:
        """The item that the id in the path names; raises ``NotFound``."""
        raise NotImplementedError

    def get(self, request: Request, id: str) -> Response:  # noqa: A002
        """Answer the item."""
        return Response(self.shape.row(self.find(id)))

    @classmethod
    def components(cls) -> dict[str, Any]:
        """The schema of the item."""
        return cls.shape.components()


def list_operation(
    view: type[ListView],
    operation_id: str,
    tag: str,
    summary: str,
    description: str,
    *,
    mistake: Mapping[str, Sequence[str]],
) -> dict[str, Operation]:
    """The document's words on a list; ``mistake`` is an example of an answer 400."""
    return {
        "get": Operation(
            operation_id,
            tag,
            summary,
            description,
            list_answers(view.shape, mistake),
            parameters=view.parameters(),
        )
    }


def read_operation(
    shape: Shape,
    operation_id: str,
    tag: str,
    summary: str,
    description: str,
    *,
    parameter: Mapping[str, Any] | None = None,
) -> dict[str, Operation]:
    """The document's words on reading one item by its number, or by another ``parameter``."""
    return {
        "get": Operation(
            operation_id,
            tag,
            summary,
            description,
            {200: Answer("The item.", {JSON: shape.reference}), 404: NOT_FOUND},
            parameters=(parameter or id_parameter("id", "The item's `id` in the list."),),
        )
    }
