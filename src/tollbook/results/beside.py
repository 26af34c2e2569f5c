"""Work beside the main thread: one piece at a time, or a few at once."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final, TypeVar

AT_ONCE: Final = 2
"""Threads that make text or whatever else is made of batches; more wait for whoever takes it."""

Result = TypeVar("Result")


def in_order(jobs: Iterable[Callable[[], Result]], *, at_once: int = AT_ONCE) -> Iterator[Result]:
    """Run ``jobs`` a few at a time and yield their results in order; only a few are held."""
    pool = ThreadPoolExecutor(at_once, thread_name_prefix="jobs")
    running: deque[Future[Result]] = deque()
    try:
        for job in jobs:
            running.append(pool.submit(job))
            if len(running) > at_once:
                yield running.popleft().result()
        while running:
            yield running.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def one_ahead(items: Iterator[Result], pool: ThreadPoolExecutor) -> Iterator[Result]:
    """``items``, none of them None; while one is worked on, the pool makes the next."""
    following = pool.submit(next, items, None)
    try:
        while (item := following.result()) is not None:
            following = pool.submit(next, items, None)
            yield item
    finally:
        following.cancel()
        del following  # its error would hold this frame, and this frame what is open


class OneBeside:
    """A thread that does one piece of work after another; whoever brings the next waits for it.

    What fails is raised to whoever brings the next piece, or waits.
    """

    def __init__(self, name: str) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._last: Future[None] | None = None

    def begin(self, work: Callable[[], None]) -> None:
        """Have ``work`` done once that before it is."""
        self.wait()
        self._last = self._thread.submit(work)

    def wait(self) -> None:
        """Return when nothing is being done any more."""
        if self._last is not None:
            self._last.result()

    def close(self) -> None:
        """Let the thread go when what it does is done; nothing is raised."""
        self._thread.shutdown(cancel_futures=True)
