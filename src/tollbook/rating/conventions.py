"""What contracts leave unsaid, said once for the whole house."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Conventions:
    """``threshold_is_in_new_stage``: exactly at a threshold of ``staged`` the new price holds.

    ``counts_activation_day``: the day of activation is owed, and the day of an end is not.
    """

    threshold_is_in_new_stage: bool = True
    counts_activation_day: bool = False


USUAL: Final = Conventions()
