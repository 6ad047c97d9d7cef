"""The life of a claim: one table whose edges carry everything (who, what it is called, four eyes).

The service asks `next_state`, the desk draws exactly what `actions_for` returns, and
`docs/states.md` is `describe()`. Pure: no session, no request, no clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from auth.permissions import Actor, Permission
from config.errors import Conflict
from config.transitions import drawing, edge_taken
from config.words import N_


class ClaimState(StrEnum):
    """Where a claim stands; appeals and holds are records beside the state."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    IN_REVIEW = "in_review"
    RETURNED = "returned"
    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    BATCHED = "batched"
    PAID = "paid"
    VOIDED = "voided"


EDITABLE = frozenset({ClaimState.DRAFT, ClaimState.RETURNED, ClaimState.WITHDRAWN})
DECIDED = frozenset({ClaimState.APPROVED, ClaimState.REJECTED, ClaimState.BATCHED, ClaimState.PAID})
SECOND_APPROVAL = "second_approval"


class InvalidTransition(Conflict):
    """A move the state does not allow; `allowed` names those it does."""

    code = "invalid_transition"
    title = N_("The claim cannot take this step now")


@dataclass(frozen=True, slots=True)
class Transition:
    """One edge: from a state, by an action, to a state; `button` is False for machinery's steps."""

    source: ClaimState
    action: str
    target: ClaimState
    permission: Permission
    label: str
    four_eyes: bool = False
    when_held: bool | None = None
    button: bool = True


def _edges(
    sources: tuple[ClaimState, ...], action: str, target: ClaimState | None, **rest: object
) -> tuple[Transition, ...]:
    """Spell the same edge from several states; without a target the claim stays where it is."""
    return tuple(
        Transition(source, action, target or source, **rest)  # type: ignore[arg-type]
        for source in sources
    )


_S = ClaimState
_FACILITY = Permission.CLAIM_SUBMIT
_REVIEW, _APPROVE = Permission.CLAIM_REVIEW, Permission.CLAIM_APPROVE
_FINANCE = Permission.BATCH_MANAGE

TRANSITIONS: tuple[Transition, ...] = (
    *_edges(
        (_S.DRAFT, _S.RETURNED, _S.WITHDRAWN), "submit", _S.SUBMITTED,
        permission=_FACILITY, label=N_("Submit"),
    ),
    *_edges(
        (_S.DRAFT, _S.SUBMITTED, _S.RETURNED), "withdraw", _S.WITHDRAWN,
        permission=_FACILITY, label=N_("Withdraw"),
    ),
    *_edges(
        (_S.DRAFT, _S.SUBMITTED, _S.RETURNED, _S.WITHDRAWN), "void", _S.VOIDED,
        permission=_FACILITY, label=N_("Void"),
    ),
    # A decided claim gives back what it was worth; one in payment has to wait for the batch's end.
    *_edges(
        (_S.APPROVED, _S.REJECTED, _S.PAID), "void", _S.VOIDED,
        permission=_FACILITY, label=N_("Void"),
    ),
    *_edges(
        (_S.APPROVED, _S.REJECTED, _S.BATCHED, _S.PAID), "appeal", None,
        permission=_FACILITY, label=N_("Appeal"), button=False,
    ),
    *_edges(
        (_S.APPROVED, _S.REJECTED), "amend", _S.APPROVED,
        permission=_REVIEW, label=N_("Approve on appeal"), button=False,
    ),
    *_edges(
        (_S.BATCHED, _S.PAID), "supplement", None,
        permission=_REVIEW, label=N_("Pay more on appeal"), button=False,
    ),
    Transition(
        _S.PAID, "correct", _S.PAID, _APPROVE, N_("Correct an overpayment"), button=False
    ),
    *_edges(
        (_S.APPROVED, _S.REJECTED, _S.BATCHED, _S.PAID), "dismiss", None,
        permission=_REVIEW, label=N_("Dismiss the appeal"), button=False,
    ),
    *_edges(
        (_S.SUBMITTED, _S.IN_REVIEW), "escalate", None,
        permission=_REVIEW, label=N_("Escalate"), when_held=False, button=False,
    ),
    Transition(_S.SUBMITTED, "lease", _S.IN_REVIEW, _REVIEW, N_("Review"), when_held=False),
    Transition(_S.IN_REVIEW, "release_lease", _S.SUBMITTED, _REVIEW, N_("Put back")),
    Transition(_S.IN_REVIEW, "approve", _S.APPROVED, _REVIEW, N_("Approve")),
    Transition(_S.IN_REVIEW, "reject", _S.REJECTED, _REVIEW, N_("Reject")),
    Transition(_S.IN_REVIEW, "return", _S.RETURNED, _REVIEW, N_("Return to the facility")),
    Transition(
        _S.IN_REVIEW, "propose", _S.IN_REVIEW, _REVIEW, N_("Send for second approval"),
        button=False,
    ),
    Transition(
        _S.IN_REVIEW, "approve", _S.APPROVED, _APPROVE, N_("Approve as second person"),
        four_eyes=True,
    ),
    Transition(_S.IN_REVIEW, "reject", _S.REJECTED, _APPROVE, N_("Reject"), four_eyes=True),
    Transition(
        _S.IN_REVIEW, "return", _S.RETURNED, _APPROVE, N_("Return to the facility"),
        four_eyes=True,
    ),
    Transition(_S.APPROVED, "reopen", _S.SUBMITTED, _APPROVE, N_("Reopen")),
    *_edges(
        (_S.SUBMITTED, _S.IN_REVIEW, _S.APPROVED), "hold", None,
        permission=_APPROVE, label=N_("Hold"), when_held=False,
    ),
    *_edges(
        (_S.SUBMITTED, _S.IN_REVIEW, _S.APPROVED), "release", None,
        permission=_APPROVE, label=N_("Release"), when_held=True,
    ),
    Transition(
        _S.APPROVED, "batch", _S.BATCHED, _FINANCE, N_("Put into a batch"),
        when_held=False, button=False,
    ),
    Transition(
        _S.BATCHED, "unbatch", _S.APPROVED, _FINANCE, N_("Take out of the batch"), button=False
    ),
    Transition(_S.BATCHED, "pay", _S.PAID, _FINANCE, N_("Record the payment"), button=False),
    Transition(_S.PAID, "unpay", _S.APPROVED, _FINANCE, N_("Take the payment back"), button=False),
)  # fmt: skip

