"""A whole comparison over a few rows: it ends well only where all made the same."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from bench.contenders import CONTENDERS
from bench.imports import WAYS
from bench.machine import machine_lines

ROOT = Path(__file__).parents[2]


@pytest.mark.timeout(900)
@pytest.mark.xdist_group("bench")
def test_a_quick_run_prints_everybody_and_writes_the_page(tmp_path: Path) -> None:
    page = tmp_path / "benchmarks.md"
    command = [sys.executable, "-m", "bench", "--quick", "--rows", "1000"]
    command += ["--only", "files", "lists", "imports", "closings", "--page", str(page)]
    environment = os.environ | {"PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"}
    ended = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    written = page.read_text(encoding="utf-8")
    for contender in CONTENDERS:
        label = f"{contender.label} → {contender.output.upper()}"
        assert label in ended.stdout
        assert f"| {label} |" in written
    for way in ("Tollbook", "DRF ModelSerializer, prefetch_related", "select_related"):
        assert f"{way}, offset 0 |" in written
    for label in WAYS.values():
        assert f"| {label} | CSV | 1,000 |" in written
    assert f"| {WAYS['lake']} | CSV | 10,000 |" in written
    assert "Closing a month" in ended.stdout
    assert "Tollbook, again" in ended.stdout
    assert "left out: " not in written
    assert str(tmp_path) not in written
    assert machine_lines()[0] in written
