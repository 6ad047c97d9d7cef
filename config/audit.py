"""The audit trail: who did what to which number. Append-only; numbers and codes, never names.

`record()` writes in the caller's transaction, so the fact and its trace are one.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

from flask import g, has_request_context
from sqlalchemy import BigInteger, Index, Text, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from config.db import Base, driver, transaction
from config.json import dumps
from config.prepared import Prepared
from config.seals import Xid8

RECORD = """
INSERT INTO audit_events (actor, action, subject, facility, request_id, details)
SELECT %(actor)s::text, %(action)s::text, %(subject)s::text, %(facility)s::text,
       %(request_id)s::text, %(details)s::jsonb"""
"""One act; `FROM …` makes it part of a statement that may write nothing. Values: `act_of`."""
_RECORD = Prepared("audit_record", RECORD)
RECORD_ALL = """
INSERT INTO audit_events (actor, action, subject, facility, request_id, details)
SELECT actor, action, subject, facility, request_id, details::jsonb
  FROM unnest(%(actor)s::text[], %(action)s::text[], %(subject)s::text[], %(facility)s::text[],
              %(request_id)s::text[], %(details)s::text[])
       AS a(actor, action, subject, facility, request_id, details)"""


class Named(Protocol):
    """Whoever acts: all the trail needs is a subject such as `user:dara`."""

    @property
    def subject(self) -> str:
        """Return the text that stands for the actor."""
        ...


class AuditEvent(Base):
    """One act, as it was recorded; rows are never changed."""

    __tablename__ = "audit_events"
    __table_args__ = (
        Index("ix_audit_events_subject", "subject", "id"),
        Index("ix_audit_events_actor", "actor", "id"),
        Index("ix_audit_events_facility", "facility", "id"),
        Index("ix_audit_events_recorded_at", "recorded_at"),
        Index("ix_audit_events_xact", "xact", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    recorded_at: Mapped[datetime] = mapped_column(server_default=func.now())
    actor: Mapped[str] = mapped_column(Text)
    action: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)
    facility: Mapped[str | None] = mapped_column(Text)
    request_id: Mapped[str | None] = mapped_column(Text)
    details: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    xact: Mapped[int] = mapped_column(Xid8, server_default=func.pg_current_xact_id())


def record(
    by: Named | str, action: str, *, subject: str, facility: str | None = None, **details: Any
) -> None:
    """Write one act to the trail, in the open transaction (or one of its own)."""
    row = act_of(by, action, subject=subject, facility=facility, **details)
    with transaction() as session:
        _RECORD.run(driver(session), row)


def record_all(acts: Sequence[dict[str, Any]]) -> None:
    """Write many acts (of `act_of`) to the trail by one statement, in the open transaction."""
    if acts:
        with transaction() as session:
            columns = {name: [act[name] for act in acts] for name in acts[0]}
            columns["details"] = [str(details, "utf-8") for details in columns["details"]]
            driver(session).execute(RECORD_ALL, columns)


def act_of(
    by: Named | str, action: str, *, subject: str, facility: str | None = None, **details: Any
) -> dict[str, Any]:
    """Return the values of `RECORD`, for a statement that writes the act beside its fact."""
    return {
        "actor": by if isinstance(by, str) else by.subject,
        "action": action,
        "subject": subject,
        "facility": facility,
        "request_id": g.get("request_id") if has_request_context() else None,
        "details": dumps(details),
    }
