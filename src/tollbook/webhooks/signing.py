"""Secrets of endpoints and signatures of messages, as Standard Webhooks has them.

No secret is kept: it is made of the server's own secret key and a seed that lies in the ledger. So
a copy of the ledger alone signs nothing.
"""

import base64
import hashlib
import hmac
import secrets
from typing import Final

from django.conf import settings

PREFIX: Final = "whsec_"
_PURPOSE: Final = b"tollbook webhook secret of "
_SEED_BYTES: Final = 32


def new_seed() -> str:
    """A fresh seed."""
    return secrets.token_urlsafe(_SEED_BYTES)


def secret_of(seed: str) -> str:
    """The secret that belongs to the seed: ``whsec_`` and 32 bytes in base64."""
    made = hmac.digest(settings.SECRET_KEY.encode(), _PURPOSE + seed.encode(), "sha256")
    return PREFIX + base64.b64encode(made).decode()


def print_of(secret: str) -> str:
    """What tells a secret from others and does not tell it: it has 256 random bits."""
    return hashlib.sha256(secret.encode()).hexdigest()


def signature(secret: str, *, message_id: str, timestamp: int, body: bytes) -> str:
    """``v1,`` and the HMAC-SHA256 of id, moment and body, in base64."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
