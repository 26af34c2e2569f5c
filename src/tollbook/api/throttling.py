"""How often a key may ask: a bucket of requests that fills up again, one for all web processes."""

import math
import mmap
import struct
import threading
import time
from dataclasses import dataclass
from typing import Final

from django.conf import settings
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

_SLOT: Final = struct.Struct("<qdd")
_SLOTS: Final = 4_096
_memory: Final = mmap.mmap(-1, _SLOT.size * _SLOTS)
"""Shared by every process that is forked after this module was loaded. Two processes that look at
one slot at the very same moment may let one request too many through; nothing waits for a lock that
a killed process took along."""
_lock: Final = threading.Lock()


@dataclass
class Bucket:
    """Requests that are left at the moment ``at`` (seconds of a steady clock)."""

    left: float
    at: float

    def take(self, *, most: int, now: float) -> float:
        """Take one request out; returns 0, or the seconds to wait where none is left."""
        self.left = min(float(most), self.left + max(now - self.at, 0.0) * most / 60)
        self.at = now
        if self.left >= 1:
            self.left -= 1
            return 0.0
        return (1 - self.left) * 60 / most


class KeyThrottle(BaseThrottle):
    """At most ``RATE_LIMIT_PER_MINUTE`` requests of one key; 0 is no limit."""

    def __init__(self) -> None:
        self._wait = 0.0

    def allow_request(self, request: Request, view: APIView) -> bool:
        """Whether the key of ``request`` may go on now."""
        most = settings.RATE_LIMIT_PER_MINUTE
        if most <= 0 or request.auth is None:
            return True
        self._wait = take_one(request.auth.pk, most=most, now=time.monotonic())
        return self._wait == 0

    def wait(self) -> float:
        """Whole seconds after which the next request is let in."""
        return float(math.ceil(self._wait))


def take_one(key: int, *, most: int, now: float) -> float:
    """Count one request of ``key``; returns 0, or the seconds that it has to wait."""
    place = key % _SLOTS * _SLOT.size
    with _lock:
        owner, left, at = _SLOT.unpack_from(_memory, place)
        bucket = Bucket(left, at) if owner == key else Bucket(float(most), now)
        wait = bucket.take(most=most, now=now)
        _SLOT.pack_into(_memory, place, key, bucket.left, bucket.at)
    return wait


def forget_everything() -> None:
    """Let every key begin anew."""
    with _lock:
        _memory[:] = bytes(len(_memory))