# What a hold does not touch: these edges do not exist for a claim awaiting a second person.
_BESIDE = frozenset({"hold", "release", "escalate"})


def _open_edges(state: ClaimState, awaiting: str | None, held: bool) -> list[Transition]:
    second = awaiting == SECOND_APPROVAL
    return [
        edge
        for edge in TRANSITIONS
        if edge.source == state
        and (edge.four_eyes == second or edge.action in _BESIDE)
        and edge.when_held in (None, held)
    ]


def find_transition(
    state: ClaimState | str, action: str, *, awaiting: str | None = None, held: bool = False
) -> Transition:
    """Return the edge an action takes from a state, or refuse naming the actions it allows."""
    edges = _open_edges(ClaimState(state), awaiting, held)
    detail = f"A claim that is {state} cannot {action.replace('_', ' ')}."
    return edge_taken(edges, state, action, InvalidTransition, detail)


def next_state(
    state: ClaimState | str, action: str, *, awaiting: str | None = None, held: bool = False
) -> ClaimState:
    """Return the state an action leads to, or refuse the move."""
    return find_transition(state, action, awaiting=awaiting, held=held).target


def actions_for(
    state: ClaimState | str,
    actor: Actor,
    *,
    awaiting: str | None = None,
    held: bool = False,
    first_approver: str | None = None,
) -> tuple[Transition, ...]:
    """Return the steps this actor may take now: the buttons of the desk, in the table's order."""
    return tuple(
        edge
        for edge in _open_edges(ClaimState(state), awaiting, held)
        if edge.button
        and edge.permission in actor.permissions
        and not (edge.four_eyes and actor.subject == first_approver)
    )


def describe() -> str:
    """Write the table as the page docs/states.md."""
    rows = [
        f"| `{edge.source}` | `{edge.action}` | `{edge.target}` | `{edge.permission}` "
        f"| {_conditions(edge)} |"
        for edge in TRANSITIONS
    ]
    return "\n".join(
        [
            "# States of a claim",
            "",
            "Generated from `claims/submission/states.py` by `flask --app wsgi claim states`;",
            "a test refuses a stale copy.",
            "",
            *drawing(TRANSITIONS, "draft", "submitted"),
            "",
            "| from | action | to | permission | condition |",
            "|---|---|---|---|---|",
            *rows,
            "",
        ]
    )


def _conditions(edge: Transition) -> str:
    words = []
    if edge.four_eyes:
        words.append("awaiting a second person, who is not the first")
    if edge.when_held is not None:
        words.append("held" if edge.when_held else "not held")
    if not edge.button:
        words.append("taken by the service, no button")
    return "; ".join(words)
