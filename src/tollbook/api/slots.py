"""How much goes on at once in one process, so that small calls always find a thread and memory."""

import threading
from collections import Counter
from collections.abc import Callable
from typing import Final

from tollbook.kernel.errors import Unavailable


class Busy(Unavailable):
    """There is too much of this at once; a little later there is room again."""

    code = "busy"


class Slots:
    """Room for ``most`` at once, and for ``most_of_one`` of one owner."""

    def __init__(self, most: int, most_of_one: int | None = None) -> None:
        self._most = most
        self._most_of_one = most if most_of_one is None else most_of_one
        self._taken: Counter[int] = Counter()
        self._lock = threading.Lock()

    def take(self, owner: int = 0) -> Callable[[], None] | None:
        """Take a place; returns what gives it back, once, or none where there is no room."""
        with self._lock:
            if self._taken.total() >= self._most or self._taken[owner] >= self._most_of_one:
                return None
            self._taken[owner] += 1
        left = [owner]

        def give_back() -> None:
            with self._lock:
                if left:
                    self._taken[left.pop()] -= 1
                    self._taken += Counter()

        return give_back


DOWNLOADS: Final = Slots(36, 32)
"""Downloads that are sent, in all and of one key; a process has 48 threads."""
UPLOADS: Final = Slots(8, 4)
"""Files that are handed in, in all and with one key: as long as the client takes to send them."""
RENDERINGS: Final = Slots(2)
"""Files that are made, at full speed, while clients follow."""
ROW_LISTS: Final = Slots(1)
"""Questions about the rows of a result that nobody asked before: DuckDB takes every processor."""
