"""What the tests of the client share."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack

import pytest

from tests.client.scripted_server import Answer, ScriptedServer, scripted_server
from tollbook_client import RetryPolicy, Tollbook

Talk = Callable[..., tuple[Tollbook, ScriptedServer]]


@pytest.fixture
def pauses() -> list[float]:
    """The pauses that the client made, none of them slept."""
    return []


@pytest.fixture
def talk(pauses: list[float]) -> Iterator[Talk]:
    """Make a client of a server that gives these answers, the last one for ever."""
    with ExitStack() as stack:

        def start(*answers: Answer) -> tuple[Tollbook, ScriptedServer]:
            running: AbstractContextManager[ScriptedServer] = scripted_server(answers)
            server = stack.enter_context(running)
            retries = RetryPolicy(attempts=4, sleep=pauses.append)
            book = Tollbook(server.url, "7$secret", timeout=30, retries=retries)
            return stack.enter_context(book), server

        yield start
