"""The queue: list what waits, lease the next claim, put back what was leased and not decided."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from auth.permissions import Actor, Permission, system_actor
from claims.review import queries
from claims.review.queries import LEASE_MINUTES, QueueItem
from claims.review.service.access import check_reviewer, lock, own_facilities, rules_of
from claims.submission import service as submission
from config import clock
from config.db import transaction
from config.jobs import periodic
from gateway.coverage import service as coverage

EXPIRED_AT_ONCE = 200


def next_claim(*, by: Actor) -> dict[str, Any] | None:
    """Lease the next claim to a reviewer for 15 minutes; None when none waits.

    Leases the reviewer holds already are kept, so asking again gives another claim.
    """
    check_reviewer(by, Permission.CLAIM_REVIEW)
    put_back_expired()
    with transaction() as session:
        number = queries.pick(
            session,
            subject=by.subject,
            own_facilities=own_facilities(by),
            review_days=rules_of(None).review_within_days,
        )
        if number is None:
            return None
        claim = lock(number, by)
        claim.lease_by, claim.lease_until = by.subject, _lease_end(session)
        submission.move(claim, "lease", by=by)
    return submission.find_claim(number, by=by)


def put_back_expired() -> int:
    """Put claims whose lease ran out back into the queue; return how many."""
    clerk = system_actor("review")
    with transaction() as session:
        numbers = queries.expired_leases(session, EXPIRED_AT_ONCE)
        for number in numbers:
            submission.move(lock(number, clerk), "release_lease", by=clerk)
        return len(numbers)


@periodic("review.put_back_expired", "* * * * *")
def sweep_expired() -> None:
    """Put expired leases back every minute, whoever asks for the next claim or not."""
    put_back_expired()


def list_queue(
    *,
    by: Actor,
    limit: int,
    after: tuple[datetime, int] | None = None,
    awaiting: str | None = None,
) -> list[QueueItem]:
    """List what waits for a decision, oldest first."""
    check_reviewer(by, Permission.CLAIM_REVIEW, Permission.CLAIM_APPROVE)
    with transaction() as session:
        items = queries.list_queue(
            session, own_facilities=own_facilities(by), awaiting=awaiting, after=after, limit=limit
        )
        policies = coverage.policy_set()
        return [
            replace(
                item,
                review_by=clock.day_of(item.submitted_at)
                + timedelta(
                    days=policies.claim_rules(item.scheme, item.service_from).review_within_days
                ),
            )
            for item in items
        ]


def _lease_end(session: Session) -> datetime:
    now: datetime = session.scalar(select(func.now()))  # type: ignore[assignment]
    return now + timedelta(minutes=LEASE_MINUTES)
