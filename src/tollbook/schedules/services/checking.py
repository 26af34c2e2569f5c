"""Whether a schedule can be what it says, with the sight of its user; every fault is named."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final

from django.db.models import Q

from tollbook.clients.selectors import viewer_of
from tollbook.clients.viewer import Viewer
from tollbook.invoicing.services import check_closing, check_may_close
from tollbook.kernel.errors import InvalidFields, InvalidInput
from tollbook.reports.renderers import ReportFormat
from tollbook.reports.services import ask
from tollbook.reports.templates import find_template
from tollbook.schedules.cron import BadCron, Cron, read_zone
from tollbook.schedules.models import Schedule
from tollbook.schedules.rules import LONGEST_KEPT, NAME, Kind, Target
from tollbook.schedules.words import WORDS, resolve, unknown_words
from tollbook.webhooks.selectors import visible_endpoints

CLOSING_PARAMETERS: Final = ("dry_run", "reseller")
_Errors = dict[str, list[str]]


def check_schedule(schedule: Schedule, *, now: datetime) -> None:
    """Raise ``InvalidFields``, or ``Forbidden`` where its user may not do such a thing at all."""
    viewer = viewer_of(schedule.user)
    if schedule.kind == Kind.CLOSING:
        check_may_close(viewer)
    errors: _Errors = {}
    for check in (_check_name, _check_times, _check_target):
        with _gathered(errors):
            check(schedule)
    with _gathered(errors):
        _QUESTIONS[Kind(schedule.kind)](schedule, viewer, now)
    with _gathered(errors):
        _check_endpoint(schedule, viewer)
    if errors:
        raise InvalidFields(errors)


@contextmanager
def _gathered(errors: _Errors) -> Iterator[None]:
    try:
        yield
    except InvalidFields as error:
        errors |= error.errors
    except InvalidInput as error:
        errors[str(error.field)] = [error.message]


def _check_name(schedule: Schedule) -> None:
    if not NAME.fullmatch(schedule.name):
        raise InvalidInput(
            "A name has up to 64 letters, digits, dots, hyphens and underscores, and begins with "
            "a letter or digit: files are named after it.",
            field="name",
        )
    others = Schedule.objects.filter(Q(reseller_id=schedule.reseller_id), name=schedule.name)
    if others.exclude(pk=schedule.pk).exists():
        raise InvalidInput("There is a schedule of this name already.", field="name")


def _check_times(schedule: Schedule) -> None:
    for field, read in (
        ("time_zone", lambda: read_zone(schedule.time_zone)),
        ("cron", lambda: Cron.of(schedule.cron)),
    ):
        try:
            read()
        except BadCron as error:
            raise InvalidInput(str(error), field=field) from None


def _check_target(schedule: Schedule) -> None:
    stored = schedule.target == Target.STORAGE
    if stored and schedule.format not in list(ReportFormat):
        known = ", ".join(ReportFormat)
        raise InvalidInput(f"A file needs a format: {known}.", field="format")
    if not stored and schedule.format:
        raise InvalidInput("A webhook is told where to download; it has no format.", field="format")
    if not stored and schedule.keep_days is not None:
        raise InvalidInput("Only files in the storage are kept.", field="keep_days")
    if schedule.keep_days is not None and not 1 <= schedule.keep_days <= LONGEST_KEPT:
        raise InvalidInput(f"This is not between 1 and {LONGEST_KEPT}.", field="keep_days")


def _check_endpoint(schedule: Schedule, viewer: Viewer) -> None:
    stored, number = schedule.target == Target.STORAGE, schedule.endpoint_id
    if stored and number is not None:
        raise InvalidInput("The target is the storage: it has no webhook.", field="webhook_id")
    if stored:
        return
    if number is None:
        raise InvalidInput("Say which webhook is to be told.", field="webhook_id")
    own = visible_endpoints(viewer).filter(Q(reseller_id=schedule.reseller_id))
    if not own.filter(pk=number).exists():
        raise InvalidInput(f"There is no webhook {number}.", field="webhook_id")


def _check_report(schedule: Schedule, viewer: Viewer, now: datetime) -> None:
    template = find_template(schedule.template or None)
    if wrong := unknown_words(schedule.parameters):
        raise InvalidFields({f"parameters.{name}": [text] for name, text in wrong.items()})
    ask(template, resolve(schedule.parameters, now.date()), viewer)


def _check_closing(schedule: Schedule, viewer: Viewer, now: datetime) -> None:
    if schedule.template:
        raise InvalidInput("A closing has no template.", field="template_code")
    asked: Mapping[str, Any] = schedule.parameters
    unknown = [name for name in asked if name not in CLOSING_PARAMETERS]
    if unknown:
        known = ", ".join(CLOSING_PARAMETERS)
        message = f"Unknown parameter; a closing takes {known}."
        raise InvalidFields({f"parameters.{name}": [message] for name in unknown[:10]})
    try:
        check_closing(
            viewer=viewer,
            month=previous_month(now),
            reseller=asked.get("reseller"),
            dry_run=asked.get("dry_run"),
            now=now,
        )
    except InvalidFields as error:
        named = {f"parameters.{name}": texts for name, texts in error.errors.items()}
        raise InvalidFields(named) from None


def previous_month(local: datetime) -> str:
    """The month before that of a moment, by its own calendar: ``2026-10``."""
    return f"{WORDS['{previous_month.start}'](local.date()):%Y-%m}"


_QUESTIONS: Final[Mapping[Kind, Callable[[Schedule, Viewer, datetime], None]]] = {
    Kind.REPORT: _check_report,
    Kind.CLOSING: _check_closing,
}
