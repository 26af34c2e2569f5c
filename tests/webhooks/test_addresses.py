"""Where messages may go: what is written, and what is connected to."""

from ipaddress import ip_address

import pytest

from tests.webhooks.receiver import Receiver
from tollbook.kernel.errors import InvalidInput
from tollbook.webhooks.addresses import check_url, may_connect
from tollbook.webhooks.sending import post

PUBLIC = ("93.184.216.34", "2606:4700:4700::1111", "64:ff9b::5db8:d822", "::ffff:8.8.8.8")
NEAR = (
    "127.0.0.1",
    "127.9.9.9",
    "10.0.0.1",
    "172.16.5.4",
    "192.168.1.1",
    "::1",
    "fd00::1",
    "::ffff:127.0.0.1",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
    "2002:c0a8:101::1",
)
NEVER = (
    "0.0.0.0",  # noqa: S104  not listened on
    "::",
    "169.254.169.254",
    "fe80::1",
    "224.0.0.1",
    "ff02::1",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
)


@pytest.mark.parametrize("text", PUBLIC)
def test_public_addresses_are_for_everybody(text: str) -> None:
    assert may_connect(ip_address(text), private=False)
    assert may_connect(ip_address(text), private=True)


@pytest.mark.parametrize("text", NEAR)
def test_near_addresses_are_for_those_who_may(text: str) -> None:
    assert not may_connect(ip_address(text), private=False)
    assert may_connect(ip_address(text), private=True)


@pytest.mark.parametrize("text", NEVER)
def test_addresses_of_nobody_and_of_the_link_are_for_nobody(text: str) -> None:
    assert not may_connect(ip_address(text), private=False)
    assert not may_connect(ip_address(text), private=True)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hook",
        "http://example.com/hook",
        "ftp://example.com/",
        "https://",
        "https:///hook",
        "https://user@example.com/",
        "https://user:word@example.com/",
        "https://example.com/#part",
        "https://example.com:0/",
        "https://example.com:99999/",
        "https://example.com:x/",
        "https://exa mple.com/",
        "https://example.com/\n",
        "https://ex\u00e4mple.com/",
        "https://example.com\\@127.0.0.1/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://[::1/",
        "https://10.1.2.3:8443/hook",
        "https://169.254.169.254/latest/meta-data",
        "https://example.com/" + "x" * 2_000,
    ],
)
def test_what_is_no_address_of_a_receiver_is_refused(url: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        check_url(url, private=False)
    assert refused.value.field == "url"


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8000/x", "http://hooks.internal/", "https://[::1]/"]
)
def test_near_receivers_need_no_tls(url: str) -> None:
    check_url(url, private=True)


@pytest.mark.parametrize(
    "host", ["localhost", "127.0.0.1", "127.1", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]"]
)
def test_a_name_that_leads_near_is_not_connected_to(receiver: Receiver, host: str) -> None:
    url = receiver.url.replace("127.0.0.1", host)
    answer = post(url, b"{}", {}, private=False, seconds=2)
    assert answer.status is None
    assert "no public address" in answer.error
    assert receiver.messages == []


def test_a_redirect_is_not_followed(receiver: Receiver) -> None:
    receiver.answers, receiver.headers = [307], {"Location": receiver.url}
    answer = post(receiver.url, b"{}", {}, private=True, seconds=2)
    assert (answer.status, answer.error) == (307, "a redirect is not followed")
    assert len(receiver.messages) == 1


def test_an_answer_that_never_ends_is_cut_at_the_time_and_its_status_counts(
    receiver: Receiver,
) -> None:
    receiver.answers, receiver.drip = [200], True
    answer = post(receiver.url, b"{}", {}, private=True, seconds=1)
    assert (answer.status, answer.error) == (200, "")
    assert answer.start.startswith("..")
    assert 900 <= answer.milliseconds < 10_000


def test_only_the_beginning_of_an_answer_is_kept_and_it_can_be_kept(receiver: Receiver) -> None:
    receiver.answers, receiver.body = [200], b"\0\xff" + b"x" * 1_000_000
    answer = post(receiver.url, b"{}", {}, private=True, seconds=2)
    assert answer.status == 200
    assert len(answer.start) == 1_000
    assert answer.start.startswith("\ufffd\ufffdxx")


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://127.0.0.1:1/", "the connection was refused"),
        ("https://no-such-name.invalid/", "its name is not known"),
        ("http://127.0.0.1:1:1/", "Port could not be cast"),
    ],
)
def test_why_no_answer_came_is_told(url: str, reason: str) -> None:
    answer = post(url, b"{}", {}, private=True, seconds=2)
    assert answer.status is None
    assert reason in answer.error


def test_a_receiver_that_speaks_no_tls_or_no_http_is_told(receiver: Receiver) -> None:
    url = receiver.url.replace("http://", "https://")
    answer = post(url, b"{}", {}, private=True, seconds=2)
    assert answer.status is None
    assert answer.error
