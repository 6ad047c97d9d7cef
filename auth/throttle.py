"""How often somebody may try: counters in the database, shared by every process.

Signing in backs off for each pair of account and place. A place is a browser or address that has
signed in to the account before, or else the bare address; known places never wait because of what
strangers do, so nobody can be locked out by somebody else.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from sqlalchemy import text

from config.db import transaction
from config.errors import TooMany
from config.words import N_

FREE_FAILURES = 5
FIRST_WAIT_SECONDS = 30
LONGEST_WAIT_SECONDS = 900
STRANGERS_PER_ACCOUNT = 50
FAILURES_PER_ADDRESS = 100

RESERVE = text("""
INSERT INTO sign_in_attempts AS a (account, place, failures, last_at) VALUES (:account, :place, 1, now())
ON CONFLICT (account, place) DO UPDATE SET
  failures = CASE WHEN a.last_at < now() - interval '1 hour' THEN 1 ELSE a.failures + 1 END,
  last_at = now(),
  blocked_until = CASE
    WHEN a.last_at < now() - interval '1 hour' OR a.failures + 1 < :free THEN NULL
    ELSE now() + make_interval(secs => least(:first * 2 ^ least(a.failures + 1 - :free, 20), :longest))
  END
WHERE a.blocked_until IS NULL OR a.blocked_until <= now()
RETURNING failures
""")
WAIT = text("""
SELECT ceil(extract(epoch FROM blocked_until - now()))::int FROM sign_in_attempts
WHERE account = :account AND place = :place
""")
STRANGERS = text("""
SELECT coalesce(sum(failures) FILTER (WHERE account = :account), 0) >= :per_account
    OR coalesce(sum(failures) FILTER (WHERE place = :place), 0) >= :per_address
FROM sign_in_attempts
WHERE (account = :account OR place = :place) AND last_at > now() - interval '15 minutes'
""")
CLEAR = text("DELETE FROM sign_in_attempts WHERE account = :account AND place = :place")
COUNT = text("""
INSERT INTO rate_counters AS r (key, window_at, count) VALUES (:key, date_trunc('minute', now()), :by)
ON CONFLICT (key, window_at) DO UPDATE SET count = r.count + :by
RETURNING count, 60 - extract(second FROM now())::int
""")
SWEEP = (
    "DELETE FROM rate_counters WHERE window_at < now() - interval '1 hour'",
    "DELETE FROM sign_in_attempts WHERE last_at < now() - interval '1 day'",
    "DELETE FROM used_assertions WHERE expires_at < now()",
    "DELETE FROM revoked_tokens WHERE expires_at < now()",
    "DELETE FROM staff_sessions WHERE ends_at < now()",
    "DELETE FROM sign_in_places WHERE last_at < now() - interval '1 year'",
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where an attempt comes from, and whether the account was signed in to from there before."""

    name: str
    known: bool


def account_key(username: str) -> bytes:
    """Return what an account's attempts are counted under; hashed, as people type passwords here."""
    return hashlib.sha256(username.strip().casefold().encode()).digest()


def reserve_attempt(account: bytes, place: Place) -> None:
    """Count an attempt before it is judged, or raise TooMany while this place has to wait."""
    values = {"account": account, "place": place.name}
    with transaction() as session:
        wait = 0
        if not place.known and session.scalar(
            STRANGERS,
            values | {"per_account": STRANGERS_PER_ACCOUNT, "per_address": FAILURES_PER_ADDRESS},
        ):
            wait = LONGEST_WAIT_SECONDS
        elif not session.execute(
            RESERVE,
            values
            | {
                "free": FREE_FAILURES,
                "first": FIRST_WAIT_SECONDS,
                "longest": LONGEST_WAIT_SECONDS,
            },
        ).first():
            wait = max(1, session.scalar(WAIT, values) or 0)
    if wait:
        raise TooMany(
            "too_many_attempts",
            retry_after=wait,
            detail=N_("Too many attempts. Wait, then try again."),
        )


def clear_attempts(account: bytes, place: Place) -> None:
    """Forget failed attempts from a place after a success there."""
    with transaction() as session:
        session.execute(CLEAR, {"account": account, "place": place.name})


def count_in_minute(key: str, *, limit: int, by: int = 1) -> None:
    """Count something in this minute and raise TooMany above the limit (0: no limit)."""
    if limit == 0:
        return
    with transaction() as session:
        count, rest = session.execute(COUNT, {"key": key, "by": by}).one()
    if count > limit:
        raise TooMany(retry_after=max(1, rest))


def sweep() -> None:
    """Delete counters, sessions and used-up tokens nobody needs any more."""
    with transaction() as session:
        for statement in SWEEP:
            session.execute(text(statement))
