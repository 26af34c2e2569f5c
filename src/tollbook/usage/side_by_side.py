"""Work on the pieces of a file, one on each core; what comes out is in the order of the pieces."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final, TypeVar

Piece = TypeVar("Piece")
Made = TypeVar("Made")
_MOST: Final = 4
"""More threads than this would wait for the one that takes what they made."""


def side_by_side(pieces: Iterable[Piece], work: Callable[[Piece], Made]) -> Iterator[Made]:
    """What ``work`` makes of each piece; few pieces are held at a time.

    ``work`` runs in threads of its own, so it may not use the ledger.
    """
    threads = min(_MOST, os.cpu_count() or 1)
    waiting: deque[Future[Made]] = deque()
    with ThreadPoolExecutor(threads, thread_name_prefix="import") as pool:
        for piece in pieces:
            waiting.append(pool.submit(work, piece))
            if len(waiting) > threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
