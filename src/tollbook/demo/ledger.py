"""The expenses of the demo's contracts, by the calc rule of each line."""

from collections.abc import Iterator

from tollbook.demo.fees import hourly_fees, monthly_fees
from tollbook.demo.lines import Line
from tollbook.demo.measured import Measured
from tollbook.demo.metered import metered_usage
from tollbook.demo.posted import Posted
from tollbook.rating.rules import CalcRule


def booked_by(line: Line) -> Iterator[Posted | Measured]:
    """All usage and expenses of ``line``, deleted revisions and corrections among them."""
    match line.subscription.tariff.rule:
        case CalcRule.COMMIT:
            yield from monthly_fees(line)
        case CalcRule.COMMIT_HOURLY:
            yield from hourly_fees(line)
        case _:
            yield from metered_usage(line)
