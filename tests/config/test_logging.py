"""What stands in the log, and what does not: asked of a process that logs as ours do."""

import json
import subprocess
import sys
from typing import Any

SET_UP = """
import logging
from tollbook.config.logging import logging_config, set_up_logging
set_up_logging(logging_config("INFO"))
logging.getLogger("tollbook").info("here")
"""
REQUEST = """
import httpx
answer = httpx.Response(200)
httpx.Client(transport=httpx.MockTransport(lambda _: answer)).get("http://127.0.0.1/")
"""
BAD_HOST = """
import django
from django.conf import settings
settings.configure(
    ALLOWED_HOSTS=["*"],
    LOGGING_CONFIG=None,
    MIDDLEWARE=["django.middleware.common.CommonMiddleware"],
    ROOT_URLCONF=__name__,
)
urlpatterns = []
django.setup()
from django.test import Client
assert Client(headers={"Host": "bad_host!"}).get("/").status_code == 400
"""


def lines_of(program: str) -> list[dict[str, Any]]:
    ran = subprocess.run(
        [sys.executable, "-c", SET_UP + program],
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
    )
    assert ran.returncode == 0, ran.stderr
    return [json.loads(line) for line in ran.stderr.splitlines()]


def test_the_requests_of_a_command_that_talks_to_a_server_are_not_in_the_log() -> None:
    assert [line["event"] for line in lines_of(REQUEST)] == ["here"]


def test_a_bad_host_is_one_line_without_a_trace() -> None:
    _, refused = lines_of(BAD_HOST)
    assert refused["logger"] == "django.security.DisallowedHost"
    assert "'bad_host!'" in refused["event"]
    assert "exception" not in refused
