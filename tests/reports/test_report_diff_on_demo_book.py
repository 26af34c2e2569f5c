"""``ReportDiff`` on the demo book, with a rating run between the two reports."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from pytest_django import DjangoDbBlocker

from tests.loaded_book import LoadedBook, connected_to, name_of
from tests.reports.test_report_diff import compared, report, rows_of
from tollbook.clients.models import Payer, User
from tollbook.clients.rules import Role
from tollbook.clients.selectors import viewer_of
from tollbook.clients.viewer import Viewer
from tollbook.config.queue import ensure_queue
from tollbook.expenses.models import Expense
from tollbook.expenses.services import rate_month
from tollbook.filetasks.models import FileTask
from tollbook.reports.templates.reseller_expenses import AMOUNTS

pytestmark = pytest.mark.xdist_group("demo_book")
OCTOBER = date(2026, 10, 1)
REASON = "the tax office"
TAXED = {"tax_rate": Decimal(27)}


@pytest.fixture
def admin(
    django_db_setup: None, loaded_book: LoadedBook, django_db_blocker: DjangoDbBlocker
) -> Iterator[Viewer]:
    """The admin whose October is open, in a demo book of the test's own."""
    with loaded_book.copy() as url, django_db_blocker.unblock(), connected_to(name_of(url)):
        ensure_queue()
        yield viewer_of(User.objects.filter(role=Role.ADMIN).latest("reseller_id"))


def tax_anew(admin: Viewer) -> list[int]:
    """Another tax rate for a payer with expenses, and October rated again for its clients."""
    live = Expense.objects.filter(reseller_id=admin.reseller_id, for_date__gte=OCTOBER)
    payer_id = live.filter(deleted=False).values_list("payer_id", flat=True).earliest("payer_id")
    Payer.objects.filter(pk=payer_id).update(**TAXED)
    clients = list(Payer.objects.get(pk=payer_id).clients.values_list("pk", flat=True))
    now = datetime(2026, 11, 20, tzinfo=UTC)
    assert rate_month(month=OCTOBER, now=now, reason=REASON, client_ids=clients).replaced
    return clients


def totals_of(uuid: str) -> dict[str, dict[str, str]]:
    told: dict[str, dict[str, str]] = FileTask.objects.get(pk=uuid).processing_notes["totals"]
    return told


@pytest.mark.long
@pytest.mark.parametrize("group_by", ["expense", "client"])
def test_a_rating_run_in_between_is_told_row_by_row_and_adds_up(
    admin: Viewer, group_by: str
) -> None:
    before = report(admin, group_by=group_by)
    clients = tax_anew(admin)
    after = report(admin, group_by=group_by)
    told = compared(admin, before, after)
    rows = rows_of(admin, str(told.uuid))
    assert rows
    assert {row["client_id"] for row in rows} <= set(clients)
    assert {row["change"] for row in rows} == {"changed"}
    sums: dict[str, Any] = defaultdict(Decimal)
    for row in rows:
        sums[row["currency"]] += row["total_value_difference"]
        assert row["money_value_difference"] == 0
        assert row["tax_value_difference"] == row["total_value_difference"]
    then, now = totals_of(before), totals_of(after)
    for currency, told_totals in told.processing_notes["totals"].items():
        less = {key: Decimal(now[currency][key]) - Decimal(then[currency][key]) for key in AMOUNTS}
        assert {f"{key}_difference": difference for key, difference in less.items()} == {
            key: Decimal(amount) for key, amount in told_totals.items()
        }
        assert less["total_value"] == sums[currency] > 0
    if group_by == "expense":
        assert {row["reason"] for row in rows} == {f"{REASON} (tax rate changed)"}
        assert all(row["id_before"] < row["id_after"] for row in rows)
        assert {row["tax_rate"] for row in rows} == {Decimal(27)}
