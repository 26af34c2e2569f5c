"""Invoices as the ERP keeps them."""

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import BinaryIO

from tollbook_client.answers import read_value
from tollbook_client.downloads import Download, OnBytes, download
from tollbook_client.transport import Transport
from tollbook_client.values import ErpInvoice, MoveType, PaymentState, read_erp_invoice


class ErpInvoices:
    """The ERP invoices of one server that the key may see."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(  # noqa: PLR0913  the API's own filters
        self,
        *,
        client_id: int | None = None,
        payer_id: int | None = None,
        currency: str | None = None,
        move_type: MoveType | None = None,
        payment_state: PaymentState | None = None,
        invoice_date_from: date | None = None,
        invoice_date_to: date | None = None,
        billing_period_from: date | None = None,
        billing_period_to: date | None = None,
        ordering: Sequence[str] = (),
    ) -> Iterator[ErpInvoice]:
        """Invoices, page after page as they are asked for; dates are inclusive."""
        found = self._transport.items(
            "/erp-invoices",
            {
                "client_id": client_id,
                "payer_id": payer_id,
                "currency": currency,
                "move_type": move_type,
                "payment_state": payment_state,
                "invoice_date__from": invoice_date_from,
                "invoice_date__to": invoice_date_to,
                "billing_period_from__from": billing_period_from,
                "billing_period_to__to": billing_period_to,
                "ordering": ",".join(ordering) or None,
            },
        )
        return (read_value(read_erp_invoice, one) for one in found)

    def get(self, id: int) -> ErpInvoice:  # noqa: A002  the API's own word
        """One invoice."""
        return read_value(read_erp_invoice, self._transport.get(f"/erp-invoices/{int(id)}"))

    def pdf(
        self,
        id: int,  # noqa: A002  the API's own word
        *,
        to: Path | str | BinaryIO,
        on_progress: OnBytes | None = None,
    ) -> Download:
        """Save the printed invoice; ``ServerUnavailable`` while the ERP is away."""
        return download(
            self._transport,
            f"/erp-invoices/{int(id)}/download",
            parameters={},
            to=to,
            default_name=f"invoice-{int(id)}.pdf",
            on_progress=on_progress,
        )
