"""What the ledger holds of the demo book."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from django.db import connection

from tollbook.catalog.models import Currency, Product
from tollbook.clients.models import Client, Reseller, User
from tollbook.demo import accounts
from tollbook.demo.seed import BOOK_MONTHS, FIRST_CLIENT_ID, FIRST_RESELLER_ID
from tollbook.erp.models import ErpInvoice
from tollbook.expenses.models import Expense
from tollbook.kernel.errors import Conflict
from tollbook.kernel.periods import DateRange

_SUMS: Final = """
SELECT char_code, count(*), count(*) FILTER (WHERE NOT deleted),
    coalesce(sum(money_value) FILTER (WHERE NOT deleted), 0)
FROM expenses_expense JOIN catalog_currency ON catalog_currency.id = currency_id
GROUP BY char_code ORDER BY char_code
"""


@dataclass(frozen=True)
class DemoBook:
    """What the ledger holds now; ``loaded`` is false where the book was there before."""

    loaded: bool
    scale: int
    resellers: int
    clients: int
    expenses: int
    live_expenses: int
    invoices: int
    totals: dict[str, Decimal]
    """Live expenses before tax, by currency code."""
    months: tuple[DateRange, ...] = BOOK_MONTHS
    operator_email: str = accounts.OPERATOR_EMAIL
    admin_emails: tuple[str, ...] = tuple(
        accounts.admin_email(number) for number in range(1, len(accounts.RESELLER_NAMES) + 1)
    )
    client_email: str = accounts.CLIENT_EMAIL


def describe_book(scale: int, *, loaded: bool) -> DemoBook:
    """Count and sum what is there now."""
    with connection.cursor() as cursor:
        cursor.execute(_SUMS)
        sums = cursor.fetchall()
    return DemoBook(
        loaded=loaded,
        scale=scale,
        resellers=Reseller.objects.count(),
        clients=Client.objects.count(),
        expenses=sum(every for _, every, _, _ in sums),
        live_expenses=sum(live for _, _, live, _ in sums),
        invoices=ErpInvoice.objects.count(),
        totals={code: total for code, _, _, total in sums},
    )


def scale_in_ledger() -> int:
    """The scale of the demo book that is there, 0 for an empty ledger, ``Conflict`` on others."""
    if _has_demo_resellers():
        first = Client.objects.get(id=FIRST_CLIENT_ID).company_name
        return 1 + Client.objects.filter(company_name__startswith=f"{first} (").count()
    others = (Reseller, Client, Product, Currency, Expense)
    if any(model.objects.exists() for model in others):
        raise Conflict("the ledger holds a book of its own; the demo book needs an empty one")
    taken = User.objects.filter(email__in=accounts.all_emails()).first()
    if taken is not None:
        raise Conflict(f"there is a user {taken.email} already; the demo book needs that address")
    return 0


def _has_demo_resellers() -> bool:
    names = Reseller.objects.filter(id__gte=FIRST_RESELLER_ID).order_by("id")
    first = names.values_list("company_name", flat=True)[: len(accounts.RESELLER_NAMES)]
    return tuple(first) == accounts.RESELLER_NAMES
