"""What is committed of a feature in each region, read from contracts drawn at random."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import product

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.expenses.rated_book import OCTOBER, OPENED, RatedBook, open_rated_book
from tollbook.contracts.models import Addendum, Subscription
from tollbook.expenses.contract_tables import contract_tables
from tollbook.kernel.periods import day_start, month_of

pytestmark = pytest.mark.django_db
MONTH = month_of(OCTOBER)
FIRST = day_start(MONTH.start)
RULES = ("commit", "commit_hourly")
PLACES = ((), ("Europe",), ("Asia",), ("Europe", "Asia"), ("Asia", "Africa"))
REGIONS = ("Europe", "Asia", "Africa", "Oceania")


@dataclass(frozen=True)
class Commit:
    """What a client commits itself to, where and for how long."""

    rule: str
    places: tuple[str, ...]
    quantity: int
    begins: int
    hours: int | None

    @property
    def active_from(self) -> datetime:
        return FIRST + timedelta(hours=self.begins)

    @property
    def active_to(self) -> datetime | None:
        return None if self.hours is None else self.active_from + timedelta(hours=self.hours)

    def covers(self, region: str) -> bool:
        return not self.places or region in self.places

    def holds_at(self, moment: datetime) -> bool:
        end = self.active_to
        return self.active_from <= moment and (end is None or moment < end)


COMMITS = st.lists(
    st.builds(
        Commit,
        rule=st.sampled_from(RULES),
        places=st.sampled_from(PLACES),
        quantity=st.integers(0, 50),
        begins=st.integers(-300, 700),
        hours=st.none() | st.integers(1, 500),
    ),
    max_size=5,
)


def committed(commits: list[Commit], rule: str, region: str) -> int | None:
    """The most that is committed at one time of the month in a region; none without a commit."""
    there = [each for each in commits if each.rule == rule and each.covers(region)]
    end = day_start(MONTH.end)
    moments = [max(each.active_from, FIRST) for each in there]
    sums = [
        sum(each.quantity for each in there if each.holds_at(moment))
        for moment in moments
        if moment < end and any(each.holds_at(moment) for each in there)
    ]
    return max(sums, default=None)


def drawn(count: int) -> list[list[Commit]]:
    found: list[list[Commit]] = []

    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(COMMITS)
    def draw(commits: list[Commit]) -> None:
        found.append(commits)

    draw()
    return found


def contract(book: RatedBook, commits: list[Commit]) -> dict[int, str]:
    """Fjord's contract on traffic with its commits; names of the lines that usage is billed by."""
    addendum = Addendum.objects.create(
        client=book.fjord,
        plan=book.plan,
        currency=book.book.usd,
        status="active",
        active_from=OPENED,
    )
    for each in commits:
        Subscription.objects.create(
            addendum=addendum,
            plan_item=book.items[f"{each.rule} {each.places}"],
            quantity=Decimal(each.quantity),
            active_from=each.active_from,
            active_to=each.active_to,
        )
    return {
        Subscription.objects.create(
            addendum=addendum, plan_item=book.items[name], active_from=OPENED
        ).pk: name
        for name in ("traffic", "limited")
    }


@pytest.fixture
def book() -> RatedBook:
    """Commits of every kind and place, and traffic that is billed anywhere or in two regions."""
    made = open_rated_book()
    Addendum.objects.all().delete()
    for rule, places in product(RULES, PLACES):
        made.sell(f"{rule} {places}", rule, "traffic", *places)
    made.sell("limited", "overcommit", "traffic", "Asia", "Oceania")
    return made


def test_what_is_committed_counts_in_each_region_that_its_plan_item_covers(book: RatedBook) -> None:
    agreed = [(commits, contract(book, commits)) for commits in drawn(80)]
    numbers = {name: book.region(name).pk for name in REGIONS}

    tables = contract_tables(MONTH, [book.fjord.pk])

    general = {row["line_id"]: row for row in tables.lines.to_pylist()}
    regional = {
        (row["line_id"], row["region_id"]): row for row in tables.region_commits.to_pylist()
    }
    assert len(regional) == tables.region_commits.num_rows > 50
    checked = 0
    for commits, lines in agreed:
        for (line_id, name), region in product(lines.items(), REGIONS):
            if name == "limited" and region in {"Europe", "Africa"}:
                assert (line_id, numbers[region]) not in regional
                continue
            found = regional.get((line_id, numbers[region]), general[line_id])
            assert found["committed"] == (committed(commits, "commit", region) or 0)
            assert found["hourly_commit"] == committed(commits, "commit_hourly", region)
            checked += 1
    assert checked == len(agreed) * 6


def test_lines_of_fees_keep_their_own_quantity_in_every_region(book: RatedBook) -> None:
    commit = Commit("commit", ("Asia",), 7, 0, None)
    lines = contract(book, [commit])

    tables = contract_tables(MONTH, [book.fjord.pk])

    (fee,) = (row for row in tables.lines.to_pylist() if row["line_id"] not in lines)
    assert (fee["committed"], fee["hourly_commit"]) == (7, None)
    assert set(tables.region_commits["line_id"].to_pylist()) == set(lines)
