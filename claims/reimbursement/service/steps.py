"""The steps of a payment, for a batch and for a run alike: authorise, export, settle, fail, cancel.

Each step locks the run, then its batches, then acts on all of them in one transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from auth.permissions import Actor, Permission
from claims.ledger import service as ledger
from claims.ledger.ledger import Kind, batching, payment
from claims.reimbursement import queries
from claims.reimbursement.models import Batch, BatchClaim, PaymentFile, PaymentRun
from claims.reimbursement.payfile import (
    Payer,
    Transfer,
    UnfitAccount,
    csv_file,
    pain_001,
)
from claims.reimbursement.service.batches import check_finance
from claims.reimbursement.service.moves import move_claims
from claims.reimbursement.service.remittances import remit
from claims.reimbursement.states import BatchState, InvalidBatchTransition, find_transition
from config import clock
from config.audit import record
from config.db import transaction
from config.errors import Conflict, Forbidden, Invalid, NotFound
from config.settings import settings
from config.words import N_
from gateway.facilities import service as facilities

PAIN, CSV = "pain.001", "csv"
FORMATS = (PAIN, CSV)
RUN_PREFIX = "P"


@dataclass(frozen=True, slots=True)
class _Locked:
    """A batch or a run with the batches a step acts on, all locked."""

    payment: Batch | PaymentRun
    batches: Sequence[Batch]
    run: PaymentRun | None = None

    @property
    def all(self) -> tuple[Batch | PaymentRun, ...]:
        """Return every row the step changes."""
        rows: tuple[Batch | PaymentRun, ...] = tuple(self.batches)
        return rows if self.payment in rows else (self.payment, *rows)


def authorise(number: str, *, by: Actor) -> None:
    """Authorise a payment; never by who opened it, nor any batch in it."""
    with transaction() as session:
        locked = _take(session, number, "authorise", by)
        if any(row.opened_by == by.subject for row in locked.all):
            raise Forbidden("same_person", detail=N_("Another person must authorise this."))
        now = _now(session)
        for row in locked.all:
            row.state, row.authorised_by, row.authorised_at = BatchState.AUTHORISED, by.subject, now
        for batch in locked.batches:
            ledger.post(
                batching(batch=batch.number, facility=batch.facility, riel=batch.total_riel)
            )
        _record(by, "authorised", locked.all)


def cancel(number: str, *, by: Actor) -> None:
    """Cancel a payment that nobody authorised: its claims wait to be batched again."""
    with transaction() as session:
        locked = _take(session, number, "cancel", by)
        for batch in locked.batches:
            _give_back(session, batch, by)
        _close(session, locked.all, BatchState.CANCELLED, by)
        _record(by, "cancelled", locked.all)


def export(number: str, file_format: str, *, by: Actor) -> PaymentFile:
    """Answer the bank's file; the first time makes and keeps it, later the same bytes come back."""
    with transaction() as session:
        known = _known_file(session, number, file_format, by)
        if known is not None:
            return known
        locked = _take(session, number, "export", by)
        now = _now(session)
        contents = _contents(number, _transfers(locked.batches), now)
        for row in locked.all:
            row.state, row.exported_by, row.exported_at = BatchState.EXPORTED, by.subject, now
        # Both formats are made at once, so that they can never disagree about an account.
        files = {
            name: PaymentFile(
                subject=number,
                format=name,
                msg_id=number,
                content=content,
                created_by=by.subject,
                created_at=now,
            )
            for name, content in contents.items()
        }
        session.add_all(files.values())
        _record(by, "exported", locked.all)
        return files[file_format]


def find_file(number: str, file_format: str, *, by: Actor) -> PaymentFile:
    """Return the file of a payment that was exported before."""
    with transaction() as session:
        known = _known_file(session, number, file_format, by)
        if known is None:
            raise InvalidBatchTransition(detail=N_("Nothing was exported yet: POST exports."))
        return known


def settle(number: str, *, by: Actor, bank_reference: str, paid_on: date) -> None:
    """Record that the bank paid: the claims are paid and each facility gets a remittance."""
    if paid_on > clock.today():
        message = "The day of payment cannot lie in the future."
        raise Invalid(errors=[{"pointer": "/paid_on", "message": message}])
    with transaction() as session:
        locked = _take(session, number, "settle", by)
        for row in locked.all:
            row.bank_reference, row.paid_on = bank_reference, paid_on
        for batch in locked.batches:
            remittance = remit(session, batch)
            move_claims(
                session,
                batch,
                "pay",
                by=by,
                batch_number=batch.number,
                remittance_number=remittance.number,
            )
            ledger.post(payment(batch=batch.number, facility=batch.facility, riel=batch.total_riel))
        _close(session, locked.all, BatchState.SETTLED, by)
        _record(by, "settled", locked.all)


