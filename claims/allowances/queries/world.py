"""What registry and claims say that an allowance is computed from: wages, deliveries, claims."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import exists, select, text
from sqlalchemy.orm import Session

from claims.allowances.rules.asking import event_day
from claims.allowances.rules.facts import DELIVERY
from claims.submission.models import Claim
from claims.submission.states import ClaimState
from gateway.members.models import Contribution

UNFILED = ("draft", "withdrawn", "rejected", "voided")
CLAIM_STANDS = (ClaimState.APPROVED, ClaimState.BATCHED, ClaimState.PAID)
REGISTRY = text("SELECT contributions_loaded, complete_through FROM registry_state WHERE id = 1")


@dataclass(frozen=True, slots=True)
class ToldDelivery:
    """A delivery as a claim reports it to NSSF."""

    claim: str
    facility: str
    on: date
    weeks: int | None


def wage_of(session: Session, card_key: str) -> int | None:
    """Return the contributory wage of a person, if the feed gave it."""
    return session.scalar(
        select(Contribution.contributory_wage_riel).where(
            Contribution.card_key == card_key, Contribution.scheme == "health_care"
        )
    )


def contributions_state(session: Session) -> tuple[bool, str | None]:
    """Say whether contributions were ever loaded, and through which month they are complete."""
    row = session.execute(REGISTRY).one_or_none()
    return (row[0], row[1]) if row else (False, None)


def deliveries(session: Session, card_key: str, first: date, last: date) -> list[ToldDelivery]:
    """List the deliveries of a woman that claims report within some days, newest first."""
    told = _maternity_claims(session, card_key, DELIVERY, first, last)
    found = [
        ToldDelivery(
            claim.number,
            claim.facility,
            event_day(claim.body),
            claim.body["maternity"]["gestation_weeks"],
        )
        for claim in told
    ]
    return [one for one in found if first <= one.on <= last]


def has_postnatal_claim(session: Session, card_key: str, first: date, last: date) -> bool:
    """Tell whether a claim reports a check after a delivery."""
    return bool(_maternity_claims(session, card_key, "postnatal", first, last))


def _maternity_claims(
    session: Session, card_key: str, event: str, first: date, last: date
) -> list[Claim]:
    return list(
        session.scalars(
            select(Claim)
            .where(
                Claim.card_key == card_key,
                Claim.type == "maternity",
                Claim.body["maternity"]["event"].astext == event,
                Claim.service_to >= first,
                Claim.service_from <= last,
                Claim.state.not_in(UNFILED),
                Claim.birth_order == 0,
            )
            .order_by(Claim.service_to.desc(), Claim.id.desc())
        )
    )


def is_claim_of(session: Session, number: str, *, card_key: str, facility: str | None) -> bool:
    """Tell whether a claim is a person's and, with a facility, that facility's."""
    wanted = exists().where(
        Claim.number == number, Claim.card_key == card_key, Claim.state.not_in(UNFILED)
    )
    if facility is not None:
        wanted = wanted.where(Claim.facility == facility)
    return bool(session.scalar(select(wanted)))


def state_of_claim(session: Session, number: str | None) -> str | None:
    """Return where a claim stands now; None when none is named."""
    return session.scalar(select(Claim.state).where(Claim.number == number)) if number else None
