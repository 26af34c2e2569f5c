"""Which schedules there are and what became of them, for who is asking."""

from django.db.models import Prefetch, Q, QuerySet

from tollbook.clients.rules import Role
from tollbook.clients.viewer import Viewer
from tollbook.kernel.errors import Forbidden, NotFound
from tollbook.schedules.models import Run, Schedule


def check_may_schedule(viewer: Viewer) -> None:
    """Refuse roles that may only read."""
    if not viewer.may_write:
        raise Forbidden("A client's key has no schedules.")


def visible_schedules(viewer: Viewer) -> QuerySet[Schedule]:
    """All for the operator, the reseller's for its admins, one's own for a seller."""
    match viewer.role:
        case Role.OPERATOR:
            return Schedule.objects.all()
        case Role.ADMIN:
            return Schedule.objects.filter(Q(reseller_id=viewer.reseller_id))
        case Role.SELLER:
            return Schedule.objects.filter(user_id=viewer.user_id)
        case Role.CLIENT:
            return Schedule.objects.none()


def with_latest_run(schedules: QuerySet[Schedule]) -> QuerySet[Schedule]:
    """The schedules, each with the latest of its runs, if any, as the list ``latest``."""
    latest = Run.objects.order_by("schedule_id", "-fire_at", "-id").distinct("schedule_id")
    return schedules.prefetch_related(Prefetch("runs", queryset=latest, to_attr="latest"))


def find_schedule(viewer: Viewer, schedule_id: int) -> Schedule:
    """The schedule; ``NotFound`` as well where it is another's."""
    schedule = with_latest_run(visible_schedules(viewer)).filter(pk=schedule_id).first()
    if schedule is None:
        raise NotFound(f"there is no schedule {schedule_id}", field="id")
    return schedule


def lock_schedule(viewer: Viewer, schedule_id: int) -> Schedule:
    """The schedule, this transaction's alone."""
    found = find_schedule(viewer, schedule_id)
    locked = Schedule.objects.select_for_update().filter(pk=found.pk).first()
    if locked is None:
        raise NotFound(f"there is no schedule {schedule_id}", field="id")
    return locked


def runs_of(viewer: Viewer, schedule_id: int) -> QuerySet[Run]:
    """The runs of the schedule."""
    return Run.objects.filter(schedule=find_schedule(viewer, schedule_id))
