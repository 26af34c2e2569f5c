"""``PATCH /trials/{id}``: what it sets, what it refuses and for whom, alone and all at once."""

import json
import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import psycopg
import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from psycopg.conninfo import make_conninfo

from tests.wire.book import Callers, let_in
from tests.wire.conftest import Ask
from tests.wire.trial_book import add_trial, offer_options
from tollbook.api.v1.trial_change import PUBLISHED_OPTIONS
from tollbook.catalog.models import Product
from tollbook.contracts.models import Trial, TrialOption, TrialOptionType

TRIALS = "/billing/org/v1/trials"
LARGEST = 2**31 - 1
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
ENCODED: dict[str, tuple[str, Callable[[dict[str, Any]], str | bytes]]] = {
    "json": (JSON, json.dumps),
    "form": (FORM, urlencode),
    "multipart": (MULTIPART_CONTENT, lambda body: encode_multipart(BOUNDARY, body)),
}
TRAFFIC, ZONES, WAAP = (
    "CDN_TRIAL_TRAFFIC_LIMIT",
    "DNS_REQUEST_COUNT_COMMIT",
    "WAAP_TRIAL_VOLUME_LIMIT",
)
OWN = "CDN_OF_OUR_OWN"


@pytest.fixture
def products(callers: Callers) -> dict[str, Product]:
    """CDN with two options, Storage with one."""
    found = {name: item.plan.product for name, item in callers.book.items.items()}
    offer_options(found["CDN"], TRAFFIC, WAAP, OWN)
    offer_options(found["Storage"], ZONES)
    return found


@pytest.fixture
def trial(callers: Callers, products: dict[str, Product]) -> Trial:
    """Fjord's trial of CDN: 100 of the traffic, of which 40 are used."""
    return add_trial(products["CDN"], callers.book.fjord, **{TRAFFIC: 100})


def values(trial: Trial) -> dict[str, int]:
    trial.refresh_from_db()
    options = TrialOption.objects.filter(trial=trial)
    return {"days_limit": trial.days_limit, **dict(options.values_list("option_type_id", "value"))}


@pytest.mark.parametrize("kind", ENCODED)
def test_days_and_options_are_set_by_every_kind_of_body(kind: str, ask: Ask, trial: Trial) -> None:
    content_type, encode = ENCODED[kind]
    body = encode({"days_limit": 30, TRAFFIC: 500, WAAP: 0})

    answer = ask("PATCH", f"{TRIALS}/{trial.pk}", body=body, content_type=content_type)

    assert answer.status_code == 200
    shown = answer.json()
    assert shown == ask("GET", f"{TRIALS}/{trial.pk}").json()
    assert (shown["days_limit"], shown["remaining_duration"]) == (30, 30)
    assert [
        (each["internal_name"], each["value"], each["used_value"], each["remaining_value"])
        for each in shown["options"]
    ] == [(TRAFFIC, 500, 40, 460), (WAAP, 0, 0, 0)]
    assert values(trial) == {"days_limit": 30, TRAFFIC: 500, WAAP: 0}


@pytest.mark.parametrize(
    "content_type", ["application/json; charset=utf-8", "Application/JSON;charset=UTF-8"]
)
def test_json_may_name_its_characters(content_type: str, ask: Ask, trial: Trial) -> None:
    body = json.dumps({"days_limit": 30})

    answer = ask("PATCH", f"{TRIALS}/{trial.pk}", body=body, content_type=content_type)

    assert answer.status_code == 200, answer.content
    assert answer.json()["days_limit"] == 30


@pytest.mark.parametrize("content_type", [f"{FORM}; charset=utf-8", FORM.upper()])
def test_a_form_may_name_its_characters(content_type: str, ask: Ask, trial: Trial) -> None:
    answer = ask("PATCH", f"{TRIALS}/{trial.pk}", body="days_limit=30", content_type=content_type)

    assert answer.status_code == 200, answer.content
    assert answer.json()["days_limit"] == 30


@pytest.mark.parametrize("name", ["days_limit", *PUBLISHED_OPTIONS])
def test_every_published_field_takes_the_least_and_the_most(
    name: str, ask: Ask, callers: Callers, products: dict[str, Product]
) -> None:
    TrialOptionType.objects.all().delete()
    offer_options(products["CDN"], *PUBLISHED_OPTIONS)
    trial = add_trial(products["CDN"], callers.book.fjord)

    for value in (0, 1, LARGEST):
        answer = ask("PATCH", f"{TRIALS}/{trial.pk}", body={name: value})

        assert answer.status_code == 200
        assert values(trial)[name] == value


