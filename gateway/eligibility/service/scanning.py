"""Who tries card numbers one after the other? Unknown cards counted in the database, and refused.

More than 50 (setting) different unknown cards in 10 minutes from one facility, or one caller without
a facility. The one that crosses the line is recorded and refused; after it nothing is answered
until the window has moved on, because answered hits would tell a scanner what it wants to know.
"""

from __future__ import annotations

from auth.permissions import Actor
from config.audit import record
from config.errors import TooMany
from config.settings import settings
from config.words import N_
from gateway.eligibility.rows import Row


def scanner_of(by: Actor) -> str:
    """Name who is counted: a facility as a whole, a caller without one alone."""
    return by.facility or by.subject


def refuse_scanner(row: Row) -> None:
    """Answer nothing more to who has gone through too many unknown cards: hits would tell."""
    limit = settings().unknown_cards_per_10_minutes
    if limit and row.unknown_cards > limit:
        raise _too_many(row)


def refuse_one_more(row: Row, *, by: Actor) -> None:
    """Refuse the unknown card that goes beyond the limit; it is recorded, and so is the refusal."""
    limit = settings().unknown_cards_per_10_minutes
    if limit and row.unknown_cards >= limit:
        record(
            by,
            "eligibility.scanning_refused",
            subject=scanner_of(by),
            facility=by.facility,
            unknown_cards=row.unknown_cards + 1,
        )
        raise _too_many(row)


def _too_many(row: Row) -> TooMany:
    return TooMany(
        "too_many_unknown_cards",
        retry_after=row.retry_after,
        detail=N_("Too many unknown cards in 10 minutes; call NSSF, hotline 1286"),
    )
