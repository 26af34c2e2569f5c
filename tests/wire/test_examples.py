"""Every example of the document comes out of the demo book, as whoever loads it can see."""

import json
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction

from tests.wire.demo_ledger import DemoLedger
from tests.wire.oracle import BASE
from tollbook.api.schema import openapi_document
from tollbook.config.queue import ensure_queue
from tollbook.filetasks.services import run_file_task
from tollbook.reports.services import write_report

ASKED_FOR = {
    "PaginatedFileTaskList",
    "PaginatedScheduleList",
    "PaginatedScheduleRunList",
    "PaginatedWebhookDeliveryList",
    "PaginatedWebhookList",
}
"""Lists whose items no book holds: reports and the like, which somebody asks for first."""

OF_THE_MOMENT = {"uuid", "created_at", "updated_at"}
OFFERED = {
    f"{method} {path}": operation
    for path, item in openapi_document()["paths"].items()
    for method, operation in item.items()
}


def _examples() -> list[tuple[str, dict[str, Any]]]:
    """Paths of lists with the example of an item, an empty one where there is none."""
    document, found = openapi_document(), []
    for path, item in document["paths"].items():
        answer = item.get("get", {}).get("responses", {}).get("200", {}).get("content", {})
        schema = answer.get("application/json", {}).get("schema", {})
        name = schema.get("$ref", "").rpartition("/")[2]
        if not name.startswith("Paginated") or name in ASKED_FOR:
            continue
        shape = document["components"]["schemas"][
            name.removeprefix("Paginated").removesuffix("List")
        ]
        found += [(path.removeprefix(BASE), example) for example in shape.get("examples", [{}])]
    return found


EXAMPLES = _examples()


@pytest.mark.parametrize(("path", "example"), EXAMPLES, ids=[path for path, _ in EXAMPLES])
def test_the_example_is_in_the_list_of_the_demo_book(
    path: str, example: dict[str, Any], demo_ledger: DemoLedger
) -> None:
    parameters = openapi_document()["paths"][f"{BASE}{path}"]["get"]["parameters"]
    named = any(each["name"] == "id" for each in parameters) and "id" in example
    address: str | None = f"{path}?id={example['id']}" if named else f"{path}?limit=100"
    while address is not None:
        page = demo_ledger.get(address)
        if example in page["results"]:
            return
        address = page["next"] and page["next"].partition(BASE)[2]
    pytest.fail(f"no page of {path} holds {example}")


def test_the_example_of_a_report_is_what_the_example_of_a_question_is_answered_with(
    demo_ledger: DemoLedger,
) -> None:
    ensure_queue()
    schemas, browser = openapi_document()["components"]["schemas"], demo_ledger.callers["admin1"]
    (question,) = schemas["OrgReportTaskRequest"]["examples"]
    (task,) = schemas["FileTask"]["examples"]
    (table,) = schemas["ReportTable"]["examples"]

    asked = browser.browser.post(f"{BASE}/reports", data=question, content_type="application/json")
    uuid = asked.json()["uuid"]
    try:
        run_file_task(UUID(uuid), work=write_report)
        made = demo_ledger.get(f"/reports/{uuid}", caller="admin1")
        (listed,) = demo_ledger.get(f"/reports?uuid={uuid}", caller="admin1")["results"]
        download = browser.browser.get(f"{BASE}/reports/{uuid}/download")
        rows = json.loads(b"".join(download.streaming_content))
    finally:
        browser.browser.delete(f"{BASE}/reports/{uuid}")

    assert made == listed
    assert _lasting(made) == _lasting(task)
    assert task.keys() == made.keys()
    assert rows["headers"] == table["headers"]
    assert table["rows"] == rows["rows"][: len(table["rows"])]


def test_the_example_of_a_change_of_a_trial_changes_one(demo_ledger: DemoLedger) -> None:
    schemas = openapi_document()["components"]["schemas"]
    (change,) = schemas["PatchedTrialUpdateForOrgSerializerV1Request"]["examples"]
    (trial,) = schemas["TrialForOrgSerializerV1"]["examples"]
    browser = demo_ledger.callers["operator"].browser

    with transaction.atomic():
        answer = browser.patch(
            f"{BASE}/trials/{trial['id']}", data=change, content_type="application/json"
        )
        transaction.set_rollback(True)

    assert answer.status_code == 200, answer.content
    given = {each["internal_name"]: each["value"] for each in answer.json()["options"]}
    assert {"days_limit": answer.json()["days_limit"], **given}.items() >= change.items()


@pytest.mark.parametrize("name", OFFERED)
def test_every_operation_has_an_example(name: str) -> None:
    """Those of lists and items are checked above, as are those of reports and changes."""
    document, operation = openapi_document(), OFFERED[name]
    bodies = [operation.get("requestBody", {})]
    bodies += [answer for status, answer in operation["responses"].items() if status < "400"]
    for body in bodies:
        content = body.get("content", {}).get("application/json", {})
        reference = content.get("schema", {}).get("$ref", "")
        if not reference:
            continue
        shape = reference.rpartition("/")[2].removeprefix("Paginated").removesuffix("List")
        assert document["components"]["schemas"][shape]["examples"], (name, shape)


def _lasting(task: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in task.items() if name not in OF_THE_MOMENT}
