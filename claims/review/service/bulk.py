"""Approve many clean claims for the same services at once, after a random sample was read.

The reviewer gets the sample claim by claim and decides each as any other; only when all of it was
approved as the rules say is the rest approved, each claim by itself with its own records.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from auth.permissions import Actor, Permission
from claims.review import queries
from claims.review.models import BulkReview, BulkReviewClaim
from claims.review.queries import BulkGroup
from claims.review.rules import sample_size
from claims.review.service.access import check_distance, check_reviewer, lock, own_facilities
from claims.review.service.access import rules_of as claim_rules
from claims.review.service.clean import SKIPPED, approve_clean
from claims.review.service.leases import lease, put_back_expired
from claims.submission import service as submission
from claims.submission.models import Claim
from config.audit import record
from config.db import transaction
from config.errors import Conflict, Forbidden, NotFound
from config.numbers import new_number
from config.words import N_

MOST_AT_ONCE = 200
SHOWN = 50
# One draw nobody can foresee or repeat.
_draw = random.SystemRandom()


def list_groups(*, by: Actor) -> list[BulkGroup]:
    """List the groups of clean claims worth approving together, largest first."""
    check_reviewer(by, Permission.CLAIM_REVIEW)
    with transaction() as session:
        return queries.bulk_groups(session, _limits(by), least=_least() + 1, limit=SHOWN)


def open_bulk(*, package: str, scheme: str, facility_level: str, by: Actor) -> dict[str, Any]:
    """Gather up to 200 clean claims for the same services and draw the sample to be read first."""
    check_reviewer(by, Permission.CLAIM_REVIEW)
    rules = claim_rules(None)
    with transaction() as session:
        found = queries.bulk_members(
            session, _limits(by), package=package, scheme=scheme, level=facility_level,
            limit=MOST_AT_ONCE,
        )  # fmt: skip
        size = sample_size(len(found), rules.bulk_sample_percent, rules.bulk_sample_least)
        if size >= len(found):
            raise Conflict("too_few_claims", detail=N_("Too few claims of this kind wait."))
        sample = {row.id for row in _draw.sample(found, size)}
        bulk = BulkReview(
            number=new_number("K"), package=package, scheme=scheme,
            facility_level=facility_level, opened_by=by.subject,
        )  # fmt: skip
        session.add(bulk)
        session.flush()
        for row in found:
            session.add(
                BulkReviewClaim(
                    bulk_id=bulk.id, claim_id=row.id, claim_number=row.number,
                    version=row.version, sampled=row.id in sample,
                )
            )  # fmt: skip
        record(by, "bulk.opened", subject=bulk.number, claims=len(found), sample=size)
        session.flush()
        return _shown(session, bulk)


def find_bulk(number: str, *, by: Actor) -> dict[str, Any]:
    """Return a bulk approval: its sample, what was decided on it, and what became of the rest."""
    with transaction() as session:
        return _shown(session, _find(session, number, by))


def list_bulks(*, by: Actor) -> list[dict[str, Any]]:
    """List one's own bulk approvals that are open, newest first."""
    check_reviewer(by, Permission.CLAIM_REVIEW)
    with transaction() as session:
        own = select(BulkReview).where(
            BulkReview.opened_by == by.subject, BulkReview.state == "open"
        )
        found = session.scalars(own.order_by(BulkReview.id.desc()).limit(SHOWN))
        return [_shown(session, bulk) for bulk in found]


def next_of_sample(number: str, *, by: Actor) -> dict[str, Any] | None:
    """Lease the next claim of the sample that is not decided yet; None when all of it is."""
    put_back_expired()
    with transaction() as session:
        bulk = _find(session, number, by)
        _refuse_closed(bulk)
        for one in _sample(session, bulk):
            claim = lock(one.claim_number, by)
            if claim.lease_by == by.subject:
                break
            if claim.state == "submitted" and not claim.held:
                check_distance(claim, by)
                lease(session, claim, by=by)
                break
        else:
            return None
    return submission.find_claim(one.claim_number, by=by)


