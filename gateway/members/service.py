"""One person of the registry by card: the minimal identity that desks and claims may show.

Reading a person's record is itself audited; the caller's door does that with its own purpose.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from config.db import db
from config.errors import NotFound
from config.text import fold_card
from gateway.members.models import Dependent, Member

SELF = "self"


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a card belongs to; `principal_card_number` is that of a dependent's member."""

    card_key: str
    card_number: str
    name_km: str | None
    name_latin: str | None
    sex: str
    date_of_birth: date
    category: str | None
    relationship: str
    principal_key: str | None
    principal_card_number: str | None
    protected: bool


def find_person(card_number: str) -> Identity:
    """Return who a card belongs to, however its number was typed, or raise NotFound."""
    key = fold_card(card_number)
    found = _member(key) or _dependent(key)
    if found is None:
        raise NotFound("unknown_card")
    return found


def list_dependents(card_key: str) -> list[Identity]:
    """List the dependents of a member, oldest first."""
    query = (
        select(Dependent, Member)
        .join(Member, Member.card_key == Dependent.principal_key)
        .where(Dependent.principal_key == card_key)
        .order_by(Dependent.date_of_birth, Dependent.card_key)
    )
    return [_to_dependent(row, principal) for row, principal in db.session.execute(query)]


def _member(key: str) -> Identity | None:
    member = db.session.get(Member, key)
    if member is None:
        return None
    return Identity(
        card_key=member.card_key,
        card_number=member.card_number,
        name_km=member.name_km,
        name_latin=member.name_latin,
        sex=member.sex,
        date_of_birth=member.date_of_birth,
        category=member.category,
        relationship=SELF,
        principal_key=None,
        principal_card_number=None,
        protected=member.protected,
    )


def _dependent(key: str) -> Identity | None:
    query = (
        select(Dependent, Member)
        .outerjoin(Member, Member.card_key == Dependent.principal_key)
        .where(Dependent.card_key == key)
    )
    row = db.session.execute(query).one_or_none()
    return _to_dependent(*row) if row else None


def _to_dependent(dependent: Dependent, principal: Member | None) -> Identity:
    return Identity(
        card_key=dependent.card_key,
        card_number=dependent.card_number,
        name_km=dependent.name_km,
        name_latin=dependent.name_latin,
        sex=dependent.sex,
        date_of_birth=dependent.date_of_birth,
        category=principal.category if principal else None,
        relationship=dependent.relationship,
        principal_key=dependent.principal_key,
        principal_card_number=principal.card_number if principal else None,
        # Whoever shields the member shields the family that leads to them.
        protected=principal.protected if principal else False,
    )
