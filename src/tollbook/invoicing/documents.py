"""Expenses → documents: items in minor units, the residual as a line of its own, the tax by rate.

Pure: what is billed is given, what is printed comes back. See ``rating.totals`` for the rounding.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from tollbook.expenses.rules import ExpenseKind
from tollbook.invoicing.rules import MoveType
from tollbook.kernel.money import ZERO
from tollbook.rating.exact import exact
from tollbook.rating.totals import PrintedTotals, printed_totals

ROUNDING: Final = "Rounding"


@dataclass(frozen=True)
class ItemKey:
    """What expenses have in common that are billed in one item."""

    addendum_id: int
    plan_item_id: int
    unit_id: int
    kind: str
    charge_month: date
    tax_rate: Decimal


@dataclass(frozen=True)
class Group:
    """Expenses of one key, or how they differ from what was billed: exact sums."""

    key: ItemKey
    description: str
    quantity: Decimal
    amount: Decimal

    @property
    def name(self) -> str:
        """What is printed for it; an item that is taken back is described by its printed name."""
        match self.key.kind:
            case ExpenseKind.CORRECTION:
                said = f", correction of {self.key.charge_month:%Y-%m}"
            case ExpenseKind.CREDIT:
                said = ", bonus credit"
            case _:
                said = ""
        return f"{self.description.removesuffix(said)}{said}"


@dataclass(frozen=True)
class Item:
    """One line of a document, with the document's sign; without a key it is what rounding takes."""

    key: ItemKey | None
    name: str
    quantity: Decimal
    amount: Decimal
    printed: Decimal
    tax_rate: Decimal


@dataclass(frozen=True)
class Document:
    """An invoice or a refund: exact items sum to ``untaxed``, and so do the printed ones."""

    move_type: MoveType
    items: tuple[Item, ...]
    expenses: Decimal
    untaxed: Decimal
    tax: Decimal

    @property
    def total(self) -> Decimal:
        """What is to be paid, or paid back."""
        return self.untaxed + self.tax


@exact
def documents_of(groups: Sequence[Group], *, minor_unit: int) -> tuple[Document, ...]:
    """The document of ``groups``, at least one; below zero it is a refund with positive amounts.

    Where tax rates differ, net and tax may differ in sign, which no document can say: then there
    are two, an invoice of the rates that are owed and a refund of the others.
    """
    ordered = sorted(groups, key=_place)
    totals = _totals(ordered, minor_unit)
    if totals.untaxed * totals.tax >= ZERO:
        return (_signed(ordered, totals, minor_unit),)
    nets: dict[Decimal, Decimal] = {}
    for group in ordered:
        rate = group.key.tax_rate
        nets[rate] = nets.get(rate, ZERO) + group.amount
    owed = [group for group in ordered if nets[group.key.tax_rate] >= ZERO]
    owed_back = [group for group in ordered if nets[group.key.tax_rate] < ZERO]
    return tuple(_signed(some, _totals(some, minor_unit), minor_unit) for some in (owed, owed_back))


def _signed(groups: Sequence[Group], totals: PrintedTotals, minor_unit: int) -> Document:
    if totals.total >= ZERO:
        return _document(MoveType.OUT_INVOICE, groups, totals)
    turned = [_negated(group) for group in groups]
    return _document(MoveType.OUT_REFUND, turned, _totals(turned, minor_unit))


def _document(move_type: MoveType, groups: Sequence[Group], totals: PrintedTotals) -> Document:
    items = [
        Item(group.key, group.name, group.quantity, group.amount, printed, group.key.tax_rate)
        for group, printed in zip(groups, totals.lines, strict=True)
    ]
    if totals.rounding or totals.unprinted:
        rate = groups[0].key.tax_rate
        taken = ZERO - totals.unprinted
        items.append(Item(None, ROUNDING, Decimal(1), taken, totals.rounding, rate))
    return Document(
        move_type=move_type,
        items=tuple(items),
        expenses=totals.untaxed + totals.unprinted,
        untaxed=totals.untaxed,
        tax=totals.tax,
    )


def _totals(groups: Sequence[Group], minor_unit: int) -> PrintedTotals:
    return printed_totals(
        [(group.amount, group.key.tax_rate) for group in groups], minor_unit=minor_unit
    )


def _negated(group: Group) -> Group:
    return Group(group.key, group.description, ZERO - group.quantity, ZERO - group.amount)


def _place(group: Group) -> tuple[object, ...]:
    """Contract by contract; corrections and credits after what they are about."""
    key = group.key
    return (
        key.plan_item_id,
        key.addendum_id,
        key.kind in {ExpenseKind.CORRECTION, ExpenseKind.CREDIT},
        key.kind,
        key.charge_month,
        key.tax_rate,
        key.unit_id,
    )
