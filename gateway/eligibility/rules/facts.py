"""What does a decision look at? Frozen values: the person, their covers, the facility, the day.

Pure. `queries` fills them from one row; the rules read nothing else, so the same facts and the same
policies always give the same decision.
"""

from dataclasses import field
from datetime import date

from config.values import dataclass
from gateway.coverage.policy import DEPENDENT, Policy
from gateway.eligibility.reasons import Reason

VERDICTS = ("eligible", "emergency_only", "not_eligible", "unknown", "not_found")


@dataclass(frozen=True, slots=True)
class Cover:
    """A person's membership of one scheme: its periods, half-open, and the months paid."""

    scheme: str
    periods: tuple[tuple[date, date | None], ...]
    paid: int = 0

    def period_on(self, day: date) -> tuple[date, date | None] | None:
        """Find the period in force on a day: its last day still counts, the day after does not."""
        for start, end in self.periods:
            if start <= day and (end is None or day < end):
                return start, end
        return None

    def state_on(self, day: date) -> str:
        """Say whether the cover is active, ended or has not begun."""
        if self.period_on(day) is not None:
            return "active"
        return "ended" if any(start <= day for start, _ in self.periods) else "not_begun"


@dataclass(frozen=True, slots=True)
class Person:
    """A card's holder as the registry knows them; a dependent carries the principal."""

    card_key: str
    card_number: str
    name_km: str | None = None
    name_latin: str | None = None
    sex: str | None = None
    date_of_birth: date | None = None
    category: str | None = None
    relationship: str = "self"
    status: str | None = "active"
    status_on: date | None = None
    card_status: str | None = None
    principal_key: str | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    disabled: bool = False
    chronically_ill: bool = False
    protected: bool = False
    two_active_cards: bool = False
    covers: tuple[Cover, ...] = ()
    usage: tuple[tuple[str, str, date], ...] = ()
    """Care used: scheme, benefit, day."""

    principal: "Person | None" = None

    def as_kept(self) -> dict[str, str | None]:
        """Return who it was, as is kept with what was decided: the registry may say otherwise later."""
        born = self.date_of_birth
        return {
            "name_km": self.name_km,
            "name_latin": self.name_latin,
            "sex": self.sex,
            "date_of_birth": born.isoformat() if born else None,
        }

    @property
    def is_dependent(self) -> bool:
        """Tell whether the person is on a member's family list."""
        return self.relationship != "self"

    @property
    def group(self) -> str | None:
        """Name the group whose rules apply: dependents are one, members go by category."""
        return DEPENDENT if self.is_dependent else self.category

    def cover(self, scheme: str) -> Cover | None:
        """Find the person's cover under a scheme."""
        for cover in self.covers:
            if cover.scheme == scheme:
                return cover
        return None


@dataclass(frozen=True, slots=True)
class Newborn:
    """A child without a card yet, presented under the mother's."""

    sex: str
    date_of_birth: date
    birth_order: int = 1


@dataclass(frozen=True, slots=True)
class FacilityFacts:
    """The asking facility as the registry knows it that day."""

    code: str
    kind: str | None
    level: str | None
    contract_from: date | None
    contract_to: date | None = None

    def is_contracted(self, day: date) -> bool:
        """Tell whether the contract is in force on a day."""
        return (
            self.contract_from is not None
            and self.contract_from <= day
            and (self.contract_to is None or day < self.contract_to)
        )


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything a decision depends on besides the policies."""

    day: date
    person: Person | None
    facility_code: str | None = None
    facility: FacilityFacts | None = None
    cause: str = "illness"
    emergency: bool = False
    benefits: tuple[str, ...] = ()
    newborn: Newborn | None = None
    contributions_loaded: bool = True
    complete_through: int | None = None
    family: tuple[Person, ...] = ()


@dataclass(slots=True)
class Case:
    """One person under one scheme's policy while it is judged; the lists fill as rules speak."""

    facts: Facts
    person: Person
    cover: Cover
    policy: Policy
    refusals: list[Reason] = field(default_factory=list)
    doubts: list[Reason] = field(default_factory=list)
    notes: list[Reason] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Remaining:
    """What is left of a limit."""

    unit: str
    value: int


@dataclass(frozen=True, slots=True)
class BenefitFinding:
    """Whether one benefit is covered here that day, by which scheme, and what is left of it."""

    benefit: str
    covered: bool
    scheme: str | None = None
    remaining: Remaining | None = None
    patient_pays_riel: int | None = None
    reasons: tuple[Reason, ...] = ()
    emergency_only: bool = False
    unknown: bool = False

    @property
    def remaining_days(self) -> int | None:
        """Give the days left when the limit counts days."""
        left = self.remaining
        return left.value if left is not None and left.unit == "day" else None

    @property
    def remaining_uses(self) -> int | None:
        """Give the uses left when the limit counts uses."""
        left = self.remaining
        return left.value if left is not None and left.unit == "count" else None


@dataclass(frozen=True, slots=True)
class Decision:
    """The verdict, the scheme that pays, each benefit, and why."""

    verdict: str
    scheme: str | None = None
    benefits: dict[str, BenefitFinding] = field(default_factory=dict)
    reasons: tuple[Reason, ...] = ()

    def codes(self) -> tuple[str, ...]:
        """List the reason codes, for tests and logs."""
        return tuple(reason.code for reason in self.reasons)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a claim learns about a person on its service day, and whether a check promised it."""

    found: bool
    decision: Decision
    person: Person | None = None
    promised: bool = False
    check_number: str | None = None
    check_problem: str | None = None
    place: FacilityFacts | None = None
    """The facility that day, from the same statement; None when the registry does not know it."""