def approve_rest(number: str, *, by: Actor) -> dict[str, Any]:
    """Approve every claim beside the sample, each in its own transaction; what changed is skipped.

    Broken off half-way it goes on where it stopped when it is asked for again.
    """
    with transaction() as session:
        bulk = _find(session, number, by)
        _refuse_closed(bulk)
        verdicts = queries.sample_verdicts(session, bulk.id, by.subject)
        _refuse_unread([waits for verdict, waits in verdicts if verdict is None])
        if not all(verdict for verdict, _waits in verdicts):
            raise Conflict(
                "sample_not_clean",
                detail=N_("Not all of the sample was approved as claimed: read the others too."),
            )
        waiting = queries.bulk_waiting(session, bulk.id)
    for claim_id, claim_number in waiting:
        _approve_one(bulk.id, bulk.number, claim_id, claim_number, by=by)
    return _close(number, "approved", by=by)


def abandon_bulk(number: str, *, by: Actor) -> dict[str, Any]:
    """Give a bulk approval up; its claims stay in the queue."""
    with transaction() as session:
        _refuse_closed(_find(session, number, by))
    return _close(number, "abandoned", by=by)


def _approve_one(bulk_id: int, number: str, claim_id: int, claim_number: str, *, by: Actor) -> None:
    with transaction() as session:
        member = session.get(BulkReviewClaim, (bulk_id, claim_id), with_for_update=True)
        claim = lock(claim_number, by)
        if member is None or member.result is not None:
            return
        if claim.version == member.version and _may_decide(claim, by):
            member.result = approve_clean(session, claim, by=by, bulk=number)
        else:
            member.result = SKIPPED


def _may_decide(claim: Claim, by: Actor) -> bool:
    """Tell whether a claim is nobody's the reviewer is tied to, by a declaration of today too."""
    try:
        check_distance(claim, by)
    except Forbidden:
        return False
    return True


def _refuse_unread(waiting: Sequence[bool]) -> None:
    """Refuse while some of the sample is not read; `waiting` says which of it still can be."""
    if not all(waiting):
        raise Conflict(
            "sample_gone",
            detail=N_("Somebody else took a claim of the sample: give up and draw again."),
        )
    if waiting:
        raise Conflict("sample_not_read", detail=N_("Decide every claim of the sample first."))


def _close(number: str, state: str, *, by: Actor) -> dict[str, Any]:
    with transaction() as session:
        bulk = _find(session, number, by)
        if bulk.state != "open":
            return _shown(session, bulk)
        bulk.state = state
        bulk.closed_at = func.clock_timestamp()
        session.flush()
        shown = _shown(session, bulk)
        record(by, f"bulk.{state}", subject=number, results=shown["results"])
        return shown


def _find(session: Session, number: str, by: Actor) -> BulkReview:
    check_reviewer(by, Permission.CLAIM_REVIEW)
    bulk = session.scalars(
        select(BulkReview).where(BulkReview.number == number).with_for_update()
    ).first()
    if bulk is None:
        raise NotFound
    if bulk.opened_by != by.subject:
        raise Forbidden("other_reviewer", detail=N_("Whoever read the sample approves the rest."))
    return bulk


def _refuse_closed(bulk: BulkReview) -> None:
    if bulk.state != "open":
        raise Conflict("bulk_closed", detail=N_("This bulk approval is closed."))


def _sample(session: Session, bulk: BulkReview) -> list[BulkReviewClaim]:
    query = select(BulkReviewClaim).where(
        BulkReviewClaim.bulk_id == bulk.id, BulkReviewClaim.sampled.is_(True)
    )
    return list(session.scalars(query.order_by(BulkReviewClaim.claim_number)))


def _shown(session: Session, bulk: BulkReview) -> dict[str, Any]:
    names = ("number", "package", "scheme", "facility_level", "state", "opened_by", "opened_at")
    claims, riel = queries.bulk_size(session, bulk.id)
    return {
        **{name: getattr(bulk, name) for name in names},
        "claims": claims,
        "payable_riel": riel,
        "sample": queries.sample_rows(session, bulk.id),
        "results": queries.bulk_results(session, bulk.id),
    }


def _limits(by: Actor) -> dict[str, Any]:
    return {
        "subject": by.subject,
        "own_facilities": list(own_facilities(by)),
        "most_riel": claim_rules(None).four_eyes_above_riel,
    }


def _least() -> int:
    return claim_rules(None).bulk_sample_least
