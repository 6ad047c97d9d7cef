"""Emergency care that a member paid in cash: what of it is paid back. Pure.

The care is judged as a claim of that facility would be, at the tariff; the member gets at most that,
and at most what was paid (Prakas 109/2016: the nearest facility may be used in an emergency).
"""

from __future__ import annotations

from dataclasses import dataclass

from claims.adjudication.rules.adjudicate import Outcome
from claims.allowances.reasons import Step, step
from claims.allowances.rules.compute import Computation, answer
from claims.allowances.rules.facts import REFUND, AllowanceFacts
from claims.allowances.rules.policy import AllowanceRules


@dataclass(frozen=True, slots=True)
class Care:
    """What was paid for, and where."""

    outcome: Outcome
    paid_riel: int
    emergency: bool
    contracted: bool
    in_registry: bool


def compute_refund(facts: AllowanceFacts, care: Care, rules: AllowanceRules) -> Computation:
    """Compute a refund: what claims would allow of the care, never above what was paid."""
    event, claimant = facts.event, facts.claimant
    rule = rules.find(REFUND, claimant.group, event.on)
    if not claimant.found:
        return answer(0, [step("person_unknown")], None, rules)
    if rule is None:
        return answer(0, [step("no_rule", day=event.on)], None, rules)
    steps: list[Step] = []
    if not care.emergency:
        steps.append(step("not_emergency", rule.source))
    if care.contracted:
        steps.append(step("facility_contracted", rule.source))
    if not care.in_registry:
        steps.append(step("level_as_told", rule.source))
    allowed = care.outcome.payable_riel
    code = "care_adjudicated" if min(allowed, care.paid_riel) else "care_refused"
    steps.append(step(code, rule.source, riel=allowed))
    if 0 < care.paid_riel < allowed:
        told = f"{care.paid_riel:,}"
        steps.append(step("paid_less", rule.source, riel=care.paid_riel, paid=told))
    return answer(min(allowed, care.paid_riel), steps, rule, rules)
