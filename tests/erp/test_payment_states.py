"""The state of an invoice of 1000 by what it is reconciled with, and what the ERP calls it."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbook.erp.rules import (
    Counterpart,
    PaymentState,
    Reconciled,
    mirrored_state,
    payment_state,
)

REFUND, PAYMENT, BANK = Counterpart.REFUND, Counterpart.PAYMENT, Counterpart.BANK
THOUSAND = Decimal(1000)


def state_of(*netted: tuple[Counterpart, str], follows_payments: bool = True) -> str:
    found = [Reconciled(by, Decimal(amount)) for by, amount in netted]
    return payment_state(THOUSAND, found, follows_payments=follows_payments).value


@pytest.mark.parametrize(
    ("netted", "state"),
    [
        ([], "not_paid"),
        ([(REFUND, "1000")], "reversed"),
        ([(REFUND, "500"), (REFUND, "500")], "reversed"),
        ([(PAYMENT, "500")], "partial"),
        ([(REFUND, "500")], "partial"),
        ([(BANK, "999.99")], "partial"),
        ([(PAYMENT, "1000")], "in_payment"),
        ([(BANK, "1000")], "paid"),
        ([(PAYMENT, "500"), (BANK, "500")], "in_payment"),
        ([(REFUND, "500"), (PAYMENT, "500")], "in_payment"),
        ([(REFUND, "500"), (BANK, "500")], "paid"),
        ([(REFUND, "500"), (PAYMENT, "400")], "partial"),
        ([(REFUND, "1000"), (BANK, "0")], "reversed"),
    ],
)
def test_what_an_invoice_of_1000_is_reconciled_with_says_where_it_stands(
    netted: list[tuple[Counterpart, str]], state: str
) -> None:
    assert state_of(*netted) == state


@pytest.mark.parametrize("netted", [[(PAYMENT, "1000")], [(REFUND, "500"), (PAYMENT, "500")]])
def test_an_erp_that_follows_no_payments_takes_them_for_paid(
    netted: list[tuple[Counterpart, str]],
) -> None:
    assert state_of(*netted, follows_payments=False) == "paid"


def test_what_is_nothing_is_paid() -> None:
    assert payment_state(Decimal(0), ()) is PaymentState.PAID


@given(
    st.lists(
        st.builds(
            Reconciled,
            st.sampled_from(Counterpart),
            st.decimals(min_value=0, max_value=600, places=2),
        )
    )
)
def test_only_what_is_netted_whole_is_more_than_partly_paid(netted: list[Reconciled]) -> None:
    state = payment_state(THOUSAND, netted)
    whole = sum(one.amount for one in netted) >= THOUSAND
    assert (state in {PaymentState.PARTIAL, PaymentState.NOT_PAID}) is not whole


def test_the_erps_own_words_are_read_as_published_states() -> None:
    assert {mirrored_state(state.value) for state in PaymentState} == set(PaymentState)
    assert mirrored_state("blocked") is PaymentState.NOT_PAID
    assert mirrored_state("invoicing_legacy") is PaymentState.PAID
    with pytest.raises(ValueError, match="'cancelled' is no payment state"):
        mirrored_state("cancelled")
