"""A client that openapi-python-client makes of our document does the main job."""

import importlib
import io
import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import UUID

import pytest
from django.db import connections
from pytest_django.live_server_helper import LiveServer

from tests.reports.book import Book, add_expense, open_book
from tests.usage.files import csv_bytes, usage
from tests.wire.book import erp_invoice, let_in
from tests.wire.demo_ledger import DemoLedger
from tollbook.api.schema import openapi_document
from tollbook.catalog.models import CalcRule, Country, Currency, Product, Region, StatisticRegion
from tollbook.clients.models import User
from tollbook.clients.services import issue_api_key
from tollbook.config.queue import ensure_queue
from tollbook.contracts.models import Addendum, Trial
from tollbook.credits.models import Operation
from tollbook.erp.models import ErpInvoice
from tollbook.expenses.models import Expense
from tollbook.expenses.services import write_stop
from tollbook.filetasks.services import run_file_task
from tollbook.invoicing.services import close_period
from tollbook.reports.services import write_report
from tollbook.usage.forms import MEDIA_TYPES
from tollbook.usage.services import import_usage

DOCUMENT = Path(__file__).parents[2] / "docs" / "openapi.yaml"
OCTETS = "application/octet-stream"
BYTES = ("application/pdf", *MEDIA_TYPES)
"""What the generator must be told that it is bytes."""
PACKAGE = "tollbook_billing_reseller_api_client"


