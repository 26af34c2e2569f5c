"""Who a launched program runs as."""

import os
import subprocess

from tollbook.config.launch import group_of
from tollbook.config.processes import tied_command

UNHEARD_OF = 2_147_483_000


def test_a_user_without_an_entry_never_keeps_the_group_of_root() -> None:
    assert group_of(UNHEARD_OF) == UNHEARD_OF
    assert group_of(0) == 0
    if os.geteuid() == 0:  # others cannot become somebody else
        command = tied_command(["/usr/bin/id", "-G"], owner=str(UNHEARD_OF))
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        assert done.stdout.split() == [str(UNHEARD_OF)]
