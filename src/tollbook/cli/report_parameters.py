"""Turns ``-p name=value`` into what a report's template declares."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

import click

from tollbook_client import Template, TemplateParameter

_BOOLEANS: Final = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


def typed_parameters(
    templates: Iterable[Template], code: str, given: Sequence[str]
) -> dict[str, object]:
    """Values of the declared types; what is not declared goes as text, for the server to judge."""
    declared = next((one.parameters for one in templates if one.code == code), ())
    by_name = {one.name: one for one in declared}
    parameters: dict[str, object] = {}
    for pair in given:
        name, sign, text = pair.partition("=")
        if not sign or not name:
            raise click.UsageError(f"-p takes NAME=VALUE, not {pair!r}")
        if name in parameters:
            raise click.UsageError(f"-p {name} is given twice")
        parameters[name] = _typed(by_name[name], text) if name in by_name else text
    return parameters


def _typed(parameter: TemplateParameter, text: str) -> object:
    convert = _CONVERTERS.get(parameter.type)
    if convert is None:
        return text
    try:
        return convert(text)
    except (ValueError, KeyError) as error:
        raise click.UsageError(
            f"-p {parameter.name} takes a value of type {parameter.type}, not {text!r}"
        ) from error


_CONVERTERS: Final[Mapping[str, Callable[[str], object]]] = {
    "integer": int,
    "boolean": lambda text: _BOOLEANS[text.lower()],
    "array": lambda text: text.split(","),
}
