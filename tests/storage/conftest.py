"""A store that speaks S3, in this process, and the two kinds of store on it and in a folder."""

import logging
import secrets
from collections.abc import Iterator
from pathlib import Path

import pyarrow.fs as pafs
import pytest
from moto.moto_server.threaded_moto_server import ThreadedMotoServer

from tollbook.storage.files import FileStore, open_file_store

SECRET = "a/secret+with=signs"


@pytest.fixture(scope="session")
def s3_port() -> Iterator[int]:
    """The port of a server that speaks S3."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    yield server.get_host_and_port()[1]
    server.stop()


@pytest.fixture
def s3_url(s3_port: int) -> str:
    """``STORAGE_URL`` of a fresh bucket there."""
    bucket = f"tollbook-{secrets.token_hex(4)}"
    pafs.S3FileSystem(
        access_key="key",
        secret_key=SECRET,
        endpoint_override=f"127.0.0.1:{s3_port}",
        scheme="http",
        region="us-east-1",
        allow_bucket_creation=True,
    ).create_dir(bucket)
    place = f"endpoint_override=127.0.0.1:{s3_port}&scheme=http&region=us-east-1"
    return f"s3://key:a%2Fsecret+with=signs@{bucket}/book?{place}"


@pytest.fixture(params=["folder", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> FileStore:
    """An empty store of each kind."""
    url = request.getfixturevalue("s3_url") if request.param == "s3" else f"file://{tmp_path}/a%20b"
    return open_file_store(url, home=tmp_path)
