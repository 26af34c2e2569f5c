"""Stopping subscriptions: submitted, followed, the list of what stopped downloaded."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID, uuid4

from tollbook_client.answers import read_object, read_value
from tollbook_client.tasks import Tasks
from tollbook_client.values import FileTask, read_file_task


class Stops(Tasks):
    """The stops of one server that the key may see."""

    folder = "subscriptions/stop"
    noun = "stop"

    def create(
        self,
        client_id: int,
        at: datetime,
        *,
        product_id: int | None = None,
        addendum_ids: Collection[int] = (),
        request_id: UUID | None = None,
    ) -> FileTask:
        """End a client's subscriptions at a moment, all or some; ``at`` is aware."""
        if at.tzinfo is None:
            raise ValueError("the moment needs an offset from UTC")
        asked = {"product_id": product_id, "addendum_ids": list(addendum_ids) or None}
        given = {name: value for name, value in asked.items() if value is not None}
        response = self._transport.send(
            "POST",
            f"/{self.folder}",
            body={"client_id": client_id, "at": at.isoformat(), **given},
            headers={"Request-Id": str(request_id or uuid4())},
        )
        return read_value(read_file_task, read_object(response))
