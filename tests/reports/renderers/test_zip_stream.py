"""The archive writer, against the standard library's reader."""

import io
import os
import zipfile
from collections.abc import Iterator

import pytest

from tollbook.reports.renderers.xlsx import zip_stream
from tollbook.reports.renderers.xlsx.zip_stream import Piece, ZipStream, deflated


def archive_of(entries: dict[str, list[bytes]], *, zip64: bool = False) -> bytes:
    archive = ZipStream()

    def written() -> Iterator[bytes]:
        for name, contents in entries.items():
            pieces = (deflated(content) for content in contents)
            yield from archive.entry(name, pieces, may_reach_zip64=zip64)
        yield from archive.end()

    return b"".join(written())


@pytest.mark.parametrize("zip64", [False, True])
@pytest.mark.parametrize(
    "contents",
    [[], [b""], [b"one"], [b"one", b"", b"two"], [b"a" * 100_000] * 5, [os.urandom(70_000)] * 3],
    ids=["none", "empty", "one", "three", "even", "random"],
)
def test_what_goes_in_comes_out(contents: list[bytes], zip64: bool) -> None:
    content = archive_of({"first": contents, "é/second.xml": [b"2"]}, zip64=zip64)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["first", "é/second.xml"]
        assert archive.read("first") == b"".join(contents)
        assert archive.read("é/second.xml") == b"2"


def test_offsets_past_4_gib_are_written_in_eight_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zip_stream, "ZIP64_FROM", 0xFFFFFFFF)
    big = Piece(b"\x00" * 0, 0, 0)
    archive = ZipStream()
    archive._offset = 2**32 + 5
    tail = b"".join(archive.entry("far", [deflated(b"away"), big])) + b"".join(archive.end())

    class Shifted(io.BytesIO):
        """A file whose first 4 GiB are not there."""

        def seek(self, offset: int, whence: int = 0) -> int:
            shifted = offset - (2**32 + 5) if whence == 0 else offset
            return super().seek(shifted, whence) + 2**32 + 5

        def tell(self) -> int:
            return super().tell() + 2**32 + 5

    with zipfile.ZipFile(Shifted(tail)) as found:
        assert found.getinfo("far").header_offset == 2**32 + 5
        assert found.read("far") == b"away"


def test_content_that_grows_past_4_gib_unannounced_is_an_error() -> None:
    piece = Piece(b"", 2**31, 0)
    with pytest.raises(OverflowError, match="has grown"):
        list(ZipStream().entry("big", [piece, piece]))


def test_content_announced_as_large_may_pass_4_gib() -> None:
    piece = Piece(b"", 2**31, 0)
    archive = ZipStream()
    content = b"".join(archive.entry("big", [piece, piece], may_reach_zip64=True))
    content += b"".join(archive.end())
    with zipfile.ZipFile(io.BytesIO(content)) as found:
        assert found.getinfo("big").file_size == 2**32
