"""What a report answers: who asks, and the checked parameters as they were understood."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from tollbook.clients.rules import Role
from tollbook.clients.viewer import Viewer
from tollbook.kernel.periods import DateRange
from tollbook.reports.parameters import Value


@dataclass(frozen=True)
class Question:
    """Checked parameters with their defaults, and the viewer whose book is asked.

    Unless ``copies``, nothing that was made before may be put into the answer.
    """

    viewer: Viewer
    values: Mapping[str, Value]
    copies: bool = True

    @property
    def days(self) -> DateRange:
        """The days asked for: ``date_to`` is exclusive, and equal dates mean that one day."""
        first, last = self.values["date_from"], self.values["date_to"]
        if not isinstance(first, date) or not isinstance(last, date):
            raise TypeError("the template declares no range of days")
        return DateRange(first, max(last, first + timedelta(days=1)))

    def text(self, name: str) -> str:
        """The text of a parameter that has one."""
        value = self.values[name]
        if not isinstance(value, str):
            raise TypeError(f"parameter {name} holds no text")
        return value

    def resolved(self) -> dict[str, object]:
        """The whole interpretation as JSON: every parameter, the exact days, whose book."""
        told: dict[str, object] = {
            name: value.isoformat() if isinstance(value, date) else value
            for name, value in self.values.items()
        }
        if isinstance(self.values.get("date_from"), date):
            days = self.days
            told |= {"date_to": days.end.isoformat(), "days": days.days}
        return told | {"scope": self._scope()}

    def _scope(self) -> dict[str, object]:
        """Whose clients the answer may name, in the terms of the rules of sight."""
        scope: dict[str, object] = {"role": self.viewer.role.value}
        if self.viewer.reseller_id is not None:
            scope["reseller_id"] = self.viewer.reseller_id
        if self.viewer.client_id is not None:
            scope["client_id"] = self.viewer.client_id
        if self.viewer.role is Role.SELLER:
            scope["seller_id"] = self.viewer.user_id
        return scope
