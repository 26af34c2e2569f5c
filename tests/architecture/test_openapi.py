"""The committed document is the one that the program serves; and it is complete."""

from pathlib import Path
from typing import Any

import pytest
from drf_spectacular.renderers import OpenApiYamlRenderer
from jsonschema import Draft202012Validator

from tollbook.api.schema import openapi_document
from tollbook.api.v1.urls import documented

DOCUMENT = Path(__file__).parents[2] / "docs" / "openapi.yaml"
OPERATIONS = [
    (method, path, operation)
    for path, item in openapi_document()["paths"].items()
    for method, operation in item.items()
]
NAMES = [f"{method} {path}" for method, path, _ in OPERATIONS]


def test_the_committed_document_is_current() -> None:
    current = OpenApiYamlRenderer().render(openapi_document(), renderer_context={})
    if DOCUMENT.read_bytes() != current:
        DOCUMENT.write_bytes(current)
        pytest.fail("docs/openapi.yaml was out of date; it has been written anew, commit it")


def test_the_document_is_openapi_3_1_with_schemas_of_json_schema_2020_12() -> None:
    document = openapi_document()

    assert document["openapi"] == "3.1.0"
    for schema in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_every_address_is_documented_with_all_its_methods() -> None:
    offered = [
        name
        for route in documented
        for name in ("get", "post", "put", "patch", "delete")
        if hasattr(route.callback.view_class, name)  # type: ignore[attr-defined]
    ]

    assert {"get", "post", "delete"} <= set(offered)
    assert sorted(offered) == sorted(method for method, _, _ in OPERATIONS)


@pytest.mark.parametrize(("_method", "_path", "operation"), OPERATIONS, ids=NAMES)
def test_every_operation_says_what_it_does_and_every_error_it_answers(
    _method: str, _path: str, operation: dict[str, Any]
) -> None:
    answers = operation["responses"]

    assert operation["summary"]
    assert operation["description"]
    assert {"401", "403", "406", "429", "500", "503"} <= answers.keys()
    assert all(answer["description"] for answer in answers.values())
    assert all("X-Request-Id" in answer["headers"] for answer in answers.values())
    assert all(answer.get("content") for status, answer in answers.items() if int(status) >= 400)
    assert all(each["description"] for each in operation["parameters"])


def test_operation_ids_are_unique() -> None:
    ids = [operation["operationId"] for _, _, operation in OPERATIONS]

    assert len(set(ids)) == len(ids)


def test_every_reference_leads_to_a_component_and_every_component_is_used() -> None:
    document = openapi_document()
    named = set(_references(document))

    assert named == {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}


def _references(node: Any) -> list[str]:
    if isinstance(node, dict):
        own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
        return own + [found for value in node.values() for found in _references(value)]
    if isinstance(node, list):
        return [found for value in node for found in _references(value)]
    return []
