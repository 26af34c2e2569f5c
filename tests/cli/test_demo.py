"""What ``tollbook demo`` refuses, while one runs."""

import pytest

from tests.scenarios.house import House

pytestmark = pytest.mark.xdist_group("demo")


def refusal(demo: House, *arguments: str, **variables: str) -> str:
    done = demo.tollbook(*arguments, **variables)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1, done.stderr
    assert done.stderr.startswith("tollbook: ")
    return done.stderr


def test_a_second_one_in_the_same_folder_says_that_one_runs_and_where(demo: House) -> None:
    said = refusal(demo, "demo", "--once")
    assert demo.url in said


def test_the_first_one_goes_on_undisturbed(demo: House) -> None:
    refusal(demo, "demo", "--once")
    assert demo.tollbook("report", "list", key=demo.key).returncode == 0


def test_a_scale_beyond_reason_is_refused(demo: House) -> None:
    done = demo.tollbook("demo", "--scale", "0")
    assert done.returncode == 2
    assert "0 is not in the range 1<=x<=500" in done.stderr
