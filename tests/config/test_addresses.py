"""The four addresses are taken whole or refused by name."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tollbook.config.addresses import django_database, read_addresses

POSTGRES = "postgresql://ann:s%40crt@db.example:5433/book?sslmode=require"


def test_empty_addresses_name_the_embedded_parts(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "url").write_text(
        "postgresql://tollbook:pw@127.0.0.1:40001/tollbook\n"
    )
    addresses = read_addresses({"TOLLBOOK_HOME": str(tmp_path)})
    assert addresses.database_url == "postgresql://tollbook:pw@127.0.0.1:40001/tollbook"
    assert addresses.broker_url == "pgmq://tollbook:pw@127.0.0.1:40001/tollbook"
    assert (addresses.storage_url, addresses.engine_url) == ("", "")


def test_the_queue_lies_in_a_database_of_ones_own_unless_another_is_named(tmp_path: Path) -> None:
    given = {"TOLLBOOK_HOME": str(tmp_path), "DATABASE_URL": POSTGRES}
    assert read_addresses(given).broker_url.startswith("pgmq://ann:s%40crt@db.example:5433/book")
    redis = read_addresses({**given, "BROKER_URL": "redis://cache.example/0"})
    assert redis.broker_url == "redis://cache.example/0"


def test_django_gets_every_part_of_a_database_address() -> None:
    database = django_database(POSTGRES)
    assert database["NAME"] == "book"
    assert database["USER"] == "ann"
    assert database["PASSWORD"] == "s@crt"
    assert database["HOST"] == "db.example"
    assert database["PORT"] == "5433"
    assert database["OPTIONS"]["sslmode"] == "require"


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("DATABASE_URL", "mysql://db.example/book"),
        ("DATABASE_URL", "sqlite:///book.db"),
        ("DATABASE_URL", "postgres://%zz/book"),
        ("BROKER_URL", "kafka://mq.example"),
        ("ENGINE_URL", "presto://cluster.example:8080"),
    ],
)
def test_an_address_that_cannot_be_used_is_refused_by_its_name(
    tmp_path: Path, name: str, address: str
) -> None:
    environ = {"TOLLBOOK_HOME": str(tmp_path), "DATABASE_URL": POSTGRES, name: address}
    with pytest.raises(ValueError, match=name):
        read_addresses(environ)


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("DATABASE_URL", "hunter2:secret@db.example/book"),
        ("DATABASE_URL", "mysql://ann:secret@db.example/book"),
        ("DATABASE_URL", "postgresql://ann:secret%zz@db.example/book"),
        ("DATABASE_URL", "postgresql://ann:pw@db.example/book?secret=1"),
        ("DATABASE_URL", "host=db.example password=secret"),
        ("BROKER_URL", "hunter2:secret@mq.example"),
        ("BROKER_URL", "kafka://ann:secret@mq.example"),
        ("ENGINE_URL", "spark://ann:secret@cluster.example"),
        ("ENGINE_URL", "secret"),
        ("STORAGE_URL", "hunter2:secret@bucket"),
        ("STORAGE_URL", "s3://key:se/secret@bucket"),
        ("STORAGE_URL", "s3://bucket?secret=1"),
    ],
)
def test_what_is_said_of_an_address_holds_no_secret_of_it(
    tmp_path: Path, name: str, address: str
) -> None:
    environ = {"TOLLBOOK_HOME": str(tmp_path), "DATABASE_URL": POSTGRES, name: address}

    with pytest.raises(ValueError, match=name) as refused:
        read_addresses(environ)

    assert "secret" not in str(refused.value).replace("a key or a secret", "").replace(
        "s3://key:secret@bucket", ""
    )
    assert "hunter2" not in str(refused.value)
    assert refused.value.__cause__ is None


def test_what_an_address_says_beside_the_place_holds_for_the_queue_too(tmp_path: Path) -> None:
    given = {"TOLLBOOK_HOME": str(tmp_path), "DATABASE_URL": POSTGRES}
    assert read_addresses(given).broker_url.endswith("/book?sslmode=require")


@pytest.mark.parametrize("value", ["abc", "-1", "0", "1e3", "99999999999", "²"])
def test_a_number_that_is_none_is_refused_by_its_name(value: str) -> None:
    environ = {**os.environ, "TOLLBOOK_LEASE_SECONDS": value}
    code = "import tollbook.config.settings"
    done = subprocess.run(
        (sys.executable, "-c", code), env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "TOLLBOOK_LEASE_SECONDS" in done.stderr


@pytest.mark.parametrize("name", ["TOLLBOOK_THRESHOLD", "TOLLBOOK_ACTIVATION_DAY"])
def test_a_word_that_a_setting_does_not_take_is_refused_by_its_name(name: str) -> None:
    code = "import tollbook.config.settings"
    done = subprocess.run(
        (sys.executable, "-c", code),
        env={**os.environ, name: "both"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert f"{name} is 'both'; it takes " in done.stderr
