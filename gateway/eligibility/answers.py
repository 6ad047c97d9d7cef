"""How is a decision told? Facts and decision to the plain dict every door answers; pure.

The same dict is answered, recorded and read back, so a recorded check never changes its words.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any

from gateway.coverage import months
from gateway.coverage.policy import PolicySet
from gateway.eligibility.reasons import Reason
from gateway.eligibility.rules.facts import BenefitFinding, Decision, Facts, Person

MATERNITY = ("antenatal", "delivery", "postnatal")
"""How much maternity care was used is told only to who asks for that benefit."""


def to_reasons(reasons: Iterable[Reason]) -> list[dict[str, str]]:
    """Show reasons in both languages."""
    return [reason.as_dict() for reason in reasons]


def to_member(person: Person) -> dict[str, Any]:
    """Show the minimal identity."""
    member = person.principal
    return {
        "card_number": person.card_number,
        "name_km": person.name_km,
        "name_latin": person.name_latin,
        "sex": person.sex,
        "date_of_birth": iso(person.date_of_birth),
        "category": person.category if not person.is_dependent else member and member.category,
        "relationship": person.relationship,
        "principal_card_number": member.card_number if person.is_dependent and member else None,
    }


def to_coverages(facts: Facts, person: Person) -> list[dict[str, Any]]:
    """Show each scheme's state on the day and what was paid by then."""
    shown = []
    month = months.month_of(facts.day)
    for cover in person.covers:
        known = facts.contributions_loaded
        last = months.newest(months.until(cover.paid, month)) if known else None
        # The twelve calendar months that end with the month of service.
        paid = months.paid_in_window(cover.paid, 12, due=month, month=month)
        shown.append(
            {
                "scheme": cover.scheme,
                "status": cover.state_on(facts.day),
                "months_paid_last_12": paid if known else None,
                "last_paid_month": None if last is None else months.month_text(last),
            }
        )
    return shown


def to_benefit(finding: BenefitFinding, *, counted: bool) -> dict[str, Any]:
    """Show one benefit; what remains of it only when it may be told."""
    left = finding.remaining if counted else None
    return {
        "benefit": finding.benefit,
        "covered": finding.covered,
        "remaining": None if left is None else {"unit": left.unit, "value": left.value},
        "patient_pays_riel": finding.patient_pays_riel if finding.covered else None,
        "reasons": to_reasons(finding.reasons),
    }


def to_family(family: Iterable[tuple[Person, Decision]]) -> list[dict[str, Any]]:
    """Show each dependent with their own verdict."""
    return [
        {
            "card_number": person.card_number,
            "name_km": person.name_km,
            "name_latin": person.name_latin,
            "relationship": person.relationship,
            "date_of_birth": iso(person.date_of_birth),
            "verdict": decision.verdict,
            "reasons": to_reasons(decision.reasons),
        }
        for person, decision in family
    ]


def to_answer(
    facts: Facts,
    decision: Decision,
    policies: PolicySet,
    family: Iterable[tuple[Person, Decision]],
    extra: Iterable[Reason] = (),
) -> dict[str, Any]:
    """Show the decision's part of the answer; the recording adds number, moments and promise."""
    person = facts.person
    return {
        "service_date": facts.day.isoformat(),
        "facility": facts.facility_code,
        "verdict": decision.verdict,
        "scheme": decision.scheme,
        "policy_version": policies.version,
        "member": None if person is None else to_member(person),
        "coverages": [] if person is None else to_coverages(facts, person),
        "benefits": [
            to_benefit(finding, counted=name in facts.benefits or name not in MATERNITY)
            for name, finding in decision.benefits.items()
        ],
        "reasons": to_reasons((*decision.reasons, *extra)),
        "dependents": to_family(family),
    }


def iso(day: date | None) -> str | None:
    """Write a day as JSON does."""
    return None if day is None else day.isoformat()


def moment(at: datetime | None) -> str | None:
    """Write a moment as JSON does: UTC, whole seconds, Z."""
    if at is None:
        return None
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def birth_year(born: date | None) -> int | None:
    """Tell the year only, for lists of candidates and slips."""
    return None if born is None else born.year
