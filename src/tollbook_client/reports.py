"""Reports: submitted, followed, downloaded."""

from collections.abc import Iterator, Mapping
from uuid import UUID, uuid4

from tollbook_client.answers import read_object, read_value
from tollbook_client.tasks import Tasks
from tollbook_client.values import FileTask, Template, read_file_task, read_template


class Reports(Tasks):
    """The reports of one server that the key may see."""

    folder = "reports"
    noun = "report"

    def create(
        self,
        template: str,
        parameters: Mapping[str, object] | None = None,
        *,
        request_id: UUID | None = None,
    ) -> FileTask:
        """Submit a report; the same ``request_id`` and question again is the same report.

        One is made up where none is given, so that a repeated request never makes two.
        """
        response = self._transport.send(
            "POST",
            "/reports",
            body={"template_code": template, "parameters": dict(parameters or {})},
            headers={"Request-Id": str(request_id or uuid4())},
        )
        return read_value(read_file_task, read_object(response))

    def templates(self) -> Iterator[Template]:
        """The reports that the server can make, with their parameters."""
        found = self._transport.items("/reports/templates", {})
        return (read_value(read_template, one) for one in found)
