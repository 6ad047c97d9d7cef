"""Tells a facility what happened to its records, and NSSF's clients what happened to all of them.

At least once and in a lasting order: who asks again with the same cursor is told the same again.
"""

from __future__ import annotations

from typing import Any

from auth.permissions import Actor
from claims.events import queries
from claims.events.queries import START, Position
from claims.events.rules import state_after
from config.errors import Forbidden


def events_after(
    position: Position = START, *, by: Actor, limit: int
) -> tuple[list[dict[str, Any]], Position]:
    """Return what happened after a position, 30 days back at most, and the position reached."""
    if not by.nssf and by.facility is None:
        raise Forbidden
    found, reached = queries.read_after(
        position, facility=None if by.nssf else by.facility, limit=limit
    )
    items = [
        {
            "type": event.action,
            "number": event.subject,
            "state": state_after(event.action, noted=event.noted_state, now=event.claim_state),
            "at": event.at,
        }
        for event in found
    ]
    return items, reached
