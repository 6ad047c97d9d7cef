"""Declare whom a reviewer is tied to: a facility of their own, or the person behind a program."""

from __future__ import annotations

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from auth.permissions import Actor
from claims.review.models import ReviewerTie
from config.audit import record
from config.db import transaction
from config.errors import Invalid
from gateway.facilities.service import find_facility

SUBJECTS = ("user:", "client:")


def declare_tie(subject: str, *, kind: str, tied_to: str, by: Actor) -> None:
    """Note that somebody never decides for a facility, or that a person acts through a program."""
    _check(subject, kind, tied_to)
    with transaction() as session:
        session.execute(
            insert(ReviewerTie)
            .values(subject=subject, kind=kind, tied_to=tied_to, declared_by=by.subject)
            .on_conflict_do_nothing()
        )
        record(by, "reviewer.tied", subject=subject, kind=kind, tied_to=tied_to)


def remove_tie(subject: str, *, kind: str, tied_to: str, by: Actor) -> None:
    """Take a declaration back."""
    with transaction() as session:
        session.execute(
            delete(ReviewerTie).where(
                ReviewerTie.subject == subject,
                ReviewerTie.kind == kind,
                ReviewerTie.tied_to == tied_to,
            )
        )
        record(by, "reviewer.untied", subject=subject, kind=kind, tied_to=tied_to)


def list_ties() -> list[ReviewerTie]:
    """List every declaration, by subject."""
    with transaction() as session:
        query = select(ReviewerTie).order_by(ReviewerTie.subject, ReviewerTie.tied_to)
        return list(session.scalars(query))


def _check(subject: str, kind: str, tied_to: str) -> None:
    named = [subject, *([tied_to] if kind == "person" else [])]
    wrong = [one for one in named if not one.startswith(SUBJECTS)]
    if wrong:
        raise Invalid(errors=[{"pointer": "/subject", "message": "Write user:NAME or client:ID."}])
    if kind == "facility":
        find_facility(tied_to)
