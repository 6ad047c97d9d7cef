"""What a complaint may say, by when it is answered, and how its figures may be shown. Pure.

No law names a term for answering complaints; every number here is a setting and says that it is an
assumption wherever it is shown.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum

from claims.complaints.states import UNANSWERED, ComplaintState
from config.numbers import is_number
from config.words import N_

FEWEST_SHOWN = 5
HIDDEN = f"<{FEWEST_SHOWN}"
AGES = (7, 15, 30)
# Shorter parts of a name are words of their own too often.
LONG_ENOUGH = 4


class Kind(StrEnum):
    """What somebody complains of."""

    INFORMAL_PAYMENT = "informal_payment"
    CARE_REFUSED = "care_refused"
    SLOW_SERVICE = "slow_service"
    WRONG_REJECTION = "wrong_rejection"
    OTHER = "other"


class Channel(StrEnum):
    """How a complaint came in."""

    DESK = "desk"
    HOTLINE_1286 = "1286"
    HOTLINE_1297 = "1297"
    WEB = "web"


class About(StrEnum):
    """What a complaint is about."""

    FACILITY = "facility"
    VISIT = "visit"
    CLAIM = "claim"
    PAYMENT = "payment"


class Outcome(StrEnum):
    """What NSSF found when it closed a complaint."""

    UPHELD = "upheld"
    PARTLY_UPHELD = "partly_upheld"
    UNFOUNDED = "unfounded"
    WITHDRAWN = "withdrawn"
    DUPLICATE = "duplicate"


PREFIXES = {
    "V": About.VISIT,
    "C": About.CLAIM,
    "B": About.PAYMENT,
    "R": About.PAYMENT,
    "A": About.PAYMENT,
}


@dataclass(frozen=True, slots=True)
class Terms:
    """The times a complaint is given, and how many claims an informal payment marks."""

    answer_days: int
    facility_days: int
    reopen_days: int
    watched_claims: int
    status: str = "assumption"


@dataclass(frozen=True, slots=True)
class Complainant:
    """Who complained, as far as they said; never shown to a facility, never logged."""

    name: str | None = field(default=None, repr=False)
    phone: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Filing:
    """A complaint as somebody takes it down."""

    kind: Kind
    text: str = field(repr=False)
    facility: str | None = None
    subject: str | None = None
    channel: Channel = Channel.DESK
    amount_riel: int | None = None
    happened_on: date | None = None
    complainant: Complainant = Complainant()


def about_of(subject: str | None) -> About | None:
    """Return what a number stands for; None when complaints are not about such numbers."""
    if subject is None:
        return About.FACILITY
    return PREFIXES.get(subject[:1]) if is_number(subject) else None


def faults(filing: Filing, *, today: date) -> list[dict[str, str]]:
    """Name every field of a complaint that cannot be right."""
    found = []
    if about_of(filing.subject) is None:
        found.append(("/subject", N_("Name a visit, a claim or a payment.")))
    if filing.amount_riel is not None and filing.kind is not Kind.INFORMAL_PAYMENT:
        found.append(("/amount_riel", N_("Only an informal payment has an amount.")))
    if filing.happened_on is not None and filing.happened_on > today:
        found.append(("/happened_on", N_("This day has not been yet.")))
    return [{"pointer": pointer, "message": message} for pointer, message in found]


def tells_who(words: str, who: Complainant) -> bool:
    """Tell whether words for a facility give away who complained: part of a name, or the phone."""
    said = words.casefold()
    spoken = set(re.findall(r"\w+", said))
    parts = [part for part in (who.name or "").casefold().split() if len(part) >= LONG_ENOUGH]
    if any(part in (spoken if part.isascii() else said) for part in parts):
        return True
    phone = _digits(who.phone or "").lstrip("0")
    return bool(phone) and phone in _digits(words)


def _digits(text: str) -> str:
    return "".join(str(int(sign)) for sign in text if sign.isdecimal())


def may_reopen(ended_on: date, *, today: date, terms: Terms) -> bool:
    """Tell whether a complaint that ended on a day may still be taken up anew."""
    return today <= ended_on + timedelta(days=terms.reopen_days)


def receipt_state(state: ComplaintState | str) -> str:
    """Return what whoever took a complaint down may know: whether it is still being looked into."""
    return str(ComplaintState.OPEN if state in UNANSWERED else state)


def forward_state(*, answered: bool, ended: bool) -> str:
    """Return where a question to a facility stands, told from that question alone."""
    if answered:
        return str(ComplaintState.ANSWERED)
    return str(ComplaintState.CLOSED if ended else ComplaintState.FORWARDED)


def shown(count: int) -> int | str:
    """Return a count of people as it may be shown: a few of them could be recognised."""
    return HIDDEN if 0 < count < FEWEST_SHOWN else count


def per_thousand(complaints: int, visits: int) -> str | None:
    """Return complaints per 1,000 visits with one decimal; hidden when the complaints are few."""
    if 0 < complaints < FEWEST_SHOWN:
        return HIDDEN
    if not visits:
        return None
    tenths = (complaints * 10_000 + visits // 2) // visits
    return f"{tenths // 10}.{tenths % 10}"


def age_group(days: int) -> str:
    """Return the group an age in days belongs to."""
    start = 0
    for last in AGES:
        if days <= last:
            return f"{start}-{last}"
        start = last + 1
    return f"{start}+"
