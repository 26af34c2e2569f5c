"""Spark on a cluster: files in a bucket, results in flat memory, and errors that say what lacks."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset as pads
import pyarrow.parquet as pq
import pytest

from tests.expenses.pricing.books import MONTH, drawn_books, joined
from tests.outgrown.cluster import Cluster
from tests.spark.conftest import NO_PANDAS
from tests.storage.conftest import SECRET
from tollbook.engine.duck import DuckEngine
from tollbook.engine.spark import SparkEngine
from tollbook.engine.spark_sessions import used_session
from tollbook.engine.spark_transfer import files_frame
from tollbook.expenses.pricing.rating import rate_usage
from tollbook.kernel.errors import Unavailable
from tollbook.storage.files import FileStore, open_file_store

pytestmark = [
    pytest.mark.timeout(1800),
    pytest.mark.xdist_group("outgrown"),
    pytest.mark.filterwarnings(NO_PANDAS),
]


@pytest.fixture(scope="module", params=["spark://", "sc://"])
def engine(request: pytest.FixtureRequest, cluster: Cluster) -> Iterator[SparkEngine]:
    """The engine at each of the two kinds of address of one cluster."""
    connect = request.param == "sc://"
    with pytest.MonkeyPatch.context() as patch:
        for name, value in cluster.environment.items():
            patch.setenv(name, value)
        engine = SparkEngine(cluster.connect_url if connect else cluster.master_url)
        yield engine
        engine.close()


@pytest.fixture
def bucket(s3_url: str, tmp_path: Path) -> FileStore:
    """An empty store that speaks S3, with a key and a secret in its address."""
    return open_file_store(s3_url, home=tmp_path)


def in_files(store: FileStore, table: pa.Table, *, files: int) -> pads.FileSystemDataset:
    """The rows of ``table`` in some files of ``store``, as the lake has them."""
    keys = [f"lake/{number}.parquet" for number in range(files)]
    for number, key in enumerate(keys):
        with store.writing(key) as file:
            share = -(-table.num_rows // files)
            pq.write_table(table.slice(number * share, share), file)
    return pads.FileSystemDataset.from_paths(
        [store.path(key) for key in keys],
        schema=table.schema,
        format=pads.ParquetFileFormat(),
        filesystem=store.filesystem,
    )


def test_usage_in_a_bucket_is_rated_as_duckdb_rates_it(
    engine: SparkEngine, bucket: FileStore
) -> None:
    book = joined(drawn_books(8))
    lake = in_files(bucket, book.usage, files=3)
    by_spark, by_duckdb = (
        pa.Table.from_batches(rate_usage(each, lake, book.contracts, MONTH))
        for each in (engine, DuckEngine())
    )
    assert by_spark.num_rows > 10
    assert by_spark.equals(by_duckdb)


def test_a_large_result_comes_whole_and_in_its_order(engine: SparkEngine) -> None:
    sql = "SELECT id AS number, repeat('x', 40) AS text FROM range(300000) ORDER BY id DESC"
    with engine.running_query(sql, sources={}) as reader:
        sizes, first, last = [], None, 0
        for batch in reader:
            sizes.append(batch.num_rows)
            numbers = batch["number"].to_pylist()
            assert numbers == list(range(numbers[0], numbers[-1] - 1, -1))
            assert first is None or numbers[0] == last - 1
            first, last = numbers[0], numbers[-1]
    assert (sum(sizes), last) == (300_000, 0)
    assert max(sizes) <= 65_536, "no batch holds all of it"


def test_a_result_without_rows_has_its_columns(engine: SparkEngine) -> None:
    sql = "SELECT CAST(1 AS decimal(38, 12)) AS amount, 'x' AS text WHERE false"
    with engine.running_query(sql, sources={}) as reader:
        table = reader.read_all()
    assert table.num_rows == 0
    assert table.schema.names == ["amount", "text"]
    assert table.schema.types == [pa.decimal128(38, 12), pa.string()]


def test_a_table_without_rows_is_a_source_as_any_other(engine: SparkEngine) -> None:
    empty = pa.table({"amount": pa.array([], pa.decimal128(38, 12))})
    with engine.running_query("SELECT sum(amount) AS x FROM t", sources={"t": empty}) as reader:
        assert reader.read_all()["x"].to_pylist() == [None]


def test_an_error_of_the_cluster_comes_out_while_rows_are_read(engine: SparkEngine) -> None:
    sql = "SELECT CAST(id AS decimal(38, 12)) * CAST(1e26 AS decimal(38, 0)) AS x FROM range(9)"
    with (
        pytest.raises(Exception, match="NUMERIC_VALUE_OUT_OF_RANGE"),
        engine.running_query(sql, sources={}) as reader,
    ):
        reader.read_all()


def test_no_plan_tells_the_key_to_the_bucket(
    engine: SparkEngine, bucket: FileStore, capsys: pytest.CaptureFixture[str]
) -> None:
    lake = in_files(bucket, pa.table({"amount": [Decimal("1.5")]}), files=2)
    with used_session(engine.address) as session:
        frame = files_frame(session, lake.files, filesystem=lake.filesystem, schema=lake.schema)
        frame.explain("extended")
    told = capsys.readouterr().out
    assert "read_lake" in told
    assert SECRET not in told


def test_a_folder_that_the_cluster_does_not_see_is_told_as_that(engine: SparkEngine) -> None:
    nowhere = pads.FileSystemDataset.from_paths(
        ["/nowhere/usage.parquet"],
        schema=pa.schema([("amount", pa.decimal128(38, 12))]),
        format=pads.ParquetFileFormat(),
        filesystem=pa.fs.LocalFileSystem(),
    )
    with (
        pytest.raises(Unavailable, match="does not see the folder of STORAGE_URL"),
        engine.running_query(
            "SELECT count(*) AS rows FROM lake", sources={"lake": nowhere}
        ) as reader,
    ):
        reader.read_all()