def fail(number: str, *, by: Actor, reason: str) -> None:
    """Record that the bank did not pay: the claims are approved again and may be batched anew.

    One batch of a run may fail while the others go on; a run whose last batch failed has failed.
    """
    with transaction() as session:
        locked = _take(session, number, "fail", by)
        for batch in locked.batches:
            ledger.reverse(Kind.AUTHORISED, batch.number, as_kind=Kind.FAILED)
            _give_back(session, batch, by)
        rows = locked.all
        for row in rows:
            row.failure = reason
        _close(session, rows, BatchState.FAILED, by)
        if locked.run is not None and not queries.lock_live_batches(session, locked.run):
            locked.run.failure = reason
            _close(session, (locked.run,), BatchState.FAILED, by)
            rows = (*rows, locked.run)
        _record(by, "failed", rows)


def _take(session: Session, number: str, action: str, by: Actor) -> _Locked:
    """Lock a payment for a step, if its state and the actor's permissions allow it."""
    if not by.nssf:
        raise Forbidden
    locked = _lock(session, number)
    edge = find_transition(locked.payment.state, action)
    check_finance(by, edge.permission)
    if locked.run is not None and action != "fail":
        raise Conflict(
            "in_run", detail=N_("The batch is paid with its run."), run=locked.run.number
        )
    return locked


def _lock(session: Session, number: str) -> _Locked:
    if number.startswith(RUN_PREFIX):
        run = queries.lock_run(session, number)
        if run is None:
            raise NotFound
        return _Locked(run, queries.lock_live_batches(session, run))
    found = queries.lock_batch(session, number)
    if found is None:
        raise NotFound
    batch, run = found
    if run is None and batch.run_id is not None:
        # It joined a run while this waited for it; the run is locked first, so not now.
        raise Conflict("in_run", detail=N_("The batch is paid with its run."))
    return _Locked(batch, (batch,), run)


def _give_back(session: Session, batch: Batch, by: Actor) -> None:
    move_claims(session, batch, "unbatch", by=by, batch_number=None)
    session.execute(update(BatchClaim).where(BatchClaim.batch_id == batch.id).values(live=False))


def _close(
    session: Session, rows: Sequence[Batch | PaymentRun], state: BatchState, by: Actor
) -> None:
    now = _now(session)
    for row in rows:
        row.state, row.closed_by, row.closed_at = state, by.subject, now
    session.flush()


def _transfers(batches: Sequence[Batch]) -> list[Transfer]:
    """Return what the bank shall pay; refuse when a facility has no confirmed account."""
    accounts = {batch.facility: facilities.payable_account(batch.facility) for batch in batches}
    missing = sorted(facility for facility, account in accounts.items() if account is None)
    if missing:
        raise Conflict(
            "account_not_confirmed",
            detail=N_(
                "There is no confirmed bank account to pay to: confirm it, or fail the batch."
            ),
            facilities=missing,
        )
    return [
        Transfer(
            batch=batch.number,
            facility=batch.facility,
            facility_name=facilities.find_facility(batch.facility).name_en or batch.facility,
            account=accounts[batch.facility] or "",
            riel=batch.total_riel,
            scheme=batch.scheme,
            claims=batch.claims,
        )
        for batch in batches
    ]


def _contents(number: str, transfers: Sequence[Transfer], now: datetime) -> dict[str, bytes]:
    current = settings()
    payer = Payer(current.payer_name, current.payer_account, current.payer_bank)
    try:
        xml = pain_001(
            number, payer=payer, transfers=transfers, created_at=now, pay_on=clock.day_of(now)
        )
    except UnfitAccount as error:
        raise Conflict(
            "account_unfit", detail=N_("An account number is too long for the bank's file.")
        ) from error
    return {PAIN: xml, CSV: csv_file(number, transfers=transfers)}


def _known_file(session: Session, number: str, file_format: str, by: Actor) -> PaymentFile | None:
    """Return the file while it is on its way or paid; after a failure nobody gets it again."""
    if not by.nssf:
        raise NotFound
    locked = _lock(session, number)
    check_finance(by, Permission.BATCH_MANAGE)
    if locked.payment.state not in (BatchState.EXPORTED, BatchState.SETTLED):
        return None
    return session.scalars(
        select(PaymentFile).where(PaymentFile.subject == number, PaymentFile.format == file_format)
    ).first()


def _now(session: Session) -> datetime:
    now: datetime = session.scalar(select(func.now()))  # type: ignore[assignment]
    return now


def _record(by: Actor, step: str, rows: Sequence[Batch | PaymentRun]) -> None:
    """Note a step of every row; of a run with what its batches still come to."""
    total = sum(row.total_riel for row in rows if isinstance(row, Batch))
    for row in rows:
        if isinstance(row, Batch):
            riel = row.total_riel
            record(by, f"batch.{step}", subject=row.number, facility=row.facility, riel=riel)
        else:
            record(by, f"payment_run.{step}", subject=row.number, riel=total)
