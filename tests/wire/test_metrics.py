"""What a monitoring system reads."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from tests.wire.book import Callers
from tests.wire.conftest import Ask
from tollbook.clients.models import User
from tollbook.clients.selectors import viewer_of
from tollbook.filetasks.models import FileTask
from tollbook.filetasks.rules import TaskType
from tollbook.filetasks.services import submit_file_task

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "metrics.md"


def read(ask: Ask, callers: Callers) -> dict[str, dict[frozenset[tuple[str, str]], float]]:
    answer = ask("GET", "/metrics", key=callers.operator)
    assert answer.status_code == 200
    return {
        family.name: {
            frozenset(sample.labels.items()): sample.value
            for sample in family.samples
            if not sample.name.endswith("_created")
        }
        for family in text_string_to_metric_families(answer.content.decode())
    }


def test_requests_are_counted_by_route_never_by_path(ask: Ask, callers: Callers) -> None:
    labels = frozenset(
        {
            "method": "GET",
            "route": "/billing/org/v1/erp-invoices/<str:id>",
            "status": "404",
        }.items()
    )
    before = read(ask, callers)["tollbook_requests"].get(labels, 0)
    assert ask("GET", "/erp-invoices/987654").status_code == 404
    after = read(ask, callers)["tollbook_requests"]
    assert after[labels] == before + 1
    assert not [labels for labels in after if "987654" in str(labels)]


def test_tasks_are_told_by_type_and_status_and_how_long_the_oldest_waits(
    ask: Ask, callers: Callers
) -> None:
    admin = User.objects.filter(role="admin").first()
    assert admin is not None
    task = submit_file_task(
        viewer=viewer_of(admin),
        task_type=TaskType.REPORT,
        template="ResellerExpenses",
        parameters={},
        resolved={},
        client_id=0,
        request_id=None,
        now=timezone.now(),
    )
    FileTask.objects.filter(pk=task.pk).update(created_at=timezone.now() - timedelta(minutes=7))
    told = read(ask, callers)
    pending = frozenset({"task_type": "Report", "status": "Pending"}.items())
    assert told["tollbook_file_tasks"][pending] == 1
    assert 420 <= told["tollbook_oldest_pending_task_seconds"][frozenset()] < 480
    assert told["tollbook_expired_leases"][frozenset()] == 0


@pytest.mark.parametrize("role", ["admin", "seller", "client"])
def test_only_an_operator_reads_the_metrics(ask: Ask, callers: Callers, role: str) -> None:
    keys = {"admin": callers.admin, "seller": callers.seller, "client": callers.client}
    assert ask("GET", "/metrics", key=keys[role]).status_code == 403
    assert ask("GET", "/metrics", key=None).status_code == 401


def test_every_metric_is_documented(ask: Ask, callers: Callers) -> None:
    page = PAGE.read_text()
    names = {name for name in read(ask, callers) if name.startswith("tollbook_")}
    documented = {name.removesuffix("_total") for name in re.findall(r"`(tollbook_\w+)`", page)}
    assert names
    assert names == documented


def test_readiness_tells_what_is_amiss(ask: Ask, db: Any) -> None:
    assert ask("GET", "/readyz", key=None).json() == {"status": "ok", "ledger": "ok"}
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'credits'")
    answer = ask("GET", "/readyz", key=None)
    assert answer.status_code == 503
    assert "tollbook migrate" in answer.json()["ledger"]
    assert ask("GET", "/healthz", key=None).status_code == 200
