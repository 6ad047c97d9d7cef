"""Is a claim worth a look? Facts, a facility's figures and a policy's thresholds in, signals out.

Pure. A signal changes no amount and no decision: a person reads the claim, and NSSF alone learns
why. Shares are per mille, amounts riel, both whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from claims.adjudication.rules.facts import OUTPATIENT, Past
from claims.signals.reasons import TEXTS, VISITS_KM
from gateway.coverage.signal_rules import Signals

CAESAREAN = "DELIVERY-CAESAREAN"
SATURDAY = 5
AVERAGE = "average_"
"""Followed by the visit type: the measure of a facility's average claim."""


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure of a facility beside its peers' (same level, same kind)."""

    value: int
    sample: int
    peers: int
    median: int | None
    p90: int | None


@dataclass(frozen=True, slots=True)
class Charge:
    """One line's price as claimed, and the price list's if there is one."""

    service: str
    unit_price_riel: int
    tariff_riel: int | None = None


@dataclass(frozen=True, slots=True)
class SignalFacts:
    """Everything a signal may look at; `draw` is the claim's secret number from 0 to 999."""

    facility: str
    visit_type: str
    service_from: date
    claimed_riel: int
    charges: tuple[Charge, ...]
    draw: int
    days: frozenset[date] = frozenset()
    emergency: bool = False
    patient_paid_riel: int = 0
    doubtful: bool = False
    birth_order: int = 0
    history: tuple[Past, ...] = ()
    profile: Mapping[str, Measure] = field(default_factory=dict)
    received_at_hour: int | None = None
    watched: str | None = None
    reported: str | None = None
    refund: tuple[str, int, str] | None = None


@dataclass(frozen=True, slots=True)
class Signal:
    """One reason to look: its code, what it weighs, its sentence and the numbers in it."""

    code: str
    points: int
    text_en: str
    text_km: str
    numbers: Mapping[str, Any]

    def as_json(self) -> dict[str, Any]:
        """Return the signal as it is stored, and as NSSF reads it."""
        return {
            "code": self.code,
            "points": self.points,
            "text_en": self.text_en,
            "text_km": self.text_km,
            "numbers": dict(self.numbers),
        }


Rule = Callable[[SignalFacts, Signals], Iterator[Signal]]


def find_signals(facts: SignalFacts, policy: Signals) -> tuple[Signal, ...]:
    """Ask every rule; a claim that nothing speaks against may be one of the sample."""
    found = [signal for rule in RULES for signal in rule(facts, policy) if signal.points > 0]
    if not found and not facts.doubtful:
        found = [signal for signal in _sample(facts, policy) if signal.points > 0]
    return tuple(found)


def risk_of(signals: tuple[Signal, ...]) -> int:
    """Return how much a claim has to be looked at: the sum of its signals' points."""
    return sum(signal.points for signal in signals)


def _signal(code: str, policy: Signals, rule: str | None = None, **numbers: Any) -> Signal:
    en, km = TEXTS[code]
    shown = {name: f"{n:,}" if type(n) is int else n for name, n in numbers.items()}
    khmer = shown | {"visit": VISITS_KM.get(str(numbers.get("visit")), "")}
    points = policy[rule or code]["points"]
    return Signal(code, points, en.format(**shown), km.format(**khmer), numbers)


def _patient_paid(facts: SignalFacts, policy: Signals) -> Iterator[Signal]:
    """NSSF pays for its members: what a patient had to pay is an informal payment or an error."""
    if facts.patient_paid_riel > 0:
        yield _signal("patient_paid", policy, riel=facts.patient_paid_riel)
    if facts.reported is not None:
        yield payment_reported(facts.reported, policy)


def _refunded(facts: SignalFacts, policy: Signals) -> Iterator[Signal]:
    """What a member paid in cash and asked back is not paid to a facility as well."""
    if facts.refund is not None and facts.birth_order == 0:
        number, riel, day = facts.refund
        yield _signal("refunded", policy, "patient_paid", allowance=number, riel=riel, day=day)


def payment_reported(how: str, policy: Signals) -> Signal:
    """Return the signal of a patient who says that money was paid: asked, or by a complaint."""
    return _signal("patient_reported_paying", policy, "patient_paid", how=how)


def _caesarean_share(facts: SignalFacts, policy: Signals) -> Iterator[Signal]:
    measure = facts.profile.get("caesarean_share")
    delivered = any(charge.service == CAESAREAN for charge in facts.charges)
    if delivered and measure is not None and _is_far(measure, "caesarean_share", policy):
        yield _signal("caesarean_share", policy, **_shares(measure))


