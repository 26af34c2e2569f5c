"""A running demo that the tests of the client commands share."""

from collections.abc import Iterator

import pytest

from tests.scenarios.house import House, new_house, running_demo


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Tollbook with the demo book on embedded parts; put its tests into the group ``demo``."""
    with running_demo(new_house(tmp_path_factory.mktemp("demo"), "")) as house:
        yield house
