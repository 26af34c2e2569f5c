"""The key that signs sessions, made once and kept under the home."""

import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Final

from tollbook.storage.folders import make_private

_NAME: Final = "secret_key"


def kept_secret_key(home: Path) -> str:
    """The home's key; of several processes that start at once all get the same."""
    kept = home / _NAME
    if not kept.exists():
        make_private(home)
        _make(kept)
    return kept.read_text().strip()


def _make(kept: Path) -> None:
    """Put a whole key there unless another process was faster."""
    fresh = kept.with_name(f".{_NAME}.{os.getpid()}-{secrets.token_hex(4)}")
    opened = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(opened, "w") as file:
            file.write(secrets.token_urlsafe(50))
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            kept.hardlink_to(fresh)
    finally:
        fresh.unlink()
