"""ERP invoices of the demo's months, each the sum of its client's live expenses, and refunds."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any, Final

import polars as pl

from tollbook.demo.accounts import RESELLER_NAMES
from tollbook.demo.catalogue import unit_names
from tollbook.demo.seed import BOOK_MONTHS, FIRST_RESELLER_ID, INVOICE_COUNT, UNCLOSED, chance
from tollbook.erp.models import ErpInvoice, ErpInvoiceLine
from tollbook.erp.rules import MoveType, PaymentState, mirrored_state
from tollbook.expenses.models import MonthState
from tollbook.expenses.rules import MonthStatus
from tollbook.invoicing.documents import Document, Group, Item, ItemKey, documents_of
from tollbook.invoicing.models import Dispatch, Invoice, InvoiceItem
from tollbook.invoicing.services import invoice_row, item_rows
from tollbook.kernel.money import round_money
from tollbook.kernel.periods import DateRange, day_start
from tollbook.rating.charge import percent_of
from tollbook.rating.totals import PrintedTotals, printed_totals

_TAKES_DAYS: Final = {FIRST_RESELLER_ID: 14}
_USUALLY_TAKES_DAYS: Final = 30
_SMALLEST_REFUNDED: Final = Decimal(50)
_PAID, _NOT_PAID, _PARTIAL, _REVERSED, _IN_PAYMENT = (
    PaymentState.PAID,
    PaymentState.NOT_PAID,
    PaymentState.PARTIAL,
    PaymentState.REVERSED,
    PaymentState.IN_PAYMENT,
)
_USUAL_STATES: Final = {
    BOOK_MONTHS[0].start: ((_PAID, 84), (_IN_PAYMENT, 3), (_PARTIAL, 5), (_NOT_PAID, 8)),
    BOOK_MONTHS[1].start: ((_PAID, 60), (_IN_PAYMENT, 14), (_PARTIAL, 8), (_NOT_PAID, 18)),
    BOOK_MONTHS[2].start: ((_PAID, 18), (_IN_PAYMENT, 17), (_PARTIAL, 5), (_NOT_PAID, 60)),
}
_STATES_AFTER_REFUND: Final = ((_PARTIAL, 40), (_PAID, 45), (_IN_PAYMENT, 15))
_ERP_OWN_WORDS: Final = {_NOT_PAID: "blocked", _PAID: "invoicing_legacy"}
_KEY: Final = ("month", "reseller_id", "client_id", "payer_id", "currency_id")
_ITEM: Final = (
    "addendum_id",
    "plan_item_id",
    "unit_id",
    "kind",
    "charge_month",
    "tax_rate",
)


@dataclass(frozen=True)
class _Line:
    name: str
    quantity: Decimal
    unit_name: str
    amount: Decimal
    tax_rate: Decimal


@dataclass(frozen=True, eq=False)
class _Document:
    """A document before it has a number; ``lines`` are exact, ``totals`` as printed."""

    ids: dict[str, int]
    month: DateRange
    invoice_date: date
    move_type: MoveType
    lines: tuple[_Line, ...]
    state: PaymentState
    erp_state: str
    billed: Document | None = None
    """What the month's closing came to; none for what was agreed later."""
    reverses: "_Document | None" = None

    @property
    def totals(self) -> PrintedTotals:
        return printed_totals([(line.amount, line.tax_rate) for line in self.lines])


@dataclass(frozen=True)
class InvoiceRows:
    """The ledger's invoices of the closed months, and the ERP's documents that stand for them."""

    invoices: list[Invoice]
    items: list[InvoiceItem]
    dispatches: list[Dispatch]
    erp_invoices: list[ErpInvoice]
    erp_lines: list[ErpInvoiceLine]


