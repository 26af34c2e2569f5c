"""Using bonus credit at closing: what it pays is posted as expenses of kind ``credit``.

So the invariant needs no exception for it: credit is an expense below zero, before tax.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final, NamedTuple

from django.db import connection
from django.db.models import QuerySet

from tollbook.credits.selectors import clients_with_credits, has_credits
from tollbook.credits.services import charge_credits, currencies_charged
from tollbook.expenses.models import Expense
from tollbook.expenses.rules import ExpenseKind
from tollbook.kernel.money import ZERO, round_money
from tollbook.kernel.periods import DateRange, day_start
from tollbook.rating.charge import percent_of
from tollbook.rating.exact import exact

REASON: Final = "credit was charged anew"
_LINES: Final = """
SELECT currency.char_code, payer_id, addendum_id, plan_item_id, tax_rate, category.name,
    sum(money_value), min(expense.id)
FROM expenses_expense AS expense
JOIN catalog_currency AS currency ON currency.id = currency_id
JOIN catalog_productcategory AS category ON category.id = product_category_id
WHERE client_id = %s AND for_date >= %s AND for_date < %s AND NOT deleted AND kind <> %s
GROUP BY currency.char_code, payer_id, addendum_id, plan_item_id, tax_rate, category.name
HAVING sum(money_value) <> 0
ORDER BY currency.char_code, payer_id, addendum_id, plan_item_id, tax_rate
"""


_NUMBERS: Final = """
SELECT client_id, nextval(pg_get_serial_sequence('expenses_expense', 'id')) FROM (
    SELECT DISTINCT client_id, payer_id, addendum_id, plan_item_id, tax_rate
    FROM expenses_expense
    WHERE client_id = ANY(%s) AND for_date >= %s AND for_date < %s AND NOT deleted AND kind <> %s
    ORDER BY client_id
) AS lines
"""


class CreditKey(NamedTuple):
    """What credit is posted by: one row for each."""

    payer_id: int
    addendum_id: int
    plan_item_id: int
    tax_rate: Decimal

    def __str__(self) -> str:
        return f"{self.payer_id}/{self.addendum_id}/{self.plan_item_id}/{self.tax_rate}"


class _Line(NamedTuple):
    currency: str
    key: CreditKey
    category: str
    net: Decimal
    expense_id: int


@exact
def use_credits(
    *, client_id: int, month: DateRange, now: datetime, numbers: Sequence[int] = ()
) -> bool:
    """Charge credits for what the month costs; whether that changed the month's expenses.

    Asked again for the same expenses nothing changes; for others it is charged anew. What is posted
    gets ``numbers`` of :func:`kept_numbers`, and the ledger's next ones where they do not suffice.
    """
    if not has_credits(client_id):
        return False
    lines = _lines(client_id, month)
    wanted = _charged(client_id, lines, month, now)
    posted = {_key_of(row): row for row in _posted(client_id, month)}
    stale = {key for key, row in posted.items() if wanted.get(key) != ZERO - row.money_value}
    doomed = Expense.objects.filter(pk__in=[posted[key].pk for key in stale])
    doomed.update(deleted=True, reason=REASON)
    examples = {line.key: line.expense_id for line in lines}
    missing = [key for key in wanted if key in stale or key not in posted]
    standing = [row for key, row in posted.items() if key not in stale]
    days, free = _Days(month, standing), iter(numbers)
    Expense.objects.bulk_create(
        _row(
            examples[key],
            number=next(free, None),
            amount=wanted[key],
            tax_rate=key.tax_rate,
            day=days.take(key),
            revision=posted[key].revision + 1 if key in posted else 1,
        )
        for key in missing
    )
    return bool(stale or missing)


def kept_numbers(client_ids: Collection[int], month: DateRange) -> Mapping[int, Sequence[int]]:
    """Numbers of expenses for what credit may post for each of the clients, in their order.

    Nobody else gets them; clients that were never given credit need none.
    """
    given = clients_with_credits(client_ids)
    with connection.cursor() as cursor:
        cursor.execute(_NUMBERS, (given, month.start, month.end, ExpenseKind.CREDIT.value))
        found: dict[int, list[int]] = {}
        for client_id, number in cursor.fetchall():
            found.setdefault(client_id, []).append(number)
    return found


def _posted(client_id: int, month: DateRange) -> QuerySet[Expense]:
    return Expense.objects.filter(
        client_id=client_id,
        for_date__gte=month.start,
        for_date__lt=month.end,
        kind=ExpenseKind.CREDIT,
        deleted=False,
    )


def _key_of(row: Expense) -> CreditKey:
    return CreditKey(row.payer_id, row.addendum_id, row.plan_item_id, row.tax_rate)


class _Days:
    """The month's last day, or the last that is free: each row of an item has one to itself."""

    def __init__(self, month: DateRange, standing: Iterable[Expense]) -> None:
        self._month = month
        self._taken = {(row.addendum_id, row.plan_item_id, row.for_date) for row in standing}

    def take(self, key: CreditKey) -> date:
        """A day for a row of ``key``."""
        item = key.addendum_id, key.plan_item_id
        day = self._month.end - timedelta(days=1)
        while (*item, day) in self._taken:
            day -= timedelta(days=1)
        self._taken.add((*item, day))
        return day


def _lines(client_id: int, month: DateRange) -> list[_Line]:
    with connection.cursor() as cursor:
        cursor.execute(_LINES, (client_id, month.start, month.end, ExpenseKind.CREDIT.value))
        return [
            _Line(currency, CreditKey(*key), category, net, expense_id)
            for currency, *key, category, net, expense_id in cursor.fetchall()
        ]


def _charged(
    client_id: int, lines: list[_Line], month: DateRange, now: datetime
) -> Mapping[CreditKey, Decimal]:
    """What credit pays; what it paid in a currency that has no lines any more is taken back."""
    keys = {str(line.key): line.key for line in lines}
    charged: dict[CreditKey, Decimal] = {}
    charged_before = currencies_charged(client_id, month.start)
    for currency in dict.fromkeys([*(line.currency for line in lines), *charged_before]):
        charges = charge_credits(
            client_id=client_id,
            currency=currency,
            lines=[
                (str(line.key), line.category, line.net, line.key.tax_rate)
                for line in lines
                if line.currency == currency
            ],
            now=now,
            month=month.start,
        )
        for charge in charges:
            key = keys[charge.key]
            charged[key] = charged.get(key, ZERO) + charge.amount
    return charged


def _row(
    example_id: int,
    *,
    number: int | None,
    amount: Decimal,
    tax_rate: Decimal,
    day: date,
    revision: int,
) -> Expense:
    """A row like an expense that the credit pays for."""
    row = Expense.objects.get(pk=example_id)
    row.pk = number
    row.kind, row.revision = ExpenseKind.CREDIT, revision
    row.for_date, row.period_start = day, day_start(day)
    row.period_end = row.period_start + timedelta(days=1)
    row.usage = row.discount_value = ZERO
    row.discount_id = row.subscription_id = row.comment = row.reason = None
    row.money_value = ZERO - amount
    row.tax_rate = tax_rate
    row.tax_value = ZERO - round_money(percent_of(amount, tax_rate))
    return row
