"""Folders that only their owner may enter."""

from pathlib import Path


def make_private(folder: Path) -> Path:
    """Make ``folder`` and its missing parents closed to others; what exists stays as it is."""
    for each in (*reversed(folder.parents), folder):
        if not each.is_dir():
            each.mkdir(mode=0o700, exist_ok=True)
    return folder
