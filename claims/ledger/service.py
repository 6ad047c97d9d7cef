"""Write postings and adjustments, inside the transaction of the fact they belong to."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import func, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert

from auth.permissions import Actor
from claims.ledger import queries
from claims.ledger.ledger import Kind, Posting, positive_riel, recovery, reversal
from claims.ledger.ledger import supplement as supplement_posting
from claims.ledger.models import Adjustment, JournalEntry, JournalLeg
from config.audit import record
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


def occasions(kind: Kind, subject: str) -> int:
    """Count how often a fact of a subject was posted: the next one is another occasion."""
    with transaction() as session:
        return queries.occasions(session, kind, subject)


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


def supplement(
    *, claim: str, facility: str, scheme: str, riel: int, reason: str, by: Actor
) -> None:
    """Owe a facility more for a paid claim: its next batch of the scheme pays it."""
    adjustment = Adjustment(
        claim=claim, facility=facility, scheme=scheme, riel=positive_riel(riel), reason=reason
    )
    _adjust(adjustment, supplement_posting, by)


def recover(*, claim: str, facility: str, scheme: str, riel: int, reason: str, by: Actor) -> None:
    """Take back what was paid too much on a claim: the next batches are set off against it."""
    adjustment = Adjustment(
        claim=claim, facility=facility, scheme=scheme, riel=-positive_riel(riel), reason=reason
    )
    _adjust(adjustment, recovery, by)


def _adjust(one: Adjustment, posting: Callable[..., Posting], by: Actor) -> None:
    one.made_by = by.subject
    with transaction() as session:
        session.add(one)
        session.flush()
        # The adjustment's own key tells its posting from every other one of the same claim.
        made = posting(
            claim=one.claim,
            scheme=one.scheme,
            facility=one.facility,
            riel=abs(one.riel),
            occasion=one.id,
        )
        post(made)
        record(by, "adjustment.made", subject=one.claim, facility=one.facility, riel=one.riel)


def adjusted(claim: str) -> int:
    """Return what was added to a claim's payment, less what was recovered from it."""
    with transaction() as session:
        total = select(func.sum(Adjustment.riel)).where(Adjustment.claim == claim)
        return int(session.scalar(total) or 0)


def balance(account: str) -> int:
    """Return what one account holds."""
    with transaction() as session:
        return queries.balance(session, account)


def balances(prefix: str = "") -> dict[str, int]:
    """Return what every account whose name starts with a prefix holds."""
    with transaction() as session:
        return queries.balances(session, prefix)
