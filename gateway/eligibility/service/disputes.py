"""What a facility says is wrong with a check, kept as a task for NSSF. Nothing is corrected here."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from auth.permissions import Actor
from config.audit import record
from config.db import transaction
from gateway.eligibility.answers import moment
from gateway.eligibility.models import CorrectionTask


def raise_dispute(
    number: str, card_key: str | None, *, kind: str, note: str | None, by: Actor
) -> dict[str, Any]:
    """Open a correction task for a check, once a kind; return it."""
    with transaction() as session:
        opened = session.execute(
            insert(CorrectionTask)
            .values(
                check_number=number,
                kind=kind,
                card_key=card_key,
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
