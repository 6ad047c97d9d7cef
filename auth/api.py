"""The API door of the audit trail."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from auth.guard import current_actor, requires
from auth.permissions import Permission
from auth.schemas import AuditPage, AuditQuery
from auth.trail import Question, list_events
from config.api import ApiBlueprint, page_of
from config.audit import AuditEvent
from config.cursors import row_key

blueprint = ApiBlueprint("audit", __name__, url_prefix="/api/v1/audit")


@blueprint.get("")
@requires(Permission.AUDIT_READ)
@blueprint.arguments(AuditQuery, location="query", unknown=None)
@blueprint.response(200, AuditPage)
def list_audit(query: dict[str, Any]) -> dict[str, Any]:
    """List who did what to which number; the reading is recorded too."""
    limit, before = query.pop("limit"), row_key(query.pop("cursor"))
    found = list_events(Question(**query), by=current_actor(), before=before, limit=limit + 1)
    return page_of(found, limit, key=lambda event: [event.id], item=_entry)


def _entry(event: AuditEvent) -> dict[str, Any]:
    return {
        "at": event.recorded_at.astimezone(UTC),
        "actor": event.actor,
        "action": event.action,
        "subject": event.subject,
        "facility": event.facility,
        "request_id": event.request_id,
        "details": event.details,
    }
