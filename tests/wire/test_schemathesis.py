"""schemathesis against our own document, over a real socket: all checks, nothing to be found."""

import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any, Final

import pytest
from pytest_django.live_server_helper import LiveServer

from tests.reports.book import open_book, opened
from tests.wire.book import erp_invoice, finished_report, let_in, report_task
from tests.wire.trial_book import add_cdn_trials
from tollbook.api.schema import openapi_document
from tollbook.config.queue import ensure_queue
from tollbook.filetasks.rules import TaskType

ROOT: Final = Path(__file__).parents[2]
HOOKS: Final = "tests/wire/schemathesis_hooks.py"
EXAMPLES: Final = os.environ.get("TOLLBOOK_SCHEMATHESIS_EXAMPLES")
"""A quick look with so many examples; by default all that ``schemathesis.toml`` asks for."""


OPERATIONS: Final = Counter(
    operation["tags"][0]
    for item in openapi_document()["paths"].values()
    for operation in item.values()
)
"""How many operations each tag has."""
TAGS: Final = (
    [sorted(OPERATIONS)[::2], sorted(OPERATIONS)[1::2]]
    if EXAMPLES
    else [[tag] for tag in OPERATIONS]
)
"""What is tried together: each tag by itself, or half of them where a quick look is taken."""


@pytest.fixture
def server(transactional_db: Any, live_server: LiveServer) -> tuple[str, str]:
    """Where a small book is served, and the key of a reseller's admin."""
    ensure_queue()
    book = open_book()
    for number in range(25):
        erp_invoice(book.fjord if number % 2 else book.brook, f"INV/2026/{number:05}")
    opened(book.admin, group_by="day").close()
    for task_type in set(TaskType) - {TaskType.REPORT}:
        finished_report(book.admin, task_type=task_type, template="")
    add_cdn_trials(book)
    for status in ("Pending", "Failed", "Cancelled"):
        report_task(book.admin, status=status)
    return live_server.url, let_in(book).admin


@pytest.mark.long
@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("tags", TAGS, ids=",".join)
def test_schemathesis_finds_nothing(
    tags: list[str], server: tuple[str, str], tmp_path: Path
) -> None:
    phases = "fuzzing" if EXAMPLES else "examples,coverage,fuzzing"
    wanted = [word for tag in tags for word in ("--include-tag", tag)]

    found = _run(server, *wanted, "--phases", phases, folder=tmp_path)

    assert found.returncode == 0, found.stdout[-8_000:] + found.stderr[-2_000:]
    selected = sum(OPERATIONS[tag] for tag in tags)
    assert f"{selected} selected / {OPERATIONS.total()} total" in found.stdout


@pytest.mark.long
@pytest.mark.timeout(3_600)
def test_schemathesis_finds_nothing_by_going_from_answer_to_question(
    server: tuple[str, str], tmp_path: Path
) -> None:
    found = _run(server, "--phases", "stateful", folder=tmp_path)

    assert found.returncode == 0, found.stdout[-8_000:] + found.stderr[-2_000:]
    assert f"{OPERATIONS.total()} selected / {OPERATIONS.total()} total" in found.stdout
    assert "✅  Stateful" in found.stdout


def _run(
    server: tuple[str, str], *options: str, folder: Path
) -> "subprocess.CompletedProcess[str]":
    url, key = server
    (folder / HOOKS).parent.mkdir(parents=True)
    shutil.copy(ROOT / HOOKS, folder / HOOKS)
    shutil.copy(ROOT / "schemathesis.toml", folder)
    return subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "run"),
            f"{url}/billing/org/v1/openapi.json",
            *options,
            *("--header", f"Authorization: {key}", "--checks", "all", "--no-color"),
            *(("--max-examples", EXAMPLES) if EXAMPLES else ()),
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
