"""Signatures, against a published example, and secrets that the ledger does not hold."""

import pytest
from pytest_django import Settings

from tollbook.webhooks.signing import new_seed, print_of, secret_of, signature
from tollbook_client import InvalidSignature, verify_signature

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BODY = b'{"test": 2432232314}'
HEADERS = {
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": "1614265330",
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
}


def test_the_published_example_is_signed_as_published() -> None:
    made = signature(SECRET, message_id=HEADERS["webhook-id"], timestamp=1_614_265_330, body=BODY)
    assert made == HEADERS["webhook-signature"]


def test_the_published_example_is_verified() -> None:
    verify_signature(SECRET, HEADERS, BODY, now=1_614_265_330)


@pytest.mark.parametrize(
    ("headers", "body", "now"),
    [
        ({}, b"{}", 1_614_265_330),
        ({"webhook-id": "other"}, BODY, 1_614_265_330),
        ({"webhook-timestamp": "1614265331"}, BODY, 1_614_265_330),
        ({"webhook-timestamp": "soon"}, BODY, 1_614_265_330),
        ({"webhook-signature": ""}, BODY, 1_614_265_330),
        ({"webhook-signature": "v2,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="}, BODY, 0),
        ({"webhook-signature": "v1,é"}, BODY, 1_614_265_330),
        ({}, BODY, 1_614_265_330 + 301),
        ({}, BODY, 1_614_265_330 - 301),
    ],
)
def test_what_was_changed_or_is_old_is_not_verified(
    headers: dict[str, str], body: bytes, now: int
) -> None:
    with pytest.raises(InvalidSignature):
        verify_signature(SECRET, HEADERS | headers, body, now=now)


def test_headers_count_in_any_case_and_one_good_signature_of_several_is_enough() -> None:
    headers = {name.title(): text for name, text in HEADERS.items()}
    headers["Webhook-Signature"] = "v1,AAAA " + HEADERS["webhook-signature"] + " v1a,BBBB"
    verify_signature(SECRET, headers, BODY, now=1_614_265_330)


def test_a_secret_is_made_of_seed_and_secret_key(settings: Settings) -> None:
    seed = new_seed()
    first = secret_of(seed)
    assert first == secret_of(seed)
    assert first.startswith("whsec_")
    assert print_of(first) == print_of(secret_of(seed))
    assert secret_of(new_seed()) != first
    settings.SECRET_KEY = "another"
    assert secret_of(seed) != first
