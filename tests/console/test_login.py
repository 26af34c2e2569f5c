"""The login: operators with a password, a wait after many mistakes, and nothing for the API."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from tests.reports.book import Book, open_book
from tests.wire.book import let_in
from tollbook.clients.models import User
from tollbook.console.models import LoginFailures
from tollbook.console.rules import FAILURES_AT_ONCE, is_locked
from tollbook.console.services import set_operator_password
from tollbook.kernel.errors import Conflict, InvalidInput, NotFound

PASSWORD = "correct horse battery"
OPERATOR = "operator@example.com"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _quick_hashes(settings: Settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def book() -> Book:
    """The small book; its operator has a password."""
    book = open_book()
    set_operator_password(email="Operator@Example.com", password=PASSWORD)
    return book


def log_in(browser: Browser, email: str = OPERATOR, password: str = PASSWORD, **more: Any) -> Any:
    return browser.post("/admin/login/", {"username": email, "password": password}, **more)


def said(answer: Any) -> str:
    assert answer.status_code == 200
    return " ".join(answer.context["form"].non_field_errors())


def test_an_operator_comes_in_and_goes_out(book: Book) -> None:
    browser = Browser()
    assert log_in(browser, email="OPERATOR@example.com").status_code == 302
    assert browser.get("/admin/").status_code == 200
    browser.post("/admin/logout/")
    assert browser.get("/admin/").status_code == 302


def test_the_bare_address_leads_in(book: Book) -> None:
    assert Browser().get("/admin")["Location"] == "/admin/"


@pytest.mark.parametrize("email", [OPERATOR, "nobody@example.com", "admin@example.com"])
def test_all_others_hear_the_same(book: Book, email: str) -> None:
    admin = User.objects.get(email="admin@example.com")
    admin.is_staff = True
    admin.set_password("wrong")
    admin.save()
    heard = said(log_in(Browser(), email=email, password="wrong"))
    assert heard == "This is not the e-mail address and password of an operator."


def test_an_operator_without_a_password_stays_outside(db: None) -> None:
    open_book()
    for password in ("", "!", "!demo", PASSWORD):
        assert log_in(Browser(), password=password).status_code == 200


@pytest.mark.parametrize("lost", [{"is_active": False}, {"is_staff": False}])
def test_who_is_put_out_is_out_at_once(book: Book, lost: dict[str, bool]) -> None:
    browser = Browser()
    log_in(browser)
    User.objects.filter(email=OPERATOR).update(**lost)
    assert browser.get("/admin/").status_code == 302
    assert log_in(Browser()).status_code == 200


def test_ten_mistakes_shut_the_address_for_a_minute(book: Book) -> None:
    browser = Browser()
    for _ in range(FAILURES_AT_ONCE):
        assert "not the e-mail address" in said(log_in(browser, password="wrong"))
    assert "Try again in a minute" in said(log_in(browser))
    assert "Try again in a minute" in said(log_in(Browser(), email=OPERATOR.upper()))
    assert "not the e-mail address" in said(log_in(browser, email="x@example.com"))

    past = datetime.now(UTC) - timedelta(minutes=1)
    LoginFailures.objects.filter(email=OPERATOR).update(last_at=past)
    assert log_in(browser).status_code == 302
    assert not LoginFailures.objects.filter(email=OPERATOR).exists()


def test_no_other_way_to_write_the_address_is_counted_by_itself(book: Book) -> None:
    User.objects.filter(email=OPERATOR).update(email="first@example.com")
    for _ in range(FAILURES_AT_ONCE):
        said(log_in(Browser(), email="first@example.com", password="wrong"))
    for email in ("f\u0131rst@example.com", "FIRST@example.com", "fir\u017ft@example.com"):
        assert "Try again in a minute" in said(log_in(Browser(), email=email)), email


@pytest.mark.parametrize("email", ["x" * 100_000, "\u0130" * 200, "\x00", "\ufffd"])
def test_an_address_that_nobody_can_have_is_refused_as_any_other(book: Book, email: str) -> None:
    assert log_in(Browser(), email=email).status_code == 200


def test_a_page_elsewhere_is_not_where_a_login_leads(book: Book) -> None:
    answer = Browser().post(
        "/admin/login/?next=//elsewhere.example/",
        {"username": OPERATOR, "password": PASSWORD, "next": "//elsewhere.example/"},
    )
    assert answer["Location"] == "/admin/"


@pytest.mark.parametrize(
    ("failures", "seconds", "locked"),
    [
        (0, 0, False),
        (9, 0, False),
        (10, 0, True),
        (10, 59, True),
        (10, 60, False),
        (11, 0, False),
        (19, 0, False),
        (20, 1, True),
    ],
)
def test_every_tenth_mistake_is_a_minute(failures: int, seconds: int, locked: bool) -> None:
    now = datetime.now(UTC)
    last_at = now - timedelta(seconds=seconds)
    assert is_locked(failures=failures, last_at=last_at, now=now) is locked


def test_forms_want_their_token(book: Book) -> None:
    assert log_in(Browser(enforce_csrf_checks=True)).status_code == 403
    browser = Browser(enforce_csrf_checks=True)
    browser.force_login(User.objects.get(email=OPERATOR))
    answer = browser.post("/admin/clients/reseller/add/", {"company_name": "Forged"})
    assert answer.status_code == 403


def test_a_password_is_changed_on_the_site(book: Book) -> None:
    browser, other = Browser(), Browser()
    log_in(browser)
    log_in(other)
    new = "another long passphrase"
    told = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    assert browser.post("/admin/password_change/", told).status_code == 302
    assert browser.get("/admin/").status_code == 200
    assert other.get("/admin/").status_code == 302


@pytest.mark.parametrize("behind_proxy", [False, True])
def test_cookies_are_for_the_admin_site_only(
    book: Book, settings: Settings, behind_proxy: bool
) -> None:
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = behind_proxy
    browser = Browser()
    browser.get("/admin/login/")
    log_in(browser)
    assert {"sessionid", "csrftoken"} <= set(browser.cookies)
    for cookie in browser.cookies.values():
        assert cookie["path"] == "/admin/"
        assert bool(cookie["secure"]) is behind_proxy
    assert browser.cookies["sessionid"]["httponly"]


def test_the_api_knows_no_session_and_asks_for_no_token(book: Book) -> None:
    key = let_in(book).admin
    browser = Browser(enforce_csrf_checks=True)
    browser.force_login(User.objects.get(email=OPERATOR))
    assert browser.get("/billing/org/v1/clients/reports").status_code in {401, 404}
    with CaptureQueriesContext(connection) as queries:
        answer = browser.get("/billing/org/v1/currencies", headers={"Authorization": key})
    assert answer.status_code == 200
    assert not answer.cookies
    assert not [query["sql"] for query in queries if "django_session" in query["sql"]]


@pytest.mark.parametrize(
    ("email", "password", "refusal"),
    [
        ("nobody@example.com", PASSWORD, NotFound),
        ("admin@example.com", PASSWORD, Conflict),
        (OPERATOR, "short", InvalidInput),
        (OPERATOR, "123456789012345", InvalidInput),
        (OPERATOR, "operator@example.co", InvalidInput),
    ],
)
def test_a_password_is_refused_where_it_is_no_good(
    book: Book, email: str, password: str, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        set_operator_password(email=email, password=password)
