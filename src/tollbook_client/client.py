"""The client: one server, one key."""

from types import TracebackType
from typing import Self

from tollbook_client.closings import Closings
from tollbook_client.credits import Credits
from tollbook_client.erp_invoices import ErpInvoices
from tollbook_client.imports import Imports
from tollbook_client.reports import Reports
from tollbook_client.retries import RetryPolicy
from tollbook_client.schedules import Schedules
from tollbook_client.stops import Stops
from tollbook_client.transport import Transport
from tollbook_client.webhooks import Webhooks


class Tollbook:
    """A Tollbook server as one key sees it; close it, or use it in a ``with``.

    ``timeout`` is how many seconds the server may be silent. ``ValueError`` for an address or a
    key that cannot be one.
    """

    def __init__(
        self,
        url: str,
        key: str,
        *,
        timeout: float = 60,
        retries: RetryPolicy | None = None,
    ) -> None:
        self._transport = Transport(
            url=url, key=key, timeout=timeout, retries=retries or RetryPolicy()
        )
        self.url = self._transport.url
        self.reports = Reports(self._transport)
        self.imports = Imports(self._transport)
        self.closings = Closings(self._transport)
        self.erp_invoices = ErpInvoices(self._transport)
        self.stops = Stops(self._transport)
        self.credits = Credits(self._transport)
        self.webhooks = Webhooks(self._transport)
        self.schedules = Schedules(self._transport)

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
