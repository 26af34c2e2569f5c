"""Who asks for work in these tests, and works that they ask for."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from tollbook.clients.models import Client, Payer, Reseller, User
from tollbook.clients.rules import Role
from tollbook.clients.selectors import viewer_of
from tollbook.clients.viewer import Viewer
from tollbook.filetasks.models import FileTask
from tollbook.filetasks.results import result_key, result_store
from tollbook.filetasks.rules import TaskType
from tollbook.filetasks.services import Progress, TaskOutcome, submit_file_task

PARAMETERS = {"date_from": "2026-01-01", "date_to": "2026-02-01"}


@dataclass(frozen=True)
class Asking:
    """One viewer of each role, and the admin of another reseller."""

    operator: Viewer
    admin: Viewer
    seller: Viewer
    client: Viewer
    stranger: Viewer


def people() -> Asking:
    """Make them."""
    reseller = Reseller.objects.create(company_name="North")
    other = Reseller.objects.create(company_name="South")
    payer = Payer.objects.create(reseller=reseller, company_name="Fjord")
    client = Client.objects.create(reseller=reseller, payer=payer, company_name="Fjord")
    return Asking(
        operator=_viewer("operator@example.com", Role.OPERATOR),
        admin=_viewer("admin@example.com", Role.ADMIN, reseller=reseller),
        seller=_viewer("seller@example.com", Role.SELLER, reseller=reseller),
        client=_viewer("client@example.com", Role.CLIENT, reseller=reseller, client=client),
        stranger=_viewer("stranger@example.com", Role.ADMIN, reseller=other),
    )


def submit(viewer: Viewer, *, request_id: UUID | None = None, **changes: Any) -> FileTask:
    """A report task of ``viewer``."""
    asked: dict[str, Any] = {
        "task_type": TaskType.REPORT,
        "template": "ResellerExpenses",
        "parameters": PARAMETERS,
        "resolved": PARAMETERS,
        "client_id": viewer.account_id,
        "now": datetime.now(UTC),
    }
    return submit_file_task(viewer=viewer, request_id=request_id, **(asked | changes))


def stored(task: FileTask) -> FileTask:
    """The row as it is now."""
    return FileTask.objects.get(pk=task.pk)


def write_two_rows(task: FileTask, progress: Progress) -> TaskOutcome:
    """A work that succeeds."""
    key = result_key(task)
    with result_store().writing(key) as file:
        file.write(b"1\n2\n")
    progress.report(done=2, total=2)
    return TaskOutcome(key=key, bytes=4, rows=2, digest="d" * 64, notes={"data_version": "7"})


def failing(*errors: Exception) -> Callable[[FileTask, Progress], TaskOutcome]:
    """A work that raises each of ``errors`` in turn, and then succeeds."""
    left = list(errors)

    def work(task: FileTask, progress: Progress) -> TaskOutcome:
        if left:
            raise left.pop(0)
        return write_two_rows(task, progress)

    return work


def _viewer(email: str, role: Role, **belongs_to: Any) -> Viewer:
    user = User(email=email, role=role, **belongs_to)
    user.set_unusable_password()
    user.save()
    return viewer_of(user)
