"""Files by key, in a folder and in a store that speaks S3."""

import random
import resource
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.faults.proxy import Proxy
from tollbook.storage.files import FileStore, StorageUnavailable, open_file_store

pytestmark = pytest.mark.xdist_group("s3")

KEY = "results/e42ca15f/1.parquet"
LARGE = bytes(range(256)) * 100_000
"""Several parts of an upload."""


def put(store: FileStore, key: str, content: bytes = b"content") -> None:
    with store.writing(key) as file:
        file.write(content)


@pytest.mark.parametrize("content", [b"", b"some", LARGE], ids=["empty", "small", "large"])
def test_what_is_written_is_read(store: FileStore, content: bytes) -> None:
    put(store, KEY, content)
    assert (store.exists(KEY), store.size(KEY)) == (True, len(content))
    with store.open(KEY) as file:
        assert file.read() == content
        file.seek(len(content) // 2)
        assert file.read(10) == content[len(content) // 2 :][:10]
    assert store.keys("results") == [KEY]


def test_a_parquet_file_is_written_and_read(store: FileStore) -> None:
    table = pa.table({"number": range(100_000)})
    with store.writing(KEY) as file:
        pq.write_table(table, file)
    with store.open(KEY) as file:
        assert pq.read_table(file).equals(table)


def test_keys_are_listed_in_order_and_deleted_one_by_one_or_by_folder(store: FileStore) -> None:
    assert store.keys("results") == []
    for key in ("results/b/2", "results/a/1", "results/b/1", "other/1"):
        put(store, key)
    assert store.keys("results") == ["results/a/1", "results/b/1", "results/b/2"]
    store.delete("results/a/1")
    store.delete("results/a/1")
    store.delete_folder("results/b")
    store.delete_folder("results/b")
    assert store.keys("results") == []
    assert store.keys("other") == ["other/1"]


def test_a_missing_file_is_not_found(store: FileStore) -> None:
    assert not store.exists(KEY)
    with pytest.raises(FileNotFoundError):
        store.size(KEY)
    with pytest.raises(FileNotFoundError):
        store.open(KEY)


@pytest.mark.parametrize("key", ["", "/a", "a/", "../a", "a/../b", "a//b", "./a"])
def test_no_key_leads_out(store: FileStore, key: str) -> None:
    with pytest.raises(ValueError, match="is no key of a file"):
        store.exists(key)


class Interrupted(BaseException):
    """Like Ctrl-C, no ``Exception``."""


def break_off(store: FileStore, content: bytes, error: BaseException) -> None:
    with store.writing(KEY) as file:
        file.write(content)
        raise error


@pytest.mark.parametrize(
    "error", [ValueError("a bad row"), OSError(5, "a bad disk"), Interrupted()]
)
@pytest.mark.parametrize("before", [b"half", LARGE], ids=["small", "large"])
def test_a_writer_that_breaks_off_leaves_nothing_and_its_own_error(
    store: FileStore, error: BaseException, before: bytes
) -> None:
    with pytest.raises(type(error)) as raised:
        break_off(store, before, error)
    assert raised.value is error
    assert store.keys("results") == []


def test_a_writer_that_breaks_off_leaves_the_file_that_was_there(store: FileStore) -> None:
    put(store, KEY, b"before")
    with pytest.raises(ValueError, match="a bad row"):
        break_off(store, LARGE, ValueError("a bad row"))
    with store.open(KEY) as file:
        assert file.read() == b"before"
    assert store.keys("results") == [KEY]


def test_nothing_is_seen_of_a_file_before_it_is_whole(store: FileStore) -> None:
    with store.writing(KEY) as file:
        file.write(LARGE)
        assert not store.exists(KEY)
    assert store.exists(KEY)


def test_halves_are_swept_when_they_are_old(store: FileStore) -> None:
    put(store, KEY)
    put(store, f"{KEY}.7-0123abcd.part")
    put(store, "results/of-somebody-else.part")
    now = datetime.now(UTC)
    assert store.sweep_parts(now - timedelta(days=1)) == 0
    assert store.sweep_parts(now + timedelta(days=1)) == 1
    assert store.keys("results") == [KEY, "results/of-somebody-else.part"]


def test_a_store_that_goes_away_is_told_and_keeps_no_half(
    s3_port: int, s3_url: str, tmp_path: Path
) -> None:
    proxy = Proxy(("127.0.0.1", s3_port))
    proxy.start()
    store = open_file_store(s3_url.replace(str(s3_port), str(proxy.port)), home=tmp_path)

    def lose_store() -> None:
        with store.writing(KEY) as file:
            file.write(LARGE)
            proxy.stop()
            file.write(LARGE)

    with pytest.raises(StorageUnavailable, match="the storage cannot be written"):
        lose_store()
    assert open_file_store(s3_url, home=tmp_path).keys("results") == []


def test_a_missing_bucket_is_a_trouble_of_the_storage(s3_url: str, tmp_path: Path) -> None:
    store = open_file_store(s3_url.replace("@tollbook", "@nobodys"), home=tmp_path)
    with pytest.raises(StorageUnavailable, match="the storage cannot be written"):
        put(store, KEY, LARGE)


@pytest.fixture
def small_files() -> Iterator[None]:
    """Files of this process cannot grow beyond a megabyte: what a full disk says."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_is_told_through_a_parquet_writer(tmp_path: Path, small_files: None) -> None:
    store = open_file_store("", home=tmp_path)
    table = pa.table({"noise": [random.randbytes(100) for _ in range(30_000)]})
    with pytest.raises(StorageUnavailable) as raised, store.writing(KEY) as file:
        pq.write_table(table, file, compression="none", row_group_size=1_000)
    assert raised.value.code == "storage_full"
    assert store.keys("results") == []


def test_folders_of_the_storage_are_closed_to_others(tmp_path: Path) -> None:
    put(open_file_store("", home=tmp_path / "home"), KEY)
    for folder in ("home", "home/storage", "home/storage/results", "home/storage/results/e42ca15f"):
        assert stat.S_IMODE((tmp_path / folder).stat().st_mode) == 0o700
