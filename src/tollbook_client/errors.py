"""What can go wrong, one class per kind; the text of each is one sentence for people."""

from collections.abc import Mapping, Sequence
from uuid import UUID


class TollbookError(Exception):
    """Anything that goes wrong; ``request_id`` finds the request in the server's log."""

    def __init__(
        self, message: str, *, status: int | None = None, request_id: str | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.request_id = request_id


class Unauthorized(TollbookError):
    """401: the key is unknown, wrong, expired or revoked."""


class Forbidden(TollbookError):
    """403: the key's role may not do this."""


class NotFound(TollbookError):
    """404: no such object, or none that the key may know of."""


class Conflict(TollbookError):
    """409: it contradicts what is recorded, such as another body under the same request id."""


class Expired(TollbookError):
    """410: the result existed and is gone; ask for the report again."""


class InvalidRequest(TollbookError):
    """400, 406, 415 …: ``fields`` maps each field at fault to its messages, where it is known."""

    def __init__(
        self,
        message: str,
        *,
        fields: Mapping[str, Sequence[str]],
        status: int | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(message, status=status, request_id=request_id)
        self.fields = fields


class ReportNotReady(TollbookError):
    """The report is still being made; look again after ``retry_after`` seconds."""

    def __init__(self, message: str, *, retry_after: float, request_id: str | None = None) -> None:
        super().__init__(message, status=400, request_id=request_id)
        self.retry_after = retry_after


class ReportFailed(TollbookError):
    """The report could not be made; ``uuid`` names its task, ``errors`` are the server's own."""

    def __init__(
        self, message: str, *, uuid: UUID | None, errors: Sequence[Mapping[str, object]] = ()
    ) -> None:
        super().__init__(message)
        self.uuid = uuid
        self.errors = errors


class ReportCancelled(TollbookError):
    """Somebody cancelled the report."""


class RateLimited(TollbookError):
    """429: too many requests with this key; try again after ``retry_after`` seconds."""

    def __init__(self, message: str, *, retry_after: float, request_id: str | None = None) -> None:
        super().__init__(message, status=429, request_id=request_id)
        self.retry_after = retry_after


class ServerUnavailable(TollbookError):
    """Nobody answers at the address, or 502 to 504; trying later can help.

    ``received`` tells whether the request may have reached the server all the same.
    """

    def __init__(
        self,
        message: str,
        *,
        received: bool,
        retry_after: float = 0,
        status: int | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(message, status=status, request_id=request_id)
        self.received = received
        self.retry_after = retry_after


class ServerFailed(TollbookError):
    """500: a mistake of the server's, which its log explains."""


class UnexpectedAnswer(TollbookError):
    """The answer is not one of Tollbook's."""


class DownloadBroken(TollbookError):
    """The connection broke again and again, or fewer bytes came than were promised."""


class WaitedTooLong(TollbookError):
    """The report was not finished in the time given; it goes on."""
