"""``STORAGE_URL``: what it may say, read without a word of its secrets in what is said about it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

_OPTIONS: Final = ("endpoint_override", "region", "scheme")
_BUCKET: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]+")
_FORMS: Final = "it takes file:///folder or s3://bucket/prefix"


@dataclass(frozen=True)
class FolderAddress:
    """A folder of this machine."""

    folder: Path

    def __str__(self) -> str:
        return str(self.folder)


@dataclass(frozen=True)
class BucketAddress:
    """A place in a bucket; ``options`` are pyarrow's, with the credentials."""

    place: str
    options: Mapping[str, str] = field(repr=False)

    def __str__(self) -> str:
        return f"s3://{self.place}"


def read_storage_url(storage_url: str) -> FolderAddress | BucketAddress:
    """The place that the address names; ``ValueError`` says what is wrong with another."""
    try:
        parts = urlsplit(storage_url)
    except ValueError:
        raise ValueError(f"STORAGE_URL cannot be read; {_FORMS}") from None
    match parts.scheme:
        case "file":
            return _folder(parts)
        case "s3":
            return _bucket(parts)
        case _:
            raise ValueError(f"STORAGE_URL starts with neither file:// nor s3://; {_FORMS}")


def check_storage_url(storage_url: str) -> None:
    """Raise ``ValueError`` for a place that no files can be in; empty is the home's own folder."""
    if storage_url:
        read_storage_url(storage_url)


def _folder(parts: SplitResult) -> FolderAddress:
    if parts.netloc not in ("", "localhost") or not parts.path.startswith("/"):
        raise ValueError("STORAGE_URL names no whole path: a folder has three slashes, file:///…")
    if parts.query or parts.fragment:
        raise ValueError("STORAGE_URL has ? or # in its path: write %3F or %23")
    return FolderAddress(Path(unquote(parts.path)).resolve())


def _bucket(parts: SplitResult) -> BucketAddress:
    credentials, _, bucket = parts.netloc.rpartition("@")
    if "@" in f"{parts.path}{parts.query}{parts.fragment}" or ":" in bucket:
        raise ValueError(
            "STORAGE_URL has a key or a secret that is cut short: in s3://key:secret@bucket "
            "write / as %2F, ? as %3F and # as %23"
        )
    if parts.fragment or not _BUCKET.fullmatch(bucket):
        raise ValueError(f"STORAGE_URL names no bucket; {_FORMS}")
    options = {**_options(parts.query), **_credentials(credentials)}
    path = unquote(parts.path).strip("/")
    if any(part in ("", ".", "..") for part in path.split("/") if path):
        raise ValueError("STORAGE_URL has an empty name or dots in its prefix")
    return BucketAddress(f"{bucket}/{path}".rstrip("/"), options)


def _options(query: str) -> dict[str, str]:
    given = parse_qsl(query, keep_blank_values=True)
    known = ", ".join(_OPTIONS)
    if any(name not in _OPTIONS for name, _ in given):
        raise ValueError(f"STORAGE_URL has an unknown option after its ?; it takes {known}")
    options = dict(given)
    if "" in options.values() or len(options) < len(given):
        raise ValueError(f"STORAGE_URL takes {known} once each, and not empty")
    if options.get("scheme", "https") not in ("http", "https"):
        raise ValueError("STORAGE_URL takes scheme=http or scheme=https")
    return options


def _credentials(text: str) -> dict[str, str]:
    key, _, secret = text.partition(":")
    if bool(key) != bool(secret):
        raise ValueError("STORAGE_URL has a key without a secret; it takes s3://key:secret@bucket")
    return {"access_key": unquote(key), "secret_key": unquote(secret)} if key else {}