def _average_claim(facts: SignalFacts, policy: Signals) -> Iterator[Signal]:
    """Only a claim above the peers' median is looked at: the small ones raised no average."""
    measure = facts.profile.get(AVERAGE + facts.visit_type)
    if measure is None or measure.median is None or facts.claimed_riel <= measure.median:
        return
    if _is_far(measure, "average_claim", policy):
        yield _signal(
            "average_claim", policy, visit=facts.visit_type, value=measure.value,
            sample=measure.sample, peers=measure.peers, median=measure.median,
            riel=facts.claimed_riel,
        )  # fmt: skip


def _weekend(facts: SignalFacts, policy: Signals) -> Iterator[Signal]:
    measure, day = facts.profile.get("weekend_share"), facts.service_from
    if facts.visit_type != OUTPATIENT or facts.emergency or day.weekday() < SATURDAY:
        return
    if measure is not None and _is_far(measure, "weekend_share", policy):
        yield _signal("weekend_share", policy, day=day.isoformat(), **_shares(measure))


def _night(facts: SignalFacts, policy: Signals) -> Iterator[Signal]:
    """A claim carries no hour: that of the visit's arrival counts, else that of its check."""
    measure, hour = facts.profile.get("night_share"), facts.received_at_hour
    if facts.visit_type != OUTPATIENT or facts.emergency or hour is None or measure is None:
        return
    if is_night(hour, policy) and _is_far(measure, "night_share", policy):
        yield _signal("night_share", policy, hour=hour, **_shares(measure))


def is_night(hour: int, policy: Signals) -> bool:
    """Tell whether an hour is one of the policy's night; the night may pass midnight."""
    first, last = policy["night_share"]["from_hour"], policy["night_share"]["to_hour"]
    return first <= hour < last if first <= last else hour >= first or hour < last


def _many_claims(facts: SignalFacts, policy: Signals) -> Iterator[Signal]:
    """Count this patient's claims, here and elsewhere, that share a day with this one."""
    limit = policy["many_claims"]["more_than"]
    by_day: dict[date, set[str]] = {day: set() for day in facts.days}
    for past in facts.history:
        if past.birth_order == facts.birth_order and past.service_date in by_day:
            by_day[past.service_date].add(past.claim)
    day, others = max(by_day.items(), key=lambda item: (len(item[1]), item[0]), default=(None, ()))
    if day is not None and len(others) + 1 > limit:
        yield _signal(
            "many_claims", policy, claims=len(others) + 1, day=day.isoformat(), limit=limit
        )


def _round_prices(facts: SignalFacts, policy: Signals) -> Iterator[Signal]:
    """The price list is round itself: only prices that are not its own tell of guesses."""
    rule = policy["round_prices"]
    own = [
        charge.unit_price_riel
        for charge in facts.charges
        if charge.unit_price_riel > 0 and charge.unit_price_riel != charge.tariff_riel
    ]
    if len(own) >= rule["least_lines"] and not any(price % rule["multiple_riel"] for price in own):
        yield _signal("round_prices", policy, lines=len(own), multiple=rule["multiple_riel"])


def _large_amount(facts: SignalFacts, policy: Signals) -> Iterator[Signal]:
    limit = policy["large_amount"]["above_riel"]
    if facts.claimed_riel > limit:
        yield _signal("large_amount", policy, riel=facts.claimed_riel, limit=limit)


def _watched(facts: SignalFacts, policy: Signals) -> Iterator[Signal]:
    if facts.watched is not None:
        yield _signal("facility_watch", policy, why=facts.watched)


def _sample(facts: SignalFacts, policy: Signals) -> Iterator[Signal]:
    per_mille = policy["sample"]["per_mille"]
    if facts.draw < per_mille:
        yield _signal("sample", policy, per_mille=per_mille)


RULES: tuple[Rule, ...] = (
    _watched, _patient_paid, _refunded, _caesarean_share, _average_claim, _large_amount, _many_claims,
    _weekend, _night, _round_prices,
)  # fmt: skip


def _is_far(measure: Measure, rule: str, policy: Signals) -> bool:
    """Far is above the peers' 90th percentile and a multiple of their median, both; few say nothing."""
    profiles, numbers = policy["profiles"], policy[rule]
    if measure.median is None or measure.p90 is None:
        return False
    if measure.sample < profiles["least_sample"] or measure.peers < profiles["least_peers"]:
        return False
    return (
        measure.value > measure.p90
        and measure.value * 100 >= measure.median * numbers["percent_of_median"]
        and measure.value >= numbers.get("least_per_mille", 0)
    )


def _shares(measure: Measure) -> dict[str, Any]:
    return {
        "value": _percent(measure.value),
        "median": _percent(measure.median or 0),
        "sample": measure.sample,
        "peers": measure.peers,
    }


def _percent(per_mille: int) -> str:
    return f"{per_mille // 10}.{per_mille % 10}"
