"""Postings: pure values that cannot be made out of balance."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claims.ledger.ledger import (
    Kind,
    Leg,
    Posting,
    Unbalanced,
    approval,
    batching,
    payment,
    reversal,
)

riel = st.integers(min_value=1, max_value=10**12)


def test_an_approval_owes_the_facility_what_care_cost_the_scheme() -> None:
    posting = approval(claim="C1", scheme="hef", facility="120101", riel=6000)

    assert posting.legs == (Leg("care_expense:hef", 6000), Leg("payable:120101", -6000))


def test_the_whole_way_from_approval_to_bank_leaves_only_expense_and_bank() -> None:
    steps = (
        approval(claim="C1", scheme="hef", facility="120101", riel=6000),
        batching(batch="B1", payee="120101", riel=6000),
        payment(batch="B1", payee="120101", riel=6000),
    )

    held: dict[str, int] = {}
    for step in steps:
        for leg in step.legs:
            held[leg.account] = held.get(leg.account, 0) + leg.riel

    assert {name: amount for name, amount in held.items() if amount} == {
        "care_expense:hef": 6000,
        "bank": -6000,
    }


@pytest.mark.parametrize(
    "legs",
    [
        (),
        (Leg("bank", 1),),
        (Leg("bank", 1), Leg("payable:1", -2)),
        (Leg("bank", 0), Leg("payable:1", 0)),
        (Leg("bank", 1.0), Leg("payable:1", -1.0)),
        (Leg("bank", True), Leg("payable:1", -1)),
    ],
    ids=["no legs", "one leg", "not zero-sum", "zero legs", "floats", "truth values"],
)
def test_a_posting_out_of_balance_cannot_be_made(legs: tuple[Leg, ...]) -> None:
    with pytest.raises(Unbalanced):
        Posting(Kind.APPROVED, "C1", legs)


@pytest.mark.parametrize("amount", [0, -1, 1.5, True, None])
def test_only_a_positive_whole_number_of_riel_moves(amount: object) -> None:
    with pytest.raises(Unbalanced):
        approval(claim="C1", scheme="hef", facility="1", riel=amount)  # type: ignore[arg-type]


@given(riel, st.integers(min_value=1, max_value=9))
def test_a_reversal_undoes_every_leg_and_keeps_the_occasion(amount: int, occasion: int) -> None:
    posting = approval(claim="C1", scheme="hef", facility="1", riel=amount, occasion=occasion)

    undone = reversal(posting, kind=Kind.REOPENED)

    assert undone.kind is Kind.REOPENED
    assert undone.occasion == occasion
    both = dict.fromkeys(("care_expense:hef", "payable:1"), 0)
    for leg in (*posting.legs, *undone.legs):
        both[leg.account] += leg.riel
    assert set(both.values()) == {0}
    assert reversal(undone, kind=Kind.APPROVED) == posting
