"""The house is built as it is drawn."""

from pathlib import Path

import pytest

from tollbook.filetasks.rules import TRANSITIONS, TaskStatus

ROOT = Path(__file__).parents[2]
ROOMS = sorted(path for path in (ROOT / "src" / "tollbook").iterdir() if path.is_dir())
FORBIDDEN = {"utils", "helpers", "common", "manager", "misc"}


@pytest.mark.parametrize("room", [room for room in ROOMS if room.name != "__pycache__"], ids=str)
def test_every_room_says_what_it_is(room: Path) -> None:
    first_line = (room / "__init__.py").read_text().splitlines()[0]
    assert first_line.startswith('"""')
    assert first_line.rstrip('"').endswith(".")


def test_nothing_is_called_utils() -> None:
    sources = (ROOT / "src").rglob("*.py")
    assert [str(path) for path in sources if FORBIDDEN & set(path.with_suffix("").parts)] == []


def test_every_status_has_its_transitions() -> None:
    assert set(TRANSITIONS) == set(TaskStatus)
