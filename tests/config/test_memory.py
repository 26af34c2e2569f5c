"""Large buffers are mapped by themselves, so that no hole is left where they were."""

import ctypes
import os
import platform
import subprocess
import sys

import pytest

from tollbook.config.memory import give_memory_back

BUFFER = 512 << 10
_NAMES = ("arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks")


class _Told(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in (*_NAMES, "fordblks", "keepcost")]


def mapped() -> int:
    """Bytes that glibc has mapped for single buffers."""
    mallinfo2 = ctypes.CDLL(None).mallinfo2
    mallinfo2.restype = _Told
    return int(mallinfo2().hblkhd)


def main() -> None:
    """Free a large buffer, after which glibc by itself puts the next ones into its arenas."""
    give_memory_back()
    libc = ctypes.CDLL(None)
    libc.malloc.restype = ctypes.c_void_p
    libc.free.argtypes = [ctypes.c_void_p]
    libc.free(libc.malloc(8 << 20))
    before = mapped()
    buffers = [libc.malloc(BUFFER) for _ in range(8)]
    print(mapped() - before >= len(buffers) * BUFFER)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has these parameters")
@pytest.mark.parametrize(("asked", "is_mapped"), [("", True), (str(32 << 20), False)])
def test_large_buffers_are_mapped_unless_somebody_says_otherwise(
    asked: str, is_mapped: bool
) -> None:
    name = "MALLOC_MMAP_THRESHOLD_"
    kept = {key: value for key, value in os.environ.items() if key != name}
    done = subprocess.run(
        [sys.executable, "-m", "tests.config.test_memory"],
        env=kept | ({name: asked} if asked else {}),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == f"{is_mapped}\n"


if __name__ == "__main__":
    main()
