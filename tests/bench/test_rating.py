"""A quick measurement of rating: it ends well only where SQL and the reference agree."""

from pathlib import Path

import pytest
from bench.rating import contracts, section, write_usage

from tollbook.expenses.pricing.reference import contracts_of


@pytest.mark.timeout(600)
@pytest.mark.xdist_group("bench")
def test_rating_is_timed_where_both_ways_come_to_the_same_sum() -> None:
    found = section([3_000], repeats=1)
    labels = [row[0] for row in found.rows]
    assert labels == ["the pure Python reference, on a sample", "Tollbook: SQL on DuckDB"]
    assert found.rows[0][1:3] == found.rows[1][1:3]


def test_every_record_that_is_rated_has_a_contract(tmp_path: Path) -> None:
    write_usage(tmp_path / "usage", 5_000)
    assert len(list((tmp_path / "usage").iterdir())) == 31
    assert {line.feature_id for line in contracts_of(contracts(5_000)).lines} == {1, 2, 3}
