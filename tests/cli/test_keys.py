"""``tollbook keys`` on a running book: what is printed, and what the server then takes."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.scenarios.house import House
from tollbook_client import RetryPolicy, Tollbook, Unauthorized

pytestmark = pytest.mark.xdist_group("demo")


def new_key(demo: House, *options: str) -> str:
    made = demo.tollbook("keys", "new", *options)
    assert made.returncode == 0, made.stderr
    return made.stdout.strip()


def listed(demo: House, key: str) -> dict[str, Any]:
    found = json.loads(demo.tollbook("keys", "list", "--json").stdout)
    return next(one for one in found if one["id"] == int(key.split("$", maxsplit=1)[0]))


def is_taken(demo: House, key: str) -> bool:
    with Tollbook(demo.url, key, retries=RetryPolicy(attempts=1)) as book:
        try:
            list(book.reports.templates())
        except Unauthorized:
            return False
    return True


def refusal(demo: House, *arguments: str) -> str:
    """The one line that a command ends with; nothing may be printed for a program to take."""
    done = demo.tollbook(*arguments)
    assert done.returncode != 0
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("tollbook: ")
    return done.stderr


def test_a_new_key_stands_alone_on_standard_output_and_works(demo: House) -> None:
    made = demo.tollbook("keys", "new", "--email", "ann@example.com", "--role", "operator")
    assert made.returncode == 0
    number, _, secret = made.stdout.removesuffix("\n").partition("$")
    assert number.isdigit()
    assert len(secret) == 43
    assert "ann@example.com, operator" in made.stderr
    assert secret not in made.stderr
    assert is_taken(demo, made.stdout.strip())


@pytest.mark.long
def test_a_program_is_told_of_new_and_of_revoked_keys(demo: House) -> None:
    made = demo.tollbook("keys", "new", "--email", "prog@example.com", "--json")
    told = json.loads(made.stdout)
    assert (told["email"], told["role"]) == ("prog@example.com", "admin")
    assert told["key"].startswith(f"{told['id']}$")
    assert made.stderr == ""
    done = demo.tollbook("keys", "revoke", str(told["id"]), "--json")
    [revoked] = json.loads(done.stdout)
    assert (revoked["id"], revoked["state"]) == (told["id"], "revoked")
    assert not is_taken(demo, told["key"])


@pytest.mark.long
def test_a_program_is_told_what_was_revoked_before_it_went_wrong(demo: House) -> None:
    made = demo.tollbook("keys", "new", "--email", "prog@example.com", "--json")
    number = json.loads(made.stdout)["id"]
    done = demo.tollbook("keys", "revoke", str(number), "999999", "--json")
    assert done.returncode == 1
    assert [one["id"] for one in json.loads(done.stdout)] == [number]


@pytest.mark.long
@pytest.mark.parametrize("role", ["admin", "seller", "client", "operator"])
def test_a_user_of_every_role_is_made_without_more_ado(demo: House, role: str) -> None:
    key = new_key(demo, "--email", f"{role}@roles.example", "--role", role)
    assert listed(demo, key)["role"] == role
    assert is_taken(demo, key)


@pytest.mark.long
def test_a_user_may_have_many_keys_and_each_ends_alone(demo: House) -> None:
    first, second = (new_key(demo, "--email", "two@example.com") for _ in range(2))
    revoked = demo.tollbook("keys", "revoke", first.split("$")[0])
    assert revoked.returncode == 0
    assert not is_taken(demo, first)
    assert is_taken(demo, second)
    assert [listed(demo, key)["state"] for key in (first, second)] == ["revoked", "live"]


@pytest.mark.long
def test_a_key_expires_when_it_was_told_to(demo: House) -> None:
    key = new_key(demo, "--email", "short@example.com", "--expires", "12h")
    left = datetime.fromisoformat(listed(demo, key)["expires"]) - datetime.now(tz=UTC)
    assert timedelta(hours=11) < left < timedelta(hours=13)
    key = new_key(demo, "--email", "short@example.com", "--expires", "2099-12-31")
    assert listed(demo, key)["expires"] == "2099-12-31T00:00:00+00:00"


@pytest.mark.long
def test_a_key_belongs_to_the_account_that_was_named(demo: House) -> None:
    options = ("--role", "seller", "--reseller", "102")
    key = new_key(demo, "--email", "eve@example.com", *options)
    assert listed(demo, key)["account"].startswith("102 ")


@pytest.mark.long
def test_no_secret_is_ever_listed(demo: House) -> None:
    key = new_key(demo, "--email", "secret@example.com")
    secret = key.partition("$")[2]
    for options in ((), ("--json",)):
        shown = demo.tollbook("keys", "list", *options)
        assert "secret@example.com" in shown.stdout
        assert secret not in shown.stdout


@pytest.mark.long
def test_an_email_keeps_its_role(demo: House) -> None:
    new_key(demo, "--email", "keeps@example.com", "--role", "seller")
    said = refusal(demo, "keys", "new", "--email", "Keeps@example.com", "--role", "operator")
    assert "keeps@example.com, seller of Northwind Cloud, Inc. (101), is known already" in said


@pytest.mark.long
@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--email", "nobody"), "'nobody' is no e-mail address"),
        (("--email", "x@example.com", "--role", "king"), "'king' is not one of"),
        (("--email", "x@example.com", "--expires", "2020-01-01"), "must expire in the future"),
        (("--email", "x@example.com", "--expires", "soon"), "neither a day"),
        (("--email", "x@example.com", "--reseller", "7"), "there is no reseller 7"),
        (("--email", "x@example.com", "--role", "client", "--client", "7"), "no client 7"),
        (("--email", "x@example.com", "--role", "operator", "--reseller", "101"), "operator"),
        ((), "Missing option '--email'"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(
    demo: House, options: tuple[str, ...], said: str
) -> None:
    assert said in refusal(demo, "keys", "new", *options)


@pytest.mark.long
def test_a_refused_key_leaves_no_user_behind(demo: House) -> None:
    options = ("--email", "ghost@example.com")
    refusal(demo, "keys", "new", *options, "--role", "seller", "--expires", "2020-01-01")
    key = new_key(demo, *options, "--role", "client")
    assert listed(demo, key)["role"] == "client"


def test_revoking_an_unknown_key_says_so(demo: House) -> None:
    assert "there is no key 999999" in refusal(demo, "keys", "revoke", "999999")
