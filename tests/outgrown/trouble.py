"""What breaks on the way: workers that die with work in their hands, a broker that is away."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from tests.outgrown.books import OCTOBER, made, make_report
from tests.outgrown.broker import Broker
from tests.outgrown.machines import Machine
from tests.patience import until
from tollbook_client import FileTask, TaskStatus, Tollbook

_TRIES: Final = 5
_SECONDS_AWAY: Final = 3


@dataclass(frozen=True)
class Breakage:
    """Kills machines that run workers, one at a time, and the broker."""

    workers: Sequence[Machine]
    broker: Broker

    def during_report(self, book: Tollbook) -> None:
        """A report whose worker died comes out as the one whose worker lived."""
        told = make_report(book, "ResellerExpenses").processing_notes
        for _ in range(_TRIES):
            asked = book.reports.create("ResellerExpenses", OCTOBER)
            self._kill_whoever_has(asked.uuid)
            again = made(book.reports, asked).processing_notes
            if again.attempt == 2:
                break
        assert again.attempt == 2, "every report was done before its worker was killed"
        assert [each["code"] for each in again.warnings] == ["worker_lost"]
        assert (again.rows, again.digest) == (told.rows, told.digest)

    def during_closing(self, book: Tollbook, task: FileTask) -> None:
        """Its worker dies, and the broker while another goes on; what is asked for then waits."""
        self._kill_whoever_has(task.uuid)
        self._holder_of(task.uuid, attempt=2)
        self.broker.kill()
        asked = book.reports.create("ResellerPlans", OCTOBER)
        time.sleep(_SECONDS_AWAY)
        assert book.reports.get(asked.uuid).status is TaskStatus.PENDING
        self.broker.start()
        made(book.reports, asked)
        assert made(book.closings, task).processing_notes.attempt == 2

    def _kill_whoever_has(self, uuid: UUID) -> None:
        machine = self._holder_of(uuid, attempt=1)
        machine.kill()
        machine.start("worker", "-c", "1")

    def _holder_of(self, uuid: UUID, *, attempt: int) -> Machine:
        """The machine whose worker has claimed the task."""
        found: list[Machine] = []

        def is_claimed() -> bool:
            found[:] = [each for each in self.workers if each.has_claimed(uuid, attempt)]
            return bool(found)

        until(is_claimed, seconds=60, every=0.01)
        return found[0]
