"""What the journal says: balances of accounts and entries that should not exist. Read only."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session, aliased

from claims.ledger.ledger import Kind, Leg, Posting
from claims.ledger.models import JournalEntry, JournalLeg


def find_posting(session: Session, kind: Kind, subject: str, occasion: int) -> Posting | None:
    """Read a posting back as it was written, or None."""
    entry = session.scalars(
        select(JournalEntry).where(
            JournalEntry.kind == kind,
            JournalEntry.subject == subject,
            JournalEntry.occasion == occasion,
        )
    ).first()
    return _postings(session, [entry])[entry.id] if entry else None


def occasions(session: Session, kind: Kind, subject: str) -> int:
    """Count the postings of a kind about a subject, reversed ones too."""
    counted = select(func.count(JournalEntry.id)).where(
        JournalEntry.kind == kind, JournalEntry.subject == subject
    )
    return session.scalar(counted) or 0


def open_postings(
    session: Session, kind: Kind, subjects: Sequence[str]
) -> dict[str, tuple[int, Posting]]:
    """Find for each subject the newest posting that nothing has reversed, with its entry's id."""
    undoing = aliased(JournalEntry)
    entries = session.scalars(
        select(JournalEntry)
        .where(
            JournalEntry.kind == kind,
            JournalEntry.subject.in_(subjects),
            ~exists().where(undoing.reverses_id == JournalEntry.id),
        )
        .order_by(JournalEntry.id)
    )
    newest = {entry.subject: entry for entry in entries}
    postings = _postings(session, list(newest.values()))
    return {entry.subject: (entry.id, postings[entry.id]) for entry in newest.values()}


def balance(session: Session, account: str) -> int:
    """Sum one account."""
    total = select(func.coalesce(func.sum(JournalLeg.riel), 0)).where(JournalLeg.account == account)
    return int(session.scalar(total) or 0)


def balances(session: Session, prefix: str = "") -> dict[str, int]:
    """Sum every account whose name starts with a prefix; all of them sum to zero."""
    rows = session.execute(
        select(JournalLeg.account, func.sum(JournalLeg.riel))
        .where(JournalLeg.account.startswith(prefix, autoescape=True))
        .group_by(JournalLeg.account)
        .order_by(JournalLeg.account)
    )
    return {account: int(total) for account, total in rows}


def unbalanced_entries(session: Session) -> list[tuple[int, int]]:
    """List (entry, sum) of entries that do not sum to zero or have fewer than two legs."""
    total = func.coalesce(func.sum(JournalLeg.riel), 0)
    rows = session.execute(
        select(JournalEntry.id, total)
        .outerjoin(JournalLeg, JournalLeg.entry_id == JournalEntry.id)
        .group_by(JournalEntry.id)
        .having((total != 0) | (func.count(JournalLeg.id) < 2))
        .order_by(JournalEntry.id)
    )
    return [(entry, int(amount)) for entry, amount in rows]


def _postings(session: Session, entries: Sequence[JournalEntry]) -> dict[int, Posting]:
    legs: dict[int, list[Leg]] = {entry.id: [] for entry in entries}
    for entry_id, account, riel in session.execute(
        select(JournalLeg.entry_id, JournalLeg.account, JournalLeg.riel)
        .where(JournalLeg.entry_id.in_(legs))
        .order_by(JournalLeg.id)
    ):
        legs[entry_id].append(Leg(account, riel))
    return {
        one.id: Posting(Kind(one.kind), one.subject, tuple(legs[one.id]), one.occasion)
        for one in entries
    }
