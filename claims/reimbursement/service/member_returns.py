"""A member's transfer that came back after it was paid: reported by one person, confirmed by another.

The batch stays settled; what came back is counted with what the bank did not pay, and the allowance
is approved again.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy.orm import Session

from auth.permissions import Actor, Permission
from claims.allowances import service as allowances
from claims.ledger import service as ledger
from claims.ledger.ledger import BANK, Kind, Leg, Posting, giving_back, in_payment
from claims.reimbursement.models import Batch, BatchMember
from claims.reimbursement.service.batches import check_finance
from claims.reimbursement.service.locking import lock
from claims.reimbursement.service.members import PAID, RETURNED
from claims.reimbursement.states import InvalidBatchTransition
from config import clock
from config.audit import record
from config.db import transaction
from config.errors import Forbidden, Invalid, NotFound
from config.words import N_


def report(number: str, allowance: str, *, by: Actor, reason: str, returned_on: date) -> None:
    """Report that one member's transfer came back; nothing moves before a second person agrees."""
    with transaction() as session:
        batch, member = _take(session, number, allowance, Permission.BATCH_MANAGE, by)
        if member.paid_on is None or not member.paid_on <= returned_on <= clock.today():
            message = "Money comes back between the day of payment and today."
            raise Invalid(errors=[{"pointer": "/returned_on", "message": message}])
        member.return_reason, member.returned_on = reason, returned_on
        member.return_by = by.subject
        session.flush()
        _note(by, "return_reported", batch, member)


def confirm(number: str, allowance: str, *, by: Actor) -> None:
    """Confirm that the money is back: the allowance is owed again and may be batched anew."""
    with transaction() as session:
        batch, member = _take_reported(session, number, allowance, by)
        for posting in _back(batch, member.riel):
            ledger.post(posting)
        member.live, member.outcome, member.return_confirmed_by = False, RETURNED, by.subject
        batch.unpaid_riel += member.riel
        session.flush()
        allowances.take_back(session, allowance, by=by)
        _note(by, "returned", batch, member)


def refuse(number: str, allowance: str, *, by: Actor) -> None:
    """Find that the money did not come back: the member is paid as before."""
    with transaction() as session:
        batch, member = _take_reported(session, number, allowance, by)
        member.return_reason = member.returned_on = member.return_by = None
        session.flush()
        _note(by, "return_refused", batch, member)


def _back(batch: Batch, riel: int) -> tuple[Posting, Posting]:
    """Let the money come back to the bank, and owe it again; each is an occasion of its own."""
    legs = Leg(BANK, riel), Leg(in_payment(batch.payee), -riel)
    returned = ledger.occasions(Kind.RETURNED, batch.number) + 1
    failed = ledger.occasions(Kind.FAILED, batch.number) + 1
    return (
        Posting(Kind.RETURNED, batch.number, legs, returned),
        giving_back(batch=batch.number, payee=batch.payee, riel=riel, occasion=failed),
    )


def _take(
    session: Session, number: str, allowance: str, permission: Permission, by: Actor,
    *, reported: bool = False,
) -> tuple[Batch, BatchMember]:  # fmt: skip
    """Lock a batch and the member in it, if that transfer may take the step."""
    check_finance(by, permission)
    batch = lock(session, number).payment
    if not isinstance(batch, Batch):
        raise InvalidBatchTransition(
            detail=N_("Money comes back batch by batch."), state=batch.state, allowed=[]
        )
    member = session.get(BatchMember, (batch.id, allowance), populate_existing=True)
    if member is None:
        raise NotFound
    if member.outcome != PAID or not member.live or (member.return_by is not None) != reported:
        raise InvalidBatchTransition(state=member.outcome or batch.state, allowed=[])
    return batch, member


def _take_reported(
    session: Session, number: str, allowance: str, by: Actor
) -> tuple[Batch, BatchMember]:
    permission = Permission.BATCH_AUTHORISE
    batch, member = _take(session, number, allowance, permission, by, reported=True)
    if member.return_by == by.subject:
        raise Forbidden("same_person", detail=N_("Another person must confirm the return."))
    return batch, member


def _note(by: Actor, step: str, batch: Batch, member: BatchMember) -> None:
    record(
        by, f"batch.member_{step}", subject=batch.number, allowance=member.number, riel=member.riel
    )
