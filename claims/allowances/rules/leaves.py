"""Are the same days of leave paid as sickness and as maternity? Found, and looked at. Pure."""

from __future__ import annotations

from datetime import date, timedelta

from claims.allowances.reasons import Step, step
from claims.allowances.rules.facts import MATERNITY, AllowanceFacts
from claims.allowances.rules.policy import AllowanceRule, AllowanceRules

ONE_DAY = timedelta(days=1)


def other_leave(facts: AllowanceFacts, rule: AllowanceRule, rules: AllowanceRules) -> list[Step]:
    """Find the days for which another allowance of the person pays a leave already."""
    if rule.other_leave is None:
        return []
    first, last = _span(facts.event.on, facts.event.until, rule)
    days = 0
    for begun, ended in facts.before.other_leave:
        other = rules.find(MATERNITY, facts.claimant.group, begun) if ended is None else None
        since, until = _span(begun, ended, other)
        days += max(0, (min(last, until) - max(first, since) + ONE_DAY).days)
    return [step("leave_paid_twice", rule.other_leave, days=days)] if days else []


def _span(first: date, last: date | None, rule: AllowanceRule | None) -> tuple[date, date]:
    """Return the days of a leave: those told, else as many as the rule pays from the event on."""
    if last is not None or rule is None or rule.kind != MATERNITY:
        return first, last or first
    return first, first + ((rule.days or 1) - 1) * ONE_DAY
