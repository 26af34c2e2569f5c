"""Which addresses of engines are taken, and what is said of the others."""

import pytest

from tollbook.engine import address
from tollbook.engine.address import check_engine_url, place_of


@pytest.mark.parametrize(
    "engine_url", ["presto://x:8080", "duckdb", "spark:/x", "spark://ann:secret@x:7077"]
)
def test_what_is_no_engine_is_refused_and_told_what_is(engine_url: str) -> None:
    with pytest.raises(ValueError, match="ENGINE_URL takes"):
        check_engine_url(engine_url)


def test_a_spark_without_its_package_is_refused_with_how_to_mend_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(address, "find_spec", lambda _: None)
    with pytest.raises(ValueError, match=r"install tollbook\[spark\]"):
        check_engine_url("spark://cluster.example:7077")


def test_a_token_is_no_part_of_the_place() -> None:
    assert place_of("sc://host:15002/;token=secret") == "sc://host:15002"
