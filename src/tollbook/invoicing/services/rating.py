"""Rating a month for the last time before it is closed, and what usage nobody is billed for."""

from collections import Counter
from collections.abc import Collection, Iterator
from datetime import date, datetime

from django.conf import settings

from tollbook.clients.models import Client
from tollbook.engine.opening import open_engine
from tollbook.expenses.contract_tables import contract_tables
from tollbook.expenses.pricing.rating import unrated_usage
from tollbook.expenses.pricing.tables import UnratedReason
from tollbook.expenses.rules import MonthStatus
from tollbook.expenses.selectors import months_closed_before_their_usage
from tollbook.expenses.services import (
    RatingSummary,
    correct_closed_months,
    rate_but_broken,
    rate_month,
)
from tollbook.invoicing.closing import Closing
from tollbook.invoicing.selectors.trial_balance import Finding, Severity
from tollbook.usage.lake import open_lake


def rate_for_closing(closing: Closing, *, now: datetime) -> list[Finding]:
    """Bring the month up to date with usage and contracts, and with what is late for former ones.

    All clients of the reseller are rated, whoever of them is to be closed: the month is sealed for
    all. A client with a line that cannot be rated is left as it is, and an error.
    """
    _, left_out = rate_but_broken(_clients(closing), lambda ids: _rate(closing, ids, now))
    return [Finding(each.client_id, Severity.ERROR, "beyond_range", each.why) for each in left_out]


def months_to_correct(closing: Closing) -> list[date]:
    """Earlier months that were closed before all of their usage was there."""
    return [month for month in months_closed_before_their_usage() if month < closing.month.start]


def unbilled_usage(closing: Closing, *, but_for: Collection[int] = ()) -> Iterator[Finding]:
    """Usage of the month that no contract prices: a warning for each client, feature and reason."""
    clients = frozenset(_clients(closing)).difference(but_for)
    if not clients:
        return
    contracts = contract_tables(closing.month, clients)
    lake = open_lake(closing.month)
    records: Counter[tuple[int, int, str]] = Counter()
    for batch in unrated_usage(open_engine(settings.ENGINE_URL), lake, contracts, closing.month):
        for row in batch.to_pylist():
            records[row["client_id"], row["feature_id"], row["reason"]] += row["records"]
    own = {key: count for key, count in records.items() if key[0] in clients}
    for (client_id, feature_id, reason), count in sorted(own.items()):
        if reason != UnratedReason.IN_TRIAL:
            told = f"{count} usage records of feature {feature_id} are not billed: {reason}"
            yield Finding(client_id, Severity.WARNING, "unrated_usage", told)


def _rate(closing: Closing, client_ids: Collection[int] | None, now: datetime) -> RatingSummary:
    return rate_month(
        month=closing.month.start,
        client_ids=client_ids,
        now=now,
        reason=f"closing of {closing.month.start:%Y-%m}",
        during=MonthStatus.CLOSING,
    ) + correct_closed_months(
        now=now,
        months=months_to_correct(closing),
        client_ids=client_ids,
        into=closing.month.start,
        during=MonthStatus.CLOSING,
    )


def _clients(closing: Closing) -> list[int]:
    own = Client.objects.filter(reseller_id=closing.reseller_id)
    return list(own.order_by("pk").values_list("pk", flat=True))
