"""The one decimal context of all rating: no digit is ever lost without an error."""

from collections.abc import Callable
from decimal import getcontext, setcontext
from functools import wraps
from typing import Final, ParamSpec, TypeVar

from tollbook.kernel.money import money_context

_EXACT: Final = money_context()
_Parameters = ParamSpec("_Parameters")
_Result = TypeVar("_Result")


def exact(function: Callable[_Parameters, _Result]) -> Callable[_Parameters, _Result]:
    """Run ``function`` in the exact money context, whatever context the caller is in.

    Not for generators: the context would leak into whoever iterates.
    """

    @wraps(function)
    def in_exact_context(*args: _Parameters.args, **kwargs: _Parameters.kwargs) -> _Result:
        outer = getcontext()
        if outer is _EXACT:
            return function(*args, **kwargs)
        setcontext(_EXACT)
        try:
            return function(*args, **kwargs)
        finally:
            setcontext(outer)

    return in_exact_context
