"""What the API speaks of, as frozen values; amounts are exact decimals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID


class TaskStatus(StrEnum):
    """Where a file task stands."""

    PENDING = "Pending"
    IN_PROGRESS = "InProgress"
    COMPLETED = "Completed"
    FAILED = "Failed"
    CANCELLED = "Cancelled"

    @property
    def is_final(self) -> bool:
        """Whether nothing more will happen."""
        return self not in {TaskStatus.PENDING, TaskStatus.IN_PROGRESS}


class MoveType(StrEnum):
    """An invoice, or a refund of one; amounts are positive on both."""

    INVOICE = "out_invoice"
    REFUND = "out_refund"


class PaymentState(StrEnum):
    """How far an ERP invoice has been paid or netted."""

    NOT_PAID = "not_paid"
    PAID = "paid"
    PARTIAL = "partial"
    REVERSED = "reversed"
    IN_PAYMENT = "in_payment"


@dataclass(frozen=True)
class ProcessingNotes:
    """What the server says of its work; ``everything`` holds its notes as they came."""

    records_to_process: int | None
    records_processed: int | None
    rows: int | None
    attempt: int | None
    queue_position: int | None
    digest: str | None
    errors: Sequence[Mapping[str, Any]]
    warnings: Sequence[Mapping[str, Any]]
    everything: Mapping[str, Any]


@dataclass(frozen=True)
class Proof:
    """What the books say that a result holds; ``digest`` is the SHA-256 of its CSV.

    ``totals`` are by currency (empty where there is none) and then by the header of the column;
    ``currency`` is the header of the column with the currency. ``kinds`` are what each column
    holds, none where nobody told.
    """

    digest: str
    rows: int
    totals: Mapping[str, Mapping[str, Decimal]]
    currency: str | None
    kinds: Sequence[str] | None


@dataclass(frozen=True)
class FileTask:
    """Background work of the server: a report, from question to file."""

    uuid: UUID
    task_type: str
    status: TaskStatus
    parameters: Mapping[str, Any]
    processing_notes: ProcessingNotes
    created_at: datetime
    updated_at: datetime
    user_id: int
    client_id: int

    @property
    def template(self) -> str:
        """The code of the report's template."""
        return str(self.parameters.get("type") or "")

    @property
    def proof(self) -> Proof | None:
        """What its result holds, also after it has expired; none before it is completed."""
        notes = self.processing_notes
        if notes.digest is None or notes.rows is None:
            return None
        columns = notes.everything.get("total_columns") or {}
        headers = columns.get("amounts") or {}
        totals = {
            currency: {headers[key]: Decimal(text) for key, text in amounts.items()}
            for currency, amounts in (notes.everything.get("totals") or {}).items()
            if headers
        }
        kinds = notes.everything.get("column_kinds")
        return Proof(notes.digest, notes.rows, totals, columns.get("currency"), kinds)


@dataclass(frozen=True)
class TemplateParameter:
    """One parameter that a report takes."""

    name: str
    type: str
    format: str | None
    required: bool
    description: str
    choices: Sequence[str]


@dataclass(frozen=True)
class Template:
    """A report that the server can make."""

    id: int
    code: str
    name_en: str
    description: str
    parameters: Sequence[TemplateParameter]


@dataclass(frozen=True)
class ErpInvoice:
    """A posted document of the ERP."""

    id: int
    name: str
    move_type: MoveType
    payment_state: PaymentState
    currency: str
    amount_untaxed: Decimal
    amount_tax: Decimal
    amount_total: Decimal
    invoice_date: date | None
    invoice_date_due: date | None
    billing_period_from: date | None
    billing_period_to: date | None
    client_id: int
    payer_id: int
    invoice_id: int | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True)
class Credit:
    """A bonus credit; ``status`` is where it stood when the server answered."""

    id: UUID
    client_id: int
    currency: str
    amount: Decimal
    left: Decimal
    spent: Decimal
    expired: Decimal
    valid_from: datetime
    valid_to: datetime | None
    product_categories: Sequence[str]
    comment: str
    status: str
    created_at: datetime


