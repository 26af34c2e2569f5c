"""What Arrow and polars are told about memory before they are loaded."""

import os
from collections.abc import Mapping
from typing import Final

GIVE_BACK: Final[Mapping[str, str]] = {
    "ARROW_DEFAULT_MEMORY_POOL": "system",
    "_RJEM_MALLOC_CONF": "narenas:1,dirty_decay_ms:200,muzzy_decay_ms:0",
}
"""Has them give back soon what they need no more."""


def give_memory_back() -> None:
    """Set it for this process and its children, where nobody has set something else."""
    for name, value in GIVE_BACK.items():
        os.environ.setdefault(name, value)
