"""``tollbook operators`` on a running book: who gets in with the password that was set."""

import re
import subprocess
import sys

import httpx
import pytest

from tests.scenarios.house import House

pytestmark = pytest.mark.xdist_group("demo")

PASSWORD = "correct horse battery"


def run(demo: House, *words: str, password: str = PASSWORD) -> tuple[int, str, str]:
    """Status, standard output and standard error; there is no terminal."""
    done = subprocess.run(
        [sys.executable, "-m", "tollbook", "operators", *words],
        env=demo.environment,
        cwd=demo.home,
        input=f"{password}\n",
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    return done.returncode, done.stdout, done.stderr


def gets_in(demo: House, email: str, password: str = PASSWORD) -> bool:
    """Log in as a browser would, against the running server."""
    with httpx.Client(base_url=demo.url, timeout=60) as browser:
        page = browser.get("/admin/login/").text
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        assert token
        told = {"username": email, "password": password, "csrfmiddlewaretoken": token[1]}
        browser.post("/admin/login/", data=told)
        status = browser.get("/admin/").status_code
        assert status in {200, 302}
        return status == 200


@pytest.mark.long
def test_the_demo_operator_gets_in_once_a_password_is_set(demo: House) -> None:
    assert not gets_in(demo, "operator@demo.example", "!demo")
    assert run(demo, "password", "--email", "Operator@demo.example", "--stdin")[:2] == (0, "")
    assert gets_in(demo, "operator@demo.example")
    assert not gets_in(demo, "operator@demo.example", "wrong")


def test_a_new_operator_gets_in_at_once(demo: House) -> None:
    assert run(demo, "new", "--email", "new@operators.example", "--stdin")[0] == 0
    assert gets_in(demo, "new@operators.example")


@pytest.mark.long
@pytest.mark.parametrize(
    ("words", "password", "said"),
    [
        (("password", "--email", "nobody@example.com"), PASSWORD, "there is no user"),
        (("password", "--email", "admin1@demo.example"), PASSWORD, "is for operators"),
        (("password", "--email", "operator@demo.example"), "short", "too short"),
        (("new", "--email", "weak@operators.example"), "", "too short"),
        (("new", "--email", "operator@demo.example"), PASSWORD, "is known already"),
        (("new", "--email", "nobody"), PASSWORD, "is no e-mail address"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(
    demo: House, words: tuple[str, ...], password: str, said: str
) -> None:
    status, printed, heard = run(demo, *words, "--stdin", password=password)
    assert status == 1
    assert printed == ""
    assert said in heard
    assert heard.count("\n") == 1
    assert not gets_in(demo, "weak@operators.example", "")


def test_without_a_terminal_a_password_must_come_by_standard_input(demo: House) -> None:
    status, _, heard = run(demo, "password", "--email", "operator@demo.example")
    assert status == 1
    assert "--stdin" in heard
