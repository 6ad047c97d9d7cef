"""Settle by the bank's own file: each transfer by its own row, and what does not fit changes nothing.

A row is acted on when its number is of this payment and its amount the one that was sent. Every
other row is reported. The same file again changes nothing and answers what it answered before.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, defer

from auth.permissions import Actor, Permission
from claims.reimbursement.bankfile import COLUMNS, BankRow, Status, read_bank_file
from claims.reimbursement.models import BankFile, Batch, BatchMember, PaymentRun
from claims.reimbursement.service import members
from claims.reimbursement.service.batches import check_finance
from claims.reimbursement.service.locking import PAID, lock
from claims.reimbursement.service.returning import report_return
from claims.reimbursement.service.steps import fail, settle, settle_each
from claims.reimbursement.states import BatchState
from config import clock
from config.audit import record
from config.db import transaction
from config.sheets import csv_bytes

SETTLED, FAILED, REPORTED, NOTED = "settled", "failed", "return_reported", "noted"
UNKNOWN, DIFFERS, ALREADY, NOT_NOW = "unknown", "amount_differs", "already", "not_now"
TWICE, UNREADABLE, LATER = "contradicts", "unreadable", "in_the_future"
CHANGES = frozenset({SETTLED, FAILED, REPORTED, NOTED})
# What a row's status asks of a batch in which state; anything else is not now.
FITS = {
    Status.PAID: BatchState.EXPORTED,
    Status.FAILED: BatchState.EXPORTED,
    Status.RETURNED: BatchState.SETTLED,
}
DONE = {
    Status.PAID: PAID,
    Status.FAILED: (BatchState.FAILED,),
    Status.RETURNED: (BatchState.RETURNING, BatchState.RETURNED),
}


@dataclass(slots=True)
class _Work:
    """The transfers of a payment by their numbers, and the member batches rows have touched."""

    batches: dict[str, Batch]
    members: dict[str, tuple[Batch, BatchMember]]
    touched: dict[int, Batch] = field(default_factory=dict)
    paid: list[tuple[Batch, str, date]] = field(default_factory=list)


def read_answers(number: str, content: bytes, filename: str, *, by: Actor) -> dict[str, Any]:
    """Settle, fail or report as returned what a bank's file says of a batch or run, row by row."""
    check_finance(by, Permission.BATCH_MANAGE)
    digest = hashlib.sha256(content).hexdigest()
    with transaction() as session:
        locked = lock(session, number)
        payment = locked.payment
        query = select(BankFile).where(BankFile.subject == number, BankFile.sha256 == digest)
        known = session.scalars(query).first()
        if known is not None:
            return _report(known, repeated=True)
        rows, faults = read_bank_file(content)
        work = _work(session, payment)
        results = [_result(row, name, UNREADABLE, fault) for row, name, fault in faults]
        results += [_answer(work, row, by) for row in _once(rows, results)]
        if work.paid:
            run = payment if isinstance(payment, PaymentRun) else locked.run
            settle_each(session, work.paid, run, by=by)
        for batch in work.touched.values():
            _close_members(session, batch, digest, by)
        kept = BankFile(
            subject=number, sha256=digest, filename=filename[:200], content=content,
            results=sorted(results, key=lambda result: result["row"]), read_by=by.subject,
        )  # fmt: skip
        session.add(kept)
        session.flush()
        report = _report(kept, repeated=False)
        record(by, "bank_file.read", subject=number, sha256=digest, rows=report["counts"])
        return report


def list_answers(number: str, *, by: Actor, limit: int) -> list[dict[str, Any]]:
    """List the bank's files read for a payment, newest first."""
    check_finance(by, Permission.BATCH_MANAGE, Permission.BATCH_AUTHORISE)
    with transaction() as session:
        query = (
            select(BankFile)
            .where(BankFile.subject == number)
            .options(defer(BankFile.content))
            .order_by(BankFile.id.desc())
            .limit(limit)
        )
        return [_report(kept, repeated=False) for kept in session.scalars(query)]


def answer_form(number: str, *, by: Actor) -> bytes:
    """Return a file of this payment's transfers that still wait, for a bank's list to fill in."""
    check_finance(by, Permission.BATCH_MANAGE)
    with transaction() as session:
        work = _work(session, lock(session, number).payment)
        waiting = [
            (name, batch.total_riel)
            for name, batch in work.batches.items()
            if batch.facility is not None and batch.state == BatchState.EXPORTED
        ]
        waiting += [
            (name, member.riel)
            for name, (batch, member) in work.members.items()
            if batch.state == BatchState.EXPORTED and member.outcome is None
        ]
        return csv_bytes(COLUMNS, [(name, riel, "", "", "", "") for name, riel in sorted(waiting)])


def _work(session: Session, payment: Batch | PaymentRun) -> _Work:
    own = Batch.run_id if isinstance(payment, PaymentRun) else Batch.id
    batches = list(session.scalars(select(Batch).where(own == payment.id).order_by(Batch.id)))
    by_id = {batch.id: batch for batch in batches}
    inside = session.scalars(select(BatchMember).where(BatchMember.batch_id.in_(by_id)))
    return _Work(
        {batch.number: batch for batch in batches},
        {member.number: (by_id[member.batch_id], member) for member in inside},
    )


