"""From a claim's body and what was gathered to its outcome: makes the facts, asks the pure rules.

Called by the commands of `service`; stores nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from claims.adjudication.rules.adjudicate import Outcome, adjudicate
from claims.adjudication.rules.facts import Place
from claims.adjudication.service import price_list
from claims.attachments.service import kinds_of
from claims.signals import service as signals
from claims.submission.deadlines import submit_by
from claims.submission.rules import Body
from claims.submission.service.calendar import calendar_at
from claims.submission.service.facts import facts_of, newborn_of
from claims.submission.service.gathering import Known
from config import clock
from config.errors import Conflict
from gateway.coverage.policy import DEFAULT_CLAIM_RULES
from gateway.coverage.service import policy_set
from gateway.eligibility.rules.facts import Judgement, Person
from gateway.eligibility.service import judge_found


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
    body: Body,
    *,
    facility: str,
    known: Known,
    first_submitted_on: date | None = None,
    number: str | None = None,
) -> Judged:
    """Judge a claim as it would be judged if it were submitted today.

    `number` is that of a stored claim: what is attached to it is asked for when a checklist wants it.
    """
    gathered = known.gathered
    judgement = _judgement(body, known, facility=facility)
    place = _place(judgement, facility)
    scheme, generation = judgement.decision.scheme, gathered.generation
    policy = policy_set(generation).on(scheme or "health_care", body.service_from)
    rules = policy.claims if policy is not None else DEFAULT_CLAIM_RULES
    last_day = max(body.service_from, body.service_to)
    facts = facts_of(
        body, judgement, check=known.check, history=gathered.history,
        place=place,
        submitted_on=first_submitted_on or clock.today(), today=clock.today(),
        submit_by=submit_by(last_day, rules, calendar_at(generation)),
        attachments=kinds_of(number) if number and rules.checklists else frozenset(),
    )  # fmt: skip
    return Judged(
        outcome=adjudicate(facts, price_list(gathered.mark), policy),
        scheme=scheme,
        person=_snapshot(judgement.person),
        category=judgement.person.category if judgement.person else None,
        level=place.level,
        check=known.check,
    )


def look(row: Mapping[str, Any], judged: Judged | None, known: Known) -> signals.Noted:
    """Tell what asks for a look at a claim that is about to be submitted; NSSF alone learns it."""
    if judged is None or known.compared is None:
        return signals.Noted((), None)
    gathered = known.gathered
    rules = policy_set(gathered.generation).claim_rules(judged.scheme, row["service_from"])
    return signals.look(row, judged.outcome, known.compared, history=gathered.history, rules=rules)


def _judgement(body: Body, known: Known, *, facility: str) -> Judgement:
    return judge_found(
        known.person,
        card_key=body.card_key,
        day=body.service_from,
        facility=facility,
        cause=body.cause,
        emergency=body.data["emergency"] or body.data["visit_type"] == "emergency",
        patient=newborn_of(body.data["patient"]),
        check=known.check,
    )


def _place(judgement: Judgement, code: str) -> Place:
    found = judgement.place
    if found is None or found.level is None or found.kind is None:
        raise Conflict("facility_unknown", detail=f"Facility {code} is not in the registry.")
    return Place(found.code, found.level, found.kind, found.contract_from, found.contract_to)


def _snapshot(person: Person | None) -> dict[str, Any] | None:
    if person is None:
        return None
    return {
        **person.as_kept(),
        "category": person.category,
        "relationship": person.relationship,
        "principal_key": person.principal_key,
    }
