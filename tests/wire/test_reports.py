"""Asking for reports, following, stopping and removing them."""

import json
from datetime import date
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

import pytest

from tests.reports.book import add_expense, opened
from tests.wire.book import DAYS, Callers, finished_report, report_task
from tests.wire.conftest import BASE, Ask
from tollbook.filetasks.models import FileTask
from tollbook.filetasks.services import run_file_task
from tollbook.reports.services import write_report

QUESTION = {"template_code": "ResellerExpenses", "parameters": DAYS}


def test_asking_answers_the_task_its_place_and_its_id(ask: Ask, callers: Callers) -> None:
    answer = ask("POST", "/reports", body=QUESTION)
    task = answer.json()

    assert answer.status_code == 201
    assert answer["Location"] == f"http://testserver{BASE}/reports/{task['uuid']}"
    assert answer["Request-Id"] == task["uuid"]
    assert task["status"] == "Pending"
    assert task["task_type"] == "Report"
    assert task["user_id"] == callers.book.admin.user_id
    assert task["client_id"] == callers.book.admin.reseller_id
    assert task["parameters"] == {"type": "ResellerExpenses", **DAYS}
    assert task["processing_notes"]["resolved_parameters"]["days"] == 31
    assert ask("GET", f"/reports/{task['uuid']}").json() == task


def _diff(before: Any, after: Any) -> dict[str, Any]:
    return {"template_code": "ReportDiff", "parameters": {"before": before, "after": after}}


def test_two_finished_reports_are_compared(ask: Ask, callers: Callers) -> None:
    add_expense(callers.book, callers.book.fjord, date(2026, 10, 1), "1.5")
    uuids = []
    for _ in range(2):
        report = opened(callers.book.admin)
        report.close()
        uuids.append(str(report.task.uuid))

    asked = ask("POST", "/reports", body=_diff(*uuids))
    task = asked.json()
    assert asked.status_code == 201, asked.content
    assert task["parameters"] == {"type": "ReportDiff", "before": uuids[0], "after": uuids[1]}
    run_file_task(UUID(task["uuid"]), work=write_report)

    done = ask("GET", f"/reports/{task['uuid']}").json()
    assert (done["status"], done["processing_notes"]["rows"]) == ("Completed", 0)
    file = json.loads(b"".join(ask("GET", f"/reports/{task['uuid']}/download")))
    assert file["headers"][:4] == ["Change", "Changed columns", "Values before", "Reason"]
    assert file["rows"] == []


def test_reports_that_cannot_be_compared_are_400_by_name(ask: Ask, callers: Callers) -> None:
    mine, nobodys = str(finished_report(callers.book.admin).uuid), str(uuid4())
    for before, after, fields in (
        (mine, nobodys, ["parameters.after"]),
        (nobodys, "x", ["parameters.after"]),
        (nobodys, nobodys, ["parameters.before", "parameters.after"]),
        (None, nobodys, ["parameters.before"]),
    ):
        answer = ask("POST", "/reports", body=_diff(before, after), key=callers.admin)
        assert answer.status_code == 400
        assert set(fields) <= set(answer.json())
    theirs = ask("POST", "/reports", body=_diff(mine, mine), key=callers.stranger)
    assert theirs.status_code == 400
    assert theirs.json() == {
        f"parameters.{side}": [f"There is no report {mine}."] for side in ("before", "after")
    }


def _fjord(callers: Callers) -> dict[str, Any]:
    return {**DAYS, "client_id": callers.book.fjord.pk, "include_deleted": True}


def test_forms_of_every_kind_ask_the_same_question(ask: Ask, callers: Callers) -> None:
    whole, fjord = json.dumps(_fjord(callers)), callers.book.fjord.pk
    code = {"template_code": "ResellerExpenses"}
    rest = {"client_id": str(fjord), "include_deleted": "true"}
    brackets = {f"parameters[{name}]": value for name, value in (DAYS | rest).items()}
    dots = {f"parameters.{name}": value for name, value in (DAYS | rest).items()}
    mixed = {
        "parameters[date_from]": DAYS["date_from"],
        "parameters.date_to": DAYS["date_to"],
        "parameters": json.dumps({"client_id": fjord, "include_deleted": True}),
    }
    fields = (brackets, {**dots, "parameters.currency": "null"}, mixed, {"parameters": whole})
    bodies = [
        (json.dumps({**code, "parameters": _fjord(callers)}), "application/json"),
        *((urlencode({**code, **each}), "application/x-www-form-urlencoded") for each in fields),
        *((_multipart({**code, **each}), _MULTIPART) for each in fields),
    ]
    asked = []
    for body, content_type in bodies:
        answer = ask("POST", "/reports", body=body, content_type=content_type)
        assert answer.status_code == 201, answer.content
        asked.append(answer.json()["parameters"])

    assert asked == [{"type": "ResellerExpenses", **_fjord(callers)}] * len(bodies)


_MULTIPART = "multipart/form-data; boundary=XyX"


