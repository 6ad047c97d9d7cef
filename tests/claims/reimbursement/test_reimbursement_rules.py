"""Books and states of a payment: every disagreement is named, every state has a way in."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auth.permissions import Permission
from claims.reimbursement.rules import (
    FacilityBooks,
    Waiting,
    expense_faults,
    faults_of,
    set_off,
    total_of,
)
from claims.reimbursement.states import (
    TRANSITIONS,
    BatchState,
    InvalidBatchTransition,
    actions_for,
    find_transition,
)
from tests.claims.payable import AUTHORISER, FINANCE, REVIEWER

EVEN = FacilityBooks(
    "120101",
    unbatched=1, claims_batched=2 + 4, claims_paid=8, opened=2, pending=4, paid=8, failed=16,
    supplements=7, recoveries=-3, adjustments_taken=0, claims_on_way=6, claims_settled=8,
    ledger_adjusted=4, ledger_approved=15, ledger_payable=1 + 4 + 2, ledger_pending=4, ledger_authorised=8 + 4 + 16,
    ledger_paid=8, ledger_failed=16, remitted=8,
)  # fmt: skip
AMOUNTS = [field.name for field in fields(FacilityBooks) if field.name != "facility"]


def test_books_that_agree_have_no_faults() -> None:
    assert faults_of(EVEN) == []
    assert EVEN.approved == EVEN.waiting + EVEN.batched == 19


@pytest.mark.parametrize("name", AMOUNTS)
def test_one_riel_too_many_anywhere_is_a_fault(name: str) -> None:
    off = replace(EVEN, **{name: getattr(EVEN, name) + 1})

    assert faults_of(off)


def test_totals_add_every_figure_of_every_facility() -> None:
    total = total_of([EVEN, replace(EVEN, facility="2")])

    assert faults_of(total) == []
    assert all(getattr(total, name) == 2 * getattr(EVEN, name) for name in AMOUNTS)
    assert total_of([]) == FacilityBooks("total")


def test_an_expense_known_to_one_side_only_is_a_fault() -> None:
    assert expense_faults({"care_expense:hef": 5}, {"care_expense:hef": 5}) == []
    assert len(expense_faults({"care_expense:hef": 5}, {"allowance_expense:birth": 5})) == 2


def took(claims: int, *waiting: int, share: int = 100) -> tuple[list[int], int, int] | None:
    off = set_off(claims, [Waiting(n, riel) for n, riel in enumerate(waiting)], share_percent=share)
    return off and ([one.riel for one in off.taken], off.total_riel, off.carried_forward_riel)


@pytest.mark.parametrize(
    ("claims", "waiting", "share", "expected"),
    [
        (6000, (), 100, ([], 6000, 0)),
        (0, (), 100, None),
        (0, (500,), 100, ([500], 500, 0)),
        (6000, (500, -1000), 100, ([500, -1000], 5500, 0)),
        (6000, (-5999,), 100, ([-5999], 1, 0)),
        (6000, (-6000,), 100, None),
        (6000, (-10_000,), 100, None),
        (0, (-10,), 100, None),
        (6000, (-10_000,), 50, ([-3000], 3000, 7000)),
        (6000, (-2000, -2000), 50, ([-2000, -1000], 3000, 1000)),
        (6000, (-2000, 500, -2000), 50, ([500, -2000, -1250], 3250, 750)),
        (6000, (-2000,), 0, ([], 6000, 2000)),
        (1, (-2000,), 99, ([], 1, 2000)),
    ],
)
def test_recoveries_are_set_off_oldest_first_and_the_rest_is_carried_forward(
    claims: int, waiting: tuple[int, ...], share: int, expected: object
) -> None:
    assert took(claims, *waiting, share=share) == expected


@given(
    st.integers(0, 10**12),
    st.lists(st.integers(-(10**12), 10**12).filter(bool), max_size=8),
    st.integers(0, 100),
)
def test_no_batch_is_ever_below_one_riel_nor_loses_any(
    claims: int, waiting: list[int], share: int
) -> None:
    off = set_off(claims, [Waiting(n, r) for n, r in enumerate(waiting)], share_percent=share)
    if off is not None:
        taken = {one.id: one.riel for one in off.taken}
        assert off.total_riel == claims + sum(taken.values()) > 0
        assert off.carried_forward_riel == sum(taken.get(n, 0) - r for n, r in enumerate(waiting))
        assert all(min(waiting[n], 0) <= riel <= max(waiting[n], 0) for n, riel in taken.items())


def test_every_state_is_reached_and_only_ends_have_no_way_out() -> None:
    targets = {edge.target for edge in TRANSITIONS} | {BatchState.OPEN}
    ends = set(BatchState) - {edge.source for edge in TRANSITIONS}

    assert targets == set(BatchState)
    assert ends == {BatchState.RETURNED, BatchState.FAILED, BatchState.CANCELLED}


def test_a_step_the_state_does_not_allow_names_those_it_does() -> None:
    with pytest.raises(InvalidBatchTransition) as refused:
        find_transition(BatchState.OPEN, "settle")

    assert refused.value.extra["allowed"] == ["authorise", "cancel"]


def test_the_buttons_follow_permission_and_who_opened() -> None:
    def names(actor, opened_by: str = "user:x") -> list[str]:
        return [edge.action for edge in actions_for("open", actor, opened_by=opened_by)]

    assert names(FINANCE) == ["cancel"]
    assert names(AUTHORISER) == ["authorise"]
    assert names(AUTHORISER, opened_by=AUTHORISER.subject) == []
    assert names(REVIEWER) == []
    assert {edge.permission for edge in TRANSITIONS} == {
        Permission.BATCH_MANAGE,
        Permission.BATCH_AUTHORISE,
    }
