"""Books and states of a payment: every disagreement is named, every state has a way in."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

from auth.permissions import Permission
from claims.reimbursement.rules import FacilityBooks, faults_of, scheme_faults, total_of
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
    ledger_approved=15, ledger_payable=1 + 2, ledger_pending=4, ledger_authorised=8 + 4 + 16,
    ledger_paid=8, ledger_failed=16, remitted=8,
)  # fmt: skip
AMOUNTS = [field.name for field in fields(FacilityBooks) if field.name != "facility"]


def test_books_that_agree_have_no_faults() -> None:
    assert faults_of(EVEN) == []
    assert EVEN.approved == EVEN.unbatched + EVEN.batched == 15


@pytest.mark.parametrize("name", AMOUNTS)
def test_one_riel_too_many_anywhere_is_a_fault(name: str) -> None:
    off = replace(EVEN, **{name: getattr(EVEN, name) + 1})

    assert faults_of(off)


def test_totals_add_every_figure_of_every_facility() -> None:
    total = total_of([EVEN, replace(EVEN, facility="2")])

    assert faults_of(total) == []
    assert all(getattr(total, name) == 2 * getattr(EVEN, name) for name in AMOUNTS)
    assert total_of([]) == FacilityBooks("total")


def test_a_scheme_known_to_one_side_only_is_a_fault() -> None:
    assert scheme_faults({"hef": 5}, {"hef": 5}) == []
    assert len(scheme_faults({"hef": 5}, {"health_care": 5})) == 2


def test_every_state_is_reached_and_only_ends_have_no_way_out() -> None:
    targets = {edge.target for edge in TRANSITIONS} | {BatchState.OPEN}
    ends = set(BatchState) - {edge.source for edge in TRANSITIONS}

    assert targets == set(BatchState)
    assert ends == {BatchState.SETTLED, BatchState.FAILED, BatchState.CANCELLED}


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
