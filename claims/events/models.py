"""The feed has no table: it reads the trail, through an index of its own."""

from __future__ import annotations

from sqlalchemy import Index, text

from claims.events.rules import FAMILIES
from config.audit import AuditEvent

FAMILY = "split_part(action, '.', 1) IN ({})".format(", ".join(f"'{name}'" for name in FAMILIES))
FEED_INDEX = Index(
    "ix_audit_events_feed",
    AuditEvent.facility,
    AuditEvent.xact,
    AuditEvent.id,
    postgresql_where=text(FAMILY),
)
