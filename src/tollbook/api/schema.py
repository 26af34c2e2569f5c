"""The OpenAPI document, put together from what the views declare about themselves."""

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema

from tollbook.api.operations import ERROR_SCHEMAS
from tollbook.api.views import ApiView

SECURITY_SCHEME: Final = {
    "type": "apiKey",
    "in": "header",
    "name": "Authorization",
    "description": (
        "The word `apikey`, a space and your key: its number, a dollar sign and its secret, such "
        "as `apikey 1234$abcdef`. Make one with `tollbook keys new`."
    ),
}


class DeclaredSchema(AutoSchema):
    """Takes the operation as the view declares it; nothing is guessed from code."""

    def get_operation(
        self, path: str, path_regex: str, path_prefix: str, method: str, registry: object
    ) -> dict[str, Any] | None:
        """The operation object of one method, or none where the view declares none."""
        view = self.view
        declared = view.operations.get(method.lower()) if isinstance(view, ApiView) else None
        return declared.document() if declared else None


@cache
def openapi_document() -> Mapping[str, Any]:
    """The whole document; always the same for one version of the program."""
    generator: Any = SchemaGenerator  # drf-spectacular is not typed
    document: dict[str, Any] = generator().get_schema(request=None, public=True)
    return document


def add_components(result: dict[str, Any], generator: Any, **_: object) -> dict[str, Any]:
    """Add the schemas that the views name, the errors, and how to prove who you are."""
    schemas: dict[str, Any] = {name: dict(schema) for name, schema in ERROR_SCHEMAS.items()}
    for _path, _regex, _method, callback in generator.endpoints:
        if issubclass(callback.cls, ApiView):
            schemas |= callback.cls.components()
    result["components"] = {
        "schemas": dict(sorted(schemas.items())),
        "securitySchemes": {"APIKey": SECURITY_SCHEME},
    }
    result["security"] = [{"APIKey": []}]
    return result
