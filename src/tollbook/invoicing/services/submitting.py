"""Asking for a closing: what is asked is checked whole before anything is recorded."""

import re
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Final, TypeVar
from uuid import UUID

from tollbook.clients.models import Reseller
from tollbook.clients.rules import Role
from tollbook.clients.selectors import visible_clients
from tollbook.clients.viewer import Viewer
from tollbook.filetasks.models import FileTask
from tollbook.filetasks.rules import TaskType
from tollbook.filetasks.services import submit_file_task
from tollbook.invoicing.closing import Closing
from tollbook.invoicing.rules import has_begun, has_ended
from tollbook.kernel.errors import Forbidden, InvalidFields, InvalidInput
from tollbook.kernel.periods import DateRange, month_of, next_month

MONTH: Final = re.compile(r"20\d{2}-(0[1-9]|1[0-2])")
_MAY_CLOSE: Final = frozenset({Role.OPERATOR, Role.ADMIN})
MOST_CLIENTS: Final = 10_000
_LARGEST: Final = 2**31 - 1
_Value = TypeVar("_Value")


def check_may_close(viewer: Viewer) -> None:
    """Refuse roles that may not close months."""
    if viewer.role not in _MAY_CLOSE:
        raise Forbidden("Only operators and resellers' admins close months.")


def submit_closing(
    *,
    viewer: Viewer,
    month: object,
    reseller: object = None,
    client_ids: object = None,
    dry_run: object = None,
    request_id: UUID | None,
    now: datetime,
) -> FileTask:
    """Record that the month is to be closed; ``InvalidFields`` names what cannot be taken.

    A month is closed when it has ended and not before: nothing forces it. A dry run may look at
    one that has begun.
    """
    check_may_close(viewer)
    closing = _read(viewer, month, reseller, client_ids, dry_run, now)
    asked = closing.parameters()
    return submit_file_task(
        viewer=viewer,
        task_type=TaskType.CLOSING_PERIOD,
        parameters=asked,
        resolved={"period": str(closing.month), **asked, "dry_run": closing.dry_run},
        client_id=_account(closing),
        request_id=request_id,
        now=now,
    )


def check_closing(
    *, viewer: Viewer, month: object, reseller: object, dry_run: object, now: datetime
) -> None:
    """Raise what ``submit_closing`` would raise, and record nothing."""
    check_may_close(viewer)
    _read(viewer, month, reseller, None, dry_run, now)


def _read(
    viewer: Viewer,
    month: object,
    reseller: object,
    client_ids: object,
    dry_run: object,
    now: datetime,
) -> Closing:
    errors: dict[str, list[str]] = {}
    rehearses = _checked(errors, lambda: _dry_run(dry_run)) or False
    days = _checked(errors, lambda: _month(month, now, dry_run=rehearses))
    reseller_id = _checked(errors, lambda: _reseller(viewer, reseller))
    clients = None
    if reseller_id is not None:
        clients = _checked(errors, lambda: _clients(viewer, reseller_id, client_ids))
    if errors or days is None or reseller_id is None:
        raise InvalidFields(errors)
    return Closing(reseller_id, days, clients, rehearses)


def _checked(errors: dict[str, list[str]], read: Callable[[], _Value]) -> _Value | None:
    try:
        return read()
    except InvalidInput as error:
        errors[str(error.field)] = [error.message]
        return None


def _month(given: object, now: datetime, *, dry_run: bool) -> DateRange:
    if not isinstance(given, str) or not MONTH.fullmatch(given):
        raise InvalidInput("This is no month such as 2026-10.", field="month")
    days = month_of(date.fromisoformat(f"{given}-01"))
    if not has_ended(days.start, now) and not dry_run:
        first = next_month(days.start)
        raise InvalidInput(
            f"{given} has not ended: it can be closed from {first} on, in UTC. A dry run shows "
            "what it comes to so far.",
            field="month",
        )
    if not has_begun(days.start, now):
        raise InvalidInput(f"{given} has not begun.", field="month")
    return days


def _reseller(viewer: Viewer, given: object) -> int:
    if given is None and viewer.reseller_id is not None:
        return viewer.reseller_id
    if given is None:
        raise InvalidInput("Say whose month it is: the reseller's number.", field="reseller")
    number = _number(given, "reseller")
    own = viewer.reseller_id in {None, number}
    if not own or not Reseller.objects.filter(pk=number).exists():
        raise InvalidInput(f"There is no reseller {number}.", field="reseller")
    return number


def _clients(viewer: Viewer, reseller_id: int, given: object) -> frozenset[int] | None:
    if given is None:
        return None
    if not isinstance(given, Sequence) or isinstance(given, str) or not given:
        raise InvalidInput("This is no list of clients' numbers.", field="client_ids")
    if len(given) > MOST_CLIENTS:
        raise InvalidInput(f"These are more than {MOST_CLIENTS} clients.", field="client_ids")
    wanted = frozenset(_number(one, "client_ids") for one in given)
    known = visible_clients(viewer).filter(reseller_id=reseller_id, pk__in=wanted)
    unknown = sorted(wanted - set(known.values_list("pk", flat=True)))
    if unknown:
        raise InvalidInput(f"There is no client {unknown[0]}.", field="client_ids")
    return wanted


def _dry_run(given: object) -> bool:
    if given is None:
        return False
    if not isinstance(given, bool):
        raise InvalidInput("This is neither true nor false.", field="dry_run")
    return given


def _number(given: object, field: str) -> int:
    if isinstance(given, bool) or not isinstance(given, int) or not 0 < given <= _LARGEST:
        raise InvalidInput("This is no number of one.", field=field)
    return given


def _account(closing: Closing) -> int:
    """The account that the task is about: the one client, else the reseller."""
    if closing.client_ids is not None and len(closing.client_ids) == 1:
        return next(iter(closing.client_ids))
    return closing.reseller_id
