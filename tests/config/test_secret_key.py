"""The home and the key in it, made by whoever starts first."""

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.commands import environment, free_port
from tollbook.config.secret_key import kept_secret_key

SETTINGS = "from django.conf import settings; print(settings.SECRET_KEY)"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "home"


def start(home: Path) -> subprocess.Popen[str]:
    """A process that reads the settings, as `web`, `worker` and Django's own commands do."""
    more = {
        "DJANGO_SETTINGS_MODULE": "tollbook.config.settings",
        "DATABASE_URL": f"postgresql://127.0.0.1:{free_port()}/book",
    }
    return subprocess.Popen(
        [sys.executable, "-c", SETTINGS],
        env=environment(home, more),
        stdout=subprocess.PIPE,
        text=True,
        umask=0o022,
    )


def test_the_first_process_of_any_kind_closes_the_home_to_others(home: Path) -> None:
    said, _ = start(home).communicate(timeout=600)
    assert len(said.strip()) > 50
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert stat.S_IMODE((home / "secret_key").stat().st_mode) == 0o600


def test_processes_that_start_at_once_have_one_key(home: Path) -> None:
    said = {process.communicate(timeout=600)[0] for process in [start(home) for _ in range(4)]}
    assert len(said) == 1
    assert [path.name for path in home.iterdir()] == ["secret_key"]


def test_a_home_that_is_open_to_others_by_intent_stays_so(home: Path) -> None:
    home.mkdir(parents=True)
    home.chmod(0o750)
    assert kept_secret_key(home) == kept_secret_key(home)
    assert stat.S_IMODE(home.stat().st_mode) == 0o750
