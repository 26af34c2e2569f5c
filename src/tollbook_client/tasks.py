"""Background work of the server: followed, downloaded, cancelled, removed; whatever it makes."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import BinaryIO, ClassVar, Final
from uuid import UUID

from tollbook_client.answers import read_object, read_value
from tollbook_client.downloads import Download, OnBytes, download
from tollbook_client.following import followed
from tollbook_client.retries import Repeatable
from tollbook_client.rows import RowsPage, RowValue, read_rows_page
from tollbook_client.transport import Transport
from tollbook_client.values import FileTask, TaskStatus, read_file_task

_PAGE: Final = 100


class Tasks:
    """The tasks of one type that the key may see; ``folder`` is their part of the path."""

    folder: ClassVar[str]
    noun: ClassVar[str]

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def get(self, uuid: UUID | str) -> FileTask:
        """One task, as it stands now."""
        return read_value(read_file_task, self._transport.get(self._path(uuid)))

    def list(
        self,
        *,
        status: Sequence[TaskStatus] = (),
        template: str | None = None,
        client_id: int | None = None,
        created_after: datetime | None = None,
        created_before: datetime | None = None,
        created_on: date | None = None,
        ordering: Sequence[str] = (),
    ) -> Iterator[FileTask]:
        """Tasks, page after page as they are asked for; newest first unless ordered."""
        found = self._transport.items(
            f"/{self.folder}",
            {
                "status": tuple(status),
                "template": template,
                "client_id": client_id,
                "created_after": created_after,
                "created_before": created_before,
                "created_on": created_on,
                "ordering": ",".join(ordering) or None,
            },
        )
        return (read_value(read_file_task, one) for one in found)

    def find(self, *, uuid: str | None = None, digest: str | None = None) -> Iterator[FileTask]:
        """Tasks whose uuid begins so, or whose result has rows of that digest."""
        found = self._transport.items(f"/{self.folder}", {"uuid": uuid, "digest": digest})
        return (read_value(read_file_task, one) for one in found)

    def wait(
        self,
        uuid: UUID | str,
        *,
        on_progress: Callable[[FileTask], None] | None = None,
        timeout: float | None = None,
    ) -> FileTask:
        """Return when the task is completed; raise when it failed or was cancelled.

        ``on_progress`` sees the task each time it is looked at; a server that is away for a while
        is waited for.
        """
        return followed(
            lambda: self.get(uuid),
            self.noun,
            pause=self._transport.retries.sleep,
            on_progress=on_progress,
            timeout=timeout,
        )

    def download(
        self,
        uuid: UUID | str,
        format: str,  # noqa: A002  the API's own word
        *,
        to: Path | str | BinaryIO,
        raw: bool = False,
        on_progress: OnBytes | None = None,
    ) -> Download:
        """Save the result as ``csv``, ``json`` or ``xlsx``; see ``downloads.download`` for ``to``.

        ``raw`` leaves text cells of a CSV alone that a spreadsheet would run.
        """
        return download(
            self._transport,
            f"{self._path(uuid)}/download",
            parameters={"format": format, "raw": True if raw else None},
            to=to,
            default_name=f"{uuid}.{format}",
            on_progress=on_progress,
        )

    def page(
        self,
        uuid: UUID | str,
        *,
        columns: Sequence[str] = (),
        filters: Sequence[str] = (),
        ordering: Sequence[str] = (),
        limit: int | None = None,
        offset: int | None = None,
    ) -> RowsPage:
        """One page of the rows of a result, 20 unless ``limit`` says otherwise, 100 at most.

        A filter is ``column:operator:value``, such as ``client_id:eq:1001``; columns are named by
        their keys.
        """
        asked = _rows_asked(columns, filters, ordering)
        window = {"limit": limit, "offset": offset}
        found = self._transport.get(f"{self._path(uuid)}/rows", {**asked, **window})
        return read_value(read_rows_page, found)

    def rows(
        self,
        uuid: UUID | str,
        *,
        columns: Sequence[str] = (),
        filters: Sequence[str] = (),
        ordering: Sequence[str] = (),
    ) -> Iterator[Mapping[str, RowValue]]:
        """The rows of a result by the keys of their columns, page after page as asked for."""
        offset = 0
        while True:
            page = self.page(
                uuid,
                columns=columns,
                filters=filters,
                ordering=ordering,
                limit=_PAGE,
                offset=offset,
            )
            yield from page.rows
            offset += len(page.rows)
            if not page.rows or offset >= page.count:
                return

    def cancel(self, uuid: UUID | str) -> FileTask:
        """Stop a task that is not finished; it stays in the list."""
        response = self._transport.send(
            "POST", f"{self._path(uuid)}/cancel", repeatable=Repeatable.UNLESS_RECEIVED
        )
        return read_value(read_file_task, read_object(response))

    def delete(self, uuid: UUID | str) -> None:
        """Remove a task and its result."""
        self._transport.send("DELETE", self._path(uuid), repeatable=Repeatable.UNLESS_RECEIVED)

    def _path(self, uuid: UUID | str) -> str:
        """The task's address; ``ValueError`` for a text that is no uuid."""
        return f"/{self.folder}/{uuid if isinstance(uuid, UUID) else UUID(uuid)}"


def _rows_asked(
    columns: Sequence[str], filters: Sequence[str], ordering: Sequence[str]
) -> dict[str, object]:
    return {
        "columns": ",".join(columns) or None,
        "filter": tuple(filters),
        "ordering": ",".join(ordering) or None,
    }
