"""``tollbook rate`` on the book itself: its words and its exit status."""

import json

import pytest

from tests.cli.test_report import ok, refusal
from tests.scenarios.house import House

pytestmark = pytest.mark.xdist_group("demo")


def test_rating_prints_its_counts_as_json_and_nothing_else(demo: House) -> None:
    done = ok(demo, "rate", "2026-10", "--client", "1004", "--json")
    told = json.loads(done.stdout)
    assert (told["month"], told["added"], told["replaced"], told["removed"]) == ("2026-10", 0, 0, 0)
    assert told["unchanged"] > 0
    assert "month_rated" in done.stderr


def test_rating_a_client_that_is_not_there_is_refused_in_one_line(demo: House) -> None:
    said = refusal(demo, "rate", "2026-10", "--client", "1004", "--client", "2147483647")
    assert said == "tollbook: there is no client 2147483647\n"


def test_rating_a_closed_month_is_refused_in_one_line(demo: House) -> None:
    assert "2026-09 is not open" in refusal(demo, "rate", "2026-09", "--client", "1004")
