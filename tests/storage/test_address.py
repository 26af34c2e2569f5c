"""What STORAGE_URL may say, and that no secret of it is ever told."""

from pathlib import Path

import pytest

from tollbook.config.addresses import read_addresses
from tollbook.storage.address import BucketAddress, FolderAddress, read_storage_url

SECRET = "wJalr/XUtn+FEMI"


def test_a_folder_is_a_whole_path() -> None:
    assert read_storage_url("file:///srv/a%20b") == FolderAddress(Path("/srv/a b").resolve())
    assert read_storage_url("file://localhost/srv") == FolderAddress(Path("/srv").resolve())


def test_a_bucket_has_a_prefix_options_and_credentials() -> None:
    found = read_storage_url(
        "s3://AKIA:wJalr%2FXUtn+FEMI@results/a/b/?endpoint_override=127.0.0.1:9000&scheme=http"
    )
    assert found == BucketAddress(
        "results/a/b",
        {
            "endpoint_override": "127.0.0.1:9000",
            "scheme": "http",
            "access_key": "AKIA",
            "secret_key": SECRET,
        },
    )
    assert str(found) == "s3://results/a/b"
    assert "FEMI" not in repr(found)
    assert read_storage_url("s3://results") == BucketAddress("results", {})


@pytest.mark.parametrize(
    ("url", "said"),
    [
        (f"s3://AKIA:{SECRET}@results/a", "write / as %2F"),
        ("s3://AKIA:wJalr?XUtn@results/a", "write / as %2F"),
        ("s3://AKIA:wJalr#XUtn@results/a", "write / as %2F"),
        ("s3://AKIA:wJalr/XUtn", "write / as %2F"),
        ("s3://AKIA:[wJalr@results", "cannot be read"),
        ("s3://AKIA@results", "a key without a secret"),
        ("s3://:wJalr@results", "a key without a secret"),
        ("s3://", "no bucket"),
        ("s3:///results", "no bucket"),
        ("s3://results/a//b", "an empty name"),
        ("s3://results/../b", "an empty name"),
        ("s3://results?colour=wJalr", "unknown option after its ?; it takes endpoint_override"),
        ("s3://results?region=", "once each"),
        ("s3://results?region=a&region=b", "once each"),
        ("s3://results?scheme=ftp", "scheme=http"),
        ("file://relative/x", "no whole path"),
        ("file:x", "no whole path"),
        ("file:", "no whole path"),
        ("file:///srv/a#b", "write %3F or %23"),
        ("/srv/results", "starts with neither file:// nor s3://"),
        ("gs://results", "starts with neither file:// nor s3://"),
    ],
)
def test_another_is_refused_before_anything_starts_and_its_secret_is_not_told(
    url: str, said: str
) -> None:
    with pytest.raises(ValueError, match=r"^STORAGE_URL ") as raised:
        read_addresses({"STORAGE_URL": url})
    assert said in str(raised.value)
    assert "wJalr" not in str(raised.value)
