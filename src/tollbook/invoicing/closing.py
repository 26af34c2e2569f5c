"""What a closing is asked: whose month, for whom, and whether it shall come to anything."""

from dataclasses import dataclass
from datetime import date
from typing import Any, Self

from tollbook.filetasks.models import FileTask
from tollbook.kernel.periods import DateRange, month_of


@dataclass(frozen=True)
class Closing:
    """One closing; without ``client_ids`` it is for all clients of the reseller."""

    reseller_id: int
    month: DateRange
    client_ids: frozenset[int] | None = None
    dry_run: bool = False

    @classmethod
    def of(cls, task: FileTask) -> Self:
        """What the task asks for."""
        asked = task.parameters
        clients = asked.get("client_ids")
        return cls(
            reseller_id=asked["reseller"],
            month=month_of(date.fromisoformat(f"{asked['month']}-01")),
            client_ids=None if clients is None else frozenset(clients),
            dry_run=bool(asked.get("dry_run")),
        )

    def concerns(self, client_id: int) -> bool:
        """Whether the client is one of those to be closed."""
        return self.client_ids is None or client_id in self.client_ids

    def parameters(self) -> dict[str, Any]:
        """What the task shows as its parameters."""
        asked: dict[str, Any] = {
            "month": f"{self.month.start:%Y-%m}",
            "reseller": self.reseller_id,
        }
        if self.client_ids is not None:
            asked["client_ids"] = sorted(self.client_ids)
        if self.dry_run:
            asked["dry_run"] = True
        return asked