def _multipart(fields: dict[str, str]) -> str:
    parts = [
        f'--XyX\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ]
    return "".join(parts) + "--XyX--\r\n"


def test_parameters_may_come_as_a_file(ask: Ask, callers: Callers) -> None:
    body = (
        '--XyX\r\nContent-Disposition: form-data; name="template_code"\r\n\r\n'
        'ResellerExpenses\r\n--XyX\r\nContent-Disposition: form-data; name="parameters"; '
        f'filename="p.json"\r\nContent-Type: application/json\r\n\r\n{json.dumps(DAYS)}\r\n'
        "--XyX--\r\n"
    )

    answer = ask("POST", "/reports", body=body, content_type=_MULTIPART)

    assert answer.status_code == 201


def test_the_same_call_under_the_same_id_is_the_same_report(ask: Ask) -> None:
    own = str(uuid4())

    first = ask("POST", "/reports", body=QUESTION, headers={"Request-Id": own})
    again = ask("POST", "/reports", body=QUESTION, headers={"Request-Id": own.upper()})

    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json()["uuid"] == again.json()["uuid"] == own
    assert FileTask.objects.count() == 1


def test_another_question_under_the_same_id_is_409(ask: Ask) -> None:
    own = {"Request-Id": str(uuid4())}
    other = {**QUESTION, "parameters": {**DAYS, "date_to": "2026-10-02"}}
    ask("POST", "/reports", body=QUESTION, headers=own)

    conflict = ask("POST", "/reports", body=other, headers=own)
    assert conflict.status_code == 409
    assert list(conflict.json()) == ["detail"]


def test_an_id_that_another_reseller_uses_is_not_told(ask: Ask, callers: Callers) -> None:
    own = {"Request-Id": str(uuid4())}
    theirs = ask("POST", "/reports", body=QUESTION, headers=own).json()

    first = ask("POST", "/reports", body=QUESTION, headers=own, key=callers.stranger)
    again = ask("POST", "/reports", body=QUESTION, headers=own, key=callers.stranger)

    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json()["uuid"] == again.json()["uuid"] == first["Request-Id"] != theirs["uuid"]
    read = ask("GET", f"/reports/{first.json()['uuid']}", key=callers.stranger)
    assert read.json()["uuid"] == first.json()["uuid"]


def test_stopping_a_waiting_report_leaves_it_cancelled(ask: Ask, callers: Callers) -> None:
    task = report_task(callers.book.admin)

    answer = ask("POST", f"/reports/{task.uuid}/cancel")

    assert answer.status_code == 200
    assert answer.json()["status"] == "Cancelled"
    assert ask("POST", f"/reports/{task.uuid}/cancel").status_code == 409


def test_a_finished_report_cannot_be_stopped(ask: Ask, callers: Callers) -> None:
    task = finished_report(callers.book.admin)

    assert ask("POST", f"/reports/{task.uuid}/cancel").status_code == 409
    assert ask("GET", f"/reports/{task.uuid}").json()["status"] == "Completed"


@pytest.mark.parametrize("finished", [True, False])
def test_a_removed_report_is_gone(finished: bool, ask: Ask, callers: Callers) -> None:
    make = finished_report if finished else report_task
    task = make(callers.book.admin)

    removed = ask("DELETE", f"/reports/{task.uuid}")

    assert removed.status_code == 204
    assert removed.content == b""
    for method, path in (
        ("GET", ""),
        ("GET", "/download"),
        ("POST", "/cancel"),
        ("DELETE", ""),
    ):
        assert ask(method, f"/reports/{task.uuid}{path}").status_code == 404


def test_tasks_of_another_kind_are_no_reports(ask: Ask, callers: Callers) -> None:
    task = report_task(callers.book.admin, task_type="ClosingPeriod")

    assert ask("GET", "/reports").json()["count"] == 0
    for method, path in (("GET", ""), ("GET", "/download"), ("DELETE", ""), ("POST", "/cancel")):
        assert ask(method, f"/reports/{task.uuid}{path}").status_code == 404
    assert FileTask.objects.filter(pk=task.pk).exists()


def test_what_a_template_says_of_its_parameters_can_be_asked(ask: Ask) -> None:
    template = ask("GET", "/reports/templates").json()["results"][0]
    definitions = {each["name"]: each for each in template["parameters"]["parameters"]}

    assert definitions["date_from"]["required"] is True
    assert definitions["date_from"]["format"] == "date"
    assert {"client_id", "product_id", "currency", "group_by", "include_deleted"} <= set(
        definitions
    )
    for grouping in definitions["group_by"]["enum"]:
        body = {**QUESTION, "parameters": {**DAYS, "group_by": grouping}}
        assert ask("POST", "/reports", body=body).status_code == 201


def test_uuids_are_found_in_any_case_of_letters(ask: Ask, callers: Callers) -> None:
    task = report_task(callers.book.admin, uuid=UUID("abcdefab-0000-4000-8000-00000000000a"))

    assert ask("GET", f"/reports/{str(task.uuid).upper()}").status_code == 200
