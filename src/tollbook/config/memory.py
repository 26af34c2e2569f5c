"""What Arrow, polars and the C library are told about memory before they are loaded."""

import ctypes
import os
from collections.abc import Mapping
from typing import Final

GIVE_BACK: Final[Mapping[str, str]] = {
    "ARROW_DEFAULT_MEMORY_POOL": "system",
    "_RJEM_MALLOC_CONF": "narenas:1,dirty_decay_ms:200,muzzy_decay_ms:0",
}
"""Has them give back soon what they need no more."""
_M_ARENA_MAX: Final = -8
_ARENAS: Final = 2


def give_memory_back() -> None:
    """Set it for this process and its children, where nobody has set something else.

    glibc gives each thread an arena that keeps what is freed; here all threads share two. Other C
    libraries know no arenas.
    """
    for name, value in GIVE_BACK.items():
        os.environ.setdefault(name, value)
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None and "MALLOC_ARENA_MAX" not in os.environ:
        mallopt(_M_ARENA_MAX, _ARENAS)
