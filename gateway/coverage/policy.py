"""What does a benefit policy say? Frozen values read from the policy files; pure, no database.

`PolicySet` answers which policy is in force for a scheme on a service day: the file with the newest
effective date not after that day, whatever was loaded later. Eligibility and claims both decide on it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Any

from gateway.coverage.signal_rules import DEFAULT_SIGNALS, Signals

SCHEMES = ("health_care", "occupational_risk", "hef", "pension")
CATEGORIES = (
    "private_worker",
    "public_servant",
    "former_public_servant",
    "veteran",
    "self_employed",
    "voluntary",
    "informal_worker",
    "hef_poor",
    "hef_at_risk",
)
DEPENDENT = "dependent"
GROUPS = (*CATEGORIES, DEPENDENT)
BENEFITS = (
    "outpatient",
    "inpatient",
    "emergency",
    "antenatal",
    "delivery",
    "postnatal",
    "rehabilitation",
    "transport",
)
PROCEDURES = ("surgery", "caesarean")
"""What a facility's level may do inside a benefit: never asked for by itself, read by adjudication."""

LEVELS = (
    "health_post",
    "health_centre",
    "cpa1",
    "cpa2",
    "cpa3",
    "national",
    "private_hospital",
    "polyclinic",
    "clinic",
)
KINDS = ("public", "private")
CAUSES = ("illness", "maternity", "work", "commuting")
STATUSES = ("law", "reported", "assumption")
DEADLINE_DAYS = ("calendar", "next_working", "working")
"""How deadlines count: every day; every day, ending on a working one; working days only."""
CONFIDENCES = ("H", "M", "L")
MOST_REMEMBERED = 5_000
"""For so many kinds, groups and days a policy remembers which of its rules speak of them."""

ATTACHMENTS = (
    "invoice", "prescription", "referral", "scan", "discharge_summary", "consent", "other",
)  # fmt: skip
"""What a checklist may ask for: the kinds of attachment a claim can carry."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a rule comes from and how sure that is."""

    text: str
    status: str
    confidence: str


@dataclass(frozen=True, slots=True)
class Condition:
    """One way to satisfy a months rule: N in a row, or N paid within a window."""

    consecutive: int | None = None
    paid: int | None = None
    window: int | None = None


@dataclass(frozen=True, slots=True)
class Limit:
    """How much care a rule allows in a rolling window: calendar days or a count of uses."""

    unit: str
    value: int
    window_months: int
    benefits: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """One dated rule with its source; `kind` says which of the optional parts it uses."""

    id: str
    kind: str
    source: Source
    effective_from: date
    effective_to: date | None = None
    groups: tuple[str, ...] | None = None
    any: tuple[Condition, ...] = ()
    months: int | None = None
    contribution_riel: int | None = None
    relationship: str | None = None
    under: int | None = None
    waived_by: tuple[str, ...] = ()
    effect: str = "refuse"
    limit: Limit | None = None

    def applies(self, group: str | None, day: date) -> bool:
        """Tell whether the rule speaks of this group on this day."""
        return (
            self.effective_from <= day
            and (self.effective_to is None or day < self.effective_to)
            and (self.groups is None or group in self.groups)
        )


@dataclass(frozen=True, slots=True)
class Benefit:
    """Which facility levels give a benefit, and what the patient pays for it."""

    benefit: str
    levels: tuple[str, ...]
    patient_pays_riel: int
    source: Source


@dataclass(frozen=True, slots=True)
class ServiceLimit:
    """How much of one service is paid: per line, since the last one, per year."""

    max_quantity: int | None = None
    min_days_between: int | None = None
    per_year: int | None = None


@dataclass(frozen=True, slots=True)
class Exclusion:
    """A service or a diagnosis (by ICD-10 prefix) that is not paid for a while."""

    id: str
    source: Source
    services: tuple[str, ...] = ()
    diagnoses: tuple[str, ...] = ()
    effective_from: date | None = None
    effective_to: date | None = None

    def in_force(self, day: date) -> bool:
        """Tell whether the exclusion holds on a day."""
        return (self.effective_from is None or self.effective_from <= day) and (
            self.effective_to is None or day < self.effective_to
        )


