"""Reports whose files lie in a store that speaks S3: the main job, and parts of downloads."""

import csv
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from tests.scenarios.house import new_house
from tests.wire.book import Callers, finished_report
from tests.wire.conftest import ask, callers  # noqa: F401  # fixtures
from tollbook.api.copies import CopyBroken, join_copy
from tollbook.api.v1.task_download import Form
from tollbook.filetasks.results import result_store
from tollbook.reports.renderers import ReportFormat
from tollbook.storage.files import open_file_store

pytestmark = pytest.mark.xdist_group("s3")


@pytest.mark.long
def test_the_main_job_runs_on_s3(tmp_path: Path, s3_url: str, fresh_database_url: str) -> None:
    house = new_house(tmp_path, fresh_database_url)
    house = replace(house, environment={**house.environment, "STORAGE_URL": s3_url})
    done = house.tollbook("demo", "--once")
    assert done.returncode == 0, done.stdout + done.stderr
    (result,) = [
        key
        for key in open_file_store(s3_url, home=tmp_path).keys("results")
        if key.endswith(".parquet")
    ]
    assert result.endswith("/1.parquet")
    assert not (house.home / "storage").exists()
    for file in (house.home / "downloads").glob("*.csv"):
        with file.open(encoding="utf-8", newline="") as lines:
            assert len(list(csv.reader(lines))) > 10_000


@pytest.mark.long
def test_a_copy_whose_making_broke_is_never_served(
    ask: Any,  # noqa: F811
    callers: Callers,  # noqa: F811
    s3_url: str,
    settings: Settings,
) -> None:
    settings.STORAGE_URL = s3_url
    task = finished_report(callers.book.admin)
    path = f"/reports/{task.uuid}/download?format=csv"
    whole = b"".join(ask("GET", path).streaming_content)
    key = Form(ReportFormat.CSV, raw=False, gzip=False).key(task)
    result_store().delete(key)

    copy = join_copy(key, lambda: _breaking(whole[:40]))
    assert copy is not None
    with pytest.raises(CopyBroken, match="a bad row"):
        list(copy.pieces())
    copy.leave()

    assert not result_store().exists(key)
    answer = ask("GET", path, headers={"Range": "bytes=10-59"})
    assert answer.status_code == 206
    assert answer["Content-Range"] == f"bytes 10-59/{len(whole)}"
    assert b"".join(answer.streaming_content) == whole[10:60]
    assert result_store().exists(key)


def _breaking(first: bytes) -> Iterator[bytes]:
    yield first
    raise ValueError("a bad row")
