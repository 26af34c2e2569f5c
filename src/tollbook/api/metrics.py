"""What a monitoring system reads: requests as they are answered, and the state of the work.

Counters of requests are shared among the processes of one web server through the folder that
``PROMETHEUS_MULTIPROC_DIR`` names; the state of the work is read from the ledger at each scrape.
Every name is described in docs/reference/metrics.md.
"""

import os
from collections.abc import Iterator
from typing import Final

from django.db.models import Count, Min
from django.db.models.functions import Now
from django.http import HttpResponse
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request

from tollbook.api.views import ApiView
from tollbook.clients.rules import Role
from tollbook.filetasks.models import FileTask
from tollbook.filetasks.rules import TaskStatus
from tollbook.filetasks.selectors import database_now

disable_created_metrics()  # type: ignore[no-untyped-call]  # the library's
REQUESTS: Final = Counter(
    "tollbook_requests_total",
    "Requests answered, by method, route and status.",
    ("method", "route", "status"),
)
REQUEST_SECONDS: Final = Histogram(
    "tollbook_request_seconds",
    "Seconds until the answer began, by method and route.",
    ("method", "route"),
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
METHODS: Final = frozenset({"GET", "HEAD", "POST", "PATCH", "PUT", "DELETE", "OPTIONS"})


def count_request(*, method: str, route: str, status: int, seconds: float) -> None:
    """Note one answered request; ``route`` is the pattern of its path, never the path itself."""
    known = method if method in METHODS else "other"
    REQUESTS.labels(known, route, str(status)).inc()
    REQUEST_SECONDS.labels(known, route).observe(seconds)


class LedgerCollector(Collector):
    """The state of the background work, from the ledger, at the moment of the scrape."""

    def collect(self) -> Iterator[Metric]:
        """Tasks by type and status; how long the oldest waits; leases that ran out."""
        tasks = GaugeMetricFamily(
            "tollbook_file_tasks",
            "Recorded tasks, by type and status.",
            labels=("task_type", "status"),
        )
        rows = FileTask.objects.order_by().values_list("task_type", "status")
        for task_type, status, count in rows.annotate(count=Count("pk")):
            tasks.add_metric((task_type, status), count)
        yield tasks
        yield GaugeMetricFamily(
            "tollbook_oldest_pending_task_seconds",
            "How long the oldest pending task has waited; 0 where none waits.",
            value=_oldest_wait(),
        )
        expired = FileTask.objects.filter(
            status=TaskStatus.IN_PROGRESS, lease_expires_at__lt=Now()
        ).count()
        yield GaugeMetricFamily(
            "tollbook_expired_leases",
            "Tasks whose worker has gone silent and that no sweep has taken back yet.",
            value=expired,
        )


class MetricsPage(ApiView):
    """``/metrics``, for an operator's key."""

    def check_role(self, request: Request) -> None:
        """Numbers of the whole book are for those who see the whole book."""
        if self.viewer.role is not Role.OPERATOR:
            raise PermissionDenied("Only an operator's key may read the metrics.")

    def check_accept(self, request: Request) -> None:
        """Monitoring systems ask for forms of their own; there is one."""

    def get(self, request: Request) -> HttpResponse:
        """Answer every metric in the text form."""
        return HttpResponse(_exposition(), content_type=CONTENT_TYPE_LATEST)


def _exposition() -> bytes:
    ledger = CollectorRegistry()
    ledger.register(LedgerCollector())
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest(REGISTRY) + generate_latest(ledger)
    MultiProcessCollector(ledger)  # type: ignore[no-untyped-call]  # the library's
    return generate_latest(ledger)


def _oldest_wait() -> float:
    oldest = FileTask.objects.filter(status=TaskStatus.PENDING).aggregate(at=Min("created_at"))[
        "at"
    ]
    return max(0.0, (database_now() - oldest).total_seconds()) if oldest else 0.0
