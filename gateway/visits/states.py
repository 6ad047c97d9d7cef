"""The way of a visit through the waiting line: one table of steps, read by service and desk.

`next_step` answers where an action leads or refuses it, `actions_for` names the buttons. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from config.errors import Conflict
from config.words import N_


class VisitState(StrEnum):
    """Where a visit stands; the value is stored."""

    WAITING = "waiting"
    CALLED = "called"
    IN_SERVICE = "in_service"
    FINISHED = "finished"
    NO_SHOW = "no_show"
    CANCELLED = "cancelled"


class Line(StrEnum):
    """What a step does to the place in the waiting line."""

    KEEP = "keep"
    BACK = "back"
    NEW_TICKET = "new_ticket"


class InvalidTransition(Conflict):
    """A step the state of the visit does not allow; `allowed` names those it does."""

    code = "invalid_transition"
    title = N_("The visit cannot take this step now")


@dataclass(frozen=True, slots=True)
class Step:
    """One edge: from a state, by an action, to a state; `event` is what the trail calls it."""

    source: VisitState
    action: str
    target: VisitState
    event: str
    label: str
    line: Line = Line.KEEP


_V = VisitState

STEPS: tuple[Step, ...] = (
    Step(_V.WAITING, "call", _V.CALLED, "called", N_("Call")),
    Step(_V.CALLED, "start", _V.IN_SERVICE, "started", N_("Start")),
    Step(_V.IN_SERVICE, "finish", _V.FINISHED, "finished", N_("Finish")),
    Step(_V.CALLED, "no_show", _V.NO_SHOW, "missed", N_("Did not come")),
    Step(_V.WAITING, "no_show", _V.NO_SHOW, "missed", N_("Did not come")),
    # Called too early: back to the old place. Not there when called: to the end of the line.
    Step(_V.CALLED, "requeue", _V.WAITING, "requeued", N_("Back to the line")),
    Step(_V.NO_SHOW, "requeue", _V.WAITING, "requeued", N_("Back to the line"), Line.BACK),
    *(
        Step(source, "transfer", _V.WAITING, "transferred", N_("To another ward"), Line.NEW_TICKET)
        for source in (_V.WAITING, _V.CALLED, _V.IN_SERVICE)
    ),
    Step(_V.WAITING, "cancel", _V.CANCELLED, "cancelled", N_("Cancel the visit")),
    Step(_V.CALLED, "cancel", _V.CANCELLED, "cancelled", N_("Cancel the visit")),
)

ACTIONS: tuple[str, ...] = tuple(dict.fromkeys(step.action for step in STEPS))
OPEN = frozenset({_V.WAITING, _V.CALLED, _V.IN_SERVICE})


def next_step(state: VisitState | str, action: str) -> Step:
    """Return the step an action takes from a state, or refuse it naming the allowed actions."""
    for step in actions_for(state):
        if step.action == action:
            return step
    allowed = [step.action for step in actions_for(state)]
    raise InvalidTransition(state=str(state), allowed=allowed)


def actions_for(state: VisitState | str) -> tuple[Step, ...]:
    """Return the steps open from a state: the buttons of the desk, in the table's order."""
    return tuple(step for step in STEPS if step.source == state)
