"""What a team without a broker would start with: Celery on a folder, as its documents have it."""

import os
import time
from pathlib import Path

from celery import Celery

_FOLDER = Path(os.environ["BENCH_QUEUE"])

app = Celery("polled", broker="filesystem://", set_as_current=False)
app.conf.broker_transport_options = {
    "data_folder_in": str(_FOLDER / "queue"),
    "data_folder_out": str(_FOLDER / "queue"),
    "control_folder": str(_FOLDER / "control"),
}
app.conf.task_ignore_result = True


@app.task
def note_pickup(asked: float) -> None:
    """Note how long it took until somebody did this."""
    with (_FOLDER / "pickups").open("a") as file:
        file.write(f"{time.time() - asked}\n")


def pickups() -> list[float]:
    """What was noted."""
    notes = _FOLDER / "pickups"
    return [float(line) for line in notes.read_text().splitlines()] if notes.exists() else []


for _name in ("queue", "control"):
    (_FOLDER / _name).mkdir(exist_ok=True)
