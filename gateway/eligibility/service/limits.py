"""Who looks up more than a desk can need? Cards of the last hour, counted in the database.

Different cards per person, client and facility, and the share of unknown ones among their look-ups
(settings). Beyond a limit nothing is answered until the hour has moved on. A count rides along in
the check's own statement, and only when it may matter: after each count this process lets an
eighth of what is left pass before it counts again. So a limit is exact in one process (of thousands
of cards, nearly), and several overrun it by a fraction; below it, a check costs nothing more.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from auth.permissions import Actor
from config.audit import record
from config.errors import TooMany
from config.settings import settings
from config.words import N_
from gateway.eligibility.rows import Row, Tally

SHARERS = 8
"""Among how many processes what is left of a limit is thought to be shared."""

SHARE_FROM = 100
"""A share says something from this many look-ups on."""

CHEAP, ROWS_A_CHECK = 5_000, 25
"""Counting touches every look-up of the hour: beyond the first, so many may fall on one check."""

COUNTED_AGAIN_SECONDS = 600.0
HELD_SECONDS = 60.0
MOST_KEPT = 10_000

_lifted: ContextVar[bool] = ContextVar("look-ups without limit", default=False)


@dataclass(slots=True)
class _Pause:
    """How many look-ups may pass, and until when, before the next count."""

    left: int
    until: float


@dataclass(frozen=True, slots=True)
class _Hold:
    """A refusal this process remembers for a while instead of counting again."""

    code: str
    until: float
    frees_at: float


_lock = threading.Lock()
_pauses: dict[str, _Pause] = {}
_holds: dict[str, _Hold] = {}

TEXTS = {
    "too_many_cards": N_("Too many different cards in one hour; call NSSF, hotline 1286"),
    "too_many_unknown": N_("Too many unknown cards in one hour; call NSSF, hotline 1286"),
}


@contextmanager
def lifted() -> Iterator[None]:
    """Look up without limits: for test data, which puts a month's checks into minutes."""
    token = _lifted.set(True)
    try:
        yield
    finally:
        _lifted.reset(token)


def forget() -> None:
    """Forget every pause and refusal: the database behind this process is another one."""
    with _lock:
        _pauses.clear()
        _holds.clear()


def to_count(by: Actor) -> str | None:
    """Say whose look-ups this check shall count; None when no limit can be reached by it.

    Refuses at once who was refused a moment ago.
    """
    limits = _limits_of(by)
    if not limits:
        return None
    now = time.monotonic()
    with _lock:
        for who in limits:
            hold = _holds.get(who)
            if hold is not None and now < hold.until:
                raise _too_many(hold.code, int(hold.frees_at - now))
        due = [_is_due(who, now) for who in limits]
    return by.subject if any(due) else None


def refuse_too_many(row: Row, *, by: Actor) -> None:
    """Refuse the look-up that would go beyond a limit; the refusal is recorded."""
    tallies = {by.subject: row.of_actor, by.facility: row.of_facility}
    for who, most_cards in _limits_of(by).items():
        tally = tallies[who]
        if tally is None:
            continue
        code = _exceeded(tally, most_cards)
        if code is not None:
            _hold(who, code, tally)
            record(
                by,
                "eligibility.lookups_refused",
                subject=who,
                facility=by.facility,
                code=code,
                cards=tally.cards,
                lookups=tally.lookups,
                unknown=tally.unknown,
            )
            raise _too_many(code, tally.frees_in)
        _pause(who, _passes(tally, most_cards))


def _limits_of(by: Actor) -> dict[str, int]:
    """Return who is counted for a caller, and how many cards each may look up (0: any number)."""
    if _lifted.get() or by.subject.startswith("system:"):
        return {}
    current = settings()
    own = current.cards_per_hour_person if by.is_person else current.cards_per_hour_client
    limits = {by.subject: own}
    if by.facility is not None:
        limits[by.facility] = current.cards_per_hour_facility
    return limits if any(limits.values()) or current.unknown_share_percent else {}


def _exceeded(tally: Tally, most_cards: int) -> str | None:
    if most_cards and tally.cards >= most_cards:
        return "too_many_cards"
    share = settings().unknown_share_percent
    if share and tally.lookups >= SHARE_FROM and tally.unknown * 100 > share * tally.lookups:
        return "too_many_unknown"
    return None


def _passes(tally: Tally, most_cards: int) -> int:
    """Tell how many look-ups, this one included, may pass before the next count."""
    share = settings().unknown_share_percent
    slack = []
    if most_cards:
        slack.append(most_cards - tally.cards)
    if 0 < share < 100:
        # If all that come were unknown: (unknown + k) / (lookups + k) reaches the share.
        more = (share * tally.lookups - 100 * tally.unknown) // (100 - share)
        slack.append(max(SHARE_FROM - tally.lookups, more))
    least = min(slack, default=CHEAP)
    return max(1, least // SHARERS, (tally.lookups - CHEAP) // ROWS_A_CHECK)


def _is_due(who: str, now: float) -> bool:
    pause = _pauses.get(who)
    if pause is None or pause.left < 1 or now > pause.until:
        return True
    pause.left -= 1
    return False


def _pause(who: str, passes: int) -> None:
    with _lock:
        if len(_pauses) >= MOST_KEPT:
            _pauses.clear()
        _pauses[who] = _Pause(passes - 1, time.monotonic() + COUNTED_AGAIN_SECONDS)


def _hold(who: str, code: str, tally: Tally) -> None:
    now = time.monotonic()
    with _lock:
        if len(_holds) >= MOST_KEPT:
            _holds.clear()
        until = now + min(HELD_SECONDS, tally.frees_in)
        _holds[who] = _Hold(code, until, now + tally.frees_in)


def _too_many(code: str, seconds: int) -> TooMany:
    return TooMany(code, retry_after=max(1, seconds), detail=TEXTS[code])
