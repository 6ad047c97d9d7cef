"""Facilities: find and list them, and decide which bank account may be paid to.

Called by the check, the claims, the batches and the codes door. Written to by the registry import.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from psycopg import Connection
from sqlalchemy import func, or_, select

from auth.permissions import Actor
from config.audit import record
from config.db import db, transaction
from config.errors import Conflict, Forbidden, NotFound
from gateway.facilities.models import AccountState, FacilityBankAccount, FacilityRow

# The feed's account of each facility against the accounts known: taken, known, or held. A held
# account is superseded when the feed takes it back or names yet another one.
_DROP_OUTDATED = """
UPDATE facility_bank_accounts AS a
   SET state = 'superseded', decided_by = %(by)s, decided_at = now()
  FROM registry.facilities AS f
 WHERE a.facility = f.code AND a.state = 'held' AND a.account IS DISTINCT FROM f.bank_account
"""
_ADD = """
INSERT INTO facility_bank_accounts
       (facility, account, state, introduced_by, import_number)
SELECT f.code, f.bank_account,
       CASE WHEN c.id IS NULL THEN 'confirmed' ELSE 'held' END, %(by)s, %(number)s
  FROM registry.facilities AS f
  LEFT JOIN facility_bank_accounts AS c ON c.facility = f.code AND c.state = 'confirmed'
  LEFT JOIN facility_bank_accounts AS h ON h.facility = f.code AND h.state = 'held'
 WHERE f.bank_account IS NOT NULL AND h.id IS NULL AND c.account IS DISTINCT FROM f.bank_account
RETURNING facility, state
"""


@dataclass(frozen=True, slots=True)
class Facility:
    """A facility as the registry knows it; its contract is half-open, None means open."""

    code: str
    name_km: str
    name_en: str
    kind: str
    level: str
    province: str
    contract_from: date
    contract_to: date | None

    def is_contracted_on(self, day: date) -> bool:
        """Tell whether the contract with NSSF is in force on a day."""
        return self.contract_from <= day and (self.contract_to is None or day < self.contract_to)


@dataclass(frozen=True, slots=True)
class HeldAccount:
    """A changed account that waits for a second person, with the one still paid to."""

    facility: str
    account: str
    confirmed_account: str | None
    introduced_by: str
    introduced_at: datetime
    import_number: str | None


_COLUMNS = (
    FacilityRow.code, FacilityRow.name_km, FacilityRow.name_en, FacilityRow.kind,
    FacilityRow.level, FacilityRow.province, FacilityRow.contract_from, FacilityRow.contract_to,
)  # fmt: skip


def find_facility(code: str) -> Facility:
    """Return the facility of this code, or raise NotFound."""
    row = db.session.execute(select(*_COLUMNS).where(FacilityRow.code == code)).one_or_none()
    if row is None:
        raise NotFound("unknown_facility", detail=f"There is no facility {code}.")
    return Facility(*row)


def list_facilities(
    q: str | None = None, *, on: date | None = None, limit: int = 50, after: str | None = None
) -> list[Facility]:
    """List facilities by code, by part of a name or code, and by contract in force on a day."""
    query = select(*_COLUMNS).order_by(FacilityRow.code).limit(limit)
    if after is not None:
        query = query.where(FacilityRow.code > after)
    if q:
        query = query.where(
            or_(
                FacilityRow.code.startswith(q, autoescape=True),
                FacilityRow.name_en.icontains(q, autoescape=True),
                FacilityRow.name_km.contains(q, autoescape=True),
            )
        )
    if on is not None:
        end = FacilityRow.contract_to
        query = query.where(FacilityRow.contract_from <= on, or_(end.is_(None), end > on))
    return [Facility(*row) for row in db.session.execute(query)]


def payable_accounts(codes: Collection[str]) -> dict[str, str]:
    """Return the confirmed accounts of facilities the feed still names one for, by code."""
    rows = db.session.execute(
        select(FacilityBankAccount.facility, FacilityBankAccount.account)
        .join(FacilityRow, FacilityRow.code == FacilityBankAccount.facility)
        .where(
            FacilityBankAccount.facility.in_(codes),
            FacilityBankAccount.state == AccountState.CONFIRMED,
            FacilityRow.bank_account.is_not(None),
        )
    )
    return dict(rows.all())


def names_of(codes: Collection[str]) -> dict[str, str]:
    """Return the English names of facilities by code."""
    query = select(FacilityRow.code, FacilityRow.name_en).where(FacilityRow.code.in_(codes))
    return {code: name for code, name in db.session.execute(query) if name}


def list_held_accounts() -> list[HeldAccount]:
    """List the changed accounts that wait for a second person."""
    held, paid = FacilityBankAccount, FacilityBankAccount.__table__.alias("paid")
    rows = db.session.execute(
        select(
            held.facility, held.account, paid.c.account, held.introduced_by, held.introduced_at,
            held.import_number,
        )
        .outerjoin(
            paid, (paid.c.facility == held.facility) & (paid.c.state == AccountState.CONFIRMED)
        )
        .where(held.state == AccountState.HELD)
        .order_by(held.facility)
    )  # fmt: skip
    return [HeldAccount(*row) for row in rows]


def confirm_account(code: str, *, by: Actor) -> None:
    """Confirm a changed account: never by who brought it in (four eyes, as for payments)."""
    with transaction() as session:
        held = _lock_held(code)
        if held.introduced_by == by.subject:
            raise Forbidden("same_person", detail="Another person must confirm this account.")
        previous = session.scalar(_live(code, AccountState.CONFIRMED).with_for_update())
        if previous is not None:
            _decide(previous, AccountState.SUPERSEDED, by)
            # One live row per state: the old one leaves before the new one takes its place.
            session.flush()
        _decide(held, AccountState.CONFIRMED, by)
        record(by, "account.confirmed", subject=f"facility:{code}", facility=code)


def refuse_account(code: str, *, by: Actor) -> None:
    """Refuse a changed account: payments go on to the confirmed one."""
    with transaction():
        _decide(_lock_held(code), AccountState.REFUSED, by)
        record(by, "account.refused", subject=f"facility:{code}", facility=code)


def take_accounts(connection: Connection[Any], *, number: str, by: str) -> Sequence[str]:
    """Take the first account of each facility, hold every changed one; return the held codes.

    Runs in the import's own transaction, so the registry and its accounts change together.
    """
    values = {"number": number, "by": by}
    connection.execute(_DROP_OUTDATED, values)
    added = connection.execute(_ADD, values).fetchall()
    return sorted(code for code, state in added if state == AccountState.HELD)


def _live(code: str, state: AccountState) -> Any:
    return select(FacilityBankAccount).where(
        FacilityBankAccount.facility == code, FacilityBankAccount.state == state
    )


def _lock_held(code: str) -> FacilityBankAccount:
    find_facility(code)
    held: FacilityBankAccount | None = db.session.scalar(
        _live(code, AccountState.HELD).with_for_update()
    )
    if held is None:
        raise Conflict("no_held_account", detail=f"No changed account of {code} waits.")
    return held


def _decide(account: FacilityBankAccount, state: AccountState, by: Actor) -> None:
    account.state = state
    account.decided_by = by.subject
    account.decided_at = func.now()  # type: ignore[assignment]
