"""What must be equal for the books to balance, facility by facility and in total. Pure.

approved = unbatched + batched
batched  = paid + pending + failed        (all that was ever authorised)
and the ledger says the same as the claims, the batches and the remittances, to the riel
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class FacilityBooks:
    """What each witness says of one facility, in riel: claims, batches, ledger, remittances."""

    facility: str
    unbatched: int = 0
    claims_batched: int = 0
    claims_paid: int = 0
    opened: int = 0
    pending: int = 0
    paid: int = 0
    failed: int = 0
    ledger_approved: int = 0
    ledger_payable: int = 0
    ledger_pending: int = 0
    ledger_authorised: int = 0
    ledger_paid: int = 0
    ledger_failed: int = 0
    remitted: int = 0

    @property
    def approved(self) -> int:
        """Return what the claims say was approved and not taken back."""
        return self.unbatched + self.claims_batched + self.claims_paid

    @property
    def batched(self) -> int:
        """Return what the batches hold now: open, on its way, or paid."""
        return self.opened + self.pending + self.paid


def total_of(books: Iterable[FacilityBooks]) -> FacilityBooks:
    """Add the facilities up."""
    listed = list(books)
    names = [field.name for field in fields(FacilityBooks) if field.name != "facility"]
    return FacilityBooks("total", **{n: sum(getattr(one, n) for one in listed) for n in names})


def faults_of(books: FacilityBooks) -> list[str]:
    """Name each equation that does not hold."""
    b = books
    equations = (
        ("approved (ledger)", b.ledger_approved, "approved (claims)", b.approved),
        ("approved", b.approved, "unbatched + batched", b.unbatched + b.batched),
        ("payable (ledger)", b.ledger_payable, "unbatched + open batches", b.unbatched + b.opened),
        ("batched (claims)", b.claims_batched, "open + pending batches", b.opened + b.pending),
        (
            "authorised (ledger)", b.ledger_authorised,
            "paid + pending + failed", b.paid + b.pending + b.failed,
        ),
        ("pending (ledger)", b.ledger_pending, "pending batches", b.pending),
        ("failed (ledger)", b.ledger_failed, "failed batches", b.failed),
        ("paid (ledger)", b.ledger_paid, "settled batches", b.paid),
        ("paid (claims)", b.claims_paid, "settled batches", b.paid),
        ("remitted", b.remitted, "settled batches", b.paid),
    )  # fmt: skip
    return [
        f"{b.facility}: {left} is {one:,} riel, {right} is {other:,} riel"
        for left, one, right, other in equations
        if one != other
    ]


def scheme_faults(claims: Mapping[str, int], ledger: Mapping[str, int]) -> list[str]:
    """Name each scheme whose expense differs between claims and ledger."""
    return [
        f"{scheme}: approved claims are {claims.get(scheme, 0):,} riel, "
        f"the ledger's expense is {ledger.get(scheme, 0):,} riel"
        for scheme in sorted({*claims, *ledger})
        if claims.get(scheme, 0) != ledger.get(scheme, 0)
    ]
