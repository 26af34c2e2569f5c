"""Work beside the main thread, one piece at a time."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor


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
