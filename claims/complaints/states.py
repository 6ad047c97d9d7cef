"""The life of a complaint: one table whose edges carry everything (who, what it is called).

The service asks `find_transition`, the desk draws exactly what `actions_for` returns, `describe()`
is the page for people. Pure: no session, no request, no clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from auth.permissions import Actor, Permission
from config.errors import Conflict
from config.transitions import drawing, edge_taken
from config.words import N_


class ComplaintState(StrEnum):
    """Where a complaint stands."""

    OPEN = "open"
    FORWARDED = "forwarded"
    ANSWERED = "answered"
    CLOSED = "closed"


UNANSWERED = (ComplaintState.OPEN, ComplaintState.FORWARDED)


class InvalidTransition(Conflict):
    """A step the state does not allow; `allowed` names those it does."""

    code = "invalid_transition"
    title = N_("The complaint cannot take this step now")


@dataclass(frozen=True, slots=True)
class Transition:
    """One edge; `nssf` tells whose step it is, `event` is what the trail calls it."""

    source: ComplaintState
    action: str
    target: ComplaintState
    permissions: tuple[Permission, ...]
    event: str
    label: str
    nssf: bool = True
    button: bool = True


_S = ComplaintState
_MANAGE = (Permission.COMPLAINT_MANAGE,)
# Whoever complained calls the hotline again: the person there may take the complaint up anew.
_ANY = (Permission.COMPLAINT_MANAGE, Permission.COMPLAINT_FILE)

TRANSITIONS: tuple[Transition, ...] = (
    *(Transition(s, "assign", s, _MANAGE, "assigned", N_("Assign")) for s in UNANSWERED),
    Transition(_S.OPEN, "forward", _S.FORWARDED, _MANAGE, "forwarded", N_("Ask the facility")),
    *(
        Transition(s, "answer", _S.ANSWERED, _MANAGE, "answered", N_("Answer who complained"))
        for s in UNANSWERED
    ),
    Transition(
        _S.FORWARDED, "answer", _S.OPEN, (Permission.COMPLAINT_FILE,), "facility_answered",
        N_("Answer NSSF"), nssf=False,
    ),
    *(
        Transition(s, "close", _S.CLOSED, _MANAGE, "closed", N_("Close"))
        for s in (*UNANSWERED, _S.ANSWERED)
    ),
    *(
        Transition(s, "reopen", _S.OPEN, _ANY, "reopened", N_("Reopen"))
        for s in (_S.ANSWERED, _S.CLOSED)
    ),
    *(
        Transition(s, "escalate", s, _MANAGE, "overdue", N_("Mark as overdue"), button=False)
        for s in UNANSWERED
    ),
)  # fmt: skip


def find_transition(state: ComplaintState | str, action: str, *, nssf: bool) -> Transition:
    """Return the edge an action takes from a state, or refuse naming the actions it allows."""
    edges = [edge for edge in TRANSITIONS if edge.source == state and edge.nssf == nssf]
    detail = f"A complaint that is {state} cannot {action}."
    return edge_taken(edges, state, action, InvalidTransition, detail)


def actions_for(state: ComplaintState | str, actor: Actor) -> tuple[Transition, ...]:
    """Return the steps this actor may take now: the buttons of the desk, in the table's order."""
    return tuple(
        edge
        for edge in TRANSITIONS
        if edge.source == state
        and edge.button
        and edge.nssf == actor.nssf
        and any(actor.may(permission) for permission in edge.permissions)
    )


def describe() -> str:
    """Write the table as the section of docs/complaints.md."""
    rows = [
        f"| `{edge.source}` | `{edge.action}` | `{edge.target}` | {'NSSF' if edge.nssf else 'facility'}"
        f" | {', '.join(f'`{p}`' for p in edge.permissions)} |"
        for edge in TRANSITIONS
    ]
    return "\n".join(
        [
            *drawing(TRANSITIONS, "open"),
            "",
            "| from | action | to | who | permission |",
            "|---|---|---|---|---|",
            *rows,
        ]
    )
