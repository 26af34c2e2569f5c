"""Closings of months: asked for, followed, downloaded."""

from collections.abc import Collection
from uuid import UUID, uuid4

from tollbook_client.answers import read_object, read_value
from tollbook_client.tasks import Tasks
from tollbook_client.values import FileTask, read_file_task


class Closings(Tasks):
    """The closings of one server that the key may see."""

    folder = "closings"
    noun = "closing"

    def create(
        self,
        month: str,
        *,
        reseller: int | None = None,
        client_ids: Collection[int] | None = None,
        dry_run: bool = False,
        request_id: UUID | None = None,
    ) -> FileTask:
        """Ask for a month such as ``2026-10`` to be closed; ``reseller`` for operators' keys.

        A ``dry_run`` makes the same result and keeps nothing else.
        """
        asked = {"reseller": reseller, "client_ids": client_ids and list(client_ids)}
        given = {name: value for name, value in asked.items() if value is not None}
        response = self._transport.send(
            "POST",
            "/closings",
            body={"month": month, "dry_run": dry_run, **given},
            headers={"Request-Id": str(request_id or uuid4())},
        )
        return read_value(read_file_task, read_object(response))