def invoice_rows(expenses: pl.DataFrame) -> InvoiceRows:
    """Five hundred numbered documents, and what is behind them, from live rows of ``expenses``.

    An invoice has the number of its document; those that come to nothing have none and come last.
    """
    monthly = list(_monthly_documents(expenses))
    documents = _with_refunds([document for document in monthly if document.totals.untaxed])
    documents.sort(key=lambda d: (d.invoice_date, d.ids["client_id"], d.ids["currency_id"]))
    places = {document: number for number, document in enumerate(documents, start=1)}
    issued: Counter[tuple[int, MoveType]] = Counter()
    rows = InvoiceRows([], [], [], [], [])
    for document, number in places.items():
        series = (document.ids["reseller_id"], document.move_type)
        issued[series] += 1
        printed = _invoice(document, number, issued[series], places)
        rows.erp_invoices.append(printed)
        first_id = len(rows.erp_lines) + 1
        rows.erp_lines.extend(_printed_lines(document, number, first_id=first_id))
        if document.billed:
            _bill(rows, document.billed, document, number, printed)
    for number, document in enumerate(monthly, start=1 + len(documents)):
        if document.billed and not document.totals.untaxed:
            _bill(rows, document.billed, document, number, None)
    return rows


def _bill(
    rows: InvoiceRows,
    billed: Document,
    document: _Document,
    number: int,
    printed: ErpInvoice | None,
) -> None:
    invoice = invoice_row(billed, month=document.month, revision=1, **document.ids)
    invoice.id = number
    invoice.created_at = day_start(document.month.end) + timedelta(hours=5)
    for item in item_rows(billed, invoice):
        item.id = len(rows.items) + 1
        rows.items.append(item)
    if printed:
        invoice.number = printed.name
        brought_at = printed.created_at
        rows.dispatches.append(
            Dispatch(invoice=invoice, attempts=1, due_at=brought_at, done_at=brought_at)
        )
    rows.invoices.append(invoice)


def month_states() -> list[MonthState]:
    """The months that are closed; they came into the book so, and have no sealed files."""
    return [
        MonthState(
            reseller_id=reseller_id,
            month=month.start,
            status=MonthStatus.CLOSED,
            closed_at=day_start(month.end) + timedelta(hours=5),
        )
        for month in BOOK_MONTHS
        for reseller_id in range(FIRST_RESELLER_ID, FIRST_RESELLER_ID + len(RESELLER_NAMES))
        if (reseller_id, month.start) != UNCLOSED
    ]


def _monthly_documents(expenses: pl.DataFrame) -> Iterator[_Document]:
    charge_month = pl.col("period_start").dt.truncate("1mo").dt.date()
    summed = (
        expenses.filter(~pl.col("deleted"))
        .with_columns(month=pl.col("for_date").dt.truncate("1mo"), charge_month=charge_month)
        .group_by(*_KEY, *_ITEM, "description")
        .agg(pl.col("usage").sum(), pl.col("money_value").sum())
        .sort(*_KEY, *_ITEM)
    )
    months = {month.start: month for month in BOOK_MONTHS}
    for (first, *ids), rows in summed.group_by(_KEY, maintain_order=True):
        if (ids[0], first) == UNCLOSED:
            continue
        groups = [_group(row) for row in rows.iter_rows(named=True)]
        (billed,) = documents_of(groups, minor_unit=2)  # each payer has one tax rate
        yield _monthly_document(
            dict(zip(_KEY[1:], ids, strict=True)),
            months[first],
            billed,
        )


def _group(row: dict[str, Any]) -> Group:
    key = ItemKey(**{name: row[name] for name in _ITEM})
    return Group(key, row["description"], row["usage"], row["money_value"])


def _line(item: Item) -> _Line:
    unit = unit_names()[item.key.unit_id] if item.key else ""
    return _Line(item.name, item.quantity, unit, item.amount, item.tax_rate)


def _monthly_document(ids: dict[str, int], month: DateRange, billed: Document) -> _Document:
    dice = chance("invoice", ids["client_id"], ids["currency_id"], month.start)
    state = _pick(dice, _USUAL_STATES[month.start])
    own_word = dice.randrange(12) == 0
    return _Document(
        ids=ids,
        month=month,
        invoice_date=month.end,
        move_type=billed.move_type,
        lines=tuple(_line(item) for item in billed.items if item.key and item.amount),
        state=state,
        erp_state=_ERP_OWN_WORDS.get(state, state.value) if own_word else state.value,
        billed=billed,
    )


