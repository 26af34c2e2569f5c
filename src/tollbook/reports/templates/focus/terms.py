"""The words of FOCUS 1.2 for what Tollbook knows: kinds of rows, services, units."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Final


class RowKind(IntEnum):
    """What a row is; the numbers order the rows of one expense and those of a month."""

    PURCHASE = 1
    """A fee: what a commit costs."""
    USED = 2
    """What of a commit was used, at its share of the fee."""
    USAGE = 3
    CORRECTION = 4
    """Of a month before."""
    ADJUSTMENT = 5
    """An amount agreed on by hand about a fee of this month."""
    FEE_CORRECTION = 6
    CREDIT = 7
    UNUSED = 8
    BALANCE = 9
    """What an invoice says beyond the expenses that are shown under it."""
    ROUNDING = 10
    TAX = 11


@dataclass(frozen=True)
class Terms:
    """What the standard says of a kind of row."""

    category: str
    frequency: str
    charge_class: str | None = None
    pricing_category: str | None = None
    commitment_status: str | None = None
    prefix: str = ""
    """What a description begins with."""


_USAGE, _PURCHASE, _TAX = "Usage", "Purchase", "Tax"
_CREDIT, _ADJUSTMENT = "Credit", "Adjustment"
_ONCE, _RECURRING, _BY_USAGE = "One-Time", "Recurring", "Usage-Based"
_CORRECTS, _STANDARD, _COMMITTED = "Correction", "Standard", "Committed"

TERMS: Final[Mapping[RowKind, Terms]] = {
    RowKind.PURCHASE: Terms(_PURCHASE, _RECURRING, None, _STANDARD, None, "Commit, "),
    RowKind.USED: Terms(_USAGE, _BY_USAGE, None, _COMMITTED, "Used", "Used of the commit, "),
    RowKind.USAGE: Terms(_USAGE, _BY_USAGE, None, _STANDARD),
    RowKind.CORRECTION: Terms(_USAGE, _BY_USAGE, _CORRECTS, _STANDARD, None, "Correction, "),
    RowKind.ADJUSTMENT: Terms(_ADJUSTMENT, _ONCE, None, _STANDARD, None, "Adjustment, "),
    RowKind.FEE_CORRECTION: Terms(
        _ADJUSTMENT, _ONCE, _CORRECTS, _STANDARD, None, "Correction of a fee, "
    ),
    RowKind.CREDIT: Terms(_CREDIT, _ONCE, prefix="Bonus credit, "),
    RowKind.UNUSED: Terms(
        _USAGE, _BY_USAGE, None, _COMMITTED, "Unused", "Not used of the commit, "
    ),
    RowKind.BALANCE: Terms(_ADJUSTMENT, _ONCE, prefix="Billed before it was rated anew"),
    RowKind.ROUNDING: Terms(_ADJUSTMENT, _ONCE, prefix="Rounding to the currency's minor unit"),
    RowKind.TAX: Terms(_TAX, _ONCE, prefix="Tax"),
}
"""Every kind of row."""

OTHER: Final = ("Other", "Other (Other)")
"""ServiceCategory and ServiceSubcategory of what the standard has no word for."""
WHOLE_INVOICE: Final = "Invoicing"
"""ServiceName of what an invoice is as a whole: its tax and its rounding."""

_DELIVERY = ("Networking", "Content Delivery")
_PROTECTION = ("Networking", "Network Security")
_MACHINES = ("Compute", "Virtual Machines")
_SUPPORT = ("Management and Governance", "Support")
SERVICES: Final[Mapping[str, tuple[str, str]]] = {
    "CDN": _DELIVERY,
    "STORAGE": ("Storage", "Object Storage"),
    "DDOS": _PROTECTION,
    "STREAMING": ("Media", "Media Streaming"),
    "CLOUD": _MACHINES,
    "CONNECT": ("Networking", "Network Infrastructure"),
    "WG_PRIVATE_CLOUD": _MACHINES,
    "P2P": _DELIVERY,
    "INFRASTRUCTURE_PROTECTION": _PROTECTION,
    "DNS": ("Networking", "Network Routing"),
    "PREMIUM_SUPPORT": _SUPPORT,
    "CONNECTIVITY": ("Networking", "Network Connectivity"),
    "GHOST": ("Web", "Application Platforms"),
    "MANAGED_SERVICES": ("Management and Governance", "Other (Management and Governance)"),
    "RENT": ("Compute", "Other (Compute)"),
    "SOFTWARE_DEVELOPMENT": ("Developer Tools", "Other (Developer Tools)"),
    "VMWARE": _MACHINES,
    "LAAS": ("Management and Governance", "Observability"),
    "AWS_CLOUD": ("Multicloud", "Other (Multicloud)"),
    "FAST_EDGE": ("Compute", "Serverless Compute"),
    "TECHNICAL_SUPPORT": _SUPPORT,
    "WAAP": _PROTECTION,
    "SHIELD_PROXY": ("Networking", "Application Networking"),
    "AI_DEDCOMP": ("AI and Machine Learning", "AI Platforms"),
}
"""ServiceCategory and ServiceSubcategory by the internal name of a product; ``OTHER`` else."""

UNITS: Final[Mapping[str, str]] = {
    "BYTE": "B",
    "GB": "GB",
    "TB": "TB",
    "REQUEST": "Requests",
    "MREQUEST": "1000000 Requests",
    "KREQUEST10": "10000 Requests",
    "MINUTE": "Minutes",
    "HOUR": "Hours",
    "VCPU_HOUR": "vCPU-Hours",
    "GB_HOUR": "GB-Hours",
    "GPU_HOUR": "GPU-Hours",
    "PIECE": "Pieces",
    "MBPS": "Mb/Second",
    "MONTH": "Months",
    "MS": "Milliseconds",
    "GB_SECOND": "GB-Seconds",
    "GB_DAY": "GB-Days",
    "TOKEN": "Tokens",
}
"""Units in the standard's form by their internal name; another unit keeps its own."""
