"""Which accounts a fact of the claims side moves, in whole riel: debit positive, credit negative.

Pure: review (approval, reopening) and reimbursement (authorisation, settlement, failure) build a
posting here and hand it to `service.post`. A posting that does not sum to zero cannot be made.

    approval       Dr care_expense:{scheme}    Cr payable:{facility}
    batching       Dr payable:{facility}       Cr in_payment:{facility}
    payment        Dr in_payment:{facility}    Cr bank
    reversal       the same legs with the opposite sign
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

BANK = "bank"


class Kind(StrEnum):
    """The facts that move money between accounts."""

    APPROVED = "claim.approved"
    REOPENED = "claim.reopened"
    AUTHORISED = "batch.authorised"
    SETTLED = "batch.settled"
    FAILED = "batch.failed"


class Unbalanced(ValueError):
    """A posting whose legs do not sum to zero, or are not whole riel."""


@dataclass(frozen=True, slots=True)
class Leg:
    """One side of a posting: an account and the riel it gains (negative: loses)."""

    account: str
    riel: int


@dataclass(frozen=True, slots=True)
class Posting:
    """One balanced fact. `occasion` tells a second approval of the same claim from the first."""

    kind: Kind
    subject: str
    legs: tuple[Leg, ...]
    occasion: int = 1

    def __post_init__(self) -> None:
        """Refuse what a ledger may not hold."""
        if any(type(leg.riel) is not int for leg in self.legs):
            raise Unbalanced(f"{self.kind} {self.subject}: riel are whole numbers")
        if any(leg.riel == 0 for leg in self.legs) or len(self.legs) < 2:
            raise Unbalanced(f"{self.kind} {self.subject}: at least two legs, none of zero")
        if total := sum(leg.riel for leg in self.legs):
            raise Unbalanced(f"{self.kind} {self.subject}: the legs sum to {total}, not to zero")


def care_expense(scheme: str) -> str:
    """Name the account of what care costs a scheme."""
    return f"care_expense:{scheme}"


def payable(facility: str) -> str:
    """Name the account of what is owed to a facility and not yet on its way."""
    return f"payable:{facility}"


def in_payment(facility: str) -> str:
    """Name the account of what is authorised for a facility and not yet settled."""
    return f"in_payment:{facility}"


def approval(*, claim: str, scheme: str, facility: str, riel: int, occasion: int = 1) -> Posting:
    """Owe a facility what was approved on a claim."""
    legs = _transfer(riel, to=care_expense(scheme), out_of=payable(facility))
    return Posting(Kind.APPROVED, claim, legs, occasion)


def batching(*, batch: str, facility: str, riel: int) -> Posting:
    """Put an authorised batch on its way to the facility."""
    legs = _transfer(riel, to=payable(facility), out_of=in_payment(facility))
    return Posting(Kind.AUTHORISED, batch, legs)


def payment(*, batch: str, facility: str, riel: int) -> Posting:
    """Let a batch leave the bank."""
    return Posting(Kind.SETTLED, batch, _transfer(riel, to=in_payment(facility), out_of=BANK))


def reversal(posting: Posting, *, kind: Kind) -> Posting:
    """Undo a posting: corrections are new facts, never edits."""
    legs = tuple(Leg(leg.account, -leg.riel) for leg in posting.legs)
    return Posting(kind, posting.subject, legs, posting.occasion)


def _transfer(riel: int, *, to: str, out_of: str) -> tuple[Leg, ...]:
    if type(riel) is not int or riel <= 0:
        raise Unbalanced(f"{riel!r} riel cannot move from {out_of} to {to}")
    return Leg(to, riel), Leg(out_of, -riel)
