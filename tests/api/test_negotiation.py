"""``Accept``, ``Accept-Encoding`` and ``Range``: laws that hold whatever a client sends."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbook.api.negotiation import choose, wants_encoding
from tollbook.api.ranges import OutsideRange, asks_for_range, read_range

OFFERED = ("application/json", "text/csv", "image/png")
ANY_TEXT = st.text(max_size=60)
RANGES = st.lists(
    st.tuples(
        st.sampled_from([*OFFERED, "*/*", "text/*", "x/y", "*"]),
        st.sampled_from(["", ";q=0", ";q=0.5", ";q=1", "; q=0.333", ";v=1", ";q=x"]),
    ).map("".join),
    max_size=5,
).map(", ".join)


@given(RANGES | ANY_TEXT)
def test_only_what_is_offered_is_chosen(accept: str) -> None:
    assert choose(accept, OFFERED) in (*OFFERED, None)


@given(RANGES, st.sampled_from(OFFERED))
def test_what_is_named_with_zero_is_never_chosen(accept: str, refused: str) -> None:
    others = [part for part in accept.split(", ") if not part.startswith(refused)]

    assert choose(", ".join([*others, f"{refused};q=0"]), OFFERED) != refused


@given(st.sampled_from(OFFERED))
def test_what_alone_is_named_is_chosen(media_type: str) -> None:
    assert choose(f"{media_type}, */*;q=0.1", OFFERED) == media_type
    assert choose(f"text/plain, {media_type};q=0.001", OFFERED) == media_type


@given(ANY_TEXT)
def test_any_accept_encoding_is_understood(header: str) -> None:
    assert wants_encoding(header, "gzip") in (True, False)


def test_gzip_is_taken_only_where_it_is_wanted() -> None:
    assert wants_encoding("gzip, deflate, br", "gzip")
    assert wants_encoding("*", "gzip")
    assert wants_encoding("GZIP;q=0.1", "gzip")
    assert not wants_encoding("", "gzip")
    assert not wants_encoding("identity", "gzip")
    assert not wants_encoding("gzip;q=0, *", "gzip")
    assert not wants_encoding("*;q=0", "gzip")


@given(st.text(alphabet="bytes=-,0123456789 ", max_size=30) | ANY_TEXT, st.integers(0, 10**6))
def test_a_part_is_always_inside_the_whole(header: str, length: int) -> None:
    if not asks_for_range(header):
        return
    try:
        part = read_range(header, length)
    except OutsideRange:
        part = None
    if part is not None:
        assert 0 <= part.first <= part.last < length
        assert part.size >= 1
        assert part.content_range == f"bytes {part.first}-{part.last}/{length}"


def test_a_part_outside_says_how_long_the_whole_is() -> None:
    with pytest.raises(OutsideRange, match=r"^bytes \*/7$"):
        read_range("bytes=7-", 7)
    with pytest.raises(OutsideRange, match=r"^bytes \*/0$"):
        read_range("bytes=-5", 0)
