"""Backup and restore of a real book with files, by the command itself."""

import stat
from pathlib import Path

import pytest

from tests.cli.commands import run_tollbook
from tollbook.config.locks import note_holder, release_lock, take_lock

pytestmark = pytest.mark.xdist_group("backup")

RESULT = Path("storage/results/e42ca15f-2e65-452c-b6d3-d03036d150b4/1.parquet")
CONTENT = bytes(range(256)) * 5_000


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with tables, a key and a stored file."""
    home = tmp_path_factory.mktemp("backup") / "home"
    for words in (["migrate"], ["keys", "new", "--email", "o@example.com", "--role", "operator"]):
        done = run_tollbook(home, *words)
        assert done.returncode == 0, done.stderr
    (home / RESULT).parent.mkdir(parents=True)
    (home / RESULT).write_bytes(CONTENT)
    (home / RESULT).with_suffix(".7-half.part").write_bytes(b"half a file")
    return home


@pytest.fixture(scope="module")
def archive(book: Path) -> Path:
    """Its backup."""
    file = book.parent / "book.tar"
    done = run_tollbook(book, "backup", str(file))
    assert done.returncode == 0, done.stderr
    return file


@pytest.mark.long
def test_what_is_restored_is_what_was_backed_up_twice_over(
    book: Path, archive: Path, tmp_path: Path
) -> None:
    again = tmp_path / "again.tar"
    assert run_tollbook(tmp_path / "second", "restore", str(archive)).returncode == 0
    assert run_tollbook(tmp_path / "second", "backup", str(again)).returncode == 0
    third = run_tollbook(tmp_path / "third", "restore", str(again))
    assert third.returncode == 0, third.stderr
    assert "1 files, all checked" in third.stderr
    keys = run_tollbook(book, "keys", "list", "--json")
    assert "o@example.com" in keys.stdout
    assert run_tollbook(tmp_path / "third", "keys", "list", "--json").stdout == keys.stdout
    assert (tmp_path / "third" / RESULT).read_bytes() == CONTENT
    assert [path.name for path in (tmp_path / "third" / RESULT).parent.iterdir()] == [RESULT.name]
    assert run_tollbook(tmp_path / "third", "doctor").returncode == 0


@pytest.mark.long
def test_only_its_owner_reads_a_backup(archive: Path) -> None:
    assert stat.S_IMODE(archive.stat().st_mode) == 0o600


@pytest.mark.long
def test_a_backup_is_not_written_over_unless_that_is_said(book: Path, archive: Path) -> None:
    before = archive.stat().st_mtime_ns
    refused = run_tollbook(book, "backup", str(archive))
    assert refused.returncode == 1
    assert "exists already" in refused.stderr
    assert archive.stat().st_mtime_ns == before


@pytest.mark.long
def test_a_book_that_is_not_empty_is_replaced_only_by_force(book: Path, archive: Path) -> None:
    refused = run_tollbook(book, "restore", str(archive))
    assert refused.returncode == 1
    assert "the book is not empty" in refused.stderr
    assert run_tollbook(book, "restore", str(archive), "--force").returncode == 0
    assert "o@example.com" in run_tollbook(book, "keys", "list").stdout


@pytest.mark.long
def test_a_running_book_is_not_restored_into(archive: Path, tmp_path: Path) -> None:
    lock = take_lock(tmp_path / "lock")
    assert lock is not None
    note_holder(lock, "process 7 at http://127.0.0.1:8080")
    refused = run_tollbook(tmp_path, "restore", str(archive))
    release_lock(lock)
    assert refused.returncode == 1
    assert "process 7 at http://127.0.0.1:8080; stop it first" in refused.stderr


@pytest.mark.long
@pytest.mark.parametrize("part", ["front", "end", "flipped", "empty", "foreign"])
def test_a_damaged_archive_is_refused_before_anything_is_touched(
    archive: Path, tmp_path: Path, part: str
) -> None:
    whole = archive.read_bytes()
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 1
    damaged = tmp_path / "damaged.tar"
    contents = {
        "front": whole[: len(whole) // 2],
        "end": whole[len(whole) // 2 :],
        "flipped": bytes(flipped),
        "empty": b"",
        "foreign": b"PK\x03\x04 this is another kind of archive",
    }
    damaged.write_bytes(contents[part])
    refused = run_tollbook(tmp_path / "home", "restore", str(damaged))
    assert refused.returncode == 1
    assert refused.stderr.splitlines()[-1].startswith(f"tollbook: {damaged} is ")
    assert not (tmp_path / "home").exists()


@pytest.mark.long
def test_a_backup_of_a_book_without_tables_is_refused(tmp_path: Path) -> None:
    refused = run_tollbook(tmp_path / "home", "backup", str(tmp_path / "book.tar"))
    assert refused.returncode == 1
    assert "no tables yet" in refused.stderr
    assert list(tmp_path.glob("*.tar*")) == []