def test_a_limit_below_what_is_used_leaves_nothing(ask: Ask, trial: Trial) -> None:
    answer = ask("PATCH", f"{TRIALS}/{trial.pk}", body={TRAFFIC: 39})

    (option,) = answer.json()["options"]
    assert (option["value"], option["used_value"], option["remaining_value"]) == (39, 40, 0)


def test_an_option_of_the_operators_own_is_taken_too(ask: Ask, trial: Trial) -> None:
    assert ask("PATCH", f"{TRIALS}/{trial.pk}", body={OWN: 7}).status_code == 200
    assert values(trial)[OWN] == 7


@pytest.mark.parametrize("content_type", [JSON, FORM, MULTIPART_CONTENT])
def test_an_empty_body_changes_nothing(content_type: str, ask: Ask, trial: Trial) -> None:
    before = ask("GET", f"{TRIALS}/{trial.pk}").json()
    for body in ("", "{}") if content_type == JSON else ("",):
        answer = ask("PATCH", f"{TRIALS}/{trial.pk}", body=body, content_type=content_type)
        assert (answer.status_code, answer.json()) == (200, before)


REFUSED: dict[str, Any] = {
    "negative": -1,
    "too large": LARGEST + 1,
    "much too large": 10**30,
    "no whole number": 1.5,
    "an exponent out of reach": 1e300,
    "a text": "many",
    "digits in a text": "5",
    "nothing": None,
    "true": True,
    "false": False,
    "a list": [5],
    "an object": {"value": 5},
    "empty": "",
}


@pytest.mark.parametrize("value", REFUSED.values(), ids=REFUSED)
@pytest.mark.parametrize("name", ["days_limit", TRAFFIC])
def test_a_value_that_is_no_limit_is_400_and_names_its_field(
    name: str, value: Any, ask: Ask, trial: Trial
) -> None:
    other = TRAFFIC if name == "days_limit" else "days_limit"
    answer = ask("PATCH", f"{TRIALS}/{trial.pk}", body={other: 77, name: value})

    assert answer.status_code == 400
    assert list(answer.json()) == [name]
    assert values(trial) == {"days_limit": 14, TRAFFIC: 100}


@pytest.mark.parametrize("kind", ["form", "multipart"])
@pytest.mark.parametrize(
    "text",
    ["-1", "2147483648", "9" * 5_000, "1.5", "x", "", "null", "true", "٧", "1_0", " 5", "+5"],
)
def test_a_text_of_a_form_that_is_no_limit_is_400_and_names_its_field(
    kind: str, text: str, ask: Ask, trial: Trial
) -> None:
    content_type, encode = ENCODED[kind]
    body = encode({"days_limit": 77, TRAFFIC: text})
    answer = ask("PATCH", f"{TRIALS}/{trial.pk}", body=body, content_type=content_type)

    assert answer.status_code == 400
    assert list(answer.json()) == [TRAFFIC]
    assert values(trial) == {"days_limit": 14, TRAFFIC: 100}


@pytest.mark.parametrize("kind", ENCODED)
@pytest.mark.parametrize(
    "name",
    [ZONES, "NO_SUCH_OPTION", "cdn_trial_traffic_limit", "client_id", "is_trial_skipped", "id", ""],
)
def test_an_option_that_is_unknown_or_of_another_product_is_400_and_named(
    kind: str, name: str, ask: Ask, trial: Trial
) -> None:
    content_type, encode = ENCODED[kind]
    body = encode({"days_limit": 77, TRAFFIC: 5, name: 5})
    answer = ask("PATCH", f"{TRIALS}/{trial.pk}", body=body, content_type=content_type)

    assert answer.status_code == 400
    assert list(answer.json()) == [name]
    assert values(trial) == {"days_limit": 14, TRAFFIC: 100}


def test_several_mistakes_are_named_at_once(ask: Ask, trial: Trial) -> None:
    body = {"days_limit": -1, ZONES: 1, "NO_SUCH_OPTION": 1, TRAFFIC: 5}
    answer = ask("PATCH", f"{TRIALS}/{trial.pk}", body=body)

    assert answer.json().keys() == {"days_limit", ZONES, "NO_SUCH_OPTION"}


@pytest.mark.parametrize(
    "body", ["[]", "7", "null", '"x"', "{", '{"days_limit": 1, "days_limit": 2}']
)
def test_a_body_that_is_no_object_is_400(body: str, ask: Ask, trial: Trial) -> None:
    answer = ask("PATCH", f"{TRIALS}/{trial.pk}", body=body)

    assert answer.status_code == 400
    assert list(answer.json()) == ["non_field_errors"]
    assert values(trial)["days_limit"] == 14


