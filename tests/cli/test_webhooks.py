"""``tollbook webhooks`` and ``schedule`` against a running server: words and exit statuses."""

import json
import time

import pytest

from tests.cli.test_report import ok, refusal
from tests.patience import until
from tests.scenarios.house import House

pytestmark = pytest.mark.xdist_group("demo")

DAYS = ("-p", "date_from={previous_month.start}", "-p", "date_to={previous_month.end}")
ADDRESS = "https://no-such-name.invalid/hook"


@pytest.mark.long
def test_a_webhook_is_added_tried_and_removed(demo: House) -> None:
    made = ok(demo, "webhooks", "new", ADDRESS, "--event", "report.completed")
    assert made.stdout.startswith("whsec_")
    assert made.stdout.count("\n") == 1
    (webhook,) = json.loads(ok(demo, "webhooks", "list", "--json").stdout)
    number = str(webhook["id"])
    assert "secret" not in webhook
    ok(demo, "webhooks", "test", number)

    def tried() -> bool:
        told = json.loads(ok(demo, "webhooks", "deliveries", number, "--json").stdout)
        return bool(told[0]["attempts"])

    until(tried, every=1)
    assert "its name is not known" in ok(demo, "webhooks", "deliveries", number).stdout
    rotated = json.loads(ok(demo, "webhooks", "rotate", number, "--json").stdout)
    assert rotated["secret"] != made.stdout.strip()
    changed = ok(demo, "webhooks", "change", number, "--disable", "--json").stdout
    assert json.loads(changed)["enabled"] is False
    assert "disabled" in refusal(demo, "webhooks", "test", number)
    assert ok(demo, "webhooks", "delete", number).returncode == 0
    assert f"no webhook {number}" in refusal(demo, "webhooks", "show", number)


def test_a_webhook_near_by_is_refused_in_one_line(demo: House) -> None:
    assert "url: " in refusal(demo, "webhooks", "new", "http://127.0.0.1:9/hook")


@pytest.mark.long
def test_a_schedule_is_added_run_and_its_file_is_there(demo: House) -> None:
    name = f"x{time.time_ns()}"
    asked = ("ResellerExpenses", *DAYS, "--cron", "0 6 1 * *", "--name", name, "--format", "xlsx")
    (made,) = json.loads(ok(demo, "schedule", "new", *asked, "--json").stdout)
    number = str(made["id"])
    assert made["format"] == "xlsx"
    assert name in ok(demo, "schedule", "list").stdout
    ok(demo, "schedule", "run", number)

    def done() -> bool:
        (run,) = json.loads(ok(demo, "schedule", "runs", number, "--json").stdout)
        return bool(run["state"] == "Completed")

    until(done, seconds=60, every=1)
    told = ok(demo, "schedule", "runs", number).stdout
    assert f"/{name}/" in told
    assert ".xlsx" in told
    ok(demo, "schedule", "delete", number)
    assert f"no schedule {number}" in refusal(demo, "schedule", "show", number)


@pytest.mark.long
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--cron", "0 6 1 * *"), "say which TEMPLATE, or --closing"),
        (("ResellerExpenses", "--closing", "--cron", "* * * * *"), "neither a template nor -p"),
        (("ResellerExpenses", "--dry-run", "--cron", "* * * * *"), "of a --closing"),
        (("ResellerExpenses", *DAYS, "--cron", "soon"), "cron: This is no cron text"),
        (("ResellerExpenses", *DAYS, "--cron", "* * * * *", "--to", "mail"), "neither storage"),
        (("ResellerExpenses", "-p", "date_from={now}", "--cron", "* * * * *"), "no such word"),
    ],
)
def test_what_cannot_be_scheduled_is_told(demo: House, words: tuple[str, ...], said: str) -> None:
    assert said in refusal(demo, "schedule", "new", *words)
