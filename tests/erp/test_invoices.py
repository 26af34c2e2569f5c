"""ERP invoices: who sees them, and the documents printed by the local adapter, read back."""

import io
import struct
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from pypdf import PdfReader

from tollbook.catalog.models import Currency
from tollbook.clients.models import Client, Payer, Reseller
from tollbook.clients.rules import Role
from tollbook.clients.viewer import Viewer
from tollbook.erp.gateway import ErpUnavailable
from tollbook.erp.local.page import STATES, TITLES, amount_text, page_of, quantity_text
from tollbook.erp.local.pdf import render_pdf, render_png
from tollbook.erp.models import ErpInvoice, ErpInvoiceLine
from tollbook.erp.rules import MoveType, PaymentState
from tollbook.erp.selectors import find_erp_invoice, visible_erp_invoices
from tollbook.erp.services import file_name, find_pdf
from tollbook.kernel.errors import NotFound, Unavailable

pytestmark = pytest.mark.django_db


def text_of(pdf: bytes) -> str:
    """The text, in one line: long names are broken into several."""
    pages = PdfReader(io.BytesIO(pdf)).pages
    return " ".join(" ".join(page.extract_text().split()) for page in pages)


@pytest.fixture
def client() -> Client:
    """A client of North that is invoiced through a holding."""
    north = Reseller.objects.create(company_name="North")
    payer = Payer.objects.create(
        reseller=north,
        company_name="Holding SA",
        address="1 Rue de l'Église\n75001 Paris",
        tax_number="FR 12 345",
    )
    return Client.objects.create(reseller=north, payer=payer, company_name="Fjord")


@pytest.fixture
def euro() -> Currency:
    """Amounts with two decimals."""
    return Currency.objects.create(char_code="EUR", name_en="Euro", minor_unit=2)


@pytest.fixture
def invoice(client: Client, euro: Currency) -> ErpInvoice:
    """An invoice of two lines at one rate."""
    made = make_invoice(client, euro, "INV/2026/00001")
    add_line(made, 1, "Traffic above the commit", "1234.5", "1000.10", unit_name="GB")
    add_line(made, 2, "Support", "1", "234.46")
    return made


def make_invoice(client: Client, currency: Currency, name: str, **changes: Any) -> ErpInvoice:
    facts: dict[str, Any] = {
        "move_type": MoveType.OUT_INVOICE,
        "invoice_date": date(2026, 10, 1),
        "invoice_date_due": date(2026, 10, 31),
        "billing_period_from": date(2026, 9, 1),
        "billing_period_to": date(2026, 9, 30),
        "amount_untaxed": Decimal("1234.56"),
        "amount_tax": Decimal("246.91"),
        "amount_total": Decimal("1481.47"),
        "payment_state": PaymentState.NOT_PAID,
    }
    return ErpInvoice.objects.create(
        reseller=client.reseller,
        client=client,
        payer=client.payer,
        currency=currency,
        name=name,
        **(facts | changes),
    )


def add_line(
    invoice: ErpInvoice, position: int, name: str, quantity: str, amount: str, **more: Any
) -> None:
    ErpInvoiceLine.objects.create(
        invoice=invoice,
        position=position,
        name=name,
        quantity=Decimal(quantity),
        amount=Decimal(amount),
        **({"tax_rate": Decimal(20)} | more),
    )


def admin(client: Client) -> Viewer:
    return Viewer(user_id=1, role=Role.ADMIN, reseller_id=client.reseller_id)


def printed(invoice: ErpInvoice) -> str:
    return text_of(find_pdf(admin(invoice.client), invoice.pk).bytes)


def test_an_invoice_tells_who_pays_what_for_what_and_until_when(invoice: ErpInvoice) -> None:
    text = printed(ErpInvoice.objects.get(pk=invoice.pk))
    for part in (
        "Invoice INV/2026/00001 North Not paid",
        "PAYER Holding SA 1 Rue de l'Église 75001 Paris Tax number FR 12 345",
        f"CLIENT Fjord No. {invoice.client_id}",
        "Date 2026-10-01 Due 2026-10-31 Billing period 2026-09-01 – 2026-09-30",
        "Description Quantity Unit Tax rate Amount, EUR",
        "Traffic above the commit 1,234.5 GB 20 % 1,000.10",
        "Support 1 20 % 234.46",
        "Without tax 1,234.56 Tax 20 % on 1,234.56 246.91 Tax 246.91 Total 1,481.47 EUR",
        "Page 1 of 1",
    ):
        assert part in text
    assert "Rounding" not in text


