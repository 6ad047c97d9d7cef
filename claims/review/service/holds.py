"""Hold and release the payments of a whole facility; claims go on being reviewed.

Reimbursement asks `held_facilities` before it opens a batch and before it exports one.
"""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from auth.permissions import Actor, Permission
from claims.review.models import FacilityHold
from claims.review.service.access import check_reviewer, own_facilities
from config.audit import record
from config.db import transaction
from config.errors import Conflict, Forbidden
from config.words import N_
from gateway.facilities.service import find_facility

READERS = (Permission.CLAIM_APPROVE, Permission.BATCH_MANAGE, Permission.BATCH_AUTHORISE)


def held_facilities(session: Session) -> set[str]:
    """Return the facilities whose payments are held at this moment."""
    return set(
        session.scalars(select(FacilityHold.facility).where(FacilityHold.released_at.is_(None)))
    )


def hold_facility(facility: str, *, by: Actor, reason: str) -> FacilityHold:
    """Hold a facility's payments until they are released."""
    check_reviewer(by, Permission.CLAIM_APPROVE)
    _check_distance(facility, by)
    code = find_facility(facility).code
    with transaction() as session:
        held = insert(FacilityHold).values(facility=code, reason=reason, held_by=by.subject)
        hold: FacilityHold | None = session.scalar(
            held.on_conflict_do_nothing().returning(FacilityHold)
        )
        if hold is None:
            raise Conflict("facility_held", detail=N_("Its payments are held already."))
        record(by, "facility.held", subject=code, facility=code)
        return hold


def release_facility(facility: str, *, by: Actor, reason: str) -> FacilityHold:
    """Let a held facility be paid again."""
    check_reviewer(by, Permission.CLAIM_APPROVE)
    _check_distance(facility, by)
    with transaction() as session:
        hold = _live(session, facility)
        if hold is None:
            raise Conflict("facility_not_held", detail=N_("Its payments are not held."))
        hold.released_by, hold.release_reason = by.subject, reason
        hold.released_at = func.clock_timestamp()
        session.flush()
        record(by, "facility.released", subject=facility, facility=facility)
        return hold


def list_facility_holds(*, by: Actor, live: bool = True) -> list[FacilityHold]:
    """List held facilities, or with `live=False` every hold there ever was, newest first."""
    if not by.nssf or not any(by.may(permission) for permission in READERS):
        raise Forbidden
    query = select(FacilityHold).order_by(FacilityHold.id.desc()).limit(500)
    with transaction() as session:
        return list(
            session.scalars(query.where(FacilityHold.released_at.is_(None)) if live else query)
        )


def _live(session: Session, facility: str) -> FacilityHold | None:
    return session.scalars(
        select(FacilityHold)
        .where(FacilityHold.facility == facility, FacilityHold.released_at.is_(None))
        .with_for_update()
    ).first()


def _check_distance(facility: str, by: Actor) -> None:
    if facility in own_facilities(by):
        raise Forbidden("own_facility", detail=N_("Nobody decides on their own facility."))
