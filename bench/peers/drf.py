"""Django REST framework: a list view, a ModelSerializer, and the renderers that one installs."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import orjson
from django.db.models import QuerySet
from drf_excel.renderers import XLSXRenderer
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.test import APIRequestFactory
from rest_framework_csv.renderers import CSVRenderer

from bench.peers.rows import chosen_expenses, relations_of
from bench.span import PATHS, Span
from tollbook.expenses.models import Expense
from tollbook.results.columns import Column, Kind

type_of_serializer = type[serializers.ModelSerializer[Expense]]

_FIELDS: Final[Mapping[Kind, Callable[..., serializers.Field[Any, Any, Any, Any]]]] = {
    Kind.TEXT: serializers.CharField,
    Kind.INTEGER: serializers.IntegerField,
    Kind.BOOLEAN: serializers.BooleanField,
    Kind.DATE: serializers.DateField,
    Kind.TIMESTAMP: serializers.DateTimeField,
}


class OrjsonRenderer(BaseRenderer):
    """DRF's JSON with orjson in the place of the standard library."""

    media_type = "application/json"
    format = "json"

    def render(self, data: Any, *_: object, **__: object) -> bytes:
        """The bytes of what the serializer made."""
        return orjson.dumps(data)


def write_flat_json(span: Span, columns: Sequence[Column], file: Path) -> None:
    """Flat serializer, ``JSONRenderer``."""
    _write(_flat(columns), JSONRenderer, span, columns, file)


def write_flat_orjson(span: Span, columns: Sequence[Column], file: Path) -> None:
    """Flat serializer, orjson."""
    _write(_flat(columns), OrjsonRenderer, span, columns, file)


def write_nested_json(span: Span, columns: Sequence[Column], file: Path) -> None:
    """A serializer for each related object, ``JSONRenderer``."""
    _write(_nested(columns), JSONRenderer, span, columns, file)


def write_csv(span: Span, columns: Sequence[Column], file: Path) -> None:
    """Flat serializer, djangorestframework-csv."""

    class Csv(CSVRenderer):  # type: ignore[misc]  # the package has no types
        header = [column.key for column in columns]

    _write(_flat(columns), Csv, span, columns, file)


def write_xlsx(span: Span, columns: Sequence[Column], file: Path) -> None:
    """Flat serializer, drf-excel."""
    _write(_flat(columns), XLSXRenderer, span, columns, file)


def _write(
    serializer: type_of_serializer,
    renderer: type[BaseRenderer],
    span: Span,
    columns: Sequence[Column],
    file: Path,
) -> None:
    class ExpenseList(ListAPIView[Expense]):
        authentication_classes = ()
        permission_classes = ()
        pagination_class = None
        serializer_class = serializer
        renderer_classes = (renderer,)

        def get_queryset(self) -> QuerySet[Expense]:
            return chosen_expenses(span).select_related(*relations_of(columns))

    response = ExpenseList.as_view()(APIRequestFactory().get("/expenses"))
    file.write_bytes(response.render().content)


def _flat(columns: Sequence[Column]) -> type_of_serializer:
    keys = [column.key for column in columns]
    fields: dict[str, Any] = {
        column.key: _field(column, column.key, PATHS[column.key].replace("__", "."))
        for column in columns
    }
    meta = type("Meta", (), {"model": Expense, "fields": keys})
    return type("ExpenseSerializer", (serializers.ModelSerializer,), {**fields, "Meta": meta})


def _nested(columns: Sequence[Column]) -> type_of_serializer:
    """Each relation's columns in a serializer of its own, as a list of nested objects has them."""
    own: dict[str, Any] = {}
    related: dict[str, dict[str, Any]] = {}
    for column in columns:
        relation, _, name = PATHS[column.key].rpartition("__")
        into = related.setdefault(relation, {}) if relation else own
        into[name] = _field(column, name, name)
    for relation, fields in related.items():
        own[relation] = type(f"{relation.title()}Serializer", (serializers.Serializer,), fields)()
    meta = type("Meta", (), {"model": Expense, "fields": list(own)})
    return type("ExpenseSerializer", (serializers.ModelSerializer,), {**own, "Meta": meta})


def _field(column: Column, name: str, source: str) -> serializers.Field[Any, Any, Any, Any]:
    given: dict[str, Any] = {} if source == name else {"source": source}
    if column.kind is Kind.DECIMAL:
        digits = {"max_digits": column.type.precision, "decimal_places": column.type.scale}
        return serializers.DecimalField(**digits, **given)
    return _FIELDS[column.kind](**given)
