"""What a source is made of, so that an engine can read it in its own way."""

from dataclasses import dataclass

import pyarrow.dataset as pads
import pyarrow.fs as pafs

from tollbook.engine.engine import Source


@dataclass(frozen=True)
class NumberedFile:
    """A Parquet file of this machine with one column more, ``file_row_number``, from 0."""

    path: str


def local_parquet_files(source: Source) -> list[str]:
    """The Parquet files of a dataset in folders of this machine; none of anything else."""
    return parquet_files(source) if _is_in_folders(source) else []


def parquet_files(source: Source) -> list[str]:
    """The Parquet files of a dataset, as its file system names them; none of anything else."""
    if not isinstance(source, pads.FileSystemDataset):
        return []
    return list(source.files) if isinstance(source.format, pads.ParquetFileFormat) else []


def _is_in_folders(source: Source) -> bool:
    return isinstance(source, pads.FileSystemDataset) and isinstance(
        source.filesystem, pafs.LocalFileSystem
    )