@pytest.fixture(scope="session")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    """The package, generated now."""
    folder = tmp_path_factory.mktemp("generated")
    settings = folder / "settings.yaml"
    settings.write_text(
        json.dumps({"content_type_overrides": dict.fromkeys(BYTES, OCTETS), "post_hooks": []})
    )
    made = subprocess.run(
        [
            *(sys.executable, "-m", "openapi_python_client", "generate"),
            *("--path", str(DOCUMENT), "--output-path", str(folder / PACKAGE), "--meta", "none"),
            *("--config", str(settings), "--fail-on-warning"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stdout + made.stderr
    sys.path.insert(0, str(folder))
    yield importlib.import_module(PACKAGE)
    sys.path.remove(str(folder))


def test_a_generated_client_asks_for_a_report_follows_it_and_downloads_it(
    transactional_db: Any, live_server: LiveServer, generated: ModuleType
) -> None:
    ensure_queue()
    book = open_book()
    add_expense(book, book.fjord, date(2026, 10, 3), "1234.500000000001")
    models, reports = _module("models"), "api.reports.v1_reports_"
    question = models.OrgReportTaskRequest.from_dict(
        {
            "template_code": "ResellerExpenses",
            "parameters": {"date_from": "2026-10-01", "date_to": "2026-11-01"},
        }
    )

    with _client(generated, live_server.url, let_in(book).admin) as client:
        asked = _module(f"{reports}create").sync(client=client, body=question)
        assert isinstance(asked, models.FileTask)
        run_file_task(asked.uuid, work=write_report)
        read = _module(f"{reports}retrieve").sync(asked.uuid, client=client)
        table = _module(f"{reports}download_retrieve").sync(asked.uuid, client=client)

    assert read.status == "Completed"
    assert read.processing_notes.rows == 1
    row = dict(zip(table.headers, table.rows[0], strict=True))
    assert "1234.500000000001" in row.values()


@pytest.mark.long
def test_a_generated_client_reads_invoices(
    transactional_db: Any, live_server: LiveServer, generated: ModuleType
) -> None:
    book = open_book()
    invoice = erp_invoice(book.brook, "INV/2026/00001")
    invoices = "api.erp_invoices.v1_erp_invoices_"

    with _client(generated, live_server.url, let_in(book).admin) as client:
        page = _module(f"{invoices}list").sync(client=client)
        pdf = _module(f"{invoices}download_retrieve").sync(invoice.pk, client=client)

    assert [each.amount_total for each in page.results] == ["120.000000000000"]
    assert pdf.payload.read().startswith(b"%PDF-")


@dataclass(frozen=True)
class Call:
    """How an operation is called: its path's ids, its body, and the status to expect."""

    arguments: Mapping[str, Any] = field(default_factory=dict)
    body: Callable[[Any], Any] | None = None
    status: int = 200
    query: Mapping[str, Any] = field(default_factory=dict)


@pytest.fixture(scope="module")
def demo_server(demo_ledger: DemoLedger) -> Iterator[tuple[str, str]]:
    """A server on the demo book, and an admin's key."""
    ensure_queue()
    server = LiveServer("localhost")
    user = User.objects.get(email="admin1@demo.example")
    _, key = issue_api_key(user=user, now=datetime.now(UTC))
    yield server.url, f"apikey {key}"
    server.stop()
    connections.close_all()


def _calls() -> dict[str, Call]:
    """Every operation but those of background work."""
    trial = Trial.objects.filter(client__reseller_id=_reseller(), plan__isnull=False)[0]
    change = {"days_limit": trial.days_limit}
    invoice = ErpInvoice.objects.filter(client__reseller_id=_reseller())[0].pk
    operation = Operation.objects.filter(client__reseller_id=_reseller())[0].pk
    expense = Expense.objects.filter(reseller_id=_reseller()).order_by("for_date", "id")[0].pk
    calls = {
        "v1_accounting_operations_retrieve": Call({"id": operation}),
        "v1_addendums_retrieve": Call({"id": _first(Addendum, "client__reseller_id")}),
        "v1_calc_rules_retrieve": Call({"id": _first(CalcRule)}),
        "v1_countries_retrieve": Call({"id": _first(Country)}),
        "v1_currencies_retrieve": Call({"id": _first(Currency)}),
        "v1_erp_invoices_download_retrieve": Call({"id": invoice}),
        "v1_erp_invoices_retrieve": Call({"id": invoice}),
        "v1_expenses_retrieve": Call({"id": expense}),
        "v1_products_retrieve": Call({"id": _first(Product)}),
        "v1_regions_retrieve": Call({"id": _first(Region)}),
        "v1_statistics_regions_retrieve": Call({"id": _first(StatisticRegion)}),
        "v1_accounting_credits_create": Call(
            body=lambda models: models.GrantCreditRequest.from_dict(
                {"client_id": trial.client_id, "amount": "1.00", "currency": "EUR"}
            ),
            status=403,
        ),
        "v1_trials_partial_update": Call(
            {"id": trial.pk},
            lambda models: models.PatchedTrialUpdateForOrgSerializerV1Request.from_dict(change),
        ),
        "v1_trials_retrieve": Call({"id": trial.pk}),
        "v1_trials_start_trial_data_retrieve": Call(
            query={"client_id": trial.client_id, "product_id": trial.product_id}
        ),
    }
    calls |= _calls_of_nothing()
    lists = [name for name in OPERATIONS if name.endswith("_list") and name not in OF_TASKS]
    return {name: Call(query={"limit": 100}) for name in lists} | calls


def _calls_of_nothing() -> dict[str, Call]:
    """Calls about webhooks and schedules that are not there: nobody may change this book."""
    nothing, delivery = 2_147_483_647, UUID(int=0)
    found = {
        name: Call({"id": nothing}, status=404)
        for name in OPERATIONS
        if name.startswith(("v1_webhooks_", "v1_schedules_"))
        and name not in {"v1_webhooks_list", "v1_schedules_list"}
    }
    redeliver = "v1_webhooks_deliveries_redeliver_create"
    return found | {
        redeliver: Call({"id": nothing, "delivery_id": delivery}, status=404),
        "v1_webhooks_create": Call(
            body=lambda models: models.WebhookRequest.from_dict({"url": "http://127.0.0.1/"}),
            status=400,
        ),
        "v1_webhooks_partial_update": Call(
            {"id": nothing},
            lambda models: models.PatchedWebhookRequest.from_dict({"enabled": True}),
            status=404,
        ),
        "v1_schedules_create": Call(
            body=lambda models: models.ScheduleRequest.from_dict({"name": "x", "cron": "x"}),
            status=400,
        ),
        "v1_schedules_partial_update": Call(
            {"id": nothing},
            lambda models: models.PatchedScheduleRequest.from_dict({"enabled": True}),
            status=404,
        ),
    }


NOT_IN_THE_BOOK = {"v1_webhooks_list", "v1_schedules_list"}
QUESTION = {
    "template_code": "ResellerExpenses",
    "parameters": {"date_from": "2026-10-01", "date_to": "2026-10-01"},
}


@dataclass(frozen=True)
class Work:
    """A kind of background work: what asks for it, and what a worker does."""

    body: Callable[[ModuleType, Book], Any]
    work: Callable[[Any, Any], Any]


def _question(models: ModuleType, _: Book) -> Any:
    return models.OrgReportTaskRequest.from_dict(QUESTION)


def _usage_file(models: ModuleType, book: Book) -> Any:
    payload = io.BytesIO(csv_bytes([usage(book)]))
    file = _module("types").File(payload=payload, file_name="usage.csv")
    return models.ImportForm(file=file)


def _stop(models: ModuleType, book: Book) -> Any:
    asked = {"client_id": book.fjord.pk, "at": "2027-03-01T12:00:00Z"}
    return models.StopSubscriptionsRequest.from_dict(asked)


def _closing(models: ModuleType, _: Book) -> Any:
    return models.ClosingRequest.from_dict({"month": "2025-01", "dry_run": True})


WORKS = {
    "reports": Work(_question, write_report),
    "imports": Work(_usage_file, import_usage),
    "closings": Work(_closing, close_period),
    "stops": Work(_stop, write_stop),
}
STEPS = (
    "create",
    "list",
    "retrieve",
    "download_retrieve",
    "rows_retrieve",
    "cancel_create",
    "destroy",
)
OF_TASKS = {f"v1_{kind}_{step}" for kind in WORKS for step in STEPS}
"""Called in the life of a task."""

OPERATIONS = {
    operation["operationId"]: operation
    for item in openapi_document()["paths"].values()
    for operation in item.values()
}


def test_a_generated_client_calls_every_operation(
    demo_server: tuple[str, str], generated: ModuleType
) -> None:
    models = _module("models")
    url, key = demo_server
    with _client(generated, url, key) as client:
        calls = _calls()
        assert calls.keys() | OF_TASKS == OPERATIONS.keys()
        for name, call in calls.items():
            given = {**call.arguments, **call.query}
            given |= {"body": call.body(models)} if call.body else {}
            parsed = _answer(name, client, call.status, **given)
            if name.endswith("_list") and call.status == 200:
                assert parsed.count >= len(parsed.results), name
                assert parsed.results or name in NOT_IN_THE_BOOK, name


@pytest.mark.long
@pytest.mark.parametrize("kind", WORKS)
def test_a_generated_client_sees_background_work_through(
    transactional_db: Any, live_server: LiveServer, generated: ModuleType, kind: str
) -> None:
    ensure_queue()
    callers = let_in()
    models = _module("models")
    with _client(generated, live_server.url, callers.admin) as client:
        finished, waiting = (
            _answer(f"v1_{kind}_create", client, 201, body=WORKS[kind].body(models, callers.book))
            for _ in range(2)
        )
        run_file_task(finished.uuid, work=WORKS[kind].work)
        read = _answer(f"v1_{kind}_retrieve", client, 200, id=finished.uuid)
        assert read.status == "Completed", read.processing_notes
        _answer(f"v1_{kind}_download_retrieve", client, 200, uuid=finished.uuid)
        _answer(f"v1_{kind}_rows_retrieve", client, 200, uuid=finished.uuid)
        cancelled = _answer(f"v1_{kind}_cancel_create", client, 200, uuid=waiting.uuid)
        assert (cancelled.uuid, cancelled.status) == (waiting.uuid, "Cancelled")
        listed = _answer(f"v1_{kind}_list", client, 200, limit=100)
        assert {finished.uuid, waiting.uuid} <= {each.uuid for each in listed.results}
        for task in (finished, waiting):
            _answer(f"v1_{kind}_destroy", client, 204, id=task.uuid)


def _answer(name: str, client: Any, status: int, **given: Any) -> Any:
    """What the generated function of the operation makes of the answer, which it must keep."""
    tag = OPERATIONS[name]["tags"][0].replace("-", "_")
    paths = [given.pop(each) for each in ("id", "uuid") if each in given and _in_path(name, each)]
    answer = _module(f"api.{tag}.{name}").sync_detailed(*paths, client=client, **given)
    assert answer.status_code == status, (name, answer.content)
    if status == 204:
        return None
    assert answer.parsed is not None, name
    if hasattr(answer.parsed, "to_dict"):
        assert _plain(answer.parsed.to_dict()) == _plain(json.loads(answer.content)), name
    else:
        assert answer.parsed.payload.read() == answer.content
    return answer.parsed


def _in_path(name: str, parameter: str) -> bool:
    parameters = OPERATIONS[name]["parameters"]
    return any(each["name"] == parameter and each["in"] == "path" for each in parameters)


def _plain(value: Any) -> Any:
    """JSON whose moments and days are compared by what they mean."""
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, str) and value[:2] == "20" and value[10:11] == "T":
        return datetime.fromisoformat(value)
    return value


def _reseller() -> int:
    return User.objects.get(email="admin1@demo.example").reseller_id or 0


def _first(table: Any, reseller: str | None = None) -> Any:
    rows = table.objects.order_by("pk")
    return (rows.filter(**{reseller: _reseller()}) if reseller else rows)[0].pk


def _client(generated: ModuleType, server: str, key: str) -> Any:
    word, _, token = key.partition(" ")
    return generated.AuthenticatedClient(base_url=server, token=token, prefix=word)


def _module(name: str) -> Any:
    return importlib.import_module(f"{PACKAGE}.{name}")