def read_file_task(found: Mapping[str, Any]) -> FileTask:
    """From the API's JSON; ``KeyError``, ``TypeError`` or ``ValueError`` where it is none."""
    return FileTask(
        uuid=UUID(found["uuid"]),
        task_type=str(found["task_type"]),
        status=TaskStatus(found["status"]),
        parameters=found.get("parameters") or {},
        processing_notes=_read_notes(found.get("processing_notes") or {}),
        created_at=datetime.fromisoformat(found["created_at"]),
        updated_at=datetime.fromisoformat(found["updated_at"]),
        user_id=int(found["user_id"]),
        client_id=int(found["client_id"]),
    )


def read_template(found: Mapping[str, Any]) -> Template:
    """From the API's JSON; ``KeyError``, ``TypeError`` or ``ValueError`` where it is none."""
    declared = (found.get("parameters") or {}).get("parameters") or ()
    return Template(
        id=int(found["id"]),
        code=str(found["code"]),
        name_en=str(found["name_en"]),
        description=str(found.get("description") or ""),
        parameters=tuple(_read_parameter(one) for one in declared),
    )


def read_erp_invoice(found: Mapping[str, Any]) -> ErpInvoice:
    """From the API's JSON; ``KeyError``, ``TypeError`` or ``ValueError`` where it is none."""
    return ErpInvoice(
        id=int(found["id"]),
        name=str(found["name"]),
        move_type=MoveType(found["move_type"]),
        payment_state=PaymentState(found["payment_state"]),
        currency=str(found["currency"]),
        amount_untaxed=_read_amount(found["amount_untaxed"]),
        amount_tax=_read_amount(found["amount_tax"]),
        amount_total=_read_amount(found["amount_total"]),
        invoice_date=_read_day(found["invoice_date"]),
        invoice_date_due=_read_day(found["invoice_date_due"]),
        billing_period_from=_read_day(found["billing_period_from"]),
        billing_period_to=_read_day(found["billing_period_to"]),
        client_id=int(found["client_id"]),
        payer_id=int(found["payer_id"]),
        invoice_id=_read_number(found["invoice_id"]),
        created_at=datetime.fromisoformat(found["created_at"]),
        updated_at=datetime.fromisoformat(found["updated_at"]),
    )


def read_credit(found: Mapping[str, Any]) -> Credit:
    """From the API's JSON; ``KeyError``, ``TypeError`` or ``ValueError`` where it is none."""
    until = found["valid_to"]
    return Credit(
        id=UUID(found["id"]),
        client_id=int(found["client_id"]),
        currency=str(found["unit_code"]),
        **{name: _read_amount(found[name]) for name in ("amount", "left", "spent", "expired")},
        valid_from=datetime.fromisoformat(found["valid_from"]),
        valid_to=None if until is None else datetime.fromisoformat(until),
        product_categories=tuple(str(each["name"]) for each in found["product_categories"]),
        comment=str(found["comment"]),
        status=str(found["status"]),
        created_at=datetime.fromisoformat(found["created_at"]),
    )


def _read_notes(found: Mapping[str, Any]) -> ProcessingNotes:
    return ProcessingNotes(
        records_to_process=_read_number(found.get("records_to_process")),
        records_processed=_read_number(found.get("records_processed")),
        rows=_read_number(found.get("rows")),
        attempt=_read_number(found.get("attempt")),
        queue_position=_read_number(found.get("queue_position")),
        digest=found.get("digest"),
        errors=tuple(found.get("errors") or ()),
        warnings=tuple(found.get("warnings") or ()),
        everything=found,
    )


def _read_parameter(found: Mapping[str, Any]) -> TemplateParameter:
    return TemplateParameter(
        name=str(found["name"]),
        type=str(found.get("type") or ""),
        format=found.get("format"),
        required=bool(found.get("required")),
        description=str(found.get("description") or ""),
        choices=tuple(found.get("enum") or ()),
    )


def _read_amount(text: object) -> Decimal:
    if not isinstance(text, str):
        raise TypeError(f"an amount comes as text, not as {text!r}")
    return Decimal(text)


def _read_day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _read_number(number: object) -> int | None:
    return number if isinstance(number, int) else None
