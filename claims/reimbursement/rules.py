"""What a batch takes of adjustments, and what must be equal for the books to balance. Pure.

approved + adjusted = unbatched + batched
batched             = paid + pending + failed        (all that was ever authorised)
and the ledger says the same as claims, allowances, adjustments, batches and remittances, to the
riel, payee by payee (a facility, or the members) and in total
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class Waiting:
    """What is left of an adjustment: riel still owed (positive) or still to come back."""

    id: int
    riel: int


@dataclass(frozen=True, slots=True)
class SetOff:
    """What a batch takes of the adjustments that wait, and what it leaves for the next one."""

    taken: tuple[Waiting, ...]
    total_riel: int
    carried_forward_riel: int


def set_off(
    claims_riel: int, waiting: Sequence[Waiting], *, share_percent: int = 100
) -> SetOff | None:
    """Pay all supplements and take recoveries, the oldest first, up to a share of the batch.

    None when nothing would be left to pay: such a batch is not made, and all of it waits on.
    """
    supplements = [one for one in waiting if one.riel > 0]
    gross = claims_riel + sum(one.riel for one in supplements)
    room = gross * share_percent // 100
    taken = list(supplements)
    left = 0
    for one in waiting:
        if one.riel < 0:
            part = min(-one.riel, room)
            room -= part
            left += -one.riel - part
            if part:
                taken.append(Waiting(one.id, -part))
    total = claims_riel + sum(one.riel for one in taken)
    return SetOff(tuple(taken), total, left) if total > 0 else None


@dataclass(frozen=True, slots=True)
class FacilityBooks:
    """What each witness says of one payee, in riel: claims, batches, ledger, remittances.

    Of members the claims are their allowances.
    """

    facility: str
    unbatched: int = 0
    claims_batched: int = 0
    claims_paid: int = 0
    supplements: int = 0
    recoveries: int = 0
    opened: int = 0
    pending: int = 0
    paid: int = 0
    failed: int = 0
    claims_on_way: int = 0
    claims_settled: int = 0
    adjustments_taken: int = 0
    ledger_approved: int = 0
    ledger_adjusted: int = 0
    ledger_payable: int = 0
    ledger_pending: int = 0
    ledger_authorised: int = 0
    ledger_paid: int = 0
    ledger_failed: int = 0
    remitted: int = 0

    @property
    def claims_approved(self) -> int:
        """Return what the claims say was approved and not taken back."""
        return self.unbatched + self.claims_batched + self.claims_paid

    @property
    def adjusted(self) -> int:
        """Return what supplements and recoveries come to together."""
        return self.supplements + self.recoveries

    @property
    def approved(self) -> int:
        """Return what is owed in all: the claims with their adjustments."""
        return self.claims_approved + self.adjusted

    @property
    def waiting(self) -> int:
        """Return what is in no batch: claims and what is left of adjustments."""
        return self.unbatched + self.adjusted - self.adjustments_taken

    @property
    def batched(self) -> int:
        """Return what the batches hold now: open, on its way, or paid."""
        return self.opened + self.pending + self.paid


def total_of(books: Iterable[FacilityBooks]) -> FacilityBooks:
    """Add the payees up."""
    listed = list(books)
    names = [field.name for field in fields(FacilityBooks) if field.name != "facility"]
    return FacilityBooks("total", **{n: sum(getattr(one, n) for one in listed) for n in names})


def faults_of(books: FacilityBooks) -> list[str]:
    """Name each equation that does not hold."""
    b = books
    equations = (
        ("approved (ledger)", b.ledger_approved, "approved (claims)", b.claims_approved),
        ("adjusted (ledger)", b.ledger_adjusted, "adjustments", b.adjusted),
        ("approved", b.approved, "unbatched + batched", b.waiting + b.batched),
        ("payable (ledger)", b.ledger_payable, "unbatched + open batches", b.waiting + b.opened),
        ("batched (claims)", b.claims_batched, "claims of open + pending batches", b.claims_on_way),
        (
            "authorised (ledger)", b.ledger_authorised,
            "paid + pending + failed", b.paid + b.pending + b.failed,
        ),
        ("pending (ledger)", b.ledger_pending, "pending batches", b.pending),
        ("failed (ledger)", b.ledger_failed, "failed batches", b.failed),
        ("paid (ledger)", b.ledger_paid, "settled batches", b.paid),
        ("paid (claims)", b.claims_paid, "claims of settled batches", b.claims_settled),
        ("remitted", b.remitted, "settled batches", b.paid),
    )  # fmt: skip
    return [
        f"{b.facility}: {left} is {one:,} riel, {right} is {other:,} riel"
        for left, one, right, other in equations
        if one != other
    ]


def expense_faults(owed: Mapping[str, int], ledger: Mapping[str, int]) -> list[str]:
    """Name each expense account that differs from what was approved and adjusted."""
    return [
        f"{account}: approved and adjusted are {owed.get(account, 0):,} riel, "
        f"the ledger's expense is {ledger.get(account, 0):,} riel"
        for account in sorted({*owed, *ledger})
        if owed.get(account, 0) != ledger.get(account, 0)
    ]
