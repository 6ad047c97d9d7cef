"""Reading the audit trail: who did what to which number. Reading it leaves a trace too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select

from auth.permissions import Actor, Permission
from config import audit, clock
from config.audit import AuditEvent
from config.db import db
from config.errors import Forbidden


@dataclass(frozen=True, slots=True)
class Question:
    """What an auditor looks for; days are Phnom Penh's, both included."""

    subject: str | None = None
    actor: str | None = None
    facility: str | None = None
    from_day: date | None = None
    to_day: date | None = None


def list_events(
    question: Question, *, by: Actor, before: int | None = None, limit: int = 50
) -> Sequence[AuditEvent]:
    """List recorded acts, the newest first, and record who asked for which."""
    if not by.may(Permission.AUDIT_READ):
        raise Forbidden
    statement = select(AuditEvent).order_by(AuditEvent.id.desc()).limit(limit)
    for column, wanted in (
        (AuditEvent.subject, question.subject),
        (AuditEvent.actor, question.actor),
        (AuditEvent.facility, question.facility if by.nssf else by.facility),
    ):
        if wanted is not None:
            statement = statement.where(column == wanted)
    if question.from_day:
        statement = statement.where(AuditEvent.recorded_at >= clock.start_of(question.from_day))
    if question.to_day:
        end = clock.start_of(question.to_day + timedelta(days=1))
        statement = statement.where(AuditEvent.recorded_at < end)
    if before is not None:
        statement = statement.where(AuditEvent.id < before)
    found = db.session.scalars(statement).all()
    audit.record(by, "audit.read", subject=question.subject or "audit", **_asked(question))
    return found


def _asked(question: Question) -> dict[str, Any]:
    named = {
        "actor": question.actor,
        "facility": question.facility,
        "from": question.from_day and question.from_day.isoformat(),
        "to": question.to_day and question.to_day.isoformat(),
    }
    return {name: value for name, value in named.items() if value}
