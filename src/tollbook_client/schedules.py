"""Schedules: reports and closings that the server asks for by itself, and what became of each."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from tollbook_client.answers import read_object, read_value
from tollbook_client.retries import Repeatable
from tollbook_client.transport import Transport
from tollbook_client.webhooks import read_moment


@dataclass(frozen=True)
class ScheduleRun:
    """One time of a schedule."""

    id: int
    fire_at: datetime
    by_hand: bool
    state: str
    error: str | None
    task_uuid: UUID | None
    exported_key: str | None
    exported_bytes: int | None
    exported_sha256: str | None
    export_expires_at: datetime | None
    delivery_id: UUID | None
    created_at: datetime
    settled_at: datetime | None


@dataclass(frozen=True)
class Schedule:
    """What is asked for, when, and where the result goes."""

    id: int
    name: str
    user_id: int
    reseller_id: int | None
    kind: str
    template_code: str | None
    parameters: Mapping[str, Any]
    cron: str
    time_zone: str
    target: str
    format: str | None
    keep_days: int | None
    webhook_id: int | None
    enabled: bool
    next_run_at: datetime | None
    last_run: ScheduleRun | None
    created_at: datetime
    updated_at: datetime


class Schedules:
    """The schedules of one server that the key may see."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create(  # noqa: PLR0913  the API's own fields
        self,
        name: str,
        cron: str,
        *,
        kind: str = "report",
        template_code: str | None = None,
        parameters: Mapping[str, object] | None = None,
        time_zone: str | None = None,
        target: str | None = None,
        format: str | None = None,  # noqa: A002  the API's own word
        webhook_id: int | None = None,
        keep_days: int | None = None,
        enabled: bool | None = None,
    ) -> Schedule:
        """Add a schedule; days in ``parameters`` may be words as ``{previous_month.start}``."""
        asked = {
            "name": name,
            "cron": cron,
            "kind": kind,
            "template_code": template_code,
            "parameters": parameters,
            "time_zone": time_zone,
            "target": target,
            "format": format,
            "webhook_id": webhook_id,
            "keep_days": keep_days,
            "enabled": enabled,
        }
        return self._send("POST", "/schedules", asked)

    def list(self, *, enabled: bool | None = None) -> Iterator[Schedule]:
        """Schedules, page after page as they are asked for."""
        found = self._transport.items("/schedules", {"enabled": enabled})
        return (read_value(read_schedule, one) for one in found)

    def get(self, id: int) -> Schedule:  # noqa: A002  the API's own word
        """One schedule with its latest run."""
        return read_value(read_schedule, self._transport.get(_path(id)))

    def change(self, id: int, **changes: object) -> Schedule:  # noqa: A002  the API's own word
        """Change what is given, by the names that ``create`` has."""
        return self._send("PATCH", _path(id), changes)

    def delete(self, id: int) -> None:  # noqa: A002  the API's own word
        """Remove a schedule; its files stay for their time."""
        self._transport.send("DELETE", _path(id), repeatable=Repeatable.UNLESS_RECEIVED)

    def run(self, id: int) -> ScheduleRun:  # noqa: A002  the API's own word
        """Ask for it now."""
        response = self._transport.send(
            "POST", f"{_path(id)}/run", repeatable=Repeatable.UNLESS_RECEIVED
        )
        return read_value(read_run, read_object(response))

    def runs(self, id: int) -> Iterator[ScheduleRun]:  # noqa: A002  the API's own word
        """What became of each time, the latest first."""
        found = self._transport.items(f"{_path(id)}/runs", {})
        return (read_value(read_run, one) for one in found)

    def _send(self, method: str, path: str, asked: Mapping[str, object]) -> Schedule:
        body = {name: value for name, value in asked.items() if value is not None}
        response = self._transport.send(
            method, path, body=body, repeatable=Repeatable.UNLESS_RECEIVED
        )
        return read_value(read_schedule, read_object(response))


def read_schedule(found: Mapping[str, Any]) -> Schedule:
    """From the API's JSON; ``KeyError``, ``TypeError`` or ``ValueError`` where it is none."""
    return Schedule(
        id=int(found["id"]),
        name=str(found["name"]),
        user_id=int(found["user_id"]),
        reseller_id=found["reseller_id"],
        kind=str(found["kind"]),
        template_code=found["template_code"],
        parameters=dict(found["parameters"]),
        cron=str(found["cron"]),
        time_zone=str(found["time_zone"]),
        target=str(found["target"]),
        format=found["format"],
        keep_days=found["keep_days"],
        webhook_id=found["webhook_id"],
        enabled=bool(found["enabled"]),
        next_run_at=read_moment(found["next_run_at"]),
        last_run=found["last_run"] and read_run(found["last_run"]),
        created_at=datetime.fromisoformat(found["created_at"]),
        updated_at=datetime.fromisoformat(found["updated_at"]),
    )


def read_run(found: Mapping[str, Any]) -> ScheduleRun:
    """From the API's JSON; ``KeyError``, ``TypeError`` or ``ValueError`` where it is none."""
    return ScheduleRun(
        id=int(found["id"]),
        fire_at=datetime.fromisoformat(found["fire_at"]),
        by_hand=bool(found["by_hand"]),
        state=str(found["state"]),
        error=found["error"],
        task_uuid=found["task_uuid"] and UUID(found["task_uuid"]),
        exported_key=found["exported_key"],
        exported_bytes=found["exported_bytes"],
        exported_sha256=found["exported_sha256"],
        export_expires_at=read_moment(found["export_expires_at"]),
        delivery_id=found["delivery_id"] and UUID(found["delivery_id"]),
        created_at=datetime.fromisoformat(found["created_at"]),
        settled_at=read_moment(found["settled_at"]),
    )


def _path(id: int) -> str:  # noqa: A002  the API's own word
    return f"/schedules/{int(id)}"
