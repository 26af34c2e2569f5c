"""The columns of ``ResellerCredits`` and what they are made of."""

from typing import Final

import pyarrow as pa

from tollbook.reports.templates.shared_columns import CLIENT_NAME, RESELLER_ID, fact
from tollbook.results.columns import MONEY, TIMESTAMP

EACH_OPERATION: Final = (
    RESELLER_ID,
    fact("client_id", "Client ID", pa.int32(), "The client whose credit it is."),
    CLIENT_NAME,
    fact("currency", "Currency", pa.string(), "The currency of the credit, an ISO 4217 code."),
    fact(
        "service",
        "Product category",
        pa.string(),
        "What the credit is good for; empty for everything.",
    ),
    fact(
        "account",
        "Account",
        pa.string(),
        "bonus.active: may be spent; bonus.issued, bonus.spent, bonus.expired: whence it came and "
        "where it went.",
    ),
    fact("applying_at", "Takes effect", TIMESTAMP, "When the operation takes effect (UTC)."),
    fact("created_at", "Written down", TIMESTAMP, "When it was written down (UTC)."),
    fact(
        "type",
        "Type",
        pa.string(),
        "bonus.credit: given; bonus.charge: used; bonus.expire: not used in time.",
    ),
    fact("debit", "In", MONEY, "How much went into the account; empty where it went out."),
    fact("credit", "Out", MONEY, "How much went out of the account; empty where it came in."),
    fact(
        "balance",
        "Balance",
        MONEY,
        "What the account of this client, currency and category holds after the operation, since "
        "its first one.",
    ),
    fact("object_type", "About", pa.string(), "What it is about, such as expense or closing."),
    fact("object_id", "About ID", pa.string(), "Which one."),
    fact("comment", "Comment", pa.string(), "Why the credit was given."),
    fact(
        "action_id",
        "Action ID",
        pa.string(),
        "The event that it is a side of.",
        of="action_text",
    ),
    fact("credit_id", "Credit ID", pa.string(), "The action by which the credit was given."),
    fact("operation_id", "Operation ID", pa.string(), "The operation, as in the API."),
)
