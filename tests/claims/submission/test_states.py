"""The table of states: reachable, drawn, and the one place that says who may do what."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from auth.permissions import ROLE_PERMISSIONS, Actor, Permission, Role
from claims.submission.models import Claim
from claims.submission.states import (
    SECOND_APPROVAL,
    TRANSITIONS,
    ClaimState,
    InvalidTransition,
    actions_for,
    describe,
    find_transition,
    next_state,
)

DOCS = Path(__file__).parents[3] / "docs" / "states.md"


def actor(role: Role, name: str = "x") -> Actor:
    return Actor(f"user:{name}", ROLE_PERMISSIONS[role], roles=(role,))


def names(state: ClaimState, by: Actor, **given: object) -> list[str]:
    return [edge.action for edge in actions_for(state, by, **given)]  # type: ignore[arg-type]


def test_every_state_is_reached_from_a_draft() -> None:
    reached = {ClaimState.DRAFT}
    for _ in ClaimState:
        reached |= {edge.target for edge in TRANSITIONS if edge.source in reached}

    assert reached == set(ClaimState)


def test_every_permission_of_the_table_is_somebodys() -> None:
    held = frozenset[Permission]().union(*ROLE_PERMISSIONS.values())

    assert {edge.permission for edge in TRANSITIONS} <= held


def test_one_action_leads_to_one_state() -> None:
    keys = [(edge.source, edge.action, edge.four_eyes) for edge in TRANSITIONS]

    assert len(keys) == len(set(keys))


def test_the_database_knows_exactly_these_states() -> None:
    table: Any = Claim.__table__
    [check] = [c for c in table.constraints if c.name == "ck_claims_state"]

    assert all(f"'{state}'" in str(check.sqltext) for state in ClaimState)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("state", "action", "target"),
    [
        ("draft", "submit", "submitted"),
        ("returned", "submit", "submitted"),
        ("withdrawn", "submit", "submitted"),
        ("submitted", "withdraw", "withdrawn"),
        ("submitted", "lease", "in_review"),
        ("in_review", "release_lease", "submitted"),
        ("in_review", "approve", "approved"),
        ("in_review", "propose", "in_review"),
        ("approved", "reopen", "submitted"),
        ("approved", "batch", "batched"),
        ("batched", "unbatch", "approved"),
        ("batched", "pay", "paid"),
        ("approved", "void", "voided"),
        ("paid", "void", "voided"),
        ("rejected", "amend", "approved"),
        ("paid", "supplement", "paid"),
    ],
)
def test_a_step_leads_where_the_contract_says(state: str, action: str, target: str) -> None:
    assert next_state(state, action) == target


def test_a_step_the_state_does_not_allow_names_those_it_does() -> None:
    with pytest.raises(InvalidTransition) as refused:
        next_state("draft", "approve")

    assert refused.value.code == "invalid_transition"
    assert refused.value.extra["allowed"] == ["submit", "void", "withdraw"]


@pytest.mark.parametrize(
    ("state", "allowed"),
    [("paid", ["void"]), ("rejected", ["void"]), ("batched", []), ("voided", [])],
)
def test_a_decided_claim_can_only_be_voided_and_a_voided_one_nothing(
    state: str, allowed: list[str]
) -> None:
    with pytest.raises(InvalidTransition) as refused:
        next_state(state, "submit")

    assert refused.value.extra["allowed"] == allowed


@pytest.mark.parametrize("state", ["approved", "rejected", "batched", "paid"])
def test_what_is_decided_can_be_appealed_and_stays_where_it_is(state: str) -> None:
    assert next_state(state, "appeal") == state
    assert next_state(state, "dismiss") == state


def test_a_biller_sees_the_buttons_of_a_biller() -> None:
    by = actor(Role.BILLING)

    assert names(ClaimState.DRAFT, by) == ["submit", "withdraw", "void"]
    assert names(ClaimState.RETURNED, by) == ["submit", "withdraw", "void"]
    assert names(ClaimState.IN_REVIEW, by) == []
    assert names(ClaimState.APPROVED, by) == ["void"]
    assert names(ClaimState.BATCHED, by) == []


def test_a_reviewer_decides_and_an_approver_also_holds() -> None:
    assert names(ClaimState.IN_REVIEW, actor(Role.REVIEWER)) == [
        "release_lease", "approve", "reject", "return",
    ]  # fmt: skip
    assert "hold" in names(ClaimState.APPROVED, actor(Role.APPROVER))
    assert "release" not in names(ClaimState.APPROVED, actor(Role.APPROVER))
    assert names(ClaimState.APPROVED, actor(Role.REVIEWER)) == []


def test_a_second_approval_is_for_an_approver_who_is_not_the_first() -> None:
    given = {"awaiting": SECOND_APPROVAL, "first_approver": "user:one"}

    assert names(ClaimState.IN_REVIEW, actor(Role.APPROVER, "two"), **given) == [
        "approve", "reject", "return", "hold",
    ]  # fmt: skip
    assert names(ClaimState.IN_REVIEW, actor(Role.APPROVER, "one"), **given) == ["hold"]
    assert names(ClaimState.IN_REVIEW, actor(Role.REVIEWER, "two"), **given) == []
    assert find_transition("in_review", "approve", awaiting=SECOND_APPROVAL).four_eyes


def test_a_held_claim_is_neither_leased_nor_batched() -> None:
    with pytest.raises(InvalidTransition):
        next_state("submitted", "lease", held=True)
    with pytest.raises(InvalidTransition):
        next_state("approved", "batch", held=True)
    assert next_state("approved", "release", held=True) == ClaimState.APPROVED


def test_every_button_has_a_label() -> None:
    assert all(edge.label for edge in TRANSITIONS)


def test_the_page_of_states_is_fresh() -> None:
    assert DOCS.read_text(encoding="utf-8") == describe()
