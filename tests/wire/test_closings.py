"""``/closings`` over HTTP: asked for, followed, downloaded, refused."""

import json
from datetime import date
from typing import Any
from uuid import uuid4

import pytest

from tests.reports.book import add_expense
from tests.wire.book import Callers
from tests.wire.conftest import Ask
from tollbook.config.queue import ensure_queue
from tollbook.expenses.services import ensure_month_partitions
from tollbook.filetasks.models import FileTask
from tollbook.filetasks.services import run_file_task
from tollbook.invoicing.models import Invoice
from tollbook.invoicing.services import close_period
from tollbook.kernel.periods import month_of

CLOSINGS = "/closings"
MONTH = "2025-01"
JANUARY = month_of(date(2025, 1, 1))


def rows_of(ask: Ask, uuid: str) -> list[dict[str, Any]]:
    answer = ask("GET", f"{CLOSINGS}/{uuid}/download", QUERY_STRING="format=json")
    table = json.loads(b"".join(answer.streaming_content))
    return [dict(zip(table["headers"], row, strict=True)) for row in table["rows"]]


@pytest.fixture
def spent(transactional_db: Any, callers: Callers) -> None:
    """January cost Fjord something, and Brook is owed something; committed, as workers see it."""
    ensure_queue()
    ensure_month_partitions(JANUARY)
    book = callers.book
    add_expense(book, book.fjord, JANUARY.start, "10.004", kind="correction")
    add_expense(book, book.brook, JANUARY.start, "-3", kind="correction")


@pytest.mark.usefixtures("spent")
def test_a_closing_is_asked_for_followed_and_downloaded(ask: Ask, callers: Callers) -> None:
    asked = ask("POST", CLOSINGS, body={"month": MONTH})
    uuid = asked.json()["uuid"]
    assert (asked.status_code, asked.json()["task_type"]) == (201, "ClosingPeriod")
    assert asked["Location"].endswith(f"{CLOSINGS}/{uuid}")
    assert asked.json()["parameters"]["month"] == MONTH
    assert ask("GET", f"{CLOSINGS}/{uuid}/download").status_code == 400

    run_file_task(FileTask.objects.get().uuid, work=close_period)

    done = ask("GET", f"{CLOSINGS}/{uuid}").json()
    notes = done["processing_notes"]
    assert (done["status"], notes["errors"]) == ("Completed", [])
    assert notes["celery_group_id"]
    assert [note["code"] for note in notes["warnings"]] == ["negative_total"]
    fjord, brook = rows_of(ask, uuid)
    assert (fjord["Client no."], fjord["Expenses"]) == (callers.book.fjord.pk, "10.004000000000")
    assert (fjord["Without tax"], fjord["Rounding"]) == ("10.000000000000", "-0.004000000000")
    assert (brook["Total"], brook["State"]) == ("-3.600000000000", "closed")
    assert "it becomes a refund" in brook["Warning"]
    assert ask("GET", CLOSINGS).json()["count"] == 1
    assert ask("GET", "/reports").json()["count"] == 0


@pytest.mark.usefixtures("spent")
def test_a_dry_run_shows_the_same_rows_and_makes_no_invoice(ask: Ask) -> None:
    shown = []
    for dry_run in (True, False):
        uuid = ask("POST", CLOSINGS, body={"month": MONTH, "dry_run": dry_run}).json()["uuid"]
        run_file_task(FileTask.objects.get(pk=uuid).uuid, work=close_period)
        shown.append(rows_of(ask, uuid))
        assert Invoice.objects.exists() is not dry_run
    assert shown[0] == shown[1] != []


def test_the_same_request_id_is_one_closing(ask: Ask) -> None:
    headers = {"Request-Id": str(uuid4())}
    answers = [ask("POST", CLOSINGS, body={"month": MONTH}, headers=headers) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert {answer.json()["uuid"] for answer in answers} == {headers["Request-Id"]}
    other = ask("POST", CLOSINGS, body={"month": "2025-02"}, headers=headers)
    assert other.status_code == 409


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"month": None}, "month"),
        ({"month": "2025-13"}, "month"),
        ({"month": "2099-12"}, "month"),
        ({"month": 202501}, "month"),
        ({"reseller": 2_147_483_647}, "reseller"),
        ({"reseller": "1"}, "reseller"),
        ({"client_ids": []}, "client_ids"),
        ({"client_ids": [2_147_483_647]}, "client_ids"),
        ({"client_ids": [True]}, "client_ids"),
        ({"dry_run": "no"}, "dry_run"),
        ({"force": True}, "force"),
    ],
)
def test_what_cannot_be_taken_is_named(ask: Ask, change: dict[str, Any], field: str) -> None:
    answer = ask("POST", CLOSINGS, body={"month": MONTH, **change})
    assert answer.status_code == 400
    assert list(answer.json()) == [field]
    assert not FileTask.objects.exists()


def test_another_resellers_client_is_unknown(ask: Ask, callers: Callers) -> None:
    sand = callers.book.sand.pk
    answers = [
        ask("POST", CLOSINGS, body={"month": MONTH, "client_ids": [client_id]})
        for client_id in (sand, 2_147_483_647)
    ]
    messages = [answer.json()["client_ids"][0] for answer in answers]
    assert messages[0].replace(str(sand), "2147483647") == messages[1]
