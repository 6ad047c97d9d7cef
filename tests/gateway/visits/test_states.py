"""The table of steps: what each state allows, and that nothing is unreachable."""

import pytest

from gateway.visits.rules import Priority, rank_of
from gateway.visits.states import (
    ACTIONS,
    OPEN,
    STEPS,
    InvalidTransition,
    VisitState,
    actions_for,
    next_step,
)

ALLOWED = {
    VisitState.WAITING: {"call", "no_show", "transfer", "cancel"},
    VisitState.CALLED: {"start", "no_show", "requeue", "transfer", "cancel"},
    VisitState.IN_SERVICE: {"finish", "transfer"},
    VisitState.NO_SHOW: {"requeue"},
    VisitState.FINISHED: set(),
    VisitState.CANCELLED: set(),
}


@pytest.mark.parametrize("state", VisitState)
@pytest.mark.parametrize("action", ACTIONS)
def test_each_state_allows_exactly_its_own_steps(state, action):
    if action in ALLOWED[state]:
        assert next_step(state, action).source == state
        return
    with pytest.raises(InvalidTransition) as refused:
        next_step(state, action)
    assert set(refused.value.extra["allowed"]) == ALLOWED[state]
    assert refused.value.extra["state"] == state
    assert (refused.value.status, refused.value.code) == (409, "invalid_transition")


def test_an_unknown_action_is_refused_like_a_forbidden_one():
    with pytest.raises(InvalidTransition):
        next_step(VisitState.WAITING, "fly")


def test_every_state_is_reached_and_only_ended_visits_have_no_way_on():
    reached = {VisitState.WAITING} | {step.target for step in STEPS}

    assert reached == set(VisitState)
    assert all(actions_for(state) for state in OPEN)


def test_no_state_offers_one_action_twice():
    edges = [(step.source, step.action) for step in STEPS]
    assert len(edges) == len(set(edges))


def test_a_stronger_reason_goes_before_a_weaker_one():
    ranks = [
        rank_of(priority) for priority in ("emergency", "pregnant", "elderly", "disabled", "none")
    ]

    assert ranks == sorted(set(ranks))
    assert rank_of(Priority.EMERGENCY) == 0
