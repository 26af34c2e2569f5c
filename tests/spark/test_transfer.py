"""What is sent to executors runs where there is pyarrow and nothing of ours."""

import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.fs as pafs
import pyarrow.parquet as pq
import pytest

from tollbook.engine.spark_transfer import packing, reading_with

_RUN = """
import pickle, sys
sys.modules["tollbook"] = None
with open(sys.argv[1], "rb") as file:
    read, pack = pickle.load(file)
import pyarrow as pa
rows = list(read(iter([pa.record_batch({"path": [sys.argv[2]]})])))
(packed,) = pack(iter(rows))
(batch,) = pa.ipc.open_stream(packed["packed"][0].as_py())
print(batch["number"].to_pylist())
"""


def test_the_functions_of_executors_need_no_module_of_ours(tmp_path: Path) -> None:
    cloudpickle = pytest.importorskip("pyspark.cloudpickle")
    table = pa.table({"number": [3, 1, 2]})
    pq.write_table(table, tmp_path / "rows.parquet")
    sent = cloudpickle.dumps((reading_with(pafs.LocalFileSystem(), table.schema), packing()))
    (tmp_path / "sent").write_bytes(sent)
    done = subprocess.run(
        (sys.executable, "-c", _RUN, str(tmp_path / "sent"), str(tmp_path / "rows.parquet")),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "[3, 1, 2]\n", done.stderr
