"""Which media type a client wants: ``Accept`` with its q-values (RFC 9110, section 12.5.1)."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

_QUALITY: Final = re.compile(r"(0(\.\d{0,3})?|1(\.0{0,3})?)")


@dataclass(frozen=True)
class MediaRange:
    """One entry of ``Accept``: ``text/csv``, ``text/*`` or ``*/*``, and how much it is wanted."""

    kind: str
    subkind: str
    quality: float

    def specificity(self, media_type: str) -> int:
        """How closely it names ``media_type``: 3 exactly, 2 its kind, 1 anything, 0 not."""
        kind, _, subkind = media_type.partition("/")
        if (self.kind, self.subkind) == (kind, subkind):
            return 3
        if (self.kind, self.subkind) == (kind, "*"):
            return 2
        return int((self.kind, self.subkind) == ("*", "*"))


def choose(accept: str, offered: Sequence[str]) -> str | None:
    """The offered media type that ``accept`` wants most, the first of equals, or none.

    An empty ``accept`` takes anything.
    """
    ranges = list(_media_ranges(accept))
    if not accept.strip():
        return offered[0]
    qualities = [_quality(ranges, media_type) for media_type in offered]
    best = max(qualities)
    return offered[qualities.index(best)] if best > 0 else None


def wants_encoding(accept_encoding: str, coding: str) -> bool:
    """Whether ``Accept-Encoding`` takes ``coding`` (such as ``gzip``), and nothing rather."""
    wanted: dict[str, float] = {}
    for entry in accept_encoding.lower().split(","):
        name, *parameters = (part.strip() for part in entry.split(";"))
        wanted[name] = _quality_of(parameters)
    quality = wanted.get(coding, wanted.get("*", 0.0))
    return quality > 0 and quality >= wanted.get("identity", 0.0)


def _quality(ranges: Iterable[MediaRange], media_type: str) -> float:
    fitting = [(entry.specificity(media_type), entry.quality) for entry in ranges]
    specificity, quality = max(fitting, default=(0, 0.0))
    return quality if specificity else 0.0


def _media_ranges(accept: str) -> Iterable[MediaRange]:
    for entry in accept.lower().split(","):
        name, *parameters = (part.strip() for part in entry.split(";"))
        kind, slash, subkind = name.partition("/")
        if slash:
            yield MediaRange(kind, subkind, _quality_of(parameters))
        elif name == "*":
            yield MediaRange("*", "*", _quality_of(parameters))


def _quality_of(parameters: Sequence[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            return float(value) if _QUALITY.fullmatch(value.strip()) else 0.0
    return 1.0
