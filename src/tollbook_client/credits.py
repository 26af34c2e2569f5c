"""Bonus credits: given, and listed with what is left of them."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID, uuid4

from tollbook_client.answers import read_object, read_value
from tollbook_client.transport import Transport
from tollbook_client.values import Credit, read_credit


class Credits:
    """The bonus credits of one server that the key may see."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def grant(
        self,
        client_id: int,
        amount: Decimal,
        currency: str,
        *,
        valid_from: datetime | None = None,
        valid_to: datetime | None = None,
        product_categories: Sequence[int] = (),
        comment: str = "",
        request_id: UUID | None = None,
    ) -> Credit:
        """Give a client a credit, for an operator's key; a repeated request never gives two."""
        asked = {
            "client_id": client_id,
            "amount": format(amount, "f"),
            "currency": currency,
            "valid_from": valid_from and valid_from.isoformat(),
            "valid_to": valid_to and valid_to.isoformat(),
            "product_categories": list(product_categories) or None,
            "comment": comment or None,
        }
        response = self._transport.send(
            "POST",
            "/accounting/credits",
            body={name: value for name, value in asked.items() if value is not None},
            headers={"Request-Id": str(request_id or uuid4())},
        )
        return read_value(read_credit, read_object(response))

    def list(
        self, *, client_id: int | None = None, currency: str | None = None
    ) -> Iterator[Credit]:
        """Credits, page after page as they are asked for; newest first."""
        asked = {"client_id": client_id, "unit_code": currency}
        found = self._transport.items("/accounting/credits", asked)
        return (read_value(read_credit, one) for one in found)
