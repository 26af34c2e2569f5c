"""Names of downloads: telling, safe on every system, in any script."""

import re
from typing import Final
from unicodedata import normalize
from urllib.parse import quote

_UNSAFE: Final = re.compile(r"[^\w.()+-]+")


def safe_name(text: str) -> str:
    """``text`` without what a file system or a header gives a meaning to."""
    return _UNSAFE.sub("-", text).strip("-.") or "file"


def content_disposition(name: str) -> str:
    """The header that saves a download as ``name`` (RFC 6266): plain, and exact beside it."""
    safe = safe_name(name)
    plain = normalize("NFKD", safe).encode("ascii", "ignore").decode() or "file"
    exact = "" if plain == safe else f"; filename*=UTF-8''{quote(safe, safe='')}"
    return f'attachment; filename="{plain}"{exact}'
