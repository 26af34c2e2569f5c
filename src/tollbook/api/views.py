"""What every view of the API does alike: who asks, what they may, and how lists are read."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django.db.models import QuerySet
from rest_framework.exceptions import (
    NotAcceptable,
    NotAuthenticated,
    PermissionDenied,
    UnsupportedMediaType,
)
from rest_framework.parsers import BaseParser
from rest_framework.permissions import SAFE_METHODS, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tollbook.api import pagination
from tollbook.api.access import ApiKeyAuthentication
from tollbook.api.bodies import StrictForm, StrictJson, StrictMultipart
from tollbook.api.filters import Filter, check_names, conditions_of, read_values
from tollbook.api.negotiation import choose
from tollbook.api.operations import JSON, Operation
from tollbook.api.ordering import ORDER_BY, ORDERING, Ordering
from tollbook.api.query import read_query
from tollbook.api.shapes import Shape
from tollbook.api.throttling import KeyThrottle
from tollbook.clients.models import User
from tollbook.clients.selectors import viewer_of
from tollbook.clients.viewer import Viewer
from tollbook.kernel.errors import InvalidFields, NotFound


class ApiView(APIView):
    """A path that needs a key: first who asks, then what they may, then what they want."""

    operations: ClassVar[Mapping[str, Operation]] = {}
    """What the document says of each method; a method without an entry is not documented."""
    http_method_names = ("get", "head", "post", "patch", "delete")
    authentication_classes = (ApiKeyAuthentication,)
    permission_classes = (IsAuthenticated,)
    throttle_classes = (KeyThrottle,)
    parser_classes: Sequence[type[BaseParser]] = (
        StrictJson,
        StrictForm,
        StrictMultipart,
    )
    viewer: Viewer

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Check the key before anything else, so that nobody without one learns more than 401."""
        request.accepted_renderer = self.get_renderers()[0]
        request.accepted_media_type = JSON
        self.perform_authentication(request)
        self.check_permissions(request)
        self.viewer = viewer_of(_user(request))
        self.check_throttles(request)
        if request.method in self.allowed_methods:
            self.check_role(request)
            self.check_accept(request)
            self.check_coding(request)

    @classmethod
    def components(cls) -> dict[str, Any]:
        """The JSON Schemas that the operations refer to and no other view brings."""
        return {}

    def check_role(self, request: Request) -> None:
        """Refuse writing to those who may only read."""
        if request.method not in SAFE_METHODS:
            if not self.viewer.may_write:
                raise PermissionDenied("A client's key may only read.")
            self.check_writer()

    def check_writer(self) -> None:
        """Refuse writing to more roles than that, before anything of the body is read."""

    def check_accept(self, request: Request) -> None:
        """Refuse a client that wants something else than JSON."""
        if choose(request.META.get("HTTP_ACCEPT", ""), (JSON,)) is None:
            raise NotAcceptable(f"Only {JSON} is served here.")

    def check_coding(self, request: Request) -> None:
        """Refuse a compressed body where one is read, rather than read it as if it were not."""
        operation = self.operations.get(str(request.method).lower())
        coding = request.META.get("HTTP_CONTENT_ENCODING", "").strip()
        if operation and operation.request and coding.lower() not in ("", "identity"):
            raise UnsupportedMediaType(coding, "A body is taken as it is, not compressed.")


class ListView(ApiView):
    """A list: filters, an order and a window, everything declared."""

    shape: ClassVar[Shape]
    filters: ClassVar[tuple[Filter, ...]] = ()
    ordering: ClassVar[Ordering]
    asked: Mapping[str, Any]
    """The values of the filters that the request gives, by name."""

    def get(self, request: Request) -> Response:
        """Answer one page."""
        query = read_query(request)
        conditions, order, window = self._read(query)
        count, items = self.find(conditions, order, window)
        return Response(
            {
                "count": count,
                **window.links(request, query, count),
                "results": self.rows(items),
            }
        )

    def find(
        self, conditions: Sequence[Any], order: Sequence[str], window: pagination.Window
    ) -> tuple[int, Sequence[Any]]:
        """How many items there are, and those of the window; two queries at most."""
        found = self.queryset_for(self.viewer).filter(*conditions)
        count = found.count()
        if window.offset >= count:
            return count, ()
        return count, list(found.order_by(*order)[window.offset : window.offset + window.limit])

    def queryset_for(self, viewer: Viewer) -> QuerySet[Any]:
        """All that the viewer may see; for lists of a table."""
        raise NotImplementedError

    def rows(self, items: Sequence[Any]) -> list[dict[str, Any]]:
        """The items as they go out."""
        return [self.shape.row(item) for item in items]

    @classmethod
    def parameters(cls) -> list[dict[str, Any]]:
        """The OpenAPI parameter objects of the list."""
        declared = [declared.parameter() for declared in cls.filters]
        declared += [*cls.ordering.parameters(), *pagination.parameters()]
        return sorted(declared, key=lambda parameter: str(parameter["name"]))

    @classmethod
    def components(cls) -> dict[str, Any]:
        """The schemas of an item and of a page of them."""
        page = {f"Paginated{cls.shape.name}List": cls.shape.page_schema()}
        return {**cls.shape.components(), **page}

    def _read(
        self, query: Mapping[str, Sequence[str]]
    ) -> tuple[Sequence[Any], Sequence[str], pagination.Window]:
        names = [declared.name for declared in self.filters]
        check_names([*names, ORDERING, ORDER_BY, pagination.LIMIT, pagination.OFFSET], query)
        self.asked, wrong_filters = read_values(self.filters, query)
        order, wrong_order = self.ordering.read(query)
        window, wrong_window = pagination.read_window(query)
        if errors := {**wrong_filters, **wrong_order, **wrong_window}:
            raise InvalidFields(errors)
        return conditions_of(self.filters, self.asked), order, window


def _user(request: Request) -> User:
    if not isinstance(request.user, User):
        raise NotAuthenticated
    return request.user


class NothingHere(ApiView):
    """Any other path under the API's base: 401 without a key, else 404 whatever the method."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Let those with a key know that there is nothing."""
        super().initial(request, *args, **kwargs)
        raise NotFound("There is nothing here.")
