"""From a claim's body to its outcome: gathers the facts and asks the pure rules.

Called by the commands of `service`; stores nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from claims.adjudication.rules.adjudicate import Outcome, adjudicate
from claims.adjudication.rules.facts import ClaimFacts, Grant, Patient, Place, Standing
from claims.adjudication.service import classify, price_list
from claims.submission.queries import Gathered
from claims.submission.rules import Body
from config import clock
from config.errors import Conflict, NotFound
from gateway.coverage.service import policy_set
from gateway.eligibility.rules.facts import Judgement, Newborn, Person
from gateway.eligibility.service import judge
from gateway.facilities.service import Facility, find_facility

NO_LONGER_VALID = frozenset({"lost", "replaced"})


@dataclass(frozen=True, slots=True)
class Judged:
    """A claim's outcome and who and where it was judged for."""

    outcome: Outcome
    scheme: str | None
    person: dict[str, Any] | None
    category: str | None
    level: str
    check: str | None


def judge_claim(
    body: Body, *, facility: str, gathered: Gathered, first_submitted_on: date | None = None
) -> Judged:
    """Judge a claim as it would be judged if it were submitted today."""
    place = _facility(facility)
    check = body.data["eligibility_check"] or (gathered.visit[1] if gathered.visit else None)
    judgement = judge(
        card_key=body.card_key,
        day=body.service_from,
        facility=facility,
        cause=body.cause,
        emergency=body.data["emergency"] or body.data["visit_type"] == "emergency",
        patient=_newborn(body.data["patient"]),
        check=check,
    )
    facts = ClaimFacts(
        type=body.data["type"],
        visit_type=body.data["visit_type"],
        cause=body.cause,
        emergency=body.data["emergency"],
        service_from=body.service_from,
        service_to=body.service_to,
        submitted_on=first_submitted_on or clock.today(),
        today=clock.today(),
        patient=_patient(body, judgement.person),
        place=Place(place.code, place.level, place.kind, place.contract_from, place.contract_to),
        standing=_standing(judgement, check),
        lines=body.lines(),
        diagnoses=body.diagnoses(classify),
        maternity=body.maternity(),
        history=gathered.history,
    )
    scheme = judgement.decision.scheme
    policy = policy_set(gathered.generation).on(scheme or "health_care", body.service_from)
    return Judged(
        outcome=adjudicate(facts, price_list(gathered.mark), policy),
        scheme=scheme,
        person=_snapshot(judgement.person),
        category=judgement.person.category if judgement.person else None,
        level=place.level,
        check=check,
    )


def _facility(code: str) -> Facility:
    try:
        return find_facility(code)
    except NotFound:
        raise Conflict(
            "facility_unknown", detail=f"Facility {code} is not in the registry."
        ) from None


def _newborn(patient: Mapping[str, Any] | None) -> Newborn | None:
    if patient is None:
        return None
    born = date.fromisoformat(patient["date_of_birth"])
    return Newborn(patient["sex"], born, patient["birth_order"])


def _patient(body: Body, person: Person | None) -> Patient:
    newborn = _newborn(body.data["patient"])
    deceased = person is not None and person.status == "deceased"
    return Patient(
        sex=newborn.sex if newborn else person.sex if person else None,
        date_of_birth=newborn.date_of_birth
        if newborn
        else person.date_of_birth
        if person
        else None,
        birth_order=body.birth_order,
        holder_sex=person.sex if person else None,
        # A mother who died giving birth leaves a child who is still covered.
        died_on=person.status_on if person and deceased and newborn is None else None,
        card_lost=person is not None and person.card_status in NO_LONGER_VALID,
    )


def _standing(judgement: Judgement, check: str | None) -> Standing:
    decision = judgement.decision
    return Standing(
        found=judgement.found,
        verdict=decision.verdict,
        scheme=decision.scheme,
        grants={
            name: Grant(benefit.covered, benefit.remaining_days)
            for name, benefit in decision.benefits.items()
        },
        why=tuple((reason.text_en, reason.text_km) for reason in decision.reasons),
        promised=judgement.promised,
        check=judgement.check_number or check,
        check_problem=judgement.check_problem,
    )


def _snapshot(person: Person | None) -> dict[str, Any] | None:
    """Keep who it was: the registry may say something else when the claim is reviewed."""
    if person is None:
        return None
    born = person.date_of_birth
    return {
        "name_km": person.name_km,
        "name_latin": person.name_latin,
        "sex": person.sex,
        "date_of_birth": born.isoformat() if born else None,
        "category": person.category,
        "relationship": person.relationship,
        "principal_key": person.principal_key,
    }
