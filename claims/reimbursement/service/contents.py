"""What a batch holds, claims or allowances, along the way of the payment: give back, leave out, pay.

The steps act on batches; this is the one place that knows what is in them.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from auth.permissions import Actor, system_actor
from claims.allowances import service as allowances
from claims.reimbursement.models import Batch, BatchClaim, BatchMember
from claims.reimbursement.service import adjusting, members
from claims.reimbursement.service.moves import move_claims
from claims.reimbursement.service.remittances import remit
from config.errors import Invalid


def give_back(
    session: Session, batches: Sequence[Batch], *, by: Actor, action: str = "unbatch"
) -> None:
    """Owe again all that is in batches: claims, allowances, adjustments."""
    cash, care = _apart(batches)
    for batch in cash:
        members.take_out(session, batch, by=by)
    if care:
        move_claims(session, care, action, by=by)
        ids = [batch.id for batch in care]
        session.execute(update(BatchClaim).where(BatchClaim.batch_id.in_(ids)).values(live=False))
        adjusting.give_back(session, ids)


def drop_stopped(session: Session, batches: Sequence[Batch]) -> list[Batch]:
    """Take out of open batches what may no longer be paid; return those that would be empty.

    A claim in a batch cannot be voided; the claim on which a member's allowance rests can.
    """
    by = system_actor("payments")
    emptied = []
    for batch in _apart(batches)[0]:
        stopped = allowances.stopped_in(session, batch.number)
        if len(stopped) == batch.claims:
            members.take_out(session, batch, by=by)
            emptied.append(batch)
        elif stopped:
            members.drop(session, batch, stopped, by=by)
    return emptied


def stopped_in(session: Session, batches: Sequence[Batch]) -> list[str]:
    """Name what batches hold although it may no longer be paid."""
    return [
        number
        for batch in _apart(batches)[0]
        for number in allowances.stopped_in(session, batch.number)
    ]


def pay(session: Session, batches: Sequence[Batch], *, by: Actor) -> None:
    """Pay what is in batches that are being settled; each facility gets its remittance."""
    cash, paid = _apart(batches)
    for batch in cash:
        members.pay(session, batch, by=by)
    if paid:
        made = remit(session, paid)
        move_claims(session, paid, "pay", by=by, remittances=[one.number for one in made])


def leave_out(
    session: Session,
    batches: Sequence[Batch],
    unpaid: Sequence[str],
    paid_riel: int | None,
    *,
    by: Actor,
) -> dict[int, int]:
    """Owe again what the bank left out; return its riel by batch.

    Every name has to be in a batch, each batch has to keep something paid, and the rest has to come
    to what the bank paid, where that is given: a difference nobody can name is refused.
    """
    inside = _named(session, batches, unpaid)
    known = {number for numbers in inside.values() for number in numbers}
    errors = [
        {"pointer": f"/unpaid/{index}", "message": "Not in this payment, or named twice."}
        for index, number in enumerate(unpaid)
        if number not in known or number in unpaid[:index]
    ]
    left_out = {key: sum(numbers.values()) for key, numbers in inside.items()}
    errors += _sums_wrong(batches, left_out, paid_riel)
    if errors:
        raise Invalid(errors=errors)
    for batch in batches:
        if batch.id in inside:
            _take_out(session, batch, sorted(inside[batch.id]), by)
    return left_out


def _apart(batches: Sequence[Batch]) -> tuple[list[Batch], list[Batch]]:
    """Return the batches of members, and those of facilities."""
    cash = [batch for batch in batches if batch.payees == members.PAYEES]
    return cash, [batch for batch in batches if batch.payees != members.PAYEES]


def _named(
    session: Session, batches: Sequence[Batch], numbers: Sequence[str]
) -> dict[int, dict[str, int]]:
    """Return the named claims and allowances with their riel, batch by batch.

    Members of whom the bank already said that it could not pay them are left out by themselves.
    """
    ids = [batch.id for batch in batches]
    found: dict[int, dict[str, int]] = {}
    if not numbers and all(batch.payees != members.PAYEES for batch in batches):
        return found
    refused = BatchMember.outcome == members.FAILED
    for table, number, meant in (
        (BatchClaim, BatchClaim.claim_number, BatchClaim.claim_number.in_(numbers)),
        (BatchMember, BatchMember.number, BatchMember.number.in_(numbers) | refused),
    ):
        query = select(table.batch_id, number, table.riel)
        for key, name, riel in session.execute(
            query.where(table.batch_id.in_(ids), table.live, meant)
        ):
            found.setdefault(key, {})[name] = riel
    return found


def _sums_wrong(
    batches: Sequence[Batch], left_out: dict[int, int], paid_riel: int | None
) -> list[dict[str, str]]:
    errors = [
        {"pointer": "/unpaid", "message": f"Nothing of {batch.number} would be paid: let it fail."}
        for batch in batches
        if left_out.get(batch.id, 0) >= batch.total_riel
    ]
    rest = sum(batch.total_riel for batch in batches) - sum(left_out.values())
    if paid_riel is not None and paid_riel != rest:
        message = (
            f"Without the unpaid ones the payment is {rest:,} riel, not {paid_riel:,}:"
            " name the claims the bank left out, or correct the amount."
        )
        errors.append({"pointer": "/paid_riel", "message": message})
    return errors


def _take_out(session: Session, batch: Batch, numbers: list[str], by: Actor) -> None:
    if batch.payees == members.PAYEES:
        members.take_out(session, batch, by=by, numbers=numbers)
        return
    move_claims(session, [batch], "unbatch", by=by, numbers=numbers)
    session.execute(
        update(BatchClaim)
        .where(BatchClaim.batch_id == batch.id, BatchClaim.claim_number.in_(numbers))
        .values(live=False, unpaid=True)
    )
