"""Our document holds every fact of the published API that is in scope, in both its versions.

A fact is an operation, a parameter, a response or a field with its type. Ours may have more: wider
enums, more fields and parameters, and room for amounts of more than three digits.
"""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

DOCUMENT = Path(__file__).parents[2] / "docs" / "openapi.yaml"
FACTS = sorted((Path(__file__).parent / "facts").glob("*.json"))
FORMATS = {"uuid", "date", "date-time", "decimal"}
_DECIMALS = re.compile(r"\\d\{(?:0,)?(\d+)\}\)?\??\$$")
"""How many decimals a pattern takes: ``\\d{12}$`` at its end, or ``\\d{0,12})?$``."""


@pytest.mark.parametrize("path", FACTS, ids=lambda path: path.stem)
def test_every_published_fact_holds(path: Path) -> None:
    published = json.loads(path.read_text())
    ours = yaml.safe_load(DOCUMENT.read_text())

    broken = [
        f"{wanted['method']} {wanted['path']}: {mistake}"
        for wanted in published["operations"]
        for mistake in _operation(published, ours, wanted)
    ]

    assert broken == []


@pytest.mark.long
@pytest.mark.parametrize("path", FACTS, ids=lambda path: path.stem)
def test_the_check_notices_what_is_missing(path: Path) -> None:
    published = json.loads(path.read_text())
    ours = yaml.safe_load(DOCUMENT.read_text())
    del ours["components"]["schemas"]["FileTask"]["properties"]["status"]
    ours["paths"]["/billing/org/v1/erp-invoices"]["get"]["parameters"].pop()

    broken = [each for op in published["operations"] for each in _operation(published, ours, op)]

    assert len(broken) >= 3


def _operation(published: Any, ours: Any, wanted: Mapping[str, Any]) -> Iterator[str]:
    offered = ours["paths"].get(wanted["path"], {}).get(wanted["method"].lower())
    if offered is None:
        yield "is not offered"
        return
    if offered["operationId"] != wanted["operationId"]:
        yield f"is called {offered['operationId']}"
    parameters = {each["name"]: each for each in offered["parameters"]}
    for parameter in wanted["parameters"]:
        at = f"parameter {parameter['name']}"
        schema = parameters.get(parameter["name"], {}).get("schema")
        yield from _schema(published, ours, parameter["schema"], schema, at)
    request = offered.get("requestBody", {}).get("content", {})
    yield from _contents(published, ours, wanted.get("request", {}), request, "request")
    for status, contents in wanted["responses"].items():
        answer = offered["responses"].get(status)
        if answer is None:
            yield f"never answers {status}"
            continue
        yield from _contents(published, ours, contents, answer.get("content", {}), status)


def _contents(
    published: Any, ours: Any, wanted: Mapping[str, Any], offered: Mapping[str, Any], at: str
) -> Iterator[str]:
    for media_type, schema in wanted.items():
        found = offered.get(media_type, {}).get("schema")
        yield from _schema(published, ours, schema, found, f"{at} {media_type}")


def _schema(published: Any, ours: Any, wanted: Any, offered: Any, at: str) -> Iterator[str]:
    wanted = _resolved(published["schemas"], wanted)
    if offered is None:
        yield f"{at} is missing"
        return
    offered = _resolved(ours["components"]["schemas"], offered)
    yield from _value(wanted, offered, at)
    for name, schema in wanted.get("properties", {}).items():
        found = offered.get("properties", {}).get(name)
        yield from _schema(published, ours, schema, found, f"{at}.{name}")
    for name in set(wanted.get("required", ())) - set(offered.get("required", ())):
        yield f"{at}.{name} is not required"
    if wanted.get("items"):
        yield from _schema(published, ours, wanted["items"], offered.get("items"), f"{at}[]")


def _value(wanted: Mapping[str, Any], offered: Mapping[str, Any], at: str) -> Iterator[str]:
    fits = _types(wanted) & _types(offered) or _is_number(wanted, offered)
    if _types(wanted) and not fits:
        yield f"{at} is {_types(offered)}, not {_types(wanted)}"
    if wanted.get("format") in FORMATS and offered.get("format") != wanted["format"]:
        yield f"{at} has no format {wanted['format']}"
    if lacking := set(wanted.get("enum", ())) - set(offered.get("enum", ())):
        yield f"{at} lacks {lacking}"
    if _decimals(wanted) != _decimals(offered):
        yield f"{at} has {_decimals(offered)} decimals, not {_decimals(wanted)}"


def _decimals(schema: Mapping[str, Any]) -> str | None:
    found = _DECIMALS.search(schema.get("pattern", ""))
    return found and found[1]


def _resolved(schemas: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a reference leads to; of an object that may be null, the object."""
    while "$ref" in schema or "oneOf" in schema:
        if "oneOf" in schema:
            (schema,) = (each for each in schema["oneOf"] if each != {"type": "null"})
        else:
            schema = schemas[schema["$ref"].rpartition("/")[2]]
    return schema


def _types(schema: Mapping[str, Any]) -> set[str]:
    named = schema.get("type", [])
    return {named} if isinstance(named, str) else set(named)


def _is_number(wanted: Mapping[str, Any], offered: Mapping[str, Any]) -> bool:
    return _types(wanted) == {"number"} and _types(offered) == {"integer"}
