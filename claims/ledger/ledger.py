"""Which accounts a fact of the claims side moves, in whole riel: debit positive, credit negative.

Pure: review (approval, reopening), allowances and reimbursement (authorisation, settlement, failure)
build a posting here and hand it to `service.post`. One that does not sum to zero cannot be made.

    approval       Dr care_expense:{scheme}       Cr payable:{facility}
    supplement     Dr care_expense:{scheme}       Cr payable:{facility}
    recovery       Dr payable:{facility}          Cr care_expense:{scheme}
    allowance      Dr allowance_expense:{kind}    Cr payable:members
    batching       Dr payable:{payee}             Cr in_payment:{payee}
    payment        Dr in_payment:{payee}          Cr bank
    giving back    Dr in_payment:{payee}          Cr payable:{payee}
    reversal       the same legs with the opposite sign

A payee is a facility's code or `members`, whose cash is owed to many people under one name.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

BANK = "bank"
MEMBERS = "members"


class Kind(StrEnum):
    """The facts that move money between accounts."""

    APPROVED = "claim.approved"
    REOPENED = "claim.reopened"
    SUPPLEMENTED = "claim.supplemented"
    RECOVERED = "claim.recovered"
    ALLOWANCE_APPROVED = "allowance.approved"
    ALLOWANCE_REOPENED = "allowance.reopened"
    AUTHORISED = "batch.authorised"
    SETTLED = "batch.settled"
    FAILED = "batch.failed"
    RETURNED = "batch.returned"


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


def allowance_expense(kind: str) -> str:
    """Name the account of what a kind of allowance costs."""
    return f"allowance_expense:{kind}"


def payable(payee: str) -> str:
    """Name the account of what is owed to a facility, or to members, and not yet on its way."""
    return f"payable:{payee}"


def in_payment(payee: str) -> str:
    """Name the account of what is authorised for a facility or members and not yet settled."""
    return f"in_payment:{payee}"


def approval(*, claim: str, scheme: str, facility: str, riel: int, occasion: int = 1) -> Posting:
    """Owe a facility what was approved on a claim."""
    legs = _transfer(riel, to=care_expense(scheme), out_of=payable(facility))
    return Posting(Kind.APPROVED, claim, legs, occasion)


def supplement(*, claim: str, scheme: str, facility: str, riel: int, occasion: int) -> Posting:
    """Owe a facility more for a claim that is already paid."""
    legs = _transfer(riel, to=care_expense(scheme), out_of=payable(facility))
    return Posting(Kind.SUPPLEMENTED, claim, legs, occasion)


def recovery(*, claim: str, scheme: str, facility: str, riel: int, occasion: int) -> Posting:
    """Owe a facility less, because too much was paid on a claim."""
    legs = _transfer(riel, to=payable(facility), out_of=care_expense(scheme))
    return Posting(Kind.RECOVERED, claim, legs, occasion)


def allowance(*, number: str, kind: str, riel: int, occasion: int = 1) -> Posting:
    """Owe a member an approved allowance."""
    legs = _transfer(riel, to=allowance_expense(kind), out_of=payable(MEMBERS))
    return Posting(Kind.ALLOWANCE_APPROVED, number, legs, occasion)


def batching(*, batch: str, payee: str, riel: int) -> Posting:
    """Put an authorised batch on its way to its payee."""
    legs = _transfer(riel, to=payable(payee), out_of=in_payment(payee))
    return Posting(Kind.AUTHORISED, batch, legs)


def payment(*, batch: str, payee: str, riel: int) -> Posting:
    """Let a batch leave the bank."""
    return Posting(Kind.SETTLED, batch, _transfer(riel, to=in_payment(payee), out_of=BANK))


def giving_back(*, batch: str, payee: str, riel: int, occasion: int = 1) -> Posting:
    """Owe again what was on its way and did not arrive, the whole batch or a part of it."""
    legs = _transfer(riel, to=in_payment(payee), out_of=payable(payee))
    return Posting(Kind.FAILED, batch, legs, occasion)


def reversal(posting: Posting, *, kind: Kind) -> Posting:
    """Undo a posting: corrections are new facts, never edits."""
    legs = tuple(Leg(leg.account, -leg.riel) for leg in posting.legs)
    return Posting(kind, posting.subject, legs, posting.occasion)


def positive_riel(riel: int) -> int:
    """Return an amount that can move: a whole number of riel above zero."""
    if type(riel) is not int or riel <= 0:
        raise Unbalanced(f"{riel!r} riel cannot move")
    return riel


def _transfer(riel: int, *, to: str, out_of: str) -> tuple[Leg, ...]:
    return Leg(to, positive_riel(riel)), Leg(out_of, -riel)
