"""The life of a batch and of a payment run: one table for both, read by service and desk. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from auth.permissions import Actor, Permission
from config.errors import Conflict
from config.transitions import edge_taken
from config.words import N_


class BatchState(StrEnum):
    """Where a batch or a run stands."""

    OPEN = "open"
    AUTHORISED = "authorised"
    EXPORTED = "exported"
    SETTLED = "settled"
    RETURNING = "returning"
    RETURNED = "returned"
    FAILED = "failed"
    CANCELLED = "cancelled"


class InvalidBatchTransition(Conflict):
    """A step the state does not allow; `allowed` names those it does."""

    code = "invalid_transition"
    title = N_("The batch cannot take this step now")


@dataclass(frozen=True, slots=True)
class BatchTransition:
    """One edge; `maker_checker` edges are closed to who opened the batch or reported the return.

    `alone` edges exist for a batch only, also for one that is paid with its run.
    """

    source: BatchState
    action: str
    target: BatchState
    permission: Permission
    label: str
    maker_checker: bool = False
    alone: bool = False


_S, _MANAGE = BatchState, Permission.BATCH_MANAGE

TRANSITIONS: tuple[BatchTransition, ...] = (
    BatchTransition(
        _S.OPEN, "authorise", _S.AUTHORISED, Permission.BATCH_AUTHORISE, N_("Authorise"), True
    ),
    BatchTransition(_S.OPEN, "cancel", _S.CANCELLED, _MANAGE, N_("Cancel the batch")),
    BatchTransition(_S.AUTHORISED, "export", _S.EXPORTED, _MANAGE, N_("Export the payment file")),
    BatchTransition(_S.EXPORTED, "export", _S.EXPORTED, _MANAGE, N_("Export again")),
    BatchTransition(_S.EXPORTED, "settle", _S.SETTLED, _MANAGE, N_("Settle")),
    BatchTransition(_S.AUTHORISED, "fail", _S.FAILED, _MANAGE, N_("Record a failure")),
    BatchTransition(_S.EXPORTED, "fail", _S.FAILED, _MANAGE, N_("Record a failure")),
    BatchTransition(
        _S.SETTLED, "return", _S.RETURNING, _MANAGE, N_("The bank returned the money"), alone=True
    ),
    BatchTransition(
        _S.RETURNING, "confirm_return", _S.RETURNED, Permission.BATCH_AUTHORISE,
        N_("Confirm the return"), maker_checker=True, alone=True,
    ),
    BatchTransition(
        _S.RETURNING, "refuse_return", _S.SETTLED, Permission.BATCH_AUTHORISE,
        N_("The money did not come back"), maker_checker=True, alone=True,
    ),
)  # fmt: skip

# What a batch of a run takes with its run only; the bank may settle, refuse or return it alone.
WITH_THE_RUN = frozenset({"authorise", "cancel", "export"})
# States in which a batch is authorised and neither settled nor failed.
PENDING = frozenset({_S.AUTHORISED, _S.EXPORTED})
LIVE = frozenset({_S.OPEN, _S.AUTHORISED, _S.EXPORTED})


def find_transition(state: BatchState | str, action: str) -> BatchTransition:
    """Return the edge an action takes from a state, or refuse naming the actions it allows."""
    edges = [edge for edge in TRANSITIONS if edge.source == state]
    return edge_taken(edges, state, action, InvalidBatchTransition)


def actions_for(
    state: BatchState | str, actor: Actor, *, opened_by: str, return_by: str | None = None
) -> tuple[BatchTransition, ...]:
    """Return the steps this actor may take now: the buttons of the finance desk."""
    maker = opened_by if return_by is None else return_by
    return tuple(
        edge
        for edge in TRANSITIONS
        if edge.source == state
        and edge.permission in actor.permissions
        and not (edge.maker_checker and actor.subject == maker)
    )
