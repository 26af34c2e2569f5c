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
_GLIBC: Final[Mapping[str, tuple[int, int]]] = {
    "MALLOC_ARENA_MAX": (-8, 2),
    "MALLOC_MMAP_THRESHOLD_": (-3, 1 << 17),
}
"""Number and value of each parameter of glibc, by the variable that sets it from outside."""


def give_memory_back() -> None:
    """Set it for this process and its children, where nobody has set something else.

    glibc gives each thread an arena that keeps what is freed; here all threads share two. By itself
    it soon puts buffers of up to 32 MB among the small things of an arena, whose holes then grow
    with the rows of a report; here what has 128 KB is mapped alone, and gone when it is freed.
    Other C libraries know neither.
    """
    for name, told in GIVE_BACK.items():
        os.environ.setdefault(name, told)
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return
    for name, (parameter, value) in _GLIBC.items():
        if name not in os.environ:
            mallopt(parameter, value)
