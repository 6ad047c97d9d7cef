"""The life of an allowance: one table whose edges say who may take them, read by service and desk.

Pure. `proposed` is made by the product after an approved maternity claim and waits for the payee.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from auth.permissions import Actor, Permission
from config.errors import Conflict
from config.transitions import edge_taken
from config.words import N_


class AllowanceState(StrEnum):
    """Where an allowance stands; a second approval that is awaited stands beside the state."""

    PROPOSED = "proposed"
    SUBMITTED = "submitted"
    RETURNED = "returned"
    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    BATCHED = "batched"
    PAID = "paid"


DEAD = frozenset({AllowanceState.REJECTED, AllowanceState.WITHDRAWN})
OWED = frozenset({AllowanceState.APPROVED, AllowanceState.BATCHED, AllowanceState.PAID})
SECOND_APPROVAL = "second_approval"


class InvalidAllowanceTransition(Conflict):
    """A step the state does not allow; `allowed` names those it does."""

    code = "invalid_transition"
    title = N_("The allowance cannot take this step now")


@dataclass(frozen=True, slots=True)
class AllowanceTransition:
    """One edge; `second` edges exist only while a second person is awaited, others only before."""

    source: AllowanceState
    action: str
    target: AllowanceState
    permission: Permission
    label: str
    second: bool = False
    button: bool = True


_S = AllowanceState
_FILE, _REVIEW, _APPROVE = (
    Permission.ALLOWANCE_FILE,
    Permission.CLAIM_REVIEW,
    Permission.CLAIM_APPROVE,
)
_FINANCE = Permission.BATCH_MANAGE
_E = AllowanceTransition

TRANSITIONS: tuple[AllowanceTransition, ...] = (
    _E(_S.PROPOSED, "submit", _S.SUBMITTED, _FILE, N_("Submit")),
    _E(_S.RETURNED, "submit", _S.SUBMITTED, _FILE, N_("Submit again")),
    _E(_S.PROPOSED, "withdraw", _S.WITHDRAWN, _FILE, N_("Withdraw")),
    _E(_S.SUBMITTED, "withdraw", _S.WITHDRAWN, _FILE, N_("Withdraw")),
    _E(_S.RETURNED, "withdraw", _S.WITHDRAWN, _FILE, N_("Withdraw")),
    _E(_S.SUBMITTED, "compute", _S.SUBMITTED, _REVIEW, N_("Compute again")),
    _E(_S.SUBMITTED, "approve", _S.APPROVED, _REVIEW, N_("Approve")),
    _E(
        _S.SUBMITTED, "propose", _S.SUBMITTED, _REVIEW, N_("Send for second approval"), button=False
    ),
    _E(_S.SUBMITTED, "reject", _S.REJECTED, _REVIEW, N_("Reject")),
    _E(_S.SUBMITTED, "return", _S.RETURNED, _REVIEW, N_("Return with a question")),
    _E(_S.SUBMITTED, "approve", _S.APPROVED, _APPROVE, N_("Approve as second person"), second=True),
    _E(_S.SUBMITTED, "reject", _S.REJECTED, _APPROVE, N_("Reject"), second=True),
    _E(_S.SUBMITTED, "return", _S.RETURNED, _APPROVE, N_("Return with a question"), second=True),
    _E(_S.APPROVED, "reopen", _S.SUBMITTED, _APPROVE, N_("Reopen")),
    _E(_S.APPROVED, "batch", _S.BATCHED, _FINANCE, N_("Put into a batch"), button=False),
    _E(_S.BATCHED, "unbatch", _S.APPROVED, _FINANCE, N_("Take out of the batch"), button=False),
    _E(_S.BATCHED, "pay", _S.PAID, _FINANCE, N_("Record the payment"), button=False),
    _E(
        _S.PAID,
        "unpay",
        _S.APPROVED,
        Permission.BATCH_AUTHORISE,
        N_("The money came back"),
        button=False,
    ),
)


def _open_edges(state: AllowanceState, awaiting: str | None) -> list[AllowanceTransition]:
    second = awaiting == SECOND_APPROVAL
    return [edge for edge in TRANSITIONS if edge.source == state and edge.second == second]


def find_transition(
    state: AllowanceState | str, action: str, *, awaiting: str | None = None
) -> AllowanceTransition:
    """Return the edge an action takes from a state, or refuse naming the actions it allows."""
    edges = _open_edges(AllowanceState(state), awaiting)
    return edge_taken(edges, state, action, InvalidAllowanceTransition)


def actions_for(
    state: AllowanceState | str,
    actor: Actor,
    *,
    awaiting: str | None = None,
    first_approver: str | None = None,
) -> tuple[AllowanceTransition, ...]:
    """Return the steps this actor may take now: exactly the buttons a desk shows."""
    return tuple(
        edge
        for edge in _open_edges(AllowanceState(state), awaiting)
        if edge.button
        and edge.permission in actor.permissions
        and not (edge.permission != _FILE and not actor.nssf)
        and not (edge.second and actor.subject == first_approver)
    )
