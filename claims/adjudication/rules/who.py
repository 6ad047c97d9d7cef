"""Who was treated, and when: identity, cover, facility and days. Findings about the whole claim."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from claims.adjudication.reasons import Finding, found
from claims.adjudication.rules.facts import ClaimFacts, Standing
from gateway.coverage.policy import ClaimRules

CHECK_PROBLEMS = {
    # Another facility's check is not told apart from one that does not exist.
    "unknown_check": "check_unknown",
    "other_facility": "check_unknown",
    "other_person": "check_other_person",
    "other_day": "check_other_day",
}


def person_findings(facts: ClaimFacts, rules: ClaimRules) -> Iterator[Finding]:
    """Judge who was treated: known, entitled (or promised), alive, born, on a card in use."""
    standing, patient = facts.standing, facts.patient
    if standing.check_problem:
        yield found(CHECK_PROBLEMS[standing.check_problem])
    if not standing.found:
        yield found("person_unknown")
        return
    yield from _cover(facts)
    if patient.died_on is not None and facts.service_from > patient.died_on:
        yield found("after_death")
    if patient.card_lost:
        yield found("card_lost")
    if patient.date_of_birth is not None and facts.service_from < patient.date_of_birth:
        yield found("before_birth")
    yield from _newborn(facts, rules)


def _cover(facts: ClaimFacts) -> Iterator[Finding]:
    """A promised check stands for enrolment, contributions and contract (and nothing else)."""
    standing, day = facts.standing, facts.service_from
    if facts.cause in ("work", "commuting"):
        yield found("occupational_risk")
    if standing.promised:
        yield found("promise_used", check=standing.check)
        return
    if standing.verdict == "unknown":
        yield found("coverage_unknown", day=day, **_why(standing))
    elif standing.verdict in ("not_eligible", "not_found"):
        yield found("not_eligible", day=day, **_why(standing))
    if standing.verdict == "emergency_only" or not facts.place.contracted(day):
        emergency = facts.emergency or facts.visit_type == "emergency"
        yield found("emergency_not_contracted" if emergency else "not_contracted", day=day)


def _why(standing: Standing) -> dict[str, Any]:
    return {
        "why_en": "; ".join(en for en, _ in standing.why) or "no reason given",
        "why_km": "; ".join(km for _, km in standing.why) or "មិនមានមូលហេតុ",
    }


def _newborn(facts: ClaimFacts, rules: ClaimRules) -> Iterator[Finding]:
    """A newborn is covered under the mother's card for 28 days (setting)."""
    patient = facts.patient
    if not patient.birth_order or patient.date_of_birth is None:
        return
    if patient.holder_sex == "M":
        yield found("newborn_not_mother")
    last = patient.date_of_birth + timedelta(days=rules.newborn_days)
    if facts.service_from > last:
        yield found(
            "newborn_too_old",
            source=rules.source_of("newborn_days").text,
            days=rules.newborn_days,
            age=(facts.service_from - patient.date_of_birth).days,
        )


def day_findings(facts: ClaimFacts, rules: ClaimRules) -> Iterator[Finding]:
    """Judge the days: not in the future, in order, and submitted in time."""
    last = max(facts.service_from, facts.service_to)
    if last > facts.today:
        yield found("in_the_future", day=last)
    if facts.service_to < facts.service_from:
        yield found("days_reversed", start=facts.service_from, end=facts.service_to)
    latest = facts.submit_by or last + timedelta(days=rules.submit_within_days)
    if facts.submitted_on > latest:
        yield found(
            "late",
            source=rules.source_of("submit_within_days").text,
            days=(facts.submitted_on - last).days,
            limit=(latest - last).days,
        )