def test_a_refund_is_a_credit_note_that_names_what_it_refunds(
    invoice: ErpInvoice, euro: Currency
) -> None:
    refund = make_invoice(
        invoice.client,
        euro,
        "RINV/2026/00001",
        move_type=MoveType.OUT_REFUND,
        payment_state=PaymentState.PAID,
        reverses=invoice,
    )
    add_line(refund, 1, "Refund", "1", "1234.56")
    text = printed(refund)
    assert text.startswith("Credit note RINV/2026/00001 North Paid")
    assert "Refunds INV/2026/00001" in text
    assert "Total credited 1,481.47 EUR" in text


@pytest.mark.parametrize(
    "name",
    [
        '#strong[x] *b* $x^2$ <&> _u_ \\ @ref "q" `raw`',
        '=SUM(A1), #import "@preview/x:1"',
        "// no comment /* none */ -- ~ ...",
        "Société d'Été à Ærøskøbing",
        "ООО «Жук» Ελλάς",
        "#",
    ],
)
def test_every_text_comes_out_as_it_is(client: Client, euro: Currency, name: str) -> None:
    for who in (client, client.reseller, client.payer):
        who.company_name = name
        who.save()
    invoice = make_invoice(client, euro, name[:64])
    add_line(invoice, 1, name, "1", "1234.56", unit_name=name)
    assert printed(invoice).count(name) >= 5


def test_a_character_that_no_font_has_does_not_vanish(client: Client, euro: Currency) -> None:
    client.company_name = "Fjord \U0010fffc \U00050000"
    client.save()
    pdf = find_pdf(admin(client), make_invoice(client, euro, "INV/1").pk).bytes
    assert "Fjord [U+10FFFC] [U+50000] No." in text_of(pdf)
    assert client.company_name in PdfReader(io.BytesIO(pdf)).metadata["/Keywords"]  # type: ignore[index]


def test_a_name_without_spaces_stays_in_its_column(client: Client, euro: Currency) -> None:
    client.company_name = "W" * 255
    client.save()
    text = printed(make_invoice(client, euro, "INV/1"))
    assert text.replace(" ", "").replace("\u200b", "").count("W" * 255) == 1
    assert "W" * 11 not in text


def test_the_same_document_always_gives_the_same_bytes(invoice: ErpInvoice) -> None:
    first, second = (find_pdf(admin(invoice.client), invoice.pk).bytes for _ in range(2))
    assert first == second
    created = PdfReader(io.BytesIO(first)).metadata.creation_date  # type: ignore[union-attr]
    assert created == datetime(2026, 10, 1, tzinfo=UTC)


def test_a_document_without_dates_or_lines_is_printed_all_the_same(
    client: Client, euro: Currency
) -> None:
    nothing = dict.fromkeys(
        ("invoice_date", "invoice_date_due", "billing_period_from", "billing_period_to")
    )
    text = printed(make_invoice(client, euro, "INV/1", **nothing))
    assert "Without tax 1,234.56 Tax 246.91 Total 1,481.47 EUR" in text
    assert "Due" not in text


def test_what_the_lines_lack_to_the_sum_is_a_rounding_line(client: Client, euro: Currency) -> None:
    invoice = make_invoice(client, euro, "INV/1")
    add_line(invoice, 1, "Traffic", "1", "1234.60")
    assert "Rounding -0.04 Without tax 1,234.56" in printed(invoice)


def test_each_tax_rate_has_a_line_of_its_own(client: Client, euro: Currency) -> None:
    invoice = make_invoice(client, euro, "INV/1")
    add_line(invoice, 1, "Traffic", "1", "1000")
    add_line(invoice, 2, "Books", "1", "234.56", tax_rate=Decimal("5.5"))
    assert "Tax 5.5 % on 234.56 12.90 Tax 20 % on 1,000.00 200.00 Tax 246.91" in printed(invoice)


