"""What a facility says is wrong with a check, kept as a task for NSSF, and NSSF's answer.

Nothing is corrected here: the registry is NSSF's, and comes by its feed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from auth.permissions import Actor, Permission
from config.audit import record
from config.db import db, transaction
from config.errors import Conflict, Forbidden, NotFound
from config.words import N_
from gateway.eligibility.answers import moment
from gateway.eligibility.models import CorrectionTask
from gateway.eligibility.queries import Stored


def raise_dispute(stored: Stored, *, kind: str, note: str | None, by: Actor) -> dict[str, Any]:
    """Open a correction task for a check, once a kind; return it."""
    number, member = stored.number, stored.body["member"]
    with transaction() as session:
        opened = session.execute(
            insert(CorrectionTask)
            .values(
                check_number=number,
                kind=kind,
                card_key=stored.card_key,
                card_number=member and member["card_number"],
                facility=by.facility,
                note=note,
                raised_by=by.subject,
            )
            .on_conflict_do_nothing(constraint="uq_correction_tasks_check_number_kind")
            .returning(CorrectionTask.id)
        ).first()
        task = session.scalars(
            select(CorrectionTask).filter_by(check_number=number, kind=kind)
        ).one()
        if opened is not None:
            record(by, "eligibility.disputed", subject=number, facility=by.facility, kind=kind)
    return {
        "eligibility_check": task.check_number,
        "kind": task.kind,
        "state": task.state,
        "raised_at": moment(task.raised_at),
    }


def disputes_of(number: str) -> Sequence[CorrectionTask]:
    """List what was reported about a check, with NSSF's answers; whoever sees the check sees them."""
    tasks = select(CorrectionTask).filter_by(check_number=number).order_by(CorrectionTask.id)
    return db.session.scalars(tasks).all()


def list_disputes(
    *, by: Actor, after: int | None = None, limit: int = 50
) -> Sequence[CorrectionTask]:
    """List the open tasks, the oldest first, and record who read them."""
    _require_keeper(by)
    tasks = select(CorrectionTask).filter_by(state="open").order_by(CorrectionTask.id).limit(limit)
    if after is not None:
        tasks = tasks.where(CorrectionTask.id > after)
    found = db.session.scalars(tasks).all()
    record(by, "eligibility.disputes_read", subject="disputes", shown=len(found))
    return found


def close_dispute(number: str, kind: str, *, answer: str, by: Actor) -> None:
    """Answer a task and close it; the facility sees the answer at its check."""
    _require_keeper(by)
    with transaction() as session:
        task = session.scalar(
            select(CorrectionTask)
            .filter_by(check_number=number, kind=kind)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        if task is None:
            raise NotFound
        if task.state == "closed":
            raise Conflict("already_answered", detail=N_("Somebody has answered this already"))
        closed_at = session.scalar(select(func.now()))
        task.state, task.closed_at = "closed", closed_at
        task.answer, task.closed_by = answer, by.subject
        record(by, "eligibility.dispute_closed", subject=number, facility=task.facility, kind=kind)


def _require_keeper(by: Actor) -> None:
    """Let only NSSF's keepers of the registry through: reports come from every facility."""
    if not (by.nssf and by.may(Permission.REGISTRY_IMPORT)):
        raise Forbidden
