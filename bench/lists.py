"""Pages of expenses: Tollbook beside Django REST framework, at the beginning and deep inside."""

import json
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from bench import figures
from bench.section import Section

_PAGE: Final = 100
_ROUNDS: Final = 20
_PATIENCE: Final = 6.0
"""A way that has taken so many seconds for a window is not asked again."""
_QUESTIONS: Final = (
    ("no filter", ""),
    ("deep, ordering=id", "ordering=id&offset={deep}"),
    ("deep, ordering=-for_date", "ordering=-for_date&offset={deep}"),
    ("deleted=false", "deleted=false"),
    ("for_date_after, for_date_before (a week)", "for_date_after={day}&for_date_before={week}"),
    ("client_id", "client_id={client}"),
    ("addendum_id", "addendum_id={addendum}"),
    ("product_id", "product_id=1"),
    ("region_id", "region_id=3"),
    ("product_id and region_id", "product_id=1&region_id=3"),
    ("company_name", "company_name=bluewater"),
    ("created_on", "created_on={day}"),
    ("ordering=-money_value", "ordering=-money_value"),
)


@dataclass(frozen=True)
class Timed:
    """Seconds of one way for one window, in order."""

    runs: tuple[float, ...]

    @property
    def median(self) -> float:
        """The 50th percentile."""
        return statistics.median(self.runs)

    @property
    def p95(self) -> float:
        """The 95th percentile; the slowest of few runs."""
        return self.runs[min(len(self.runs) - 1, int(len(self.runs) * 0.95))]


Ask = Callable[[str], bytes]


def measure_lists(*, repeats: int, tell: Callable[[str], None]) -> list[Section]:
    """Ask for pages of the whole book in the running ledger."""
    from tollbook.expenses.models import Expense

    _vacuum()
    rows = Expense.objects.count()
    deep = rows * 3 // 4
    ways = _ways()
    windows = {f"offset {offset:,}": f"offset={offset}" for offset in (0, deep)}
    timed: dict[tuple[str, str], Timed] = {}
    for window, query in windows.items():
        tell(f"lists, {rows:,} expenses, {window}")
        for label, runs in _in_turn(ways, query, _ROUNDS * repeats).items():
            timed[label, window] = runs
    tell(f"lists, {rows:,} expenses, filters")
    ours = next(iter(ways.values()))
    values = {"deep": deep, **_values()}
    asked = {
        name: _in_turn({name: ours}, query.format(**values), _ROUNDS)[name]
        for name, query in _QUESTIONS
    }
    return [_comparison(rows, list(ways), list(windows), timed), _filters(rows, asked)]


def _ways() -> dict[str, Ask]:
    """Each view, called with a key as a request calls it; Tollbook's first."""
    from rest_framework.test import APIRequestFactory

    from bench.peers.drf_list import JoinedExpenses, PrefetchedExpenses
    from tollbook.api.v1.expenses import Expenses
    from tollbook.clients.models import User
    from tollbook.clients.services import issue_api_key

    operator = User.objects.filter(role="operator").order_by("pk")[0]
    _, key = issue_api_key(user=operator, now=datetime.now(UTC))
    requests = APIRequestFactory(headers={"Authorization": f"apikey {key}"})

    def asking(view: Any) -> Ask:
        def ask(query: str) -> bytes:
            address = f"/billing/org/v1/expenses?limit={_PAGE}&{query}"
            answer = view(requests.get(address)).render()
            assert answer.status_code == 200, answer.content
            content: bytes = answer.content
            return content

        return ask

    return {
        "Tollbook": asking(Expenses.as_view()),
        "DRF ModelSerializer, prefetch_related": asking(PrefetchedExpenses.as_view()),
        "DRF ModelSerializer, select_related": asking(JoinedExpenses.as_view()),
    }


def _in_turn(ways: dict[str, Ask], query: str, rounds: int) -> dict[str, Timed]:
    """Rounds in which every way is asked once, so that a noisy minute is shared.

    Before them each is asked once, for the check that all answer the same; a slow one only then.
    """
    runs: dict[str, list[float]] = {label: [] for label in ways}
    first = {label: _timed(ask, query) for label, ask in ways.items()}
    keys = [_keys(answer) for _, answer in first.values()]
    assert all(key == keys[0] for key in keys), f"pages differ: {query}"
    spent = {label: seconds for label, (seconds, _) in first.items()}
    for _ in range(rounds):
        for label, ask in ways.items():
            if spent[label] < _PATIENCE:
                seconds, _answer = _timed(ask, query)
                spent[label] += seconds
                runs[label].append(seconds)
    return {
        label: Timed(tuple(sorted(taken or [first[label][0]]))) for label, taken in runs.items()
    }


def _timed(ask: Ask, query: str) -> tuple[float, bytes]:
    began = time.perf_counter()
    answer = ask(query)
    return time.perf_counter() - began, answer


def _keys(answer: bytes) -> list[Any]:
    """The count, and what tells that two pages hold the same expenses."""
    page = json.loads(answer)
    return [
        page["count"],
        *(
            (row["id"], row["money_value"], row["client"], row["usage"], row["plan_item"])
            for row in page["results"]
        ),
    ]


def _comparison(
    rows: int,
    labels: Sequence[str],
    windows: Sequence[str],
    timed: dict[tuple[str, str], Timed],
) -> Section:
    table = []
    for window in windows:
        ours = timed[labels[0], window]
        for label in labels:
            taken = timed[label, window]
            ratio = "" if taken is ours else f"{figures.times(taken.median / ours.median)} as fast"
            table.append(
                [
                    f"{label}, {window}",
                    figures.milliseconds(taken.median),
                    figures.milliseconds(taken.p95),
                    ratio,
                ]
            )
    return Section(
        title=f"A page of {_PAGE} nested expenses out of {rows:,}",
        headers=("way", "p50", "p95", "Tollbook is"),
        rows=table,
        notes=(
            (
                "Each is a view called with a key that it checks, up to the bytes of its answer: "
                "the count of the list, the expenses, and twelve objects inside each. All were "
                f"seen to answer the same. Who takes more than {_PATIENCE:.0f} s is asked less "
                "often, at least once."
            ),
        ),
    )


def _filters(rows: int, asked: dict[str, Timed]) -> Section:
    return Section(
        title=f"Tollbook's pages of {_PAGE} out of {rows:,} expenses, by what is asked",
        headers=("question", "p50", "p95"),
        rows=[
            [name, figures.milliseconds(taken.median), figures.milliseconds(taken.p95)]
            for name, taken in asked.items()
        ],
        notes=("With the exact count of all that the filter finds.",),
    )


def _values() -> dict[str, Any]:
    """Values of the book for the questions."""
    from datetime import timedelta

    from tollbook.expenses.models import Expense

    one = Expense.objects.order_by("-for_date", "id")[0]
    return {
        "day": one.for_date - timedelta(days=7),
        "week": one.for_date,
        "client": one.client_id,
        "addendum": one.addendum_id,
    }


def _vacuum() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE) expenses_expense")
