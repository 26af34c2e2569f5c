"""Price stages: from a threshold on, one unit costs another price."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from tollbook.kernel.money import ZERO


@dataclass(frozen=True, order=True)
class PriceStage:
    """From ``threshold`` units on, one unit costs ``price``."""

    threshold: Decimal
    price: Decimal


def ladder_of(price: Decimal, stages: Sequence[PriceStage] = ()) -> tuple[PriceStage, ...]:
    """All stages from zero on, rising; ``price`` holds below the first threshold given."""
    rising = sorted(stages)
    thresholds = [stage.threshold for stage in rising]
    if len(set(thresholds)) != len(thresholds) or any(limit < 0 for limit in thresholds):
        raise ValueError(f"thresholds must rise from zero, each once: {thresholds}")
    if rising and rising[0].threshold == 0:
        return tuple(rising)
    return (PriceStage(ZERO, price), *rising)


def slices_of(
    quantity: Decimal, stages: Sequence[PriceStage]
) -> Iterator[tuple[PriceStage, Decimal]]:
    """The stages that ``quantity`` reaches into, each with how much of it lies there."""
    ends = [*(stage.threshold for stage in stages[1:]), quantity]
    for stage, end in zip(stages, ends, strict=True):
        part = min(quantity, end) - stage.threshold
        if part > 0:
            yield stage, part
