"""What is sold: currencies, countries, units, metrics, products, features and regions.

Products and currencies carry the numbers that clients of the published API rely on.
"""

from collections.abc import Sequence
from typing import Final
from uuid import UUID, uuid5

from django.db import models

from tollbook.catalog.models import (
    CalcRule,
    Country,
    Currency,
    Feature,
    Metric,
    Product,
    ProductCategory,
    RoundingRule,
    StatisticRegion,
    Unit,
)
from tollbook.catalog.rules import CalcRuleType, RoundOperation

USD: Final = 1
EUR: Final = 2
GLOBAL: Final = 1
_REGION_SPACE: Final = UUID("6f1c1d0e-52a1-4e0b-8c55-3b1f8f6d2026")

_CURRENCIES: Final = ((USD, "USD", 840, "US dollar", "$"), (EUR, "EUR", 978, "Euro", "€"))
_COUNTRIES: Final = (
    ("AE", "United Arab Emirates", "OTHER", USD), ("AU", "Australia", "OTHER", USD),
    ("BR", "Brazil", "OTHER", USD), ("CA", "Canada", "OTHER", USD),
    ("CH", "Switzerland", "OTHER", EUR), ("CI", "Côte d'Ivoire", "OTHER", EUR),
    ("CW", "Curaçao", "OTHER", USD), ("DE", "Germany", "EU", EUR), ("ES", "Spain", "EU", EUR),
    ("FI", "Finland", "EU", EUR), ("FR", "France", "EU", EUR),
    ("GB", "United Kingdom", "OTHER", EUR), ("GE", "Georgia", "OTHER", USD),
    ("GR", "Greece", "EU", EUR), ("IL", "Israel", "OTHER", USD), ("IN", "India", "OTHER", USD),
    ("IT", "Italy", "EU", EUR), ("JP", "Japan", "OTHER", USD),
    ("KR", "Korea, Republic of", "OTHER", USD), ("LU", "Luxembourg", "EU", EUR),
    ("MX", "Mexico", "OTHER", USD), ("NL", "Netherlands", "EU", EUR), ("PL", "Poland", "EU", EUR),
    ("RU", "Russian Federation", "RU", USD), ("SE", "Sweden", "EU", EUR),
    ("SG", "Singapore", "OTHER", USD), ("TH", "Thailand", "OTHER", USD),
    ("TR", "Türkiye", "OTHER", USD), ("US", "United States", "OTHER", USD),
    ("ZA", "South Africa", "OTHER", USD), ("AQ", "Antarctica", "OTHER", USD),
    ("AX", "Åland Islands", "EU", EUR),
)  # fmt: skip
_CLOSED_COUNTRIES: Final = frozenset({"AQ", "RU"})
_UNITS: Final = (
    (1, "BYTE", "byte"), (2, "GB", "GB"), (3, "TB", "TB"), (4, "REQUEST", "request"),
    (5, "MREQUEST", "million requests"), (6, "KREQUEST10", "10,000 requests"),
    (7, "MINUTE", "minute"), (8, "HOUR", "hour"), (9, "VCPU_HOUR", "vCPU-hour"),
    (10, "GB_HOUR", "GB-hour"), (11, "GPU_HOUR", "GPU-hour"), (12, "PIECE", "piece"),
    (13, "MBPS", "Mbit/s"), (14, "MONTH", "month"), (15, "MS", "millisecond"),
    (16, "GB_SECOND", "GB-second"), (17, "GB_DAY", "GB-day"), (18, "TOKEN", "token"),
)  # fmt: skip
_METRICS: Final = (
    (1, "TRAFFIC", "Traffic", 1), (2, "REQUESTS", "Requests", 4),
    (3, "LOG_VOLUME", "Log volume", 1), (4, "STORED_VOLUME", "Stored volume", 1),
    (5, "RESOURCES", "Protected resources", 12), (6, "VIDEO_MINUTES", "Minutes of video", 7),
    (7, "VCPU_HOURS", "vCPU hours", 9), (8, "RAM_GB_HOURS", "Memory, GB × hours", 10),
    (9, "VOLUME_GB_HOURS", "Volumes, GB × hours", 10), (10, "ADDRESS_HOURS", "Address hours", 8),
    (11, "ZONES", "Zones", 12), (12, "QUERIES", "DNS queries", 4),
    (13, "WORK_MINUTES", "Work, minutes", 7), (14, "COMPUTE_MS", "Compute time, ms", 15),
    (15, "DOMAINS", "Domains", 12), (16, "GPU_HOURS", "GPU hours", 11),
    (17, "BANDWIDTH", "Bandwidth, 95th percentile", 13),
    (18, "SERVICE_MONTHS", "Months of service", 14), (19, "TOKENS", "Tokens", 18),
)  # fmt: skip
_CATEGORIES: Final = (
    (1, "Content delivery"), (2, "Cloud"), (3, "Security"), (4, "Streaming"), (5, "Connectivity"),
    (6, "Services"), (7, "Edge & AI"),
)  # fmt: skip
_PRODUCTS: Final = (
    (1, "CDN", "CDN", 1), (2, "STORAGE", "Object Storage", 2), (3, "DDOS", "Web Security", 3),
    (4, "STREAMING", "Streaming", 4), (5, "CLOUD", "Cloud", 2),
    (6, "CONNECT", "Colocation Services", 5), (7, "WG_PRIVATE_CLOUD", "WG Private Cloud", 2),
    (8, "P2P", "p2p", 1), (9, "INFRASTRUCTURE_PROTECTION", "DDoS Protection", 3),
    (10, "DNS", "Managed DNS", 1), (11, "OTHER_SERVICES", "Other Services", 6),
    (12, "PREMIUM_SUPPORT", "Premium Support", 6), (13, "CONNECTIVITY", "Connectivity", 5),
    (14, "GHOST", "Hosting", 2), (15, "MANAGED_SERVICES", "Managed Services", 6),
    (16, "RENT", "Rent", 6), (17, "SOFTWARE_DEVELOPMENT", "Software development", 6),
    (18, "VMWARE", "VM Ware", 2), (19, "LAAS", "LaaS", 6), (20, "AWS_CLOUD", "AWS Cloud", 2),
    (21, "FAST_EDGE", "FastEdge", 7), (22, "TECHNICAL_SUPPORT", "Technical Support", 6),
    (23, "WAAP", "WAAP", 3), (25, "SHIELD_PROXY", "Edge Proxy", 3),
    (32, "AI_DEDCOMP", "AI Managed Dedicated Compute", 7),
)  # fmt: skip
_FEATURES: Final = (
    (101, 1, "CDN_TRAFFIC", "Delivery traffic", 1), (102, 1, "CDN_REQUESTS", "HTTP requests", 2),
    (103, 1, "CDN_LOGS", 'Raw logs, "as they come"', 3),
    (201, 2, "STORAGE_SPACE", "Stored objects", 4), (202, 2, "STORAGE_REQUESTS", "API requests", 2),
    (203, 2, "STORAGE_EGRESS", "Egress <to the internet>", 1),
    (301, 3, "DDOS_RESOURCES", "Protected sites", 5), (302, 3, "DDOS_TRAFFIC", "Clean traffic", 1),
    (401, 4, "STREAMING_ENCODING", "Encoding & packaging", 6),
    (402, 4, "STREAMING_STORAGE", "Video storage", 6),
    (403, 4, "STREAMING_VIEWS", "Viewing traffic", 1), (501, 5, "CLOUD_VCPU", "vCPU", 7),
    (502, 5, "CLOUD_RAM", "Memory", 8), (503, 5, "CLOUD_VOLUMES", "Volumes, SSD", 9),
    (504, 5, "CLOUD_FLOATING_IP", "Floating IPs", 10), (601, 6, "CONNECT_RACK", "Rack units", 18),
    (701, 7, "WG_CLUSTER", "Cluster nodes", 18), (801, 8, "P2P_TRAFFIC", "Peer traffic", 1),
    (901, 9, "IP_BANDWIDTH", "Protected bandwidth", 17), (1001, 10, "DNS_ZONES", "Zones", 11),
    (1002, 10, "DNS_QUERIES", "Queries", 12), (1101, 11, "OTHER", "Other", 18),
    (1201, 12, "SUPPORT_PREMIUM", "Premium support", 18),
    (1301, 13, "CONNECTIVITY_PORT", "Ports", 18), (1401, 14, "HOSTING_SITE", "Hosted sites", 18),
    (1501, 15, "MANAGED_HOURS", "Engineers' time", 13),
    (1601, 16, "RENT_SERVER", "Rented servers", 18), (1701, 17, "DEVELOPMENT", "Development", 13),
    (1801, 18, "VMWARE_HOST", "Hosts", 18), (1901, 19, "LAAS_LOGS", "Logs", 3),
    (2001, 20, "AWS_RESALE", "Resold services", 18),
    (2101, 21, "EDGE_REQUESTS", "Function calls", 2),
    (2102, 21, "EDGE_COMPUTE", "Compute time", 14),
    (2201, 22, "SUPPORT_TECHNICAL", "Technical support", 18),
    (2301, 23, "WAAP_DOMAINS", "Protected domains", 15), (2302, 23, "WAAP_REQUESTS", "Requests", 2),
    (2303, 23, "WAAP_TRAFFIC", "Inspected traffic", 1),
    (2501, 25, "PROXY_TRAFFIC", "Proxied traffic", 1), (3201, 32, "AI_GPU", "GPU, dedicated", 16),
    (3202, 32, "AI_TOKENS_IN", "Tokens read", 19),
    (3203, 32, "AI_TOKENS_OUT", "Tokens written", 19),
)  # fmt: skip
_REGIONS: Final = (
    (1, "global", "Global", "All regions", None), (2, "eu", "Europe", "Europe", None),
    (3, "na", "North America", "North America", None),
    (4, "latam", "Latin America", "Latin America", None), (5, "asia", "Asia", "Asia", None),
    (6, "cis", "CIS", "CIS", None),
    (7, "mea", "Middle East & Africa", "Middle East & Africa", None),
    (8, "oceania", "Australia, Oceania", "Australia, Oceania", None),
    (9, "china", "中国", "China", 1), (21, "s-ed1", "Luxembourg (s-ed1)", "Luxembourg", 2),
    (22, "s-drc2", "Manassas (s-drc2)", "Manassas", 2),
    (23, "s-sgc1", "Singapore (s-sgc1)", "Singapore", 2),
    (51, "lux-2", "Luxembourg-2", "Luxembourg", 5),
    (52, "fra-1", "Frankfurt am Main", "Frankfurt", 5), (53, "sao-1", "São Paulo", "São Paulo", 5),
    (54, "sin-3", "Singapore-3", "Singapore", 5), (55, "ist-1", "İstanbul", "Istanbul", 5),
)  # fmt: skip
_CALC_RULES: Final = (
    (1, "Monthly commitment", CalcRuleType.COMMIT),
    (2, "Beyond the commitment, or pay as you go", CalcRuleType.OVERCOMMIT),
    (3, "Graduated prices", CalcRuleType.STEPPED),
    (4, "Volume prices", CalcRuleType.STAGED),
    (5, "Hourly commitment", CalcRuleType.COMMIT_HOURLY),
)
CALC_RULE_IDS: Final = {rule_type.value: number for number, _, rule_type in _CALC_RULES}
_ROUNDING_RULES: Final = (
    (1, 7, "1", RoundOperation.CEIL), (2, 5, "0.1", RoundOperation.CEIL),
    (3, 2, "1", RoundOperation.FLOOR), (4, 6, "1", RoundOperation.CEIL),
    (5, 8, "0.25", RoundOperation.CEIL), (6, 10, "1", RoundOperation.CEIL),
    (7, 17, "0.001", RoundOperation.FLOOR),
)  # fmt: skip


