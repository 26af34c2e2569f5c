"""Two hundred company names: believable ones, and those that break careless programs."""

from typing import Final

from tollbook.demo.seed import CLIENT_COUNT, chance

ODD_NAMES: Final = (
    "=SUM Analytics, Inc.",
    '=HYPERLINK("https://example.com","Pay here") Ltd',
    "+Plus Media GmbH",
    "-minus- Studio",
    "@Home Networks",
    "\tTabbed Systems",
    '"Quoted" Holdings, LLC',
    'The "Best, Cheapest" Host, Inc.',
    "'Apostrophe' BV",
    "O'Reilly & Søns A/S",
    "<&> Markup Ltd",
    "<b>Bold</b> Hosting & Co",
    "]]> CDATA Services",
    "&amp; Entity SARL",
    "Müller, Schmidt & Söhne GmbH & Co. KG",
    "Żółć i Gęś Sp. z o.o.",
    "Façade Numérique, S.A.S.",
    "Ñandú Servicios, S.A. de C.V.",
    "İstanbul Bulut Bilişim A.Ş.",
    "Weiße Straße AG",
    "株式会社さくらデータ",
    "北京云端服务有限公司",
    "한빛네트웍스 주식회사",
    "ООО «Ромашка»",
    'ТОВ "Хмара, Лтд"',
    "Ελληνικό Νέφος Α.Ε.",
    'שירותי ענן בע"מ',
    "شركة السحابة المحدودة",
    "भारत क्लाउड प्रा. लि.",
    "บริษัท คลาวด์ไทย จำกัด",
    "ქართული ღრუბელი შპს",
    "🚀 Rocket Hosting",
    "Family 👩\u200d👩\u200d👧\u200d👦 Plan, Inc.",
    "𝔉𝔯𝔞𝔨𝔱𝔲𝔯 Verlag",
    "Cafe\u0301 Decomposed",
    "Zero\u200bWidth Labs",
    "Non\u00a0Breaking Logistics",
    "  Spaces  Around  ",
    "Semi;Colon, Tab & Pipe|Works",
    "Back\\slash OÜ",
    "Two\nLines, Ltd",
    "100% Uptime",
    "NULL",
    "N/A",
    "007",
    "1e5",
    "2026-08-01",
    "TRUE",
    "Robert'); DROP TABLE clients;--",
    '{"name": "JSON, Inc."}',
    "_x0041_ Escaped",
    (
        "The Exceedingly Long Name of a Company That Was Merged, Renamed, Split and Merged Again, "
        "Formerly Known by Several Other Names, Holding and Management Services of the Northern "
        "and Southern Regions, Limited"
    ),
)
"""Each has tripped a spreadsheet, a CSV reader, an XML writer or a sort order somewhere."""

_FIRST: Final = (
    "Nordlicht", "Bluewater", "Peregrine", "Albatros", "Cardinal", "Écume", "Granit", "Halcyon",
    "Indigo", "Juniper", "Kestrel", "Lumen", "Meridian", "Nimbus", "Orchard", "Papillon", "Quartz",
    "Río Verde", "Sørland", "Tamarind", "Umbra", "Vértice", "Windmill", "Yarrow", "Zephyr",
)  # fmt: skip
_SECOND: Final = (
    "Media", "Games", "Broadcast", "Retail", "Analytics", "Learning", "Health", "Travel", "Press",
    "Robotics", "Music", "Motors", "Payments", "Weather", "Sports", "Foods",
)  # fmt: skip
_LEGAL: Final = (
    "Inc.", ", Inc.", "LLC", "Ltd", "GmbH", "AG", "S.A.", "SAS", "B.V.", "AB", "ApS", "Oy",
    "s.r.o.", "Kft.", "S.p.A.", "Pty Ltd",
)  # fmt: skip


def company_names() -> tuple[str, ...]:
    """All names, each once, the odd ones strewn among the others."""
    dice = chance("names")
    names = list(ODD_NAMES)
    while len(names) < CLIENT_COUNT:
        name = f"{dice.choice(_FIRST)} {dice.choice(_SECOND)} {dice.choice(_LEGAL)}"
        name = name.replace(" ,", ",")
        if name not in names:
            names.append(name)
    dice.shuffle(names)
    return tuple(names)
