"""What is an allowance worth, and why? `compute` answers line by line. Pure, dated by the event.

Three answers: payable, not_payable, and not_known when data is missing - which is never shown as a
refusal. The amount is whole riel, zero unless payable.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from claims.allowances.reasons import Step, Weight, step
from claims.allowances.rules import birth, leaves, wages
from claims.allowances.rules.facts import (
    BIRTH,
    CREMATION,
    DEATHS,
    FUNERAL,
    MATERNITY,
    REFUND,
    SICKNESS,
    AllowanceFacts,
)
from claims.allowances.rules.policy import AllowanceRule, AllowanceRules

PAYABLE, NOT_PAYABLE, NOT_KNOWN = "payable", "not_payable", "not_known"
Found = tuple[int, list[Step]]


@dataclass(frozen=True, slots=True)
class Computation:
    """The answer: an amount, how it came about, and whether it rests on an assumption."""

    verdict: str
    riel: int
    steps: tuple[Step, ...]
    rule: str | None
    rules_version: str
    days: int = 0

    @property
    def assumed(self) -> bool:
        """Tell whether anything counted here is not law or report but an assumption."""
        return any(one.source.status == "assumption" for one in self.steps)

    @property
    def codes(self) -> tuple[str, ...]:
        """List the codes of the steps."""
        return tuple(one.code for one in self.steps)

    def as_json(self) -> dict[str, Any]:
        """Return the computation as it is stored and answered."""
        return {
            "verdict": self.verdict,
            "computed_riel": self.riel,
            "assumed": self.assumed,
            "rule": self.rule,
            "rules_version": self.rules_version,
            "days": self.days,
            "steps": [one.as_json() for one in self.steps],
        }


def compute(facts: AllowanceFacts, rules: AllowanceRules) -> Computation:
    """Compute an allowance by the rules in force on the day of the event."""
    event, claimant = facts.event, facts.claimant
    kept = rules.find(event.kind, claimant.group, event.on, event.event)
    before = _person(facts, kept)
    if kept is None or kept.off or _ends(before):
        return answer(0, before, kept, rules)
    riel, found = KINDS[event.kind](facts, kept, rules)
    days = paid_days(facts, kept) if event.kind == SICKNESS else 0
    return answer(riel, [*before, *found], kept, rules, days=days)


def answer(
    riel: int, steps: Iterable[Step], rule: AllowanceRule | None, rules: AllowanceRules,
    *, days: int = 0,
) -> Computation:  # fmt: skip
    """Draw the verdict from the steps: a denial weighs more than missing data."""
    told = tuple(steps)
    weights = {one.severity for one in told}
    verdict = (
        NOT_PAYABLE if Weight.DENY in weights
        else NOT_KNOWN if Weight.UNKNOWN in weights
        else PAYABLE
    )  # fmt: skip
    paid = verdict == PAYABLE
    named = rule.id if rule else None
    return Computation(
        verdict, riel if paid else 0, told, named, rules.version, days if paid else 0
    )


def _person(facts: AllowanceFacts, rule: AllowanceRule | None) -> list[Step]:
    """Judge who asks: known, of a group with a rule, a member that day, alive."""
    claimant, event = facts.claimant, facts.event
    if not claimant.found:
        return [step("person_unknown")]
    steps = []
    if rule is None:
        code = "group_unknown" if claimant.group is None else "no_rule"
        steps.append(step(code, day=event.on))
    elif rule.off:
        steps.append(step("switched_off", rule.source))
    if not claimant.covered and event.kind != REFUND:
        steps.append(step("not_a_member", day=event.on))
    if event.kind not in DEATHS and claimant.died_on is not None and claimant.died_on < event.on:
        steps.append(step("dead_before"))
    return steps


def _ends(steps: Iterable[Step]) -> bool:
    return any(one.severity in (Weight.DENY, Weight.UNKNOWN) for one in steps)


def _waged(facts: AllowanceFacts, rule: AllowanceRule, days: int) -> Found:
    """Count months, average the wage, take the share: in that order, all of it told."""
    steps = wages.judge_months(rule, facts.earnings, facts.event.on)
    if rule.wage is None or _ends(steps):
        return 0, steps
    daily, made = wages.average_wage(rule.wage, facts.earnings, facts.event.on)
    if _ends(made):
        return 0, [*steps, *made]
    riel, shared = wages.share(rule, daily, days)
    return riel, [*steps, *made, *shared]


def _maternity(facts: AllowanceFacts, rule: AllowanceRule, rules: AllowanceRules) -> Found:
    """A share of the average daily wage for the days of maternity leave (Prakas 109/2016)."""
    steps = [*birth.mother(facts), *birth.long_enough(facts, rule)]
    place = rules.find("maternity_place", facts.claimant.group, facts.event.on)
    steps += birth.place(facts, place)
    riel, waged = _waged(facts, rule, rule.days or 0)
    return riel, [*steps, *leaves.other_leave(facts, rule, rules), *waged]


def _sickness(facts: AllowanceFacts, rule: AllowanceRule, rules: AllowanceRules) -> Found:
    """A share of the average daily wage for days of leave, at most 180 in 12 months."""
    event, used = facts.event, facts.before.sick_days
    steps: list[Step] = []
    if event.leave is not True:
        steps.append(step("no_leave" if event.leave is False else "leave_not_shown", rule.source))
    asked, days = _days_asked(facts), paid_days(facts, rule)
    steps.append(step("days_counted", rule.source, days=asked, first=event.on,
                      last=event.until or event.on))  # fmt: skip
    steps += leaves.other_leave(facts, rule, rules)
    told = {"limit": rule.days, "months": rule.window_months}
    if days == 0:
        return 0, [*steps, step("days_used_up", rule.source, **told)]
    if days < asked:
        steps.append(step("days_cut", rule.source, used=used, left=days, **told))
    riel, waged = _waged(facts, rule, days)
    return riel, [*steps, *waged]


def _days_asked(facts: AllowanceFacts) -> int:
    event = facts.event
    return ((event.until or event.on) - event.on).days + 1


def paid_days(facts: AllowanceFacts, rule: AllowanceRule) -> int:
    """Return how many days of sickness are left to pay of those asked for."""
    left = max(0, (rule.days or 0) - facts.before.sick_days)
    return min(_days_asked(facts), left)


def _death(facts: AllowanceFacts, rule: AllowanceRule, _: AllowanceRules) -> Found:
    """A fixed amount for a death; while it is empty, recorded and not payable."""
    died, steps = facts.claimant.died_on, []
    if died is None:
        steps.append(step("death_not_registered"))
    elif died != facts.event.on:
        steps.append(step("death_other_day", day=died))
    if rule.riel is None:
        return 0, [*steps, step("amount_not_set", rule.source)]
    return rule.riel, [*steps, step("fixed_amount", rule.source, riel=rule.riel)]


KINDS: dict[str, Callable[[AllowanceFacts, AllowanceRule, AllowanceRules], Found]] = {
    MATERNITY: _maternity,
    BIRTH: birth.compute_birth,
    SICKNESS: _sickness,
    CREMATION: _death,
    FUNERAL: _death,
}
