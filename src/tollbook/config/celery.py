"""The Celery app: one queue, tasks acknowledged late, the schedule of beat."""

import os
import threading
from typing import Any, Final

import structlog
from celery import Celery
from celery.schedules import crontab
from celery.signals import beat_init, setup_logging, task_prerun, worker_process_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tollbook.config.settings")
os.environ.setdefault("CELERY_SKIP_CHECKS", "1")  # they load every page, and workers serve none

from django.conf import settings
from django.db import close_old_connections

from tollbook.config.logging import set_up_logging
from tollbook.config.processes import die_with_parent
from tollbook.config.queue import CONNECT_SECONDS, QUEUE, transport_options

_log = structlog.get_logger(__name__)
TASKS_ON_ONE_CONNECTION: Final = 1_000
"""How often a worker's process uses its connection to the ledger before it makes a new one."""
_OFTEN: Final = 15.0
"""Seconds; what beat asks for so often is dropped where no worker has taken it by the next time."""
_NOW_AND_THEN: Final = 60.0
"""The same, for work that may take a while."""


def queue_settings(broker_url: str) -> dict[str, Any]:
    """How messages are sent over ``broker_url`` and taken from it."""
    return {
        "broker_url": broker_url,
        "broker_transport_options": transport_options(broker_url),
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        "broker_connection_timeout": CONNECT_SECONDS,
        "broker_pool_limit": 4,
        "task_default_queue": QUEUE,
        "task_acks_late": True,
        "task_reject_on_worker_lost": True,
        "task_ignore_result": True,
        "task_publish_retry": False,
        "task_serializer": "json",
        "accept_content": ["json"],
        "worker_prefetch_multiplier": 1,
        "worker_pool": "tollbook.config.worker_pool:WorkerPool",
        "worker_enable_remote_control": False,
        "worker_send_task_events": False,
        "timezone": "UTC",
    }


app = Celery("tollbook")
app.conf.update(
    queue_settings(settings.CELERY_BROKER_URL),
    beat_schedule={
        "expire": {"task": "filetasks.expire_results", "schedule": 3600.0},
        "leftovers": {"task": "usage.discard_leftovers", "schedule": 3600.0},
        "release months": {"task": "invoicing.release_months", "schedule": 60.0},
        "issue invoices": {"task": "erp.issue_invoices", "schedule": 60.0},
        "wake senders": {
            "task": "webhooks.wake_senders",
            "schedule": _OFTEN,
            "options": {"expires": _OFTEN},
        },
        "fire schedules": {
            "task": "schedules.fire_schedules",
            "schedule": _OFTEN,
            "options": {"expires": _OFTEN},
        },
        "forget deliveries": {"task": "webhooks.forget_deliveries", "schedule": 3600.0},
        "expire exports": {"task": "schedules.expire_exports", "schedule": 3600.0},
        "end addendums": {"task": "contracts.end_addendums", "schedule": 3600.0},
        "expire credits": {"task": "credits.expire_credits", "schedule": 3600.0},
        "prepare months": {
            "task": "reports.prepare_months",
            "schedule": _NOW_AND_THEN,
            "options": {"expires": _NOW_AND_THEN},
        },
        "sweep months": {"task": "reports.sweep_months", "schedule": 3600.0},
        "rate": {"task": "expenses.rate_open_months", "schedule": crontab(hour="2", minute="15")},
    },
    worker_concurrency=2,
    CELERY_DB_REUSE_MAX=TASKS_ON_ONE_CONNECTION,
)
app.set_default()
app.autodiscover_tasks(
    [
        "tollbook.contracts",
        "tollbook.credits",
        "tollbook.erp",
        "tollbook.expenses",
        "tollbook.filetasks",
        "tollbook.invoicing",
        "tollbook.reports",
        "tollbook.schedules",
        "tollbook.usage",
        "tollbook.webhooks",
    ]
)


@setup_logging.connect
def _use_our_logging(**_: object) -> None:
    set_up_logging(settings.LOGGING)


@worker_process_init.connect
def _end_with_the_worker(**_: object) -> None:
    die_with_parent()


@task_prerun.connect
def _look_at_the_connection(**_: object) -> None:
    """A connection that broke since the last task is replaced, as before each web request."""
    close_old_connections()


@beat_init.connect
def _keep_sweeping(**_: object) -> None:
    """Sweep in the process of beat: a message would wait behind the very work that it heals."""
    threading.Thread(target=_sweep_or_end, name="sweeper", daemon=True).start()


def _sweep_or_end() -> None:
    from tollbook.filetasks.services import keep_sweeping  # noqa: PLC0415  Django must be ready

    try:
        keep_sweeping(settings.FILE_TASK_SWEEP_SECONDS)
    except BaseException:  # noqa: BLE001  the process ends; beat without a sweeper is none
        _log.exception("sweeper_ended")
        os._exit(1)
