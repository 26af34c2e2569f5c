"""What can go wrong in the business, by stable code; only ``api`` and ``cli`` translate it."""


class DomainError(Exception):
    """A refusal: a stable ``code``, a sentence for people and, where one is to blame, a field."""

    code = "error"

    def __init__(self, message: str, *, field: str | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        if code is not None:
            self.code = code


class InvalidInput(DomainError):
    """The caller sent something that cannot be taken; ``field`` names what."""

    code = "invalid"


class InvalidFields(InvalidInput):
    """Several fields cannot be taken; ``errors`` maps each to its messages."""

    def __init__(self, errors: dict[str, list[str]]) -> None:
        field, messages = next(iter(errors.items()))
        super().__init__(messages[0], field=field)
        self.errors = errors


class NotFound(DomainError):
    """No such object, or none that the viewer may know of."""

    code = "not_found"


class Forbidden(DomainError):
    """The viewer's role may not do this."""

    code = "forbidden"


class Conflict(DomainError):
    """The request contradicts what is already recorded."""

    code = "conflict"


class Gone(DomainError):
    """It existed and has expired."""

    code = "gone"


class Unavailable(DomainError):
    """A part that is needed does not answer now; trying again can help."""

    code = "unavailable"
