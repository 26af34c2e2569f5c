"""The demo book in a database that all tests of lists read, and who may call there.

It is a database beside the one that other tests roll back, and a module that asks for
``demo_ledger`` is connected to it. A few rows are added that the book has no reason to hold.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from django.test import Client as Browser
from pytest_django import DjangoDbBlocker

from tests.loaded_book import LoadedBook, connected_to, one_at_a_time
from tests.wire.book import report_task
from tollbook.catalog.models import PlanItem, Price, PriceStage, Product, StatisticRegion
from tollbook.clients.models import Client, Reseller, User
from tollbook.clients.selectors import viewer_of
from tollbook.clients.services import issue_api_key
from tollbook.console.models import LoginFailures
from tollbook.contracts.models import Addendum, Stop, Subscription
from tollbook.erp.models import NumberSeries
from tollbook.expenses.models import MonthState, RatedCorrection
from tollbook.invoicing.models import ClosingHold, ClosingPart
from tollbook.reports.models import ReadyMonth, ReadyState
from tollbook.schedules.models import Run
from tollbook.schedules.services import add_schedule
from tollbook.webhooks.models import Attempt, Delivery
from tollbook.webhooks.services import add_endpoint

CALLERS = ("operator", "admin1", "admin3", "seller1", "seller4", "client")
_EDGE = datetime(2026, 10, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Caller:
    """Somebody with a key, and what the rules of sight go by."""

    name: str
    role: str
    user_id: int
    reseller_id: int | None
    client_id: int | None
    browser: Browser

    def sees(self, row: dict[str, Any]) -> bool:
        """Whether a row of a client is theirs to see, in plain words."""
        if self.role == "operator":
            return True
        if self.role == "client":
            return bool(row["client_id"] == self.client_id)
        of_seller = self.role == "admin" or row["seller_id"] == self.user_id
        return bool(row["reseller_id"] == self.reseller_id) and of_seller


@dataclass(frozen=True)
class DemoLedger:
    """Everybody who may call, by name."""

    callers: dict[str, Caller]

    def get(self, path: str, *, caller: str = "operator") -> Any:
        """The JSON that a caller is answered with 200."""
        answer = self.callers[caller].browser.get(f"/billing/org/v1{path}")
        assert answer.status_code == 200, answer.content
        return answer.json()


@pytest.fixture(scope="session")
def demo_database(loaded_book: LoadedBook, django_db_blocker: DjangoDbBlocker) -> str:
    """The name of the database, which all workers read and none may change."""
    name = f"{os.environ['TOLLBOOK_TEST_DATABASES']}_lists"
    with one_at_a_time() as known:
        if name not in known:
            loaded_book.copy_to(name)
            with django_db_blocker.unblock(), connected_to(name):
                add_what_is_rare()
                add_what_the_console_shows()
    return name


@pytest.fixture(scope="module")
def demo_ledger(demo_database: str, django_db_blocker: DjangoDbBlocker) -> Iterator[DemoLedger]:
    """The book, and keys for its users."""
    with django_db_blocker.unblock(), connected_to(demo_database):
        yield DemoLedger({name: _caller(name) for name in CALLERS})


def add_what_is_rare() -> None:
    """Rows that the demo book does not have: archived, paused, nameless, without a beginning."""
    Product.objects.filter(internal_name="P2P").update(archive=True)
    StatisticRegion.objects.create(
        uuid=UUID(int=7), int_name="100%_é", ext_name="Écu_100%", name_en=None, product_id=1
    )
    item = PlanItem.objects.get(pk=131)
    item.pk, item.default, item.comment = None, False, "50 %_off\\É"
    item.save()
    item.regions.set(StatisticRegion.objects.filter(uuid=UUID(int=7)))
    price = Price.objects.create(plan_item=item, currency_id=1, money_value="0.125")
    PriceStage.objects.create(price=price, threshold="0.5", money_value="99999.995")
    clients = Client.objects.order_by("reseller_id", "id")
    for number, (start, end, status) in enumerate(
        (
            (None, None, "paused"),
            (None, _EDGE, "stopped"),
            (_EDGE, None, "paused"),
            (_EDGE, _EDGE, "stopped"),
            (_EDGE.replace(second=1), _EDGE.replace(second=2), "stopped"),
            (_EDGE.replace(microsecond=1), _EDGE.replace(year=2027), "upcoming"),
        )
    ):
        Addendum.objects.create(
            client=clients[number * 30],
            plan_id=13,
            currency_id=1,
            status=status,
            active_from=start,
            active_to=end,
            created_at=datetime(2026, 10, 31, 23, 59, 59, 999_999, tzinfo=UTC)
            if number % 2
            else datetime(2026, 11, 1, tzinfo=UTC),
        )


def add_what_the_console_shows() -> None:
    """A row in each table that the book leaves empty, and staff, one of them by mistake.

    They are there before the first test: workers share this database, and nobody may change it.
    """
    User.objects.filter(email__in=("operator@demo.example", "admin1@demo.example")).update(
        is_staff=True
    )
    operator = User.objects.get(email="operator@demo.example")
    operator.first_name = "Olga"
    operator.save()
    ReadyMonth.objects.create(
        sources="0" * 64,
        layout="0" * 64,
        month=date(2026, 9, 1),
        rows=20_000,
        key="ready/2026-09/0",
        state=ReadyState.GIVEN_UP,
    )
    LoginFailures.objects.create(email="x@example.com", failures=1, last_at=datetime.now(UTC))
    task = report_task(viewer_of(operator))
    reseller, may = Reseller.objects.earliest("pk"), date(2026, 5, 1)
    MonthState.objects.create(reseller=reseller, month=may)
    RatedCorrection.objects.create(expense_id=1, month=may, reseller_id=reseller.pk)
    NumberSeries.objects.create(
        reseller=reseller, year=2025, move_type="out_invoice", last_number=7, last_date=may
    )
    ClosingHold.objects.create(reseller=reseller, month=may, file_task_uuid=task.uuid)
    ClosingPart.objects.create(client=Client.objects.earliest("pk"), file_task_uuid=task.uuid)
    stopped = Subscription.objects.earliest("pk")
    Stop.objects.create(file_task=UUID(int=9), subscription=stopped, ended_at=_EDGE)
    _add_what_is_told_and_when(operator)


def _add_what_is_told_and_when(operator: User) -> None:
    """A webhook that is not enabled, with a message of long ago; a schedule that never fires."""
    viewer, end = viewer_of(operator), {"settled_at": _EDGE, "created_at": _EDGE}
    endpoint, _ = add_endpoint(viewer=viewer, url="https://hooks.example/tollbook", now=_EDGE)
    endpoint.enabled = False
    endpoint.save()
    sent = Delivery.objects.create(
        id=UUID(int=11),
        endpoint=endpoint,
        event="ping",
        body="{}",
        status="Failed",
        **end,
        give_up_at=_EDGE,
    )
    Attempt.objects.create(delivery=sent, number=1, started_at=_EDGE, milliseconds=7)
    asked = {"name": "credits", "template": "ResellerCredits", "cron": "0 6 1 * *"}
    days = {"date_from": "{previous_month.start}", "date_to": "{previous_month.end}"}
    schedule = add_schedule(
        viewer=viewer, asked={**asked, "parameters": days, "enabled": False}, now=_EDGE
    )
    Run.objects.create(schedule=schedule, fire_at=_EDGE, state="Failed", **end)


def _caller(name: str) -> Caller:
    user = User.objects.get(email=f"{name}@demo.example")
    _, key = issue_api_key(user=user, now=datetime.now(UTC))
    return Caller(
        name,
        user.role,
        user.pk,
        user.reseller_id,
        user.client_id,
        Browser(headers={"Authorization": f"apikey {key}"}),
    )
