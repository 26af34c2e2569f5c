"""Starts one program whose life is tied to the process that asked for it; a script by itself.

``launch.py PARENT SIGNAL OWNER PROGRAM [ARGUMENT …]``: once the process PARENT is gone, PROGRAM is
sent SIGNAL. OWNER is ``self``, ``namespace`` (root that the program sees as an ordinary user) or
the number of a user.
"""

import ctypes
import os
import pwd
import signal
import subprocess
import sys
import time
from pathlib import Path

ON_LINUX = sys.platform == "linux"

_CLONE_NEWUSER = 0x10000000
_PR_SET_PDEATHSIG = 1
_PR_SET_KEEPCAPS = 8
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_RAISE = 2
_CAP_DAC_OVERRIDE = 1
_CAPABILITY_VERSION_3 = 0x20080522
_WATCH_SECONDS = 0.2


def main(arguments: list[str]) -> int:
    """Become the program, or stay as its watcher where the kernel cannot tie the two (no Linux)."""
    parent, death_signal, owner, *command = arguments
    for number in (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    _become(owner)
    if ON_LINUX:
        _libc().prctl(_PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
        if os.getppid() == int(parent):
            os.execv(command[0], command)  # noqa: S606
    return _watch(int(parent), int(death_signal), command)


def group_of(user: int) -> int:
    """The group that the user's programs run in; one nobody has heard of is alone in its own."""
    try:
        return pwd.getpwuid(user).pw_gid
    except KeyError:
        return user


def _become(owner: str) -> None:
    if owner == "namespace":
        _enter_namespace()
    elif owner != "self":
        _drop_to(int(owner))


def _enter_namespace() -> None:
    """Keep root's files and lose root's name: the program sees itself as ``nobody``."""
    nobody = pwd.getpwnam("nobody")
    user, group = os.getuid(), os.getgid()
    if _libc().unshare(_CLONE_NEWUSER) != 0:
        raise PermissionError("user namespaces are not allowed here")
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{nobody.pw_uid} {user} 1")
    Path("/proc/self/gid_map").write_text(f"{nobody.pw_gid} {group} 1")


def _drop_to(user: int) -> None:
    """Give up root; on Linux keep, where allowed, the right to pass folders closed to it."""
    os.setgroups([])
    os.setgid(group_of(user))
    if ON_LINUX:
        _libc().prctl(_PR_SET_KEEPCAPS, 1, 0, 0, 0)
    os.setuid(user)
    if ON_LINUX:
        _keep_access()


def _keep_access() -> None:
    bit = 1 << _CAP_DAC_OVERRIDE
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    effective_permitted_inheritable = (ctypes.c_uint32 * 6)(bit, bit, bit, 0, 0, 0)
    if _libc().capset(header, effective_permitted_inheritable) == 0:
        _libc().prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, _CAP_DAC_OVERRIDE, 0, 0)


def _watch(parent: int, death_signal: int, command: list[str]) -> int:
    if os.getppid() != parent:
        return 1
    with subprocess.Popen(command) as program:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGQUIT):
            signal.signal(number, lambda received, _frame: program.send_signal(received))
        while program.poll() is None:
            if os.getppid() != parent:
                program.send_signal(death_signal)
                break
            time.sleep(_WATCH_SECONDS)
        return program.wait()


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
