"""Pages of a finished report, asked as a request asks: where it lies, filtered and ordered."""

import json
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final
from uuid import UUID, uuid4

from bench import figures
from bench.section import Section

ROWS: Final = 5_000_000
QUICK_ROWS: Final = 1_000_000
_ROUNDS: Final = 40
_QUICK_ROUNDS: Final = 10
_STEP: Final = 20
_REACH: Final = 0.100
_QUESTIONS: Final = (
    ("first page", "", 0.0),
    ("deep page", "", 0.9),
    ("filter=client_id:eq:…", "filter=client_id:eq:{client}", 0.0),
    ("filter=client_name:contains:…", "filter=client_name:contains:fjord l", 0.0),
    ("ordering=-money_value", "ordering=-money_value", 0.0),
    ("ordering=-money_value, deep", "ordering=-money_value", 0.9),
    (
        "filter, ordering=-money_value, deep",
        "filter=product_name:eq:CDN&ordering=-money_value",
        0.2,
    ),
    (
        "filter, ordering, deep, 3 columns",
        "filter=product_name:eq:CDN&ordering=-money_value&columns=id,client_name,money_value",
        0.2,
    ),
)
"""What it is called, the query, and how deep it begins, as a part of all rows."""


@dataclass(frozen=True)
class Answered:
    """Seconds of one question: asked for the first time, and then page after page, in order."""

    count: int
    first: float
    pages: tuple[float, ...]

    @property
    def median(self) -> float:
        """The 50th percentile."""
        return statistics.median(self.pages)

    @property
    def p95(self) -> float:
        """The 95th percentile."""
        return self.pages[min(len(self.pages) - 1, int(len(self.pages) * 0.95))]


def measure_rows(home: Path, *, quick: bool, tell: Callable[[str], None]) -> list[Section]:
    """Make a result and ask for its rows; the ledger of ``home`` runs, Django is ready."""
    rows = QUICK_ROWS if quick else ROWS
    tell(f"a result of {rows:,} rows is made")
    uuid, key, written = _made(home, rows)
    ask = _asking(uuid, key)
    answered = {}
    for name, query, depth in _QUESTIONS:
        tell(f"rows, {name}")
        rounds = _QUICK_ROUNDS if quick else _ROUNDS
        answered[name] = _answered(ask, query.format(client=1_500), int(rows * depth), rounds)
    return [_section(rows, written, answered)]


def _made(home: Path, rows: int) -> tuple[UUID, str, int]:
    """A completed task with a result, the key of who asked for it, and the size of its file."""
    from bench.expense_rows import write_expenses
    from tollbook.clients.models import User
    from tollbook.clients.services import issue_api_key
    from tollbook.filetasks.models import FileTask
    from tollbook.filetasks.results import result_key, result_store
    from tollbook.filetasks.rules import TaskStatus, TaskType

    admin = User.objects.filter(role="admin").order_by("pk")[0]
    _, key = issue_api_key(user=admin, now=datetime.now(UTC))
    task = FileTask(
        uuid=uuid4(),
        task_type=TaskType.REPORT,
        status=TaskStatus.COMPLETED,
        attempt=1,
        user=admin,
        reseller=admin.reseller,
        client_id=admin.reseller_id,
        template="ResellerExpenses",
        result_rows=rows,
        result_expires_at=datetime.now(UTC) + timedelta(days=1),
    )
    task.result_key = result_key(task)
    with TemporaryDirectory(prefix="tollbook-bench-", dir=home) as folder:
        made = Path(folder) / "result.parquet"
        task.result_digest = write_expenses(made, rows)
        with result_store().writing(task.result_key) as sink, made.open("rb") as source:
            while piece := source.read(1 << 20):
                sink.write(piece)
    task.save(force_insert=True)
    return task.uuid, key, result_store().size(task.result_key)


def _asking(uuid: UUID, key: str) -> Callable[[str], dict[str, Any]]:
    from rest_framework.test import APIRequestFactory

    from tollbook.api.v1.reports import VIEWS

    view = VIEWS.rows.as_view()
    requests = APIRequestFactory(headers={"Authorization": f"apikey {key}"})

    def ask(query: str) -> dict[str, Any]:
        request = requests.get(f"/billing/org/v1/reports/{uuid}/rows?{query}")
        answer = view(request, uuid=str(uuid)).render()
        assert answer.status_code == 200, answer.content
        found: dict[str, Any] = json.loads(answer.content)
        return found

    return ask


def _answered(
    ask: Callable[[str], dict[str, Any]], query: str, offset: int, rounds: int
) -> Answered:
    """Another page every time, so that none is read from what the last one left."""

    def page(number: int) -> tuple[float, dict[str, Any]]:
        began = time.perf_counter()
        found = ask(f"{query}&offset={offset + number * _STEP}")
        return time.perf_counter() - began, found

    first, found = page(0)
    assert found["results"], query
    taken = sorted(page(number)[0] for number in range(1, rounds + 1))
    return Answered(found["count"], first, tuple(taken))


def _section(rows: int, written: int, answered: dict[str, Answered]) -> Section:
    slow = [name for name, each in answered.items() if each.p95 > _REACH]
    first = [name for name, each in answered.items() if each.first > _REACH]
    return Section(
        title=f"Browsing a finished report, {rows:,} rows × 29 columns",
        headers=("question", "rows found", "first time", "p50", "p95"),
        rows=[_line(name, each) for name, each in answered.items()],
        notes=(
            f"A page of 20 rows, another one each time; the file has {figures.megabytes(written)}.",
            "First time: nobody has asked this before; the numbers of its rows are then kept.",
            f"Above {figures.milliseconds(_REACH)} at p95: {_named(slow)}.",
            f"Above it the first time: {_named(first)}.",
        ),
    )


def _line(name: str, each: Answered) -> Sequence[str]:
    times = (each.first, each.median, each.p95)
    return [name, f"{each.count:,}", *(figures.milliseconds(seconds) for seconds in times)]


def _named(names: Sequence[str]) -> str:
    return ", ".join(names) or "none"
