"""A storage that is full or cannot be written: a clear answer, no half file, and a way on."""

import resource
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from tests.faults.house import House
from tests.faults.test_workers import ended
from tests.filetasks.asking import Asking, stored
from tests.patience import until
from tollbook.filetasks.models import FileTask
from tollbook.filetasks.results import result_store
from tollbook.filetasks.rules import TaskStatus

SMALL = 1_000_000


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path | None]:
    """A file system of a megabyte, where this user may mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ("mount", "-t", "tmpfs", "-o", f"size={SMALL}", "tmpfs", str(folder))
    mounted = shutil.which("mount") and subprocess.run(command, check=False).returncode == 0
    try:
        yield folder if mounted else None
    finally:
        if mounted:
            subprocess.run(("umount", "-l", str(folder)), check=True)


def _limit_files() -> None:
    """Files cannot grow beyond a megabyte: what is left of a full disk without root's rights."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (SMALL, SMALL))


def _check_failed(task: FileTask, code: str, attempt: int) -> None:
    failed = stored(task)
    [error] = failed.processing_notes["errors"]
    assert (error["code"], error["retryable"]) == (code, True)
    assert str(result_store().root) not in str(failed.processing_notes)
    assert failed.attempt == attempt
    assert result_store().keys("results") == []


def test_a_full_disk_fails_the_task_and_leaves_nothing(
    house: House, asking: Asking, small_disk: Path | None, settings: Settings
) -> None:
    if small_disk is not None:
        house.storage_url = settings.STORAGE_URL = f"file://{small_disk}"
    house.start_worker(before=None if small_disk else _limit_files)
    task = house.submit(asking.admin, batches=40, seconds=0, width=100_000)
    until(lambda: ended(task, TaskStatus.FAILED))
    _check_failed(task, "storage_full", 1)
    smaller = house.submit(asking.admin, batches=4, seconds=0, width=100_000)
    until(lambda: ended(smaller))


def test_a_limit_on_files_is_a_full_disk_too(house: House, asking: Asking) -> None:
    house.start_worker(before=_limit_files)
    task = house.submit(asking.admin, batches=40, seconds=0, width=100_000)
    until(lambda: ended(task, TaskStatus.FAILED))
    _check_failed(task, "storage_full", 1)


@pytest.mark.long
def test_a_storage_that_cannot_be_written_is_tried_three_times_and_told(
    house: House, asking: Asking, tmp_path: Path, settings: Settings
) -> None:
    place = tmp_path / "no-folder"
    place.write_text("a file where the folder should be")
    house.storage_url = f"file://{place}"
    house.start_worker()
    house.start_beat()
    task = house.submit(asking.admin, batches=2, seconds=0)
    until(lambda: ended(task, TaskStatus.FAILED), seconds=40)
    _check_failed(task, "storage_unavailable", 3)


def test_a_storage_that_comes_back_in_time_completes_the_task(
    house: House, asking: Asking, tmp_path: Path, settings: Settings
) -> None:
    place = tmp_path / "late-folder"
    place.write_text("in the way")
    house.storage_url = settings.STORAGE_URL = f"file://{place}"
    house.start_worker()
    task = house.submit(asking.admin, batches=2, seconds=0)
    until(lambda: bool(stored(task).processing_notes["warnings"]))
    place.unlink()
    house.start_beat()
    until(lambda: ended(task), seconds=40)
    assert result_store().keys("results") == [stored(task).result_key]
