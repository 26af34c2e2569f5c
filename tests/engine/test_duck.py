"""DuckDB as the engine: exact, in UTC, and with a disk beside its memory."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from tollbook.engine.duck import DuckEngine
from tollbook.engine.engine import Step
from tollbook.engine.opening import open_engine

ONE = {"one": pa.table({"n": pa.array([1, 2, 3], pa.int64())})}


def test_no_address_is_duckdb_in_this_process() -> None:
    engine = open_engine()
    assert isinstance(engine, DuckEngine)
    assert engine.version.startswith("DuckDB ")


def test_steps_read_sources_and_the_steps_before_them() -> None:
    steps = [
        Step("twice", "SELECT n * 2 AS n FROM one", is_shared=True),
        Step("all_of_it", "SELECT n FROM twice UNION ALL SELECT n FROM one"),
    ]
    with DuckEngine().running_query(
        "SELECT SUM(n) AS s FROM all_of_it", sources=ONE, steps=steps
    ) as r:
        assert [int(one) for one in r.read_all()["s"].to_pylist()] == [18]


def test_a_product_that_is_too_large_is_an_error() -> None:
    sql = "SELECT CAST(123456789012345 AS DECIMAL(38, 12)) * CAST(1.5 AS DECIMAL(18, 12)) AS x"
    with (
        pytest.raises(OverflowError, match=r"Overflow|range"),
        DuckEngine().running_query(sql, sources={}) as reader,
    ):
        reader.read_all()


def test_days_and_hours_are_those_of_utc() -> None:
    moment = pa.array([datetime(2026, 10, 1, 23, 30, tzinfo=UTC)], pa.timestamp("us", tz="UTC"))
    sql = "SELECT CAST(m AS DATE) AS day, EXTRACT(HOUR FROM m) AS hour FROM moments"
    sources = {"moments": pa.table({"m": moment})}
    with DuckEngine().running_query(sql, sources=sources) as reader:
        (row,) = reader.read_all().to_pylist()
    assert (row["day"].isoformat(), row["hour"]) == ("2026-10-01", 23)


def test_what_does_not_fit_the_memory_goes_to_a_folder_that_is_gone_afterwards(
    tmp_path: Path,
) -> None:
    engine = DuckEngine(memory_limit="60MB", threads=1, spill_folder=tmp_path)
    rows = 1_500_000
    numbers = pa.table({"n": pa.array(range(rows), pa.int64())})
    wide = "SELECT n, CAST(n AS VARCHAR) || repeat('x', 60) AS t FROM numbers ORDER BY t"
    with engine.running_query(wide, sources={"numbers": numbers}) as reader:
        first = reader.read_next_batch()
        assert any(tmp_path.iterdir())
        assert first.num_rows + sum(batch.num_rows for batch in reader) == rows
    assert not any(tmp_path.iterdir())


def test_the_same_digits_come_back() -> None:
    amount = Decimal("12345678901234567890123456.123456789012")
    sources = {"amounts": pa.table({"a": pa.array([amount], pa.decimal128(38, 12))})}
    with DuckEngine().running_query("SELECT a FROM amounts", sources=sources) as reader:
        assert reader.read_all()["a"].to_pylist() == [amount]


class NotWanted(Exception):
    """What is raised where the work is not wanted any more."""


def raising_after(seconds: float) -> Callable[[], None]:
    """A check that raises from some time on."""
    end = time.monotonic() + seconds

    def check() -> None:
        if time.monotonic() > end:
            raise NotWanted

    return check


LONG = "SELECT count(*) AS n FROM range(1000000000) a, range(1000000) b WHERE a.range % 7 = 3"


def test_a_query_that_is_not_wanted_any_more_is_broken_off_while_it_computes() -> None:
    engine = DuckEngine(check=raising_after(0.3))
    began = time.monotonic()
    with pytest.raises(NotWanted), engine.running_query(LONG, sources={}) as reader:
        reader.read_all()
    assert time.monotonic() - began < 5


def test_a_query_is_broken_off_between_two_batches_too() -> None:
    engine = DuckEngine(check=raising_after(0.3))
    rows = "SELECT range AS n FROM range(100000000000)"
    with pytest.raises(NotWanted), engine.running_query(rows, sources={}) as reader:
        for _ in reader:
            pass


def test_what_is_wanted_to_its_end_is_not_disturbed() -> None:
    engine = DuckEngine(check=lambda: None)
    with engine.running_query("SELECT n FROM one ORDER BY n", sources=ONE) as reader:
        assert reader.read_all()["n"].to_pylist() == [1, 2, 3]
