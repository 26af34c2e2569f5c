"""The Celery app of the workers under test: Tollbook's own, and the slow work."""

import sys

from celery.signals import worker_ready

from tollbook.config.celery import app

__all__ = ["app"]

app.conf.imports = ("tests.faults.slow_work",)


@worker_ready.connect
def _say(**_: object) -> None:
    sys.stderr.write("the worker takes work\n")
