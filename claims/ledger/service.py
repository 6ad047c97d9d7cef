"""Write postings and adjustments, inside the transaction of the fact they belong to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import zip_longest

from sqlalchemy import func, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from auth.permissions import Actor
from claims.ledger import queries
from claims.ledger.ledger import Kind, Posting, positive_riel, recovery, reversal
from claims.ledger.ledger import supplement as supplement_posting
from claims.ledger.models import Adjustment, JournalEntry, JournalLeg
from config.audit import record
from config.db import transaction
from config.errors import Conflict
from config.words import N_


def post(posting: Posting) -> bool:
    """Write a posting once; tell whether it was new."""
    return post_all([posting]) == 1


def post_all(postings: Sequence[Posting], *, reverses: Sequence[int | None] = ()) -> int:
    """Write many postings, each once; return how many were new.

    Idempotent on (kind, subject, occasion): the same posting again changes nothing, another one
    under the same key is a conflict. `reverses` names the entries they undo, in their order.
    """
    if not postings:
        return 0
    rows = [
        {"kind": one.kind, "subject": one.subject, "occasion": one.occasion, "reverses_id": undone}
        for one, undone in zip_longest(postings, reverses)
    ]
    key = JournalEntry.kind, JournalEntry.subject, JournalEntry.occasion
    with transaction() as session:
        written = session.execute(
            upsert(JournalEntry)
            .on_conflict_do_nothing(index_elements=key)
            .returning(JournalEntry.id, *key),
            rows,
        )
        entries = {tuple(rest): entry for entry, *rest in written}
        legs = []
        for one in postings:
            entry = entries.get((one.kind, one.subject, one.occasion))
            if entry is None:
                _check_known(session, one)
                continue
            legs += [{"entry_id": entry, "account": x.account, "riel": x.riel} for x in one.legs]
        if legs:
            session.execute(insert(JournalLeg), legs)
        return len(entries)


def occasions(kind: Kind, subject: str) -> int:
    """Count how often a fact of a subject was posted: the next one is another occasion."""
    with transaction() as session:
        return queries.occasions(session, kind, subject)


def reverse(kind: Kind, subject: str, *, as_kind: Kind) -> Posting:
    """Undo the newest posting of a subject that nothing has undone yet."""
    return reverse_all(kind, [subject], as_kind=as_kind)[0]


def reverse_all(kind: Kind, subjects: Sequence[str], *, as_kind: Kind) -> list[Posting]:
    """Undo of each subject the newest posting that nothing has undone yet; all, or none."""
    with transaction() as session:
        found = queries.open_postings(session, kind, subjects)
        if len(found) != len(set(subjects)):
            raise Conflict("nothing_to_reverse", detail=N_("The ledger holds nothing to undo."))
        undone = [reversal(posting, kind=as_kind) for _, posting in found.values()]
        post_all(undone, reverses=[entry for entry, _ in found.values()])
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


def _check_known(session: Session, posting: Posting) -> None:
    known = queries.find_posting(session, posting.kind, posting.subject, posting.occasion)
    if known != posting:
        raise Conflict(
            "journal_differs", detail=N_("This fact is in the ledger with another amount.")
        )
