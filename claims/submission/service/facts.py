"""From a claim's body and a judgement of eligibility to the facts adjudication is told; no database.

Used when a claim is judged, and when the same claim is judged again under another policy.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from claims.adjudication.rules.facts import ClaimFacts, Grant, Past, Patient, Place, Standing
from claims.adjudication.service import classify
from claims.submission.rules import Body
from gateway.eligibility.rules.facts import Judgement, Newborn, Person

NO_LONGER_VALID = frozenset({"lost", "replaced"})


def facts_of(
    body: Body,
    judgement: Judgement,
    *,
    place: Place,
    check: str | None,
    history: tuple[Past, ...],
    submitted_on: date,
    today: date,
    submit_by: date | None = None,
    attachments: frozenset[str] = frozenset(),
) -> ClaimFacts:
    """Return everything the rules may look at; `check` is the one the claim names."""
    return ClaimFacts(
        type=body.data["type"],
        visit_type=body.data["visit_type"],
        cause=body.cause,
        emergency=body.data["emergency"],
        service_from=body.service_from,
        service_to=body.service_to,
        submitted_on=submitted_on,
        today=today,
        submit_by=submit_by,
        patient=_patient(body, judgement.person),
        place=place,
        standing=standing_in(judgement, check),
        lines=body.lines(),
        diagnoses=body.diagnoses(classify),
        maternity=body.maternity(),
        history=history,
        attachments=attachments,
    )


def newborn_of(patient: Mapping[str, Any] | None) -> Newborn | None:
    """Return the child without a card a claim is about, if it is."""
    if patient is None:
        return None
    born = date.fromisoformat(patient["date_of_birth"])
    return Newborn(patient["sex"], born, patient["birth_order"])


def _patient(body: Body, person: Person | None) -> Patient:
    newborn = newborn_of(body.data["patient"])
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


def standing_in(judgement: Judgement, check: str | None) -> Standing:
    """Return what adjudication learns of a person's cover."""
    decision = judgement.decision
    return Standing(
        found=judgement.found,
        verdict=decision.verdict,
        scheme=decision.scheme,
        grants={
            # One scheme pays the whole claim: what another would give is not its to pay.
            name: Grant(
                benefit.covered and benefit.scheme == decision.scheme,
                benefit.remaining_days,
                benefit.remaining_uses,
            )
            for name, benefit in decision.benefits.items()
        },
        why=tuple((reason.text_en, reason.text_km) for reason in decision.reasons),
        used=_used(judgement.person, decision.scheme),
        promised=judgement.promised,
        check=judgement.check_number or check,
        check_problem=judgement.check_problem,
    )


def _used(person: Person | None, scheme: str | None) -> frozenset[tuple[date, str]]:
    if person is None:
        return frozenset()
    return frozenset((day, benefit) for of, benefit, day in person.usage if of == scheme)
