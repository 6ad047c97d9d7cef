"""Who tries card numbers one after the other? Unknown cards counted in the database, and refused.

More than 50 (setting) different unknown cards in 10 minutes from one facility, or one caller without
a facility. The one that crosses the line is recorded and refused; after it nothing is answered
until the window has moved on, because answered hits would tell a scanner what it wants to know.

Unknown cards are counted before each of them is answered, so the limit is exact. A known card is
counted with only where it may matter: for five seconds after a count that ended well, and until it
meets an unknown card, a process answers known ones without. So after a refusal another process may
answer known cards for five seconds more.
"""

from __future__ import annotations

import time

from auth.permissions import Actor
from config.audit import record
from config.errors import TooMany
from config.settings import settings
from config.words import N_
from gateway.eligibility.rows import Row, Unknown

COUNTED_AGAIN_SECONDS = 5.0
MOST_KEPT = 10_000

_counted: dict[str, float] = {}


def scanner_of(by: Actor) -> str:
    """Name who is counted: a facility as a whole, a caller without one alone."""
    return by.facility or by.subject


def forget() -> None:
    """Forget every count: the database behind this process is another one."""
    _counted.clear()


def is_due(scanner: str) -> bool:
    """Tell whether the next look-up has to count the scanner's unknown cards, known or not."""
    return time.monotonic() - _counted.get(scanner, -COUNTED_AGAIN_SECONDS) >= COUNTED_AGAIN_SECONDS


def refuse_scanner(scanner: str, row: Row) -> None:
    """Answer nothing more to who has gone through too many unknown cards: hits would tell."""
    if row.unknown is not None:
        limit = settings().unknown_cards_per_10_minutes
        if limit and row.unknown.cards > limit:
            raise _too_many(row.unknown)
    if not row.people:
        _counted.pop(scanner, None)
    elif row.unknown is not None:
        if len(_counted) >= MOST_KEPT:
            _counted.clear()
        _counted[scanner] = time.monotonic()


def refuse_one_more(row: Row, *, by: Actor) -> None:
    """Refuse the unknown card that goes beyond the limit; it is recorded, and so is the refusal."""
    limit = settings().unknown_cards_per_10_minutes
    if row.unknown is not None and limit and row.unknown.cards >= limit:
        record(
            by,
            "eligibility.scanning_refused",
            subject=scanner_of(by),
            facility=by.facility,
            unknown_cards=row.unknown.cards + 1,
        )
        raise _too_many(row.unknown)


def _too_many(unknown: Unknown) -> TooMany:
    return TooMany(
        "too_many_unknown_cards",
        retry_after=unknown.frees_in,
        detail=N_("Too many unknown cards in 10 minutes; call NSSF, hotline 1286"),
    )
