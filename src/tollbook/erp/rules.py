"""Closed sets of ERP invoices, named as the ERP names them, and what their states follow from."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum, auto
from typing import Final

from django.db.models import TextChoices

from tollbook.invoicing.rules import MoveType
from tollbook.kernel.money import ZERO
from tollbook.rating.exact import exact

__all__ = [
    "Counterpart",
    "MoveType",
    "PaymentState",
    "Reconciled",
    "mirrored_state",
    "payment_state",
]


class PaymentState(TextChoices):
    """How far a document has been paid or netted."""

    NOT_PAID = "not_paid", "not paid"
    PAID = "paid", "paid"
    PARTIAL = "partial", "partly paid"
    REVERSED = "reversed", "reversed"
    IN_PAYMENT = "in_payment", "in payment"


class Counterpart(Enum):
    """What an invoice is reconciled with."""

    REFUND = auto()
    """A credit note, or the entry that turns it back."""
    PAYMENT = auto()
    """A payment that was noted and is not matched with the bank yet."""
    BANK = auto()
    """A line of the bank's statement, or a payment that is matched with one."""


@dataclass(frozen=True)
class Reconciled:
    """So much of an invoice is netted by one counterpart."""

    by: Counterpart
    amount: Decimal


_OWN_WORDS: Final[Mapping[str, PaymentState]] = {
    **{state.value: state for state in PaymentState},
    "blocked": PaymentState.NOT_PAID,
    "invoicing_legacy": PaymentState.PAID,
}
"""The ERP's words for where a posted document stands, and how each is read here."""


@exact
def payment_state(
    total: Decimal, reconciled: Iterable[Reconciled], *, follows_payments: bool = True
) -> PaymentState:
    """Where an invoice stands by what it is reconciled with.

    An ERP that does not match payments with the bank (``follows_payments`` false) takes a payment
    for paid.
    """
    found = [one for one in reconciled if one.amount]
    netted = sum((one.amount for one in found), ZERO)
    if netted < total:
        return PaymentState.PARTIAL if found else PaymentState.NOT_PAID
    kinds = {one.by for one in found}
    if kinds == {Counterpart.REFUND}:
        return PaymentState.REVERSED
    if follows_payments and Counterpart.PAYMENT in kinds:
        return PaymentState.IN_PAYMENT
    return PaymentState.PAID


def mirrored_state(word: str) -> PaymentState:
    """How the ERP's own word for a state is read; ``ValueError`` where it is not known."""
    if word not in _OWN_WORDS:
        raise ValueError(f"{word!r} is no payment state of an ERP: known are {sorted(_OWN_WORDS)}")
    return _OWN_WORDS[word]
