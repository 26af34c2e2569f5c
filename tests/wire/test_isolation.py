"""A request of one reseller can never name another's client: lists, reads, parameters, contents."""

import csv
from datetime import date
from typing import Any

import pytest
from django.test import Client as Browser

from tests.reports.book import add_expense, open_book
from tests.wire.book import DAYS, Callers, erp_invoice, let_in, report_task
from tests.wire.conftest import BASE, Ask
from tollbook.config.queue import ensure_queue
from tollbook.filetasks.services import run_file_task
from tollbook.reports.services import write_report


@pytest.fixture
def invoices(callers: Callers) -> dict[str, int]:
    """One invoice for each client."""
    book = callers.book
    clients = {"fjord": book.fjord, "brook": book.brook, "sand": book.sand}
    return {name: erp_invoice(client, f"INV/{name}").pk for name, client in clients.items()}


@pytest.mark.parametrize(
    ("caller", "seen"),
    [
        ("operator", {"fjord", "brook", "sand"}),
        ("admin", {"fjord", "brook"}),
        ("seller", {"fjord"}),
        ("client", {"fjord"}),
        ("stranger", {"sand"}),
    ],
)
def test_each_sees_the_invoices_of_their_own_clients(
    caller: str, seen: set[str], ask: Ask, callers: Callers, invoices: dict[str, int]
) -> None:
    key = getattr(callers, caller)
    page = ask("GET", "/erp-invoices", key=key).json()

    assert {item["id"] for item in page["results"]} == {invoices[name] for name in seen}
    assert page["count"] == len(seen)
    for name, number in invoices.items():
        status = ask("GET", f"/erp-invoices/{number}", key=key).status_code
        assert status == (200 if name in seen else 404)


def test_filters_by_anothers_client_find_nothing(
    ask: Ask, callers: Callers, invoices: dict[str, int]
) -> None:
    sand = callers.book.sand

    for query in (f"client_id={sand.pk}", f"payer_id={sand.payer_id}"):
        assert ask("GET", f"/erp-invoices?{query}").json()["count"] == 0


def test_reports_of_others_are_in_no_list(ask: Ask, callers: Callers) -> None:
    book = callers.book
    tasks = {
        name: str(report_task(getattr(book, name)).uuid)
        for name in ("operator", "admin", "seller", "stranger")
    }

    def seen(key: str) -> set[str]:
        return {item["uuid"] for item in ask("GET", "/reports", key=key).json()["results"]}

    assert seen(callers.operator) == set(tasks.values())
    assert seen(callers.admin) == {tasks["admin"], tasks["seller"]}
    assert seen(callers.seller) == {tasks["seller"]}
    assert seen(callers.client) == set()
    assert seen(callers.stranger) == {tasks["stranger"]}


@pytest.mark.parametrize("caller", ["admin", "seller", "stranger"])
def test_a_report_cannot_be_asked_about_anothers_client(
    caller: str, ask: Ask, callers: Callers
) -> None:
    book = callers.book
    foreign = book.fjord if caller == "stranger" else book.sand

    def refused(client_id: int) -> Any:
        body = {
            "template_code": "ResellerExpenses",
            "parameters": {**DAYS, "client_id": client_id},
        }
        return ask("POST", "/reports", key=getattr(callers, caller), body=body)

    anothers, nobodys = refused(foreign.pk), refused(2_000_000_000)

    assert anothers.status_code == nobodys.status_code == 400
    assert list(anothers.json()) == ["parameters.client_id"]
    assert anothers.content.replace(str(foreign.pk).encode(), b"ID") == nobodys.content.replace(
        b"2000000000", b"ID"
    )


@pytest.mark.parametrize(
    ("caller", "names"),
    [
        ("operator", {"Brook", "Sand of South", "odd"}),
        ("admin", {"Brook", "odd"}),
        ("seller", {"odd"}),
        ("stranger", {"Sand of South"}),
    ],
)
def test_a_report_holds_the_asker_s_own_clients_only(
    caller: str, names: set[str], transactional_db: Any
) -> None:
    ensure_queue()
    book = open_book()
    callers = let_in(book)
    for client in (book.fjord, book.brook, book.sand):
        add_expense(book, client, date(2026, 10, 3), "10")
    headers = {"Authorization": getattr(callers, caller)}
    browser = Browser(headers=headers)

    asked = browser.post(
        f"{BASE}/reports",
        {"template_code": "ResellerExpenses", "parameters": DAYS},
        content_type="application/json",
    )
    run_file_task(asked.json()["uuid"], work=write_report)
    file = browser.get(f"{asked['Location']}/download?format=csv&raw=true")
    text = b"".join(file).decode()

    rows = list(csv.DictReader(text.splitlines()))
    found = {"odd" if row["Client"] == book.fjord.company_name else row["Client"] for row in rows}
    assert found == names
