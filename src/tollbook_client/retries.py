"""When a request is sent again, and after how long a pause."""

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import Enum


@dataclass(frozen=True)
class RetryPolicy:
    """How often a request is sent at most, and the pauses between, in seconds."""

    attempts: int = 5
    first_pause: float = 0.2
    longest_pause: float = 5.0
    longest_retry_after: float = 60.0
    """A server that asks for a longer pause gets none: the error is raised."""
    sleep: Callable[[float], None] = time.sleep

    def pause(self, attempt: int) -> float:
        """Seconds after the failed ``attempt``, counted from one: doubling, with some chance."""
        longest = min(self.first_pause * 2.0 ** (attempt - 1), self.longest_pause)
        return longest * random.uniform(0.5, 1)  # noqa: S311


class Repeatable(Enum):
    """Whether sending a request twice does no more than sending it once."""

    YES = "yes"
    UNLESS_RECEIVED = "unless received"


def retry_after_of(headers: Mapping[str, str], *, default: float) -> float:
    """The seconds that ``Retry-After`` asks for, in either of its forms."""
    text = headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return default
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(tz=UTC)).total_seconds())
