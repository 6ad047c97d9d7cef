"""The one way an allowance changes where it stands: lock it, then take a step of the state table."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import func, insert, update
from sqlalchemy.orm import Session

from auth.permissions import Actor
from claims.allowances import queries
from claims.allowances.models import Allowance, AllowanceEvent
from claims.allowances.states import AllowanceState, find_transition
from config.audit import AuditEvent, record
from config.errors import Forbidden, NotFound
from config.words import N_

AUDITED = {
    "file": "allowance.filed", "propose_payment": "allowance.proposed_by_claim",
    "submit": "allowance.submitted", "withdraw": "allowance.withdrawn",
    "compute": "allowance.computed", "approve": "allowance.approved",
    "propose": "allowance.proposed", "reject": "allowance.rejected",
    "return": "allowance.returned", "reopen": "allowance.reopened",
    "batch": "allowance.batched", "unbatch": "allowance.unbatched", "pay": "allowance.paid",
    "unpay": "allowance.payment_returned",
}  # fmt: skip


def lock(session: Session, number: str, *, by: Actor) -> Allowance:
    """Return an allowance locked until the transaction ends; another facility's is not found."""
    place = None if by.nssf else by.facility or ""
    allowance = queries.find(session, number, facility=place, lock=True)
    if allowance is None:
        raise NotFound
    return allowance


def move(
    session: Session,
    allowance: Allowance,
    action: str,
    *,
    by: Actor,
    reason: str | None = None,
    note: str | None = None,
    internal_note: str | None = None,
    riel: int | None = None,
) -> None:
    """Take one step of the state table on a locked allowance: state, version, event, audit."""
    edge = find_transition(allowance.state, action, awaiting=allowance.awaiting)
    if edge.permission not in by.permissions:
        raise Forbidden
    if edge.second and by.subject == allowance.first_approver:
        raise Forbidden("four_eyes", detail=N_("Another person must agree."))
    allowance.state, allowance.version = edge.target, allowance.version + 1
    allowance.updated_at = func.now()
    if action != "propose":
        allowance.awaiting = None
    if action in ("approve", "reject"):
        allowance.decided_at = func.now()
    if action in ("submit", "reopen"):
        allowance.decided_at = allowance.first_approver = allowance.proposed_riel = None
    session.flush()
    note_step(
        session, allowance, action, by=by, reason=reason, note=note, internal_note=internal_note,
        riel=riel,
    )  # fmt: skip


def note_step(
    session: Session,
    allowance: Allowance,
    action: str,
    *,
    by: Actor,
    reason: str | None = None,
    note: str | None = None,
    internal_note: str | None = None,
    riel: int | None = None,
) -> None:
    """Write a step to the allowance's history and to the audit trail: numbers and codes only."""
    session.add(
        AllowanceEvent(
            allowance_id=allowance.id, action=action, state=allowance.state, by=by.subject,
            reason=reason, note=note, internal_note=internal_note, riel=riel,
        )
    )  # fmt: skip
    session.flush()
    details = {"reason": reason, "riel": riel}
    record(
        by, AUDITED[action], subject=allowance.number, facility=allowance.facility,
        **{name: value for name, value in details.items() if value is not None},
    )  # fmt: skip


def move_many(
    session: Session,
    numbers: Sequence[str],
    action: str,
    *,
    by: Actor,
    source: AllowanceState,
    batch: str | None,
    of_batch: str | None = None,
    paid_on: date | None = None,
) -> None:
    """Take many allowances along one edge; all of them, or the transaction fails.

    `of_batch` names the batch they must be in already.
    """
    edge = find_transition(source, action)
    if edge.permission not in by.permissions:
        raise Forbidden
    session.flush()
    query = update(Allowance).where(Allowance.number.in_(numbers), Allowance.state == source)
    if of_batch is not None:
        query = query.where(Allowance.batch_number == of_batch)
    moved = session.execute(
        query.values(
            state=edge.target, version=Allowance.version + 1, updated_at=func.now(),
            batch_number=batch, paid_on=paid_on,
        )
        .returning(Allowance.id, Allowance.number, Allowance.facility)
        .execution_options(synchronize_session=False)
    ).all()  # fmt: skip
    if len(moved) != len(set(numbers)):
        raise RuntimeError(f"{len(moved)} of {len(set(numbers))} allowances could {action}")
    if not moved:
        return
    _note_many(session, moved, action, edge.target, by=by, batch=batch or of_batch)
    for known in session.identity_map.values():
        if isinstance(known, Allowance):
            session.expire(known)


def _note_many(
    session: Session,
    moved: Sequence[Any],
    action: str,
    state: AllowanceState,
    *,
    by: Actor,
    batch: str | None,
) -> None:
    """Write the step of many allowances to their histories and to the audit trail."""
    told = {"action": action, "by": by.subject, "state": state}
    session.execute(insert(AllowanceEvent), [{"allowance_id": row.id, **told} for row in moved])
    noted = {"actor": by.subject, "action": AUDITED[action], "details": {"batch": batch}}
    session.execute(
        insert(AuditEvent),
        [{"subject": row.number, "facility": row.facility, **noted} for row in moved],
    )
