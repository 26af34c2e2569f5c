"""A result as the Parquet file that it is."""

from collections.abc import Iterator

from tollbook.results.result_file import ResultFile


def render_parquet(result: ResultFile) -> Iterator[bytes]:
    """The file in pieces, unchanged."""
    return result.pieces()
