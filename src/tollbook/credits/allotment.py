"""Which credit pays for what: pure decisions on exact decimals."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from tollbook.kernel.money import ZERO
from tollbook.rating.exact import exact

_NEVER = datetime.max.replace(tzinfo=UTC)


class CreditLine(NamedTuple):
    """What a client owes before tax in one currency and month: a group of expenses."""

    key: str
    product_category: str
    net: Decimal
    tax_rate: Decimal


@dataclass(frozen=True)
class Purse:
    """What is left of a credit; no ``categories`` means that it is good for everything."""

    id: UUID
    left: Decimal
    categories: frozenset[str]
    given_at: datetime
    valid_to: datetime | None

    def pays_for(self, line: CreditLine) -> bool:
        """Whether it is good for the line's product category."""
        return not self.categories or line.product_category in self.categories


class Allotted(NamedTuple):
    """So much of one credit for one line."""

    purse: Purse
    line: CreditLine
    amount: Decimal


@exact
def allot(purses: Iterable[Purse], lines: Sequence[CreditLine]) -> list[Allotted]:
    """Spend the purses on the lines: what expires first, then what is limited, then the oldest.

    Never more than a purse holds or a line owes; nor more than all lines of a category together,
    nor all lines, where corrections make some of them negative: credit is never paid out. A purse
    pays first for what the fewest of the purses after it could pay for, else in the order of the
    lines.
    """
    ordered = sorted(purses, key=_rank)
    room = _Room(lines)
    found = []
    for place, purse in enumerate(ordered):
        left, others = purse.left, ordered[place + 1 :]
        for line in sorted(lines, key=lambda each: sum(one.pays_for(each) for one in others)):
            amount = min(left, room.of(line)) if purse.pays_for(line) else ZERO
            if amount > ZERO:
                room.take(line, amount)
                left -= amount
                found.append(Allotted(purse, line, amount))
    return found


def _rank(purse: Purse) -> tuple[datetime, bool, datetime, UUID]:
    return (purse.valid_to or _NEVER, not purse.categories, purse.given_at, purse.id)


class _Room:
    """How much of each line may still be paid by credit."""

    def __init__(self, lines: Sequence[CreditLine]) -> None:
        self._lines: Mapping[str, Decimal] = {line.key: line.net for line in lines}
        if len(self._lines) < len(lines):
            raise ValueError("two lines have the same key")
        self._taken: dict[str, Decimal] = defaultdict(Decimal)
        self._categories: dict[str, Decimal] = defaultdict(Decimal)
        for line in lines:
            self._categories[line.product_category] += line.net
        self._all = sum((line.net for line in lines), ZERO)

    def of(self, line: CreditLine) -> Decimal:
        """What is open of the line, of its category and of everything, whichever is least."""
        of_line = line.net - self._taken[line.key]
        return min(of_line, self._categories[line.product_category], self._all)

    def take(self, line: CreditLine, amount: Decimal) -> None:
        """Note that so much of the line is paid."""
        self._taken[line.key] += amount
        self._categories[line.product_category] -= amount
        self._all -= amount
