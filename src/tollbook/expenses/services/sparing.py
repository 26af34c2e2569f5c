"""Rating everybody but those who cannot be: one broken client holds up nobody else."""

from collections.abc import Callable, Collection
from dataclasses import dataclass

import structlog

from tollbook.clients.models import Client
from tollbook.contracts.models import Subscription
from tollbook.expenses.pricing.rating import LineBeyondRange
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

    It is called again without each of them; what it wrote the first time must be the same then.
    """
    left_out: list[LeftOut] = []
    while client_ids is None or client_ids:
        try:
            return rate(client_ids), tuple(left_out)
        except LineBeyondRange as error:
            broken = Subscription.objects.get(pk=error.line_id).addendum.client_id
            if client_ids is None:
                client_ids = list(Client.objects.order_by("pk").values_list("pk", flat=True))
            if broken not in client_ids:
                raise  # leaving it out would change nothing
            client_ids = [each for each in client_ids if each != broken]
            left_out.append(LeftOut(broken, error.message))
            _log.error("client_not_rated", client=broken, why=error.message)
    return RatingSummary(), tuple(left_out)
