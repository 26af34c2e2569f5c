"""For receivers of webhooks: whether a message is from the server, by Standard Webhooks.

>>> verify_signature(secret, request.headers, request.body)  # raises, or the message is good
"""

import base64
import binascii
import hmac
import time
from collections.abc import Mapping
from typing import Final

PREFIX: Final = "whsec_"
TOLERANCE_SECONDS: Final = 300
_VERSION: Final = "v1,"
_MOST_DIGITS: Final = 12


class InvalidSignature(ValueError):
    """The message is not signed with the secret, or too old; do not believe it."""


def verify_signature(
    secret: str, headers: Mapping[str, str], body: bytes | str, *, now: float | None = None
) -> None:
    """Raise ``InvalidSignature`` unless the message was signed with ``secret`` within minutes.

    ``body`` must be as it came, byte for byte; ``headers`` count in any case of letters. A message
    may come twice: remember its ``webhook-id``.
    """
    found = {name.lower(): text for name, text in headers.items()}
    message_id, moment, given = (
        found.get(f"webhook-{name}", "") for name in ("id", "timestamp", "signature")
    )
    _check_moment(moment, time.time() if now is None else now)
    content = body.encode() if isinstance(body, str) else body
    made = hmac.digest(_key(secret), f"{message_id}.{moment}.".encode() + content, "sha256")
    wanted = _VERSION.encode() + base64.b64encode(made)
    if not any(hmac.compare_digest(wanted, text.encode()) for text in given.split()):
        raise InvalidSignature("no signature of the message is that of the secret")


def _check_moment(text: str, now: float) -> None:
    if not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS):
        raise InvalidSignature("the message says no moment")
    if abs(now - int(text)) > TOLERANCE_SECONDS:
        raise InvalidSignature("the message is too old, or the clocks differ")


def _key(secret: str) -> bytes:
    try:
        return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("the secret is none: it looks like whsec_ and base64") from None
