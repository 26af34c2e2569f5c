"""The pool of a worker's processes where all of them take work from one pipe.

billiard guards that pipe by semaphores. A process that is killed while it holds one never gives it
back, and every other process, also the one that replaces it, then waits for ever. The locks here
are the kernel's own, on a file: it gives them back when their holder is gone.
"""

from typing import Any

from billiard import get_start_method
from billiard.pool import Pool
from celery.concurrency.prefork import TaskPool

from tollbook.config.locks import ForkLock


class SharedPipesPool(Pool):
    """billiard's pool with locks that a killed process does not keep."""

    _inqueue: Any
    _outqueue: Any

    def _setup_queues(self) -> None:
        super()._setup_queues()  # type: ignore[misc]  # its stubs leave it out
        if get_start_method() == "fork":
            self._inqueue._rlock = ForkLock()  # noqa: SLF001
            self._outqueue._wlock = ForkLock()  # noqa: SLF001


class WorkerPool(TaskPool):
    """Celery's prefork pool, with the above where it takes a pool with shared pipes at all."""

    BlockingPool = SharedPipesPool
