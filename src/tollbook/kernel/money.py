"""Exact decimal money: twelve places at rest, no floats, rounding in one named function."""

from decimal import (
    ROUND_HALF_UP,
    Context,
    Decimal,
    DivisionByZero,
    Inexact,
    InvalidOperation,
    Overflow,
)
from typing import Final

MONEY_PLACES: Final = 12
MONEY_DIGITS: Final = 38
"""Digits of an amount at rest: PostgreSQL ``numeric(38,12)``, Arrow ``decimal128(38,12)``."""

ZERO: Final = Decimal(0)
_QUANTUM: Final = Decimal(1).scaleb(-MONEY_PLACES)
_LIMIT: Final = Decimal(10) ** (MONEY_DIGITS - MONEY_PLACES)
_TRAPS: Final = [InvalidOperation, DivisionByZero, Overflow]


def money_context() -> Context:
    """A context in which arithmetic is exact: 60 digits, any loss of one is an error."""
    return Context(prec=60, rounding=ROUND_HALF_UP, traps=[*_TRAPS, Inexact])


def round_money(amount: Decimal, *, places: int = MONEY_PLACES) -> Decimal:
    """Round half up (away from zero) to ``places``; ``OverflowError`` past 26 integer digits."""
    rounding = Context(prec=80, rounding=ROUND_HALF_UP, traps=_TRAPS)
    rounded = amount.quantize(Decimal(1).scaleb(-places), context=rounding)
    if rounded.copy_abs() >= _LIMIT:
        raise OverflowError(f"{amount} has more than {MONEY_DIGITS - MONEY_PLACES} integer digits")
    return rounded or rounded.copy_abs()


def money_text(amount: Decimal) -> str:
    """The wire form: exactly twelve decimals, never an exponent, never a negative zero."""
    exact = amount.quantize(_QUANTUM, context=money_context())
    return format(exact or abs(exact), "f")


def digits_text(number: Decimal) -> str:
    """All digits, without an exponent, a negative zero, or zeros behind the last that counts."""
    text = f"{number:f}"
    plain = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if plain in {"-0", ""} else plain
