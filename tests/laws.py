"""How many examples laws are tried with: all of them, or a share where there is little time."""

import os
from typing import Final

from hypothesis import HealthCheck, settings

SHARE: Final = int(os.environ.get("TOLLBOOK_TEST_EXAMPLES") or 100)
"""Percent of the examples that a test asks for."""

settings.register_profile(
    "tollbook",
    max_examples=SHARE,
    deadline=None,  # whether a machine is busy is no property of the code
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("tollbook")


def share_of(count: int) -> int:
    """How many of ``count`` examples are tried, five at least."""
    return max(5, count * SHARE // 100)


def examples(count: int) -> settings:
    """Try a law with ``count`` examples, or the share of them that is asked for."""
    return settings(max_examples=share_of(count))
