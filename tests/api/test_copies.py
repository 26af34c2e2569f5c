"""Copies that grow: made once, followed by many, kept where there is room."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from pytest_django import Settings

from tests.patience import until
from tollbook.api.copies import CopyBroken, clear_spool, join_copy, spool_folder
from tollbook.filetasks.results import result_store
from tollbook.kernel.periods import day_start

KEY = "results/7a/1.as-test.csv"
PIECES = [bytes([65 + number]) * 100_000 for number in range(8)]
WHOLE = b"".join(PIECES)


class Making:
    """Makes the pieces, each when it is let; tells how often it was begun and whether it ended."""

    def __init__(self) -> None:
        self.begun = 0
        self.closed = threading.Event()
        self.let = threading.Semaphore(0)

    def __call__(self) -> Iterator[bytes]:
        self.begun += 1
        try:
            for piece in PIECES:
                self.let.acquire()
                yield piece
        finally:
            self.closed.set()

    def let_all(self) -> None:
        self.let.release(100)


@pytest.fixture
def making(settings: Settings, tmp_path: Path) -> Iterator[Making]:
    settings.TOLLBOOK_HOME = tmp_path
    settings.STORAGE_URL = ""
    made = Making()
    yield made
    made.let_all()
    until(lambda: not [one for one in threading.enumerate() if one.name.startswith("copy ")])


def stored() -> bytes:
    with result_store().open(KEY) as file:
        return bytes(file.read())


def test_many_readers_get_what_is_made_once(making: Making) -> None:
    copies = [join_copy(KEY, making) for _ in range(20)]
    found: list[bytes] = []

    def read(number: int) -> None:
        copy = copies[number]
        assert copy is not None
        found.append(b"".join(copy.pieces()))
        copy.leave()

    threads = [threading.Thread(target=read, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    making.let_all()
    for thread in threads:
        thread.join()
    assert making.begun == 1
    assert found == [WHOLE] * 20
    until(lambda: result_store().exists(KEY))
    assert stored() == WHOLE
    assert list(spool_folder().iterdir()) == []


def test_a_reader_gets_the_first_piece_before_the_second_is_made(making: Making) -> None:
    copy = join_copy(KEY, making)
    assert copy is not None
    making.let.release()
    copy.wait_for_first()
    assert next(copy.pieces())[:1] == b"A"
    copy.leave()


def test_a_reader_that_does_not_read_holds_up_nobody(making: Making) -> None:
    idle, reader = join_copy(KEY, making), join_copy(KEY, making)
    assert idle is not None
    assert reader is not None
    making.let_all()
    assert b"".join(reader.pieces()) == WHOLE
    reader.leave()
    assert b"".join(idle.pieces()) == WHOLE
    idle.leave()


def test_what_nobody_waits_for_is_not_made_to_its_end(making: Making) -> None:
    copies = [join_copy(KEY, making) for _ in range(2)]
    for copy in copies:
        assert copy is not None
        copy.leave()
    making.let.release()
    assert making.closed.wait(60)
    until(lambda: list(spool_folder().iterdir()) == [])
    assert not result_store().exists(KEY)
    again = join_copy(KEY, making)
    assert again is not None
    making.let_all()
    assert b"".join(again.pieces()) == WHOLE
    again.leave()
    assert making.begun == 2


def test_so_many_are_made_at_once_and_no_more(making: Making) -> None:
    copies = [join_copy(f"{KEY}{number}", making) for number in range(3)]
    assert [copy is None for copy in copies] == [False, False, True]
    making.let_all()
    for copy in copies[:2]:
        assert copy is not None
        assert b"".join(copy.pieces()) == WHOLE
        copy.leave()


def test_none_is_kept_where_none_shall_be(making: Making, settings: Settings) -> None:
    settings.COPY_RETENTION_HOURS = 0
    copy = join_copy(KEY, making)
    assert copy is not None
    making.let_all()
    assert b"".join(copy.pieces()) == WHOLE
    copy.leave()
    until(lambda: list(spool_folder().iterdir()) == [])
    assert not result_store().exists(KEY)


def test_what_breaks_is_told_to_every_reader(making: Making) -> None:
    def breaking() -> Iterator[bytes]:
        yield b"A"
        raise ValueError("a bad row")

    copy = join_copy(KEY, breaking)
    assert copy is not None
    with pytest.raises(CopyBroken, match="a bad row"):
        list(copy.pieces())
    copy.leave()


def test_what_killed_processes_left_is_removed(making: Making) -> None:
    left = spool_folder() / "left.part"
    left.write_bytes(b"half")
    old = day_start(date(2026, 1, 1)).timestamp()
    os.utime(left, (old, old))
    fresh = spool_folder() / "fresh.part"
    fresh.write_bytes(b"half")
    clear_spool(day_start(date(2026, 2, 1)))
    assert list(spool_folder().iterdir()) == [fresh]


_WITHOUT_ROOM = """
import os, pathlib, resource, signal, sys
import django
django.setup()
from tollbook.api.copies import join_copy
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (250_000, 250_000))
pieces = [bytes([65 + number]) * 100_000 for number in range(8)]
copies = [join_copy("results/7a/1.as-test.csv", lambda: (piece for piece in pieces)) for _ in "ab"]
for copy in copies:
    assert b"".join(copy.pieces()) == b"".join(pieces)
    copy.leave()
print("whole")
"""


def test_where_there_is_no_room_each_reader_gets_the_whole_all_the_same(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", _WITHOUT_ROOM],
        env=os.environ | {"TOLLBOOK_HOME": str(tmp_path), "STORAGE_URL": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.stdout.endswith("whole\n"), ended.stderr
    assert list((tmp_path / "spool").iterdir()) == []
    assert not (tmp_path / "storage").exists()