def _with_refunds(documents: list[_Document]) -> list[_Document]:
    """As many refunds as five hundred documents leave room for: half of all, half of a part."""
    dice = chance("refunds")
    refundable = [
        place
        for place, document in enumerate(documents)
        if document.move_type is MoveType.OUT_INVOICE
        and document.totals.untaxed >= _SMALLEST_REFUNDED
        and document.month != BOOK_MONTHS[-1]
    ]
    dice.shuffle(refundable)
    made = list(documents)
    for nth, place in enumerate(refundable[: INVOICE_COUNT - len(documents)]):
        whole = nth % 2 == 0
        state = _REVERSED if whole else _pick(dice, _STATES_AFTER_REFUND)
        made[place] = replace(documents[place], state=state, erp_state=state.value)
        made.append(_refund_of(made[place], dice, whole=whole))
    return made


def _refund_of(invoice: _Document, dice: Random, *, whole: bool) -> _Document:
    lines = invoice.lines
    if not whole:
        credit = round_money(
            percent_of(invoice.totals.untaxed, Decimal(dice.randrange(3, 40))), places=2
        )
        lines = (_Line("Service credit, as agreed", Decimal(1), "", credit, lines[0].tax_rate),)
    return replace(
        invoice,
        invoice_date=invoice.invoice_date + timedelta(days=dice.randrange(3, 40)),
        move_type=MoveType.OUT_REFUND,
        lines=lines,
        state=_PAID,
        erp_state=_PAID.value,
        billed=None,
        reverses=invoice,
    )


def _invoice(
    document: _Document, number: int, issued: int, places: dict[_Document, int]
) -> ErpInvoice:
    totals, printed_on = document.totals, document.invoice_date
    prefix = "INV" if document.move_type is MoveType.OUT_INVOICE else "RINV"
    takes = _TAKES_DAYS.get(document.ids["reseller_id"], _USUALLY_TAKES_DAYS)
    return ErpInvoice(
        id=number,
        **document.ids,
        name=f"{prefix}/{printed_on.year}/{issued:05d}",
        move_type=document.move_type,
        invoice_date=printed_on,
        invoice_date_due=printed_on + timedelta(days=takes if prefix == "INV" else 0),
        billing_period_from=document.month.start,
        billing_period_to=document.month.end - timedelta(days=1),
        amount_untaxed=totals.untaxed,
        amount_tax=totals.tax,
        amount_total=totals.total,
        payment_state=mirrored_state(document.erp_state),
        erp_payment_state=document.erp_state,
        reverses_id=places[document.reverses] if document.reverses else None,
        invoice_id=None if document.reverses else number,
        erp_id=str(1000 + number),
        created_at=day_start(printed_on) + timedelta(hours=6),
        updated_at=day_start(printed_on) + timedelta(hours=6),
    )


def _printed_lines(document: _Document, number: int, *, first_id: int) -> list[ErpInvoiceLine]:
    totals = document.totals
    printed = [
        replace(line, amount=amount)
        for line, amount in zip(document.lines, totals.lines, strict=True)
    ]
    if totals.rounding:
        rate = document.lines[0].tax_rate
        printed.append(_Line("Rounding", Decimal(1), "", totals.rounding, rate))
    return [
        ErpInvoiceLine(
            id=first_id + position - 1,
            invoice_id=number,
            position=position,
            name=line.name,
            quantity=line.quantity,
            unit_name=line.unit_name,
            amount=line.amount,
            tax_rate=line.tax_rate,
        )
        for position, line in enumerate(printed, start=1)
    ]


def _pick(dice: Random, weighted: Sequence[tuple[PaymentState, int]]) -> PaymentState:
    states = [state for state, weight in weighted for _ in range(weight)]
    return dice.choice(states)
