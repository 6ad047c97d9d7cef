"""Judge care that a member paid in cash as a claim of that facility would be judged."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from claims.adjudication.rules.adjudicate import adjudicate
from claims.adjudication.rules.facts import Past, Place
from claims.adjudication.service import price_list
from claims.allowances import queries
from claims.allowances.models import Allowance
from claims.allowances.rules.facts import AllowanceFacts
from claims.allowances.rules.policy import AllowanceRules
from claims.allowances.rules.refund import Care, compute_refund
from claims.submission.queries import gather
from claims.submission.rules import Body
from claims.submission.service.facts import facts_of
from config import clock
from config.db import driver
from config.errors import NotFound
from gateway.coverage.service import policy_set
from gateway.eligibility.service import judge
from gateway.facilities.service import find_facility

NOT_A_FACILITY = ""
VISIT = "emergency"


def judge_refund(
    session: Session, allowance: Allowance, facts: AllowanceFacts, rules: AllowanceRules
) -> dict[str, Any]:
    """Compute a refund and keep beside it what the rules for claims said of each line."""
    told, day = allowance.body["care"], allowance.event_on
    place, known = _place(told)
    judgement = judge(
        card_key=allowance.card_key,
        day=day,
        facility=told["facility"] if known else None,
        cause="illness",
        emergency=told["emergency"],
    )
    policy = policy_set().on(judgement.decision.scheme or "health_care", day)
    # The deadline for filing is the facilities'; none is known for members.
    care_facts = facts_of(
        _as_claim(allowance), judgement, place=place, check=None,
        history=_history(session, allowance), submitted_on=day, today=clock.today(),
    )  # fmt: skip
    outcome = adjudicate(care_facts, price_list(), policy)
    care = Care(
        outcome=outcome,
        paid_riel=told["paid_riel"],
        emergency=told["emergency"],
        contracted=place.contracted(day),
        in_registry=known,
    )
    return compute_refund(facts, care, rules).as_json() | {"outcome": outcome.as_json()}


def _place(told: dict[str, Any]) -> tuple[Place, bool]:
    """Return the facility as the registry knows it, or as the member told it."""
    code = told["facility"]
    try:
        found = find_facility(code) if code else None
    except NotFound:
        found = None
    if found is None:
        return Place(code or NOT_A_FACILITY, told["facility_level"], "private"), False
    return (
        Place(found.code, found.level, found.kind, found.contract_from, found.contract_to),
        True,
    )


def _as_claim(allowance: Allowance) -> Body:
    """Return the care as the claim that the facility would have filed for it."""
    told, day = allowance.body["care"], allowance.body["event_on"]
    lines = [line | {"service": line["service"].upper(), "service_date": day}
             for line in told["lines"]]  # fmt: skip
    return Body(
        {
            "type": "treatment", "card_number": allowance.card_number, "patient": None,
            "visit_type": VISIT, "cause": "illness", "emergency": told["emergency"],
            "service_from": day, "service_to": day, "maternity": None,
            "diagnoses": [{"code": code.upper()} for code in told["diagnoses"]], "lines": lines,
        },
        submit=True,
        digest="",
    )  # fmt: skip


def _history(session: Session, allowance: Allowance) -> tuple[Past, ...]:
    """Return what was asked for the person's care: none is paid twice, to whomever, unseen."""
    day = allowance.event_on
    refunds = tuple(
        Past(number, False, line["service"].upper(), day, line["quantity"], VISIT, day, day)
        for number, care in queries.other_refunds(session, allowance)
        for line in care["lines"]
    )
    claims = gather(
        driver(session),
        facility=NOT_A_FACILITY,
        reference=NOT_A_FACILITY,
        card_key=allowance.card_key,
        days=[allowance.event_on],
        visit=None,
        replaces=None,
    ).history
    return claims + refunds
