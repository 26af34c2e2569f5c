"""What is printed on an invoice, as texts and exact amounts; how it looks is up to the page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from tollbook.erp.models import ErpInvoice, ErpInvoiceLine
from tollbook.erp.rules import MoveType, PaymentState
from tollbook.kernel.money import money_context, round_money

TITLES: Final = {MoveType.OUT_INVOICE: "Invoice", MoveType.OUT_REFUND: "Credit note"}
STATES: Final = {
    PaymentState.NOT_PAID: "Not paid",
    PaymentState.IN_PAYMENT: "In payment",
    PaymentState.PAID: "Paid",
    PaymentState.PARTIAL: "Partly paid",
    PaymentState.REVERSED: "Reversed",
}


@dataclass(frozen=True)
class Line:
    """One line, as printed."""

    name: str
    quantity: str
    unit: str
    tax_rate: str
    amount: str


@dataclass(frozen=True)
class TaxLine:
    """The tax at one rate, as printed."""

    rate: str
    base: str
    tax: str


@dataclass(frozen=True)
class Page:
    """Everything that is printed; empty texts are left out."""

    title: str
    number: str
    state: str
    payment_state: str
    currency: str
    seller: str
    payer: str
    payer_address: str
    payer_tax_number: str
    client: str
    client_number: str
    facts: Sequence[tuple[str, str]]
    lines: Sequence[Line]
    rounding: str
    untaxed: str
    taxes: Sequence[TaxLine]
    tax: str
    total_label: str
    total: str


def page_of(invoice: ErpInvoice) -> Page:
    """What is printed on ``invoice``; its own amounts count, the move type names the document."""
    places = invoice.currency.minor_unit
    lines = list(invoice.lines.all())
    refund = invoice.move_type == MoveType.OUT_REFUND
    return Page(
        title=TITLES[MoveType(invoice.move_type)],
        number=invoice.name,
        state=STATES[PaymentState(invoice.payment_state)],
        payment_state=invoice.payment_state,
        currency=invoice.currency.char_code,
        seller=invoice.reseller.company_name,
        payer=invoice.payer.company_name,
        payer_address=invoice.payer.address,
        payer_tax_number=invoice.payer.tax_number,
        client=invoice.client.company_name,
        client_number=str(invoice.client_id),
        facts=_facts(invoice),
        lines=[_line(line, places) for line in lines],
        rounding=_rounding(invoice, lines, places),
        untaxed=amount_text(invoice.amount_untaxed, places),
        taxes=_taxes(invoice, lines, places),
        tax=amount_text(invoice.amount_tax, places),
        total_label="Total credited" if refund else "Total",
        total=amount_text(invoice.amount_total, places),
    )


def amount_text(amount: Decimal, places: int) -> str:
    """``1,234.50`` with ``places`` decimals, or with more where the amount has more."""
    exact = amount.normalize(money_context())
    shown = max(places, -int(exact.as_tuple().exponent))
    return format(exact, f",.{shown}f")


def quantity_text(quantity: Decimal) -> str:
    """``1,234.5``: no decimals that say nothing."""
    return amount_text(quantity, 0)


def _facts(invoice: ErpInvoice) -> list[tuple[str, str]]:
    facts = [("Date", _day(invoice.invoice_date)), ("Due", _day(invoice.invoice_date_due))]
    if invoice.billing_period_from and invoice.billing_period_to:
        period = f"{invoice.billing_period_from} – {invoice.billing_period_to}"
        facts.append(("Billing period", period))
    if invoice.reverses is not None:
        facts.append(("Refunds", invoice.reverses.name))
    return [(label, text) for label, text in facts if text]


def _day(day: date | None) -> str:
    return day.isoformat() if day else ""


def _line(line: ErpInvoiceLine, places: int) -> Line:
    return Line(
        name=line.name,
        quantity=quantity_text(line.quantity),
        unit=line.unit_name,
        tax_rate=f"{quantity_text(line.tax_rate)} %",
        amount=amount_text(line.amount, places),
    )


def _rounding(invoice: ErpInvoice, lines: Sequence[ErpInvoiceLine], places: int) -> str:
    """What the lines lack to the document's own sum, which is the one that counts."""
    if not lines:
        return ""
    exact, rest = money_context(), invoice.amount_untaxed
    for line in lines:
        rest = exact.subtract(rest, line.amount)
    return amount_text(rest, places) if rest else ""


def _taxes(invoice: ErpInvoice, lines: Sequence[ErpInvoiceLine], places: int) -> list[TaxLine]:
    """The tax by rate; the document's own sum is printed below and is the one that counts."""
    exact = money_context()
    bases: dict[Decimal, Decimal] = {}
    for line in lines:
        base = bases.get(line.tax_rate, Decimal(0))
        bases[line.tax_rate] = exact.add(base, line.amount)
    if len(bases) == 1:
        (rate,) = bases
        taxes = {rate: (invoice.amount_untaxed, invoice.amount_tax)}
    else:
        taxes = {rate: (base, _tax(base, rate, places)) for rate, base in bases.items()}
    return [
        TaxLine(f"{quantity_text(rate)} %", amount_text(base, places), amount_text(tax, places))
        for rate, (base, tax) in sorted(taxes.items())
    ]


def _tax(base: Decimal, rate: Decimal, places: int) -> Decimal:
    context = money_context()
    return round_money(context.multiply(base, context.scaleb(rate, -2)), places=places)
