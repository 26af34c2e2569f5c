"""Headers by which a download can be held against the books: digests, rows, control totals."""

import re
from base64 import b64encode
from collections.abc import Mapping
from typing import Any, Final

from tollbook.filetasks.models import FileTask

DIGEST: Final = "Tollbook-Digest"
ROWS: Final = "Tollbook-Rows"
TOTALS: Final = "Tollbook-Totals"
REPR_DIGEST: Final = "Repr-Digest"
_TOKEN: Final = re.compile(r"[A-Za-z*][A-Za-z0-9_.*-]*")
_KEY: Final = re.compile(r"[a-z*][a-z0-9_.*-]*")
_LONGEST: Final = 4_000
"""Bytes of totals; with more of them only the task tells."""


def proof_headers(task: FileTask, *, is_plain_csv: bool) -> Mapping[str, str]:
    """What is known of the result; of the very bytes only where they are its CSV."""
    headers = {
        DIGEST: f"sha-256={task.result_digest}",
        ROWS: str(task.result_rows),
        TOTALS: totals_text(task.processing_notes.get("totals") or {}),
    }
    if is_plain_csv:
        digest = b64encode(bytes.fromhex(task.result_digest)).decode()
        headers[REPR_DIGEST] = f"sha-256=:{digest}:"
    return {name: value for name, value in headers.items() if value}


def totals_text(totals: Mapping[str, Mapping[str, str]]) -> str:
    """A list of currencies with their totals as parameters (RFC 9651), both in order.

    Empty where it cannot be: an odd name, or too much.

    ``EUR;money_value="1.50";tax_value="0.30", USD;money_value="2.00"``
    """
    items = []
    for currency, amounts in sorted(totals.items()):
        keys = sorted(amounts)
        if not (not currency or _TOKEN.fullmatch(currency)) or not all(map(_KEY.fullmatch, keys)):
            return ""
        told = "".join(f';{key}="{amounts[key]}"' for key in keys)
        items.append((currency or '""') + told)
    text = ", ".join(items)
    return text if len(text) <= _LONGEST else ""


def proof_header_schemas() -> dict[str, Any]:
    """What the document says of them."""
    text = {"schema": {"type": "string"}}
    return {
        DIGEST: {
            **text,
            "description": (
                "`sha-256=` and the digest of the rows in hexadecimal, as in "
                "`processing_notes.digest`: the same for every format, and the SHA-256 of the CSV."
            ),
        },
        ROWS: {
            "schema": {"type": "integer", "minimum": 0},
            "description": "How many rows the result has, on every page of every format.",
        },
        TOTALS: {
            **text,
            "description": (
                "Control totals by currency, as in `processing_notes.totals`: "
                '`EUR;money_value="1.50", USD;money_value="2.00"`. Left out where there are none '
                f"or they take more than {_LONGEST:,} bytes."
            ),
        },
        REPR_DIGEST: {
            **text,
            "description": (
                "The digest of the file's own bytes (RFC 9530), where they are known before they "
                "are made: of CSV that is neither raw nor compressed."
            ),
        },
    }
