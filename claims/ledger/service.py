"""Write postings to the journal, inside the transaction of the fact they belong to."""

from __future__ import annotations

from sqlalchemy import insert
from sqlalchemy.dialects.postgresql import insert as upsert

from claims.ledger import queries
from claims.ledger.ledger import Kind, Posting, reversal
from claims.ledger.models import JournalEntry, JournalLeg
from config.db import transaction
from config.errors import Conflict
from config.words import N_


def post(posting: Posting, *, reverses: int | None = None) -> bool:
    """Write a posting once; tell whether it was new.

    Idempotent on (kind, subject, occasion): the same posting again changes nothing, another one
    under the same key is a conflict.
    """
    with transaction() as session:
        entry = session.scalar(
            upsert(JournalEntry)
            .values(
                kind=posting.kind,
                subject=posting.subject,
                occasion=posting.occasion,
                reverses_id=reverses,
            )
            .on_conflict_do_nothing(index_elements=["kind", "subject", "occasion"])
            .returning(JournalEntry.id)
        )
        if entry is None:
            known = queries.find_posting(session, posting.kind, posting.subject, posting.occasion)
            if known != posting:
                raise Conflict(
                    "journal_differs", detail=N_("This fact is in the ledger with another amount.")
                )
            return False
        session.execute(
            insert(JournalLeg),
            [{"entry_id": entry, "account": leg.account, "riel": leg.riel} for leg in posting.legs],
        )
        return True


def reverse(kind: Kind, subject: str, *, as_kind: Kind) -> Posting:
    """Undo the newest posting of a subject that nothing has undone yet."""
    with transaction() as session:
        found = queries.open_posting(session, kind, subject)
        if found is None:
            raise Conflict("nothing_to_reverse", detail=N_("The ledger holds nothing to undo."))
        entry, posting = found
        undone = reversal(posting, kind=as_kind)
        post(undone, reverses=entry)
        return undone


def balance(account: str) -> int:
    """Return what one account holds."""
    with transaction() as session:
        return queries.balance(session, account)


def balances(prefix: str = "") -> dict[str, int]:
    """Return what every account whose name starts with a prefix holds."""
    with transaction() as session:
        return queries.balances(session, prefix)