@pytest.mark.long
def test_many_lines_go_on_over_pages_that_repeat_the_heading(
    client: Client, euro: Currency
) -> None:
    invoice = make_invoice(client, euro, "INV/1")
    for position in range(1, 121):
        add_line(invoice, position, f"Line number {position}", "1", "10.288")
    text = printed(invoice)
    sheets = len(render_png(page_of(invoice), ppi=20))
    assert sheets > 2
    assert text.count("Description Quantity") == sheets
    assert f"Page {sheets} of {sheets}" in text
    assert all(f"Line number {position} 1" in text for position in range(1, 121))


def test_the_picture_of_a_page_is_a4(invoice: ErpInvoice) -> None:
    (picture,) = render_png(page_of(invoice), ppi=72)
    assert struct.unpack(">II", picture[16:24]) == (595, 842)
    assert render_pdf(page_of(invoice), dated=None).startswith(b"%PDF-")


@pytest.mark.parametrize(
    ("amount", "places", "text"),
    [
        ("0", 2, "0.00"),
        ("0.000000000000", 2, "0.00"),
        ("1234.500000000000", 2, "1,234.50"),
        ("1E+5", 2, "100,000.00"),
        ("1000", 0, "1,000"),
        ("0.005", 2, "0.005"),
        ("-1.1", 2, "-1.10"),
        (
            "99999999999999999999999999.999999999999",
            2,
            "99,999,999,999,999,999,999,999,999.999999999999",
        ),
    ],
)
def test_amounts_are_printed_with_every_digit(amount: str, places: int, text: str) -> None:
    assert amount_text(Decimal(amount), places) == text


def test_quantities_have_no_decimals_that_say_nothing() -> None:
    assert quantity_text(Decimal("1234.500000000000")) == "1,234.5"
    assert quantity_text(Decimal("100.000000000000")) == "100"


def test_every_state_and_move_type_has_a_word() -> None:
    assert set(STATES) == set(PaymentState)
    assert set(TITLES) == set(MoveType)


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("INV/2026/00001", "INV-2026-00001.pdf"),
        ("../../etc/passwd", "etc-passwd.pdf"),
        ('a"b\r\nc;é', "a-b-c.pdf"),
        ("///", "invoice.pdf"),
    ],
)
def test_a_file_name_is_safe_anywhere(name: str, file: str) -> None:
    assert file_name(name) == file


def test_each_role_sees_its_own_clients_invoices(invoice: ErpInvoice, euro: Currency) -> None:
    south = Reseller.objects.create(company_name="South")
    payer = Payer.objects.create(reseller=south, company_name="Sand")
    sand = Client.objects.create(reseller=south, payer=payer, company_name="Sand")
    other = make_invoice(sand, euro, "INV/2026/00001")
    north = invoice.reseller_id
    everyone = {
        Viewer(1, Role.OPERATOR): {invoice.pk, other.pk},
        Viewer(1, Role.ADMIN, north): {invoice.pk},
        Viewer(1, Role.ADMIN, south.pk): {other.pk},
        Viewer(1, Role.SELLER, north): set(),
        Viewer(1, Role.CLIENT, north, invoice.client_id): {invoice.pk},
    }
    for viewer, expected in everyone.items():
        assert set(visible_erp_invoices(viewer).values_list("pk", flat=True)) == expected
        for hidden in {invoice.pk, other.pk} - expected:
            with pytest.raises(NotFound):
                find_pdf(viewer, hidden)
    with pytest.raises(NotFound):
        find_erp_invoice(Viewer(1, Role.OPERATOR), 10**30)


def test_an_erp_that_is_away_can_be_tried_again(invoice: ErpInvoice) -> None:
    class Away:
        def fetch_pdf(self, invoice: ErpInvoice) -> bytes:
            raise ErpUnavailable(f"the ERP does not answer for {invoice.name}")

    with pytest.raises(Unavailable, match="INV/2026/00001"):
        find_pdf(admin(invoice.client), invoice.pk, gateway=Away())
