"""The queue: list what waits, lease a claim, renew or put back the lease, mark what is overdue."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from auth.permissions import Actor, Permission, system_actor
from claims.review import queries
from claims.review.models import NamedLease
from claims.review.queries import LEASE_MINUTES, QueueItem, QueueKey, Taking
from claims.review.service.access import (
    NotLeased,
    check_distance,
    check_reviewer,
    is_leased,
    lock,
    own_facilities,
)
from claims.submission import service as submission
from claims.submission.models import Claim
from config import clock
from config.audit import record
from config.db import transaction
from config.errors import Conflict, Forbidden
from config.jobs import periodic
from config.words import N_

AT_ONCE = 200
# An open page renews its lease; nobody keeps a claim from the others for longer than this.
LONGEST_LEASE = timedelta(hours=2)


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
            today=clock.today(),
        )
        if number is None:
            return None
        lease(session, lock(number, by), by=by)
    return submission.find_claim(number, by=by)


def take_claim(number: str, *, by: Actor, reason: str) -> dict[str, Any]:
    """Lease a claim asked for by its number; who did so and why is listed."""
    check_reviewer(by, Permission.CLAIM_REVIEW)
    put_back_expired()
    with transaction() as session:
        claim = lock(number, by)
        check_distance(claim, by)
        lease(session, claim, by=by)
        session.add(
            NamedLease(
                claim_number=number, facility=claim.facility, taken_by=by.subject, reason=reason
            )
        )
        record(by, "claim.taken_by_name", subject=number, facility=claim.facility)
    return submission.find_claim(number, by=by)


def renew_lease(number: str, *, by: Actor) -> datetime:
    """Keep a claim one is working on for another 15 minutes; return until when."""
    check_reviewer(by, Permission.CLAIM_REVIEW)
    with transaction() as session:
        claim = lock(number, by)
        if not is_leased(session, claim, by):
            raise NotLeased
        started = queries.lease_started(session, claim.id)
        until = _lease_end(session)
        if started is not None and until - started > LONGEST_LEASE:
            raise Conflict(
                "lease_too_long", detail=N_("Decide it or put it back: others wait for it too.")
            )
        claim.lease_until = until
        return until


def put_back(number: str, *, by: Actor) -> dict[str, Any]:
    """Put a leased claim back into the queue without a decision."""
    check_reviewer(by, Permission.CLAIM_REVIEW)
    with transaction():
        claim = lock(number, by)
        if claim.lease_by != by.subject:
            raise NotLeased
        submission.move(claim, "release_lease", by=by)
    return submission.find_claim(number, by=by)


def lease(session: Session, claim: Claim, *, by: Actor) -> None:
    """Lease a locked claim, if the state table lets it be leased."""
    submission.move(claim, "lease", by=by)
    claim.lease_by, claim.lease_until = by.subject, _lease_end(session)


def put_back_expired() -> int:
    """Put claims whose lease ran out back into the queue; return how many."""
    clerk = system_actor("review")
    with transaction() as session:
        numbers = queries.expired_leases(session, AT_ONCE)
        for number in numbers:
            submission.move(lock(number, clerk), "release_lease", by=clerk)
        return len(numbers)


@periodic("review.put_back_expired", "* * * * *")
def sweep_expired() -> None:
    """Put expired leases back every minute, whoever asks for the next claim or not."""
    put_back_expired()


@periodic("review.escalate", "*/15 * * * *")
def escalate_overdue() -> None:
    """Mark what waits beyond its deadline: it is listed first and counted on the review desk."""
    clerk = system_actor("review")
    action = submission.AUDITED["escalate"]
    more = True
    while more:
        with transaction() as session:
            more = (
                queries.escalate(
                    session, today=clock.today(), by=clerk.subject, audited=action, limit=AT_ONCE
                )
                > 0
            )


def list_queue(
    *,
    by: Actor,
    limit: int,
    after: QueueKey | None = None,
    awaiting: str | None = None,
    overdue: bool = False,
) -> list[QueueItem]:
    """List what waits for a decision: by the day it is due, then risk, then amount."""
    check_reviewer(by, Permission.CLAIM_REVIEW, Permission.CLAIM_APPROVE)
    with transaction() as session:
        return queries.list_queue(
            session,
            own_facilities=own_facilities(by),
            narrowed="overdue" if overdue else awaiting,
            after=after,
            limit=limit,
            today=clock.today(),
        )


def count_overdue(*, by: Actor) -> int:
    """Count what waits beyond its deadline."""
    check_reviewer(by, Permission.CLAIM_REVIEW, Permission.CLAIM_APPROVE)
    with transaction() as session:
        return queries.overdue(session, today=clock.today())


def list_named(*, by: Actor, limit: int, after: int | None = None) -> list[Taking]:
    """List claims taken by name and those put back, newest first; for approvers and auditors."""
    if not by.nssf or not (by.may(Permission.CLAIM_APPROVE) or by.may(Permission.AUDIT_READ)):
        raise Forbidden
    with transaction() as session:
        found = queries.named_leases(session, after=after, limit=limit)
        record(by, "review.named_listed", subject="review")
        return found


def _lease_end(session: Session) -> datetime:
    now: datetime = session.scalar(select(func.now()))  # type: ignore[assignment]
    return now + timedelta(minutes=LEASE_MINUTES)
