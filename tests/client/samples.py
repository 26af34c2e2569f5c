"""Objects as the published API writes them."""

from typing import Any

UUID = "0d6a4b5e-3f0e-4f8b-9a1c-2b6f3c1d4e5f"


def task_json(status: str = "Completed", **notes: Any) -> dict[str, Any]:
    """A report."""
    return {
        "uuid": UUID,
        "created_at": "2026-11-20T09:00:00.123456Z",
        "updated_at": "2026-11-20T09:00:01Z",
        "user_id": 3,
        "client_id": 1,
        "task_type": "Report",
        "status": status,
        "parameters": {"type": "ResellerExpenses", "date_from": "2026-08-01"},
        "processing_notes": notes,
    }


def invoice_json(number: int = 1, total: str = "1234567890.123456789012") -> dict[str, Any]:
    """An ERP invoice."""
    return {
        "id": number,
        "name": f"INV/2026/{number:05}",
        "move_type": "out_invoice",
        "currency": "EUR",
        "invoice_date": "2026-09-01",
        "invoice_date_due": None,
        "billing_period_from": "2026-08-01",
        "billing_period_to": "2026-08-31",
        "amount_untaxed": total,
        "amount_tax": "0.000000000000",
        "amount_total": total,
        "payment_state": "partial",
        "client_id": 12,
        "payer_id": 4,
        "invoice_id": None,
        "created_at": "2026-09-01T00:00:00Z",
        "updated_at": "2026-09-01T00:00:00Z",
    }
