"""What adjudication is told: plain frozen values, so that a case can be written by hand.

`claims.submission.service` fills them from the claim, the judgement of eligibility, the person's
earlier claims and the facility. Nothing here reads a clock: both days are facts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType

OUTPATIENT, INPATIENT, EMERGENCY = "outpatient", "inpatient", "emergency"


@dataclass(frozen=True, slots=True)
class Line:
    """One line as claimed."""

    line: int
    service: str
    service_date: date
    quantity: int
    unit_price_riel: int

    @property
    def claimed_riel(self) -> int:
        """Return what the facility asks for this line."""
        return self.quantity * self.unit_price_riel


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One ICD-10 code, and what the classification says of it."""

    code: str
    known: bool = True
    leaf: bool = True


@dataclass(frozen=True, slots=True)
class Birth:
    """One child of a delivery."""

    outcome: str
    sex: str | None = None


@dataclass(frozen=True, slots=True)
class Maternity:
    """What a maternity claim says of the pregnancy."""

    event: str
    delivery_mode: str | None = None
    gestation_weeks: int | None = None
    births: tuple[Birth, ...] = ()


@dataclass(frozen=True, slots=True)
class Patient:
    """Who was treated; `birth_order` above 0 is a newborn under the mother's card."""

    sex: str | None = None
    date_of_birth: date | None = None
    birth_order: int = 0
    holder_sex: str | None = None
    died_on: date | None = None
    card_lost: bool = False


@dataclass(frozen=True, slots=True)
class Grant:
    """What eligibility says of one benefit: covered here that day, and what is left if counted.

    A policy counts days with care, or uses (each benefit of each day is one).
    """

    covered: bool
    remaining_days: int | None = None
    remaining_uses: int | None = None
    why: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Standing:
    """Eligibility's judgement of the person on the first service day at this facility."""

    found: bool
    verdict: str
    scheme: str | None = None
    grants: Mapping[str, Grant] = field(default_factory=lambda: MappingProxyType({}))
    why: tuple[tuple[str, str], ...] = ()
    used: frozenset[tuple[date, str]] = frozenset()
    """Days and benefits that count already towards the paying scheme's limits."""

    promised: bool = False
    check: str | None = None
    check_problem: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """The facility as contracted."""

    code: str
    level: str
    kind: str
    contract_from: date | None = None
    contract_to: date | None = None

    def contracted(self, day: date) -> bool:
        """Tell whether the agreement with NSSF is in force that day."""
        started = self.contract_from is not None and self.contract_from <= day
        return started and (self.contract_to is None or day < self.contract_to)


@dataclass(frozen=True, slots=True)
class Past:
    """One line of the person's other live claims; `own` tells this facility's from another's."""

    claim: str
    own: bool
    service: str
    service_date: date
    quantity: int
    visit_type: str
    service_from: date
    service_to: date
    birth_order: int = 0


@dataclass(frozen=True, slots=True)
class ClaimFacts:
    """Everything one adjudication may look at."""

    type: str
    visit_type: str
    cause: str
    emergency: bool
    service_from: date
    service_to: date
    submitted_on: date
    today: date
    patient: Patient
    place: Place
    standing: Standing
    lines: tuple[Line, ...]
    diagnoses: tuple[Diagnosis, ...] = ()
    maternity: Maternity | None = None
    history: tuple[Past, ...] = ()
    attachments: frozenset[str] = frozenset()
    submit_by: date | None = None
    """The last day in time, holidays and outages counted; without it the policy's plain days."""

    @property
    def payer(self) -> str:
        """Return whose prices count: HEF's for a person of HEF, else NSSF's."""
        return "hef" if self.standing.scheme == "hef" else "nssf"

    @property
    def own_history(self) -> tuple[Past, ...]:
        """Return what was claimed before for this very patient: a twin is somebody else."""
        order = self.patient.birth_order
        return tuple(past for past in self.history if past.birth_order == order)


def age_on(day: date, born: date) -> int:
    """Return the completed years on a day."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))
