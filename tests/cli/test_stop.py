"""``tollbook stop`` and ``credits`` against a running server: words, files, exit statuses."""

import csv
import io
import json
from pathlib import Path

import pytest

from tests.cli.test_report import ok, refusal
from tests.scenarios.house import House

pytestmark = pytest.mark.xdist_group("demo")


def test_a_contract_is_stopped_and_the_file_tells_of_it(
    demo: House, client: str, tmp_path: Path
) -> None:
    target = tmp_path / "stopped.csv"
    asked = ("stop", "--client", client, "--at", "2029-03-01", "-o", str(target))
    first = ok(demo, *asked, "--json")
    told = json.loads(first.stdout)
    rows = list(csv.DictReader(io.StringIO(target.read_text())))
    assert told["stopped"] == len(rows) > 0
    assert {row["Outcome"] for row in rows} == {"stopped"}
    again = json.loads(ok(demo, *asked, "--json").stdout)
    assert (again["stopped"], again["already_stopped"]) == (0, len(rows))


def test_a_client_that_is_not_ones_own_is_refused_in_one_line(demo: House) -> None:
    said = refusal(demo, "stop", "--client", "2147483647", "--at", "2029-03-01")
    assert "There is no client 2147483647" in said


@pytest.mark.long
def test_an_operator_gives_a_credit_and_an_admin_sees_it(demo: House, client: str) -> None:
    asked = ("--client", client, "--amount", "12.50", "--currency", "EUR", "--from", "2029-01-01")
    assert "Only the operator may give credits." in refusal(demo, "credits", "grant", *asked)
    key = ok(demo, "keys", "new", "--email", "operator@demo.example").stdout.strip()
    given = ok(demo, "credits", "grant", *asked, "--json", TOLLBOOK_KEY=key)
    (credit,) = json.loads(given.stdout)
    assert (credit["amount"], credit["status"]) == ("12.500000000000", "upcoming")
    found = json.loads(ok(demo, "credits", "list", "--client", client, "--json").stdout)
    assert credit["id"] in {each["id"] for each in found}
    assert "upcoming" in ok(demo, "credits", "list", "--client", client).stdout
