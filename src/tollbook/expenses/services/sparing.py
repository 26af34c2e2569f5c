"""Rating everybody but those who cannot be: one broken client holds up nobody else."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

import structlog

from tollbook.clients.models import Client
from tollbook.contracts.models import Subscription
from tollbook.expenses.pricing.rating import LinesBeyondRange
from tollbook.expenses.runs.summary import RatingSummary

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class LeftOut:
    """A client that was left as it is, because a line of it cannot be rated."""

    client_id: int
    why: str


def rate_but_broken(
    client_ids: Collection[int] | None,
    rate: Callable[[Collection[int] | None], RatingSummary],
) -> tuple[RatingSummary, tuple[LeftOut, ...]]:
    """What ``rate`` did for the clients, or for all, less those who have a line beyond range.

    It is called again without them, all that it told of at once; what it wrote the first time must
    be the same then.
    """
    left_out: list[LeftOut] = []
    while client_ids is None or client_ids:
        try:
            return rate(client_ids), tuple(left_out)
        except LinesBeyondRange as error:
            broken = _broken(error.lines)
            if client_ids is None:
                client_ids = list(Client.objects.order_by("pk").values_list("pk", flat=True))
            if broken.keys().isdisjoint(client_ids):
                raise  # leaving them out would change nothing
            client_ids = [each for each in client_ids if each not in broken]
            for client_id, why in broken.items():
                left_out.append(LeftOut(client_id, why))
                _log.error("client_not_rated", client=client_id, why=why)
    return RatingSummary(), tuple(left_out)


def _broken(lines: Mapping[int, str]) -> dict[int, str]:
    """The clients of the lines, and what is told of the first line of each."""
    owners = dict(
        Subscription.objects.filter(pk__in=lines).values_list("pk", "addendum__client_id")
    )
    told: dict[int, str] = {}
    for line_id, why in lines.items():
        told.setdefault(owners[line_id], why)
    return told
