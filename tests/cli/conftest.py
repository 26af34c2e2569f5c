"""A running demo that the tests of the client commands share."""

import json
from collections.abc import Iterator

import pytest

from tests.loaded_book import LoadedBook
from tests.scenarios.house import House, house_with, running_demo


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory, loaded_book: LoadedBook) -> Iterator[House]:
    """Tollbook on a copy of the demo book; put its tests into the group ``demo``."""
    with (
        house_with(loaded_book, tmp_path_factory.mktemp("demo")) as house,
        running_demo(house),
    ):
        yield house


@pytest.fixture
def client(demo: House) -> str:
    """A client that the demo's key may see and that has been invoiced."""
    invoices = json.loads(demo.tollbook("invoices", "list", "--json", key=demo.key).stdout)
    return str(invoices[0]["client_id"])
