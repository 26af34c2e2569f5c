"""``ResellerExpenses`` over a closed month says what its invoices do, to the cent."""

from collections import defaultdict
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

import pytest

from tests.reports.demo import rows_of, viewer_named
from tests.wire.demo_ledger import DemoLedger
from tollbook.erp.models import ErpInvoice
from tollbook.erp.rules import MoveType
from tollbook.kernel.periods import month_of

CENT = Decimal("0.01")
Billed = dict[tuple[int, str], Decimal]


def invoiced(reseller_id: int, month: date) -> Billed:
    """What the documents of a month come to by client and currency; refunds count against it."""
    found: Billed = defaultdict(Decimal)
    for invoice in ErpInvoice.objects.filter(
        reseller_id=reseller_id, billing_period_from=month, reverses=None
    ).select_related("currency"):
        sign = 1 if invoice.move_type == MoveType.OUT_INVOICE else -1
        found[invoice.client_id, invoice.currency.char_code] += sign * invoice.amount_untaxed
    return dict(found)


@pytest.mark.parametrize("month", [date(2026, 8, 1), date(2026, 9, 1)])
@pytest.mark.parametrize("name", ["admin1", "admin3"])
def test_totals_of_a_closed_month_equal_its_invoices(
    demo_ledger: DemoLedger, name: str, month: date
) -> None:
    viewer, days = viewer_named(demo_ledger, name), month_of(month)
    rows = rows_of(
        viewer,
        "ResellerExpenses",
        date_from=str(days.start),
        date_to=str(days.end),
        group_by="client",
    )
    reported = {
        (row["client_id"], row["currency"]): row["money_value"].quantize(CENT, ROUND_HALF_UP)
        for row in rows
    }
    assert viewer.reseller_id is not None
    expected = invoiced(viewer.reseller_id, month)
    assert {key: amount for key, amount in reported.items() if amount} == expected
    assert len(expected) > 20