def _once(rows: Sequence[BankRow], results: list[dict[str, Any]]) -> Iterable[BankRow]:
    """Yield each transfer once; rows that say different things of one are reported, all of them."""
    said: dict[str, set[tuple[object, ...]]] = {}
    for row in rows:
        said.setdefault(row.end_to_end_id, set()).add(row.said)
    seen: set[str] = set()
    for row in rows:
        if len(said[row.end_to_end_id]) > 1:
            results.append(_result(row.row, row.end_to_end_id, TWICE))
        elif row.end_to_end_id in seen:
            results.append(_result(row.row, row.end_to_end_id, ALREADY))
        else:
            seen.add(row.end_to_end_id)
            yield row


def _answer(work: _Work, row: BankRow, by: Actor) -> dict[str, Any]:
    """Act on one row, or say why not."""
    batch = work.batches.get(row.end_to_end_id)
    if batch is not None and batch.facility is not None:
        result = _refusal(row, batch.state, batch.total_riel, batch.paid_riel)
        return _result(row.row, batch.number, result or _act(work, batch, row, by), riel=row.riel)
    if row.end_to_end_id not in work.members:
        return _result(row.row, row.end_to_end_id, UNKNOWN)
    batch, member = work.members[row.end_to_end_id]
    back = row.status is Status.RETURNED and batch.state == BatchState.SETTLED
    result = _take_back(batch, member, row, by) if back else _note(work, batch, member, row)
    return _result(row.row, member.number, result, riel=row.riel)


def _refusal(row: BankRow, state: str, sent_riel: int, paid_riel: int) -> str | None:
    """Say why a row changes nothing: another amount, nothing left to do, or not yet."""
    if row.riel != (paid_riel if row.status is Status.RETURNED else sent_riel):
        return DIFFERS
    if state in DONE[row.status]:
        return ALREADY
    if state != FITS[row.status]:
        return NOT_NOW
    return LATER if row.day is not None and row.day > clock.today() else None


def _act(work: _Work, batch: Batch, row: BankRow, by: Actor) -> str:
    if row.status is Status.FAILED:
        fail(batch.number, by=by, reason=row.reason)
        return FAILED
    if row.day is None:
        raise ValueError(f"row {row.row} has no day")
    if row.status is Status.PAID:
        # A run may have thousands of them: they are settled together, when all rows were read.
        work.paid.append((batch, row.bank_reference, row.day))
        return SETTLED
    if batch.paid_on is not None and row.day < batch.paid_on:
        return NOT_NOW
    report_return(batch.number, by=by, reason=row.reason, returned_on=row.day)
    return REPORTED


def _take_back(batch: Batch, member: BatchMember, row: BankRow, by: Actor) -> str:
    """Report one member's transfer as come back."""
    if row.riel != member.riel:
        return DIFFERS
    if member.outcome == members.RETURNED or member.return_by is not None:
        return ALREADY
    if member.outcome != members.PAID or member.paid_on is None or row.day is None:
        return NOT_NOW
    if row.day > clock.today():
        return LATER
    if row.day < member.paid_on:
        return NOT_NOW
    report_return(
        batch.number, by=by, reason=row.reason, returned_on=row.day, allowance=member.number
    )
    return REPORTED


def _note(work: _Work, batch: Batch, member: BatchMember, row: BankRow) -> str:
    """Keep what the bank says of one member; the batch is settled when it has said it of all."""
    if row.riel != member.riel:
        return DIFFERS
    if member.outcome is not None:
        return ALREADY if member.outcome == row.status else NOT_NOW
    if row.status is Status.RETURNED or batch.state != BatchState.EXPORTED:
        return NOT_NOW
    if row.day is not None and row.day > clock.today():
        return LATER
    member.outcome = members.PAID if row.status is Status.PAID else members.FAILED
    member.bank_reference, member.paid_on = row.bank_reference or None, row.day
    member.failure = row.reason or None
    work.touched[batch.id] = batch
    return NOTED


def _close_members(session: Session, batch: Batch, digest: str, by: Actor) -> None:
    session.flush()
    inside = members.members_of(session, batch.id)
    if any(member.outcome is None for member in inside):
        return
    paid = [member for member in inside if member.outcome == members.PAID]
    if not paid:
        fail(batch.number, by=by, reason="; ".join(sorted({m.failure or "" for m in inside}))[:500])
        return
    references = {member.bank_reference or "" for member in paid}
    settle(
        batch.number,
        by=by,
        bank_reference=references.pop() if len(references) == 1 else f"file {digest[:12]}",
        paid_on=max(member.paid_on for member in paid if member.paid_on is not None),
    )


def _result(
    row: int, name: str, result: str, fault: str = "", *, riel: int | None = None
) -> dict[str, Any]:
    return {"row": row, "end_to_end_id": name, "result": result, "fault": fault, "riel": riel}


def _report(kept: BankFile, *, repeated: bool) -> dict[str, Any]:
    counts = Counter(result["result"] for result in kept.results)
    return {
        "payment": kept.subject,
        "filename": kept.filename,
        "sha256": kept.sha256,
        "read_by": kept.read_by,
        "read_at": kept.read_at,
        "repeated": repeated,
        "changed": 0 if repeated else sum(counts[name] for name in CHANGES),
        "counts": dict(sorted(counts.items())),
        "results": kept.results,
    }