def catalogue() -> Sequence[Sequence[models.Model]]:
    """The rows of every table of the catalogue but plans, in the order they can be written."""
    return (
        [
            Currency(id=n, char_code=code, number_code=number, name_en=name, symbol=symbol)
            for n, code, number, name, symbol in _CURRENCIES
        ],
        [
            Country(
                code=code,
                name=name,
                zone=zone,
                currency_id=currency,
                disabled=code in _CLOSED_COUNTRIES,
            )
            for code, name, zone, currency in _COUNTRIES
        ],
        [Unit(id=n, internal_name=internal, name=name) for n, internal, name in _UNITS],
        [
            Metric(id=n, internal_name=internal, ext_name=name, unit_id=unit)
            for n, internal, name, unit in _METRICS
        ],
        [ProductCategory(id=n, name=name) for n, name in _CATEGORIES],
        [
            Product(id=n, internal_name=internal, name_en=name, category_id=category)
            for n, internal, name, category in _PRODUCTS
        ],
        [_region(*row) for row in _REGIONS],
        [_feature(*row) for row in _FEATURES],
        [CalcRule(id=n, name=name, rule_type=rule) for n, name, rule in _CALC_RULES],
        [
            RoundingRule(id=n, unit_id=unit, value=value, round_operation=way)
            for n, unit, value, way in _ROUNDING_RULES
        ],
    )


def unit_names() -> dict[int, str]:
    """What people call each unit."""
    return {number: name for number, _, name in _UNITS}


def category_names() -> dict[int, str]:
    """What people call each product category."""
    return dict(_CATEGORIES)


def _region(
    number: int, int_name: str, ext_name: str, name_en: str, product: int | None
) -> StatisticRegion:
    return StatisticRegion(
        id=number,
        uuid=uuid5(_REGION_SPACE, int_name),
        int_name=int_name,
        ext_name=ext_name,
        name_en=name_en,
        product_id=product,
    )


def _feature(number: int, product: int, internal: str, name: str, metric: int) -> Feature:
    return Feature(
        id=number,
        product_id=product,
        internal_name=internal,
        name=name,
        metric_id=metric,
        erp_sku_id=f"SKU-{number:05d}",
    )
