"""Rows by the client: typed values, page after page; and what the books say of a result."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.client import samples
from tests.client.conftest import Talk
from tests.client.scripted_server import json_answer
from tollbook_client import UnexpectedAnswer

COLUMNS = [
    {"key": key, "header": key.title(), "kind": kind, "description": ""}
    for key, kind in (
        ("name", "text"),
        ("count", "integer"),
        ("deleted", "boolean"),
        ("day", "date"),
        ("at", "timestamp"),
        ("cost", "decimal"),
    )
]
ROW = {
    "name": "1.50",
    "count": 7,
    "deleted": False,
    "day": "2026-10-31",
    "at": "2026-10-31T12:00:00.000001Z",
    "cost": "12345678901234567890.123456789012",
}


def page_json(count: int, *rows: dict[str, Any]) -> dict[str, Any]:
    return {"count": count, "next": None, "previous": None, "columns": COLUMNS, "results": rows}


def test_values_have_the_kinds_of_their_columns(talk: Talk) -> None:
    book, server = talk(json_answer(page_json(2, ROW, dict.fromkeys(ROW))))
    page = book.reports.page(
        samples.UUID,
        columns=["name", "cost"],
        filters=["name:eq:a,b", "count:gt:1"],
        ordering=["-cost", "name"],
        limit=5,
        offset=10,
    )

    assert page.count == 2
    assert page.columns[5].kind == "decimal"
    assert page.rows == (
        {
            "name": "1.50",
            "count": 7,
            "deleted": False,
            "day": date(2026, 10, 31),
            "at": datetime(2026, 10, 31, 12, 0, 0, 1, tzinfo=UTC),
            "cost": Decimal("12345678901234567890.123456789012"),
        },
        dict.fromkeys(ROW),
    )
    assert server.seen[0].path.endswith(
        f"/reports/{samples.UUID}/rows?columns=name%2Ccost&filter=name%3Aeq%3Aa%2Cb"
        "&filter=count%3Agt%3A1&ordering=-cost%2Cname&limit=5&offset=10"
    )


def test_rows_come_page_after_page_as_they_are_asked_for(talk: Talk) -> None:
    book, server = talk(json_answer(page_json(3, ROW, ROW)), json_answer(page_json(3, ROW)))
    rows = book.reports.rows(samples.UUID)

    next(rows)
    assert len(server.seen) == 1
    assert len(list(rows)) == 2
    assert [each.path.partition("offset=")[2] for each in server.seen] == ["0", "2"]


def test_a_list_that_grows_empty_ends(talk: Talk) -> None:
    book, _ = talk(json_answer(page_json(3, ROW)), json_answer(page_json(3)))
    assert len(list(book.reports.rows(samples.UUID))) == 1


def test_an_amount_that_is_no_text_is_no_answer(talk: Talk) -> None:
    book, _ = talk(json_answer(page_json(1, {**ROW, "cost": "much"})))
    with pytest.raises(UnexpectedAnswer):
        book.reports.page(samples.UUID)


def test_tasks_are_found_by_the_start_of_their_uuid_or_by_their_rows(talk: Talk) -> None:
    found = {"count": 1, "next": None, "previous": None, "results": [samples.task_json()]}
    book, server = talk(json_answer(found))

    assert [str(task.uuid) for task in book.reports.find(uuid="0d6a4b5e")] == [samples.UUID]
    assert [str(task.uuid) for task in book.closings.find(digest="ab12")] == [samples.UUID]
    assert "/reports?" in server.seen[0].path
    assert "uuid=0d6a4b5e" in server.seen[0].path
    assert "digest=ab12" in server.seen[1].path


def test_a_completed_task_tells_what_its_result_holds(talk: Talk) -> None:
    notes = {
        "digest": "ab12",
        "rows": 2,
        "totals": {"EUR": {"money_value": "1.500000000000"}},
        "column_kinds": ["text", "decimal"],
        "total_columns": {"currency": "Currency", "amounts": {"money_value": "Cost"}},
    }
    book, _ = talk(
        json_answer(samples.task_json("Completed", **notes)),
        json_answer(samples.task_json("Completed", digest="ab12", rows=2, totals=notes["totals"])),
        json_answer(samples.task_json("Pending")),
    )
    proof = book.reports.get(samples.UUID).proof
    old = book.reports.get(samples.UUID).proof

    assert proof is not None
    assert (proof.digest, proof.rows, proof.currency) == ("ab12", 2, "Currency")
    assert proof.kinds == ["text", "decimal"]
    assert proof.totals == {"EUR": {"Cost": Decimal("1.500000000000")}}
    assert old is not None
    assert (old.totals, old.kinds) == ({}, None)
    assert book.reports.get(samples.UUID).proof is None