@dataclass(frozen=True, slots=True)
class ClaimRules:
    """What a policy says about claims: deadlines, the four-eyes limit, service limits, exclusions."""

    submit_within_days: int = 30
    review_within_days: int = 15
    pay_within_days: int = 30
    appeal_within_days: int = 30
    four_eyes_above_riel: int = 2_000_000
    auto_approve_below_riel: int | None = None
    newborn_days: int = 28
    deadline_days: str = "calendar"
    # What one person may approve alone for one facility in a day; empty: the limit of one claim.
    four_eyes_day_above_riel: int | None = None
    bulk_sample_percent: int = 5
    bulk_sample_least: int = 3
    service_limits: Mapping[str, ServiceLimit] = field(default_factory=dict)
    exclusions: tuple[Exclusion, ...] = ()
    checklists: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    copay: Mapping[str, int] = field(default_factory=dict)
    signals: Signals = field(default_factory=lambda: DEFAULT_SIGNALS)
    sources: Mapping[str, Source] = field(default_factory=dict)

    @property
    def day_limit_riel(self) -> int:
        """Return what one person may approve alone for one facility in a day."""
        own = self.four_eyes_day_above_riel
        return self.four_eyes_above_riel if own is None else own

    def source_of(self, name: str) -> Source:
        """Say where one of these settings comes from."""
        return self.sources.get(name, PRODUCT_DEFAULT)


PRODUCT_DEFAULT = Source("product default", "assumption", "L")
DEFAULT_CLAIM_RULES = ClaimRules()


@dataclass(frozen=True, slots=True)
class Policy:
    """One policy file: everything one scheme grants from one day on."""

    scheme: str
    effective_from: date
    title: str
    order: int
    due_day: int
    due_day_source: Source
    causes: tuple[str, ...]
    causes_source: Source
    facility_kinds: tuple[str, ...]
    facility_kinds_source: Source
    rules: tuple[Rule, ...]
    benefits: Mapping[str, Benefit]
    claims: ClaimRules
    sha256: str = ""
    _found: dict[tuple[str, str | None, date], tuple[Rule, ...]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def rule(self, kind: str, group: str | None, day: date) -> Rule | None:
        """Find the first rule of a kind that speaks of the group on the day."""
        return next(iter(self.rules_on(kind, group, day)), None)

    def rules_on(self, kind: str, group: str | None, day: date) -> tuple[Rule, ...]:
        """List the rules of a kind that speak of the group on the day."""
        asked = (kind, group, day)
        found = self._found.get(asked)
        if found is None:
            if len(self._found) >= MOST_REMEMBERED:
                self._found.clear()
            found = self._found[asked] = tuple(
                rule for rule in self.rules if rule.kind == kind and rule.applies(group, day)
            )
        return found

    def gives(self, benefit: str, level: str | None) -> bool:
        """Tell whether a facility of this level gives a benefit or procedure."""
        found = self.benefits.get(benefit)
        return found is not None and (level is None or level in found.levels)


@dataclass(frozen=True)
class PolicySet:
    """All policy files in force, by scheme and effective date; `version` names exactly this set."""

    version: str
    policies: Mapping[str, tuple[Policy, ...]]
    shas: tuple[str, ...] = ()

    def on(self, scheme: str, day: date) -> Policy | None:
        """Find the policy of a scheme in force on a day; none before the scheme's first file."""
        for policy in self.policies.get(scheme, ()):
            if policy.effective_from <= day:
                return policy
        return None

    def claim_rules(self, scheme: str | None, day: date) -> ClaimRules:
        """Find what the scheme's policy of that day says about claims."""
        policy = self.on(scheme or "health_care", day)
        return policy.claims if policy is not None else DEFAULT_CLAIM_RULES

    def all(self) -> tuple[Policy, ...]:
        """List every policy, newest first within a scheme."""
        return tuple(policy for scheme in sorted(self.policies) for policy in self.policies[scheme])

    def longest_window_months(self) -> int:
        """Find how far back usage can matter to any limit of the set."""
        windows = (
            rule.limit.window_months
            for policy in self.all()
            for rule in policy.rules
            if rule.limit is not None
        )
        return max(windows, default=12)


def policy_set_of(policies: Mapping[str, Policy] | tuple[Policy, ...], version: str) -> PolicySet:
    """Arrange policies for look-up by day, newest effective date first."""
    values = policies.values() if isinstance(policies, Mapping) else policies
    by_scheme: dict[str, list[Policy]] = {}
    for policy in values:
        by_scheme.setdefault(policy.scheme, []).append(policy)
    arranged = {
        scheme: tuple(sorted(group, key=lambda policy: policy.effective_from, reverse=True))
        for scheme, group in by_scheme.items()
    }
    shas = tuple(sorted(policy.sha256 for group in arranged.values() for policy in group))
    return PolicySet(version, MappingProxyType(arranged), shas)


def source_dict(source: Source) -> dict[str, Any]:
    """Show a source as the API does."""
    return {"source": source.text, "status": source.status, "confidence": source.confidence}
