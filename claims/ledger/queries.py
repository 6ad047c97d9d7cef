"""What the journal says: balances of accounts and entries that should not exist. Read only."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

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
    return _posting(session, entry) if entry else None


def occasions(session: Session, kind: Kind, subject: str) -> int:
    """Count the postings of a kind about a subject, reversed ones too."""
    counted = select(func.count(JournalEntry.id)).where(
        JournalEntry.kind == kind, JournalEntry.subject == subject
    )
    return session.scalar(counted) or 0


def open_posting(session: Session, kind: Kind, subject: str) -> tuple[int, Posting] | None:
    """Find the newest posting of a subject that nothing has reversed, with its entry's id."""
    undone = select(JournalEntry.reverses_id).where(JournalEntry.reverses_id.is_not(None))
    entry = session.scalars(
        select(JournalEntry)
        .where(
            JournalEntry.kind == kind,
            JournalEntry.subject == subject,
            JournalEntry.id.not_in(undone.where(JournalEntry.subject == subject)),
        )
        .order_by(JournalEntry.id.desc())
    ).first()
    return (entry.id, _posting(session, entry)) if entry else None


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


def _posting(session: Session, entry: JournalEntry) -> Posting:
    legs = session.execute(
        select(JournalLeg.account, JournalLeg.riel)
        .where(JournalLeg.entry_id == entry.id)
        .order_by(JournalLeg.id)
    )
    return Posting(
        Kind(entry.kind), entry.subject, tuple(Leg(*leg) for leg in legs), entry.occasion
    )
