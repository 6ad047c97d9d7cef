"""What the computation of an allowance is told: frozen values, so a case can be written by hand.

`claims.allowances.service` fills them from what was asked for, the registry, the claims and the
earlier allowances of the person. Every day is a fact; nothing here knows today.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

MATERNITY, BIRTH, SICKNESS = "maternity", "birth", "sickness"
CREMATION, FUNERAL, REFUND = "cremation", "funeral", "refund"
KINDS = (MATERNITY, BIRTH, SICKNESS, CREMATION, FUNERAL, REFUND)
DEATHS = frozenset({CREMATION, FUNERAL})

ANTENATAL, DELIVERY, POSTNATAL, VACCINATION = "antenatal", "delivery", "postnatal", "vaccination"
BIRTH_EVENTS = (ANTENATAL, DELIVERY, POSTNATAL, VACCINATION)
EVENTS = (*BIRTH_EVENTS, "sickness", "death", "care")
EVENT_OF = {
    MATERNITY: DELIVERY, SICKNESS: "sickness", CREMATION: "death", FUNERAL: "death",
    REFUND: "care",
}  # fmt: skip
"""The event of a kind that has only one; a birth allowance names its own."""


@dataclass(frozen=True, slots=True)
class Claimant:
    """The card's holder on the day of the event, as the registry knows them."""

    found: bool = True
    sex: str | None = None
    group: str | None = None
    covered: bool = True
    """A membership (health care or equity fund) was in force that day, whatever was paid for it."""

    died_on: date | None = None


@dataclass(frozen=True, slots=True)
class Earnings:
    """Paid months (a bit each, see `gateway.coverage.months`) and the contributory wage."""

    paid: int = 0
    wage_riel: int | None = None
    loaded: bool = True
    complete_through: int | None = None
    due_day: int = 15


@dataclass(frozen=True, slots=True)
class Event:
    """What happened."""

    kind: str
    event: str
    on: date
    until: date | None = None
    delivery_on: date | None = None
    birth_order: int = 0
    children: int = 1
    outcome: str = "live"
    weeks: int | None = None
    contracted: bool | None = None
    """The birth was in a facility with an agreement that day; None: not told."""

    checked_after: bool = False
    """A check after the delivery at a contracted facility is on record."""

    leave: bool | None = None
    """The employer permitted the leave; None: not shown."""


@dataclass(frozen=True, slots=True)
class Before:
    """What was paid or asked for before, and what NSSF was told of the pregnancy."""

    instalments: int = 0
    """Payments of the same event of the same pregnancy or child, this one not counted."""

    sick_days: int = 0
    other_leave: tuple[tuple[date, date | None], ...] = ()
    """Of a sickness, maternity leaves by their first day; of a maternity, days of sickness."""

    registered_on: date | None = None


@dataclass(frozen=True, slots=True)
class AllowanceFacts:
    """Everything one computation may look at."""

    claimant: Claimant
    event: Event
    earnings: Earnings = Earnings()
    before: Before = Before()
