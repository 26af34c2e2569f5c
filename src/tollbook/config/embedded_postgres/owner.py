"""Who runs the server: PostgreSQL refuses root, so root's server runs under another name."""

import os
import pwd
import subprocess
from pathlib import Path

from tollbook.config.embedded_postgres.programs import postgres_program
from tollbook.config.launch import group_of
from tollbook.config.processes import tied_command
from tollbook.kernel.errors import Unavailable


def server_owner(data: Path) -> str:
    """``self``; for root: the user who owns ``data``, else ``namespace``, else ``nobody``'s number.

    See ``config.launch`` for what each means.
    """
    belongs_to = data.stat().st_uid if data.exists() else os.geteuid()
    if os.geteuid() != 0:
        if belongs_to != os.geteuid():
            raise Unavailable(f"{data} belongs to user {belongs_to}: start as that user")
        return "self"
    if belongs_to != 0:
        return str(belongs_to)
    if _starts("namespace"):
        return "namespace"
    nobody = str(pwd.getpwnam("nobody").pw_uid)
    if _starts(nobody):
        return nobody
    raise Unavailable(
        "PostgreSQL does not run as root and user nobody may not enter this installation: "
        "start as an ordinary user, or set DATABASE_URL"
    )


def give_to(owner: str, folder: Path) -> None:
    """Make ``folder`` and all in it the owner's, where that is a user of its own."""
    if not owner.isdigit() or folder.stat().st_uid == int(owner):
        return
    group = group_of(int(owner))
    for place, _, names in os.walk(folder, topdown=False):
        for name in names:
            os.chown(Path(place, name), int(owner), group, follow_symlinks=False)
        os.chown(place, int(owner), group)


def _starts(owner: str) -> bool:
    command = tied_command([postgres_program("postgres"), "--version"], owner=owner)
    return subprocess.run(command, capture_output=True, check=False).returncode == 0
