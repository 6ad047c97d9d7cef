"""The JSON door to the feed of events."""

from __future__ import annotations

from typing import Any

from flask import Response

from auth.guard import current_actor, requires
from auth.permissions import Permission
from claims.events import service as events
from claims.events.schemas import EventPage, EventQuery, from_cursor
from config.answers import private
from config.api import ApiBlueprint
from config.cursors import make_cursor

blp = ApiBlueprint("events", __name__, url_prefix="/api/v1/events")


@blp.route("", methods=["GET"])
@requires(Permission.CLAIM_READ)
@blp.arguments(EventQuery, location="query")
@blp.response(200, EventPage)
def list_events(query: dict[str, Any]) -> Response:
    """List what happened to the facility's records, the oldest first, 30 days back at most."""
    items, reached = events.events_after(
        from_cursor(query["after"]), by=current_actor(), limit=query["limit"]
    )
    return private({"items": items, "next_cursor": make_cursor(reached)})