def test_a_field_twice_in_a_form_is_400_and_a_body_of_another_type_415(
    ask: Ask, trial: Trial
) -> None:
    path = f"{TRIALS}/{trial.pk}"
    twice = ask("PATCH", path, body="days_limit=1&days_limit=2", content_type=FORM)
    other = ask("PATCH", path, body="days_limit=1", content_type="text/plain")

    assert (twice.status_code, list(twice.json())) == (400, ["days_limit"])
    assert (other.status_code, list(other.json())) == (415, ["detail"])
    assert values(trial)["days_limit"] == 14


@pytest.mark.parametrize(
    ("caller", "clients", "base"),
    [
        ("operator", {"fjord", "brook", "sand"}, 200),
        ("admin", {"fjord", "brook"}, 403),
        ("seller", {"fjord"}, 403),
        ("stranger", {"sand"}, 403),
        ("client", set(), 403),
    ],
)
def test_those_who_look_after_a_client_may_change_its_trial_and_the_operator_the_base_trial(
    caller: str,
    clients: set[str],
    base: int,
    ask: Ask,
    callers: Callers,
    products: dict[str, Product],
) -> None:
    key = getattr(callers, caller)
    offered = add_trial(products["CDN"], None)
    for name in ("fjord", "brook", "sand"):
        trial = add_trial(products["CDN"], getattr(callers.book, name), **{TRAFFIC: 100})
        answer = ask("PATCH", f"{TRIALS}/{trial.pk}", key=key, body={"days_limit": 20})
        refused = 403 if caller == "client" else 404
        assert answer.status_code == (200 if name in clients else refused)
        assert values(trial)["days_limit"] == (20 if name in clients else 14)

    answer = ask("PATCH", f"{TRIALS}/{offered.pk}", key=key, body={"days_limit": 20})
    assert answer.status_code == base
    assert values(offered)["days_limit"] == (20 if base == 200 else 14)


def test_anothers_trial_is_answered_like_none_whatever_the_body(
    ask: Ask, callers: Callers, trial: Trial
) -> None:
    for body in ({"days_limit": 20}, {ZONES: 1}, {"days_limit": "x"}, {}):
        anothers, nobodys = (
            ask("PATCH", f"{TRIALS}/{number}", key=callers.stranger, body=body)
            for number in (trial.pk, LARGEST)
        )
        assert anothers.status_code == nobodys.status_code == 404
        assert anothers.json()["detail"] == nobodys.json()["detail"].replace(
            str(LARGEST), str(trial.pk)
        )


def test_a_change_waits_for_another_and_both_are_kept(
    transactional_db: Any,
) -> None:
    callers = let_in()
    product = callers.book.items["CDN"].plan.product
    offer_options(product, TRAFFIC, WAAP)
    trial = add_trial(product, callers.book.fjord, **{TRAFFIC: 100})
    answers: list[int] = []

    def change() -> None:
        browser = Browser(headers={"Authorization": callers.admin})
        answer = browser.patch(f"{TRIALS}/{trial.pk}", {WAAP: 9}, content_type=JSON)
        answers.append(answer.status_code)
        connection.close()

    with psycopg.connect(_dsn()) as other:
        other.execute("UPDATE contracts_trial SET days_limit = 21 WHERE id = %s", [trial.pk])
        waiting = threading.Thread(target=change)
        waiting.start()
        waiting.join(timeout=0.5)
        assert waiting.is_alive()
    waiting.join(timeout=100)

    assert answers == [200]
    assert values(trial) == {"days_limit": 21, TRAFFIC: 100, WAAP: 9}


def test_many_who_add_the_same_option_at_once_all_succeed(transactional_db: Any) -> None:
    callers = let_in()
    product = callers.book.items["CDN"].plan.product
    offer_options(product, TRAFFIC)
    trial = add_trial(product, callers.book.fjord)
    statuses: list[int] = []
    together = threading.Barrier(6)

    def change(value: int) -> None:
        browser = Browser(headers={"Authorization": callers.seller})
        together.wait()
        body = {TRAFFIC: value, "days_limit": value}
        answer = browser.patch(f"{TRIALS}/{trial.pk}", body, content_type=JSON)
        statuses.append(answer.status_code)
        connection.close()

    threads = [threading.Thread(target=change, args=(number,)) for number in range(1, 7)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert statuses == [200] * 6
    found = values(trial)
    assert found[TRAFFIC] == found["days_limit"]


def _dsn() -> str:
    """Where the test's own database is."""
    given = connection.get_connection_params()
    known = {"dbname", "user", "password", "host", "port"}
    return make_conninfo(**{name: given[name] for name in known & given.keys()})
