"""How the admin site looks: names, signs and colours."""

from typing import Any, Final

from django.templatetags.static import static

_TEAL: Final = {
    "50": "oklch(98.4% .014 180.72)",
    "100": "oklch(95.3% .051 180.801)",
    "200": "oklch(91% .096 180.426)",
    "300": "oklch(85.5% .138 181.071)",
    "400": "oklch(77.7% .152 181.912)",
    "500": "oklch(70.4% .14 182.503)",
    "600": "oklch(51.1% .096 186.391)",
    "700": "oklch(45.5% .085 187.2)",
    "800": "oklch(43.7% .078 188.216)",
    "900": "oklch(38.6% .063 188.416)",
    "950": "oklch(27.7% .046 192.524)",
}

UNFOLD: Final[dict[str, Any]] = {
    "SITE_TITLE": "Tollbook",
    "SITE_HEADER": "Tollbook",
    "SITE_SUBHEADER": "Billing back office",
    "SITE_SYMBOL": "receipt_long",
    "SHOW_VIEW_ON_SITE": False,
    "BORDER_RADIUS": "6px",
    "COLORS": {"primary": _TEAL},
    "SIDEBAR": {"show_search": True},
    "STYLES": [lambda _request: static("console/admin.css")],
}
