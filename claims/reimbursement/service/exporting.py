"""The bank's files of a payment: made once, kept, and answered with the same bytes ever after."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from auth.permissions import Actor, Permission
from claims.reimbursement.models import Batch, PaymentFile
from claims.reimbursement.payfile import (
    Payer,
    Transfer,
    UnfitAccount,
    csv_file,
    pain_001,
)
from claims.reimbursement.service import members
from claims.reimbursement.service.batches import check_finance
from claims.reimbursement.service.contents import stopped_in
from claims.reimbursement.service.locking import PAID, lock, now, record, take
from claims.reimbursement.states import BatchState, InvalidBatchTransition
from claims.review import service as review
from config import clock
from config.db import transaction
from config.errors import Conflict, NotFound
from config.settings import settings
from config.words import N_
from gateway.facilities import service as facilities

PAIN, CSV = "pain.001", "csv"
FORMATS = (PAIN, CSV)


def export(number: str, file_format: str, *, by: Actor) -> PaymentFile:
    """Answer the bank's file; the first time makes and keeps it, later the same bytes come back."""
    with transaction() as session:
        known = _known_file(session, number, file_format, by)
        if known is not None:
            return known
        locked = take(session, number, "export", by)
        _check_stopped(session, locked.batches)
        moment = now(session)
        contents = _contents(number, _transfers(session, locked.batches), moment)
        if file_format not in contents:
            raise Conflict(
                "no_bank_transfers", detail=N_("Nothing of this goes through a bank: take the CSV.")
            )
        for row in locked.all:
            row.state, row.exported_by = BatchState.EXPORTED, by.subject
            row.exported_at = moment
        # Both formats are made at once, so that they can never disagree about an account.
        files = {
            name: PaymentFile(
                subject=number,
                format=name,
                msg_id=number,
                content=content,
                created_by=by.subject,
                created_at=moment,
            )
            for name, content in contents.items()
        }
        session.add_all(files.values())
        record(by, "exported", locked.all)
        return files[file_format]


def find_file(number: str, file_format: str, *, by: Actor) -> PaymentFile:
    """Return the file of a payment that was exported before."""
    with transaction() as session:
        known = _known_file(session, number, file_format, by)
        if known is None:
            raise InvalidBatchTransition(detail=N_("Nothing was exported yet: POST exports."))
        return known


def _check_stopped(session: Session, batches: Sequence[Batch]) -> None:
    """Refuse what rests on a claim that fell since the authorisation: it is not to be paid."""
    stopped = stopped_in(session, batches)
    if stopped:
        raise Conflict(
            "claim_not_approved",
            detail=N_("The claim an allowance rests on is no longer approved: fail the batch."),
            allowances=stopped,
        )


def _transfers(session: Session, batches: Sequence[Batch]) -> list[Transfer]:
    """Return what shall be paid to whom; refuse held facilities and accounts not confirmed."""
    codes = sorted({batch.facility for batch in batches if batch.facility is not None})
    held = sorted(review.held_facilities(session) & set(codes))
    if held:
        raise Conflict(
            "facility_held",
            detail=N_("Payments of a facility are held: release it, or fail the batch."),
            facilities=held,
        )
    accounts, names = facilities.payable_accounts(codes), facilities.names_of(codes)
    missing = [code for code in codes if code not in accounts]
    if missing:
        raise Conflict(
            "account_not_confirmed",
            detail=N_(
                "There is no confirmed bank account to pay to: confirm it, or fail the batch."
            ),
            facilities=missing,
        )
    transfers: list[Transfer] = []
    for batch in batches:
        if batch.facility is None:
            transfers += _to_members(session, batch)
        else:
            name = names.get(batch.facility, batch.facility)
            transfers.append(_to_facility(batch, batch.facility, name, accounts[batch.facility]))
    return transfers


def _to_facility(batch: Batch, facility: str, name: str, account: str) -> Transfer:
    return Transfer(
        end_to_end=batch.number,
        batch=batch.number,
        facility=facility,
        payee=name,
        account=account,
        riel=batch.total_riel,
        scheme=batch.scheme,
        claims=batch.claims,
    )


def _to_members(session: Session, batch: Batch) -> list[Transfer]:
    return [
        Transfer(
            end_to_end=member.number,
            batch=batch.number,
            facility=members.PAYEES,
            payee=member.payee_name,
            method=member.method,
            account=member.account,
            riel=member.riel,
            scheme=batch.scheme,
            claims=1,
        )
        for member in members.members_of(session, batch.id)
    ]


def _contents(number: str, transfers: Sequence[Transfer], at: datetime) -> dict[str, bytes]:
    """Write the files; a wallet or cash is for the CSV alone, a bank's message cannot carry it."""
    current = settings()
    payer = Payer(current.payer_name, current.payer_account, current.payer_bank)
    contents = {CSV: csv_file(number, transfers=transfers)}
    through_bank = [one for one in transfers if one.through_bank]
    if through_bank:
        try:
            contents[PAIN] = pain_001(
                number, payer=payer, transfers=through_bank, created_at=at, pay_on=clock.day_of(at)
            )
        except UnfitAccount as error:
            raise Conflict(
                "account_unfit", detail=N_("An account number is too long for the bank's file.")
            ) from error
    return contents


def _known_file(session: Session, number: str, file_format: str, by: Actor) -> PaymentFile | None:
    """Return the file while it is on its way or paid; after a failure nobody gets it again."""
    if not by.nssf:
        raise NotFound
    locked = lock(session, number)
    check_finance(by, Permission.BATCH_MANAGE)
    if locked.payment.state not in (BatchState.EXPORTED, *PAID):
        return None
    return session.scalars(
        select(PaymentFile).where(PaymentFile.subject == number, PaymentFile.format == file_format)
    ).first()
