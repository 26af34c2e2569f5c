"""The columns of a closing's result."""

from typing import Final

import pyarrow as pa

from tollbook.results.columns import MONEY, Column

COLUMNS: Final = (
    Column("client_id", "Client no.", pa.int64(), "The client's number."),
    Column("company_name", "Client", pa.string(), "The client's name."),
    Column("currency", "Currency", pa.string(), "What the amounts are in, by ISO 4217."),
    Column("payer_id", "Payer no.", pa.int64(), "Who is invoiced."),
    Column("expenses", "Expenses", MONEY, "Live expenses of the month, before tax and credit."),
    Column("credit", "Bonus credit", MONEY, "Bonus credit used; negative."),
    Column("rounding", "Rounding", MONEY, "What rounding to the minor unit adds or takes."),
    Column("untaxed", "Without tax", MONEY, "Invoiced before tax; negative where it is a refund."),
    Column("tax", "Tax", MONEY, "The tax, by rate from unrounded sums."),
    Column("total", "Total", MONEY, "With tax."),
    Column("invoices", "Invoices", pa.string(), "Our references of the invoices, by revision."),
    Column("state", "State", pa.string(), "closed, or failed."),
    Column("error", "Error", pa.string(), "Why the client could not be closed."),
    Column("warning", "Warning", pa.string(), "What the trial balance found odd."),
)
