"""Are enough months paid, and what is the average daily wage? Prakas 109/2016, pure.

Months are read as `gateway.coverage.months` reads them for care. The average counts the paid months
of at most six before the month of the event, divided by 30 days a month.
"""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Any

from claims.allowances.reasons import Step, step
from claims.allowances.rules.facts import Earnings
from claims.allowances.rules.policy import AllowanceRule, Reading, WageBasis
from config.money import percent_of
from gateway.coverage import months
from gateway.coverage.policy import Source

REGISTRY = Source("registry: one contributory wage a member", "assumption", "L")


def judge_months(rule: AllowanceRule, earnings: Earnings, day: date) -> list[Step]:
    """Count the months by the readings in use, and say what the others would answer."""
    if not earnings.loaded:
        return [step("contributions_not_loaded")]
    due = months.last_due(day, earnings.due_day, earnings.complete_through)
    month = months.month_of(day)
    counted = [(one, _paid(one, earnings.paid, due, month)) for one in rule.in_use]
    met = [pair for pair in counted if pair[1] >= _needed(pair[0])]
    best, paid = (met or sorted(counted, key=lambda pair: pair[1] - _needed(pair[0])))[-1]
    steps = [
        step(
            "months_met" if met else "months_short", best.source,
            paid=paid, needed=_needed(best), due=months.month_text(due), **_how(best),
        )
    ]  # fmt: skip
    for other in rule.not_in_use:
        agrees = (_paid(other, earnings.paid, due, month) >= _needed(other)) == bool(met)
        code = "reading_agrees" if agrees else "reading_differs"
        steps.append(step(code, other.source, **_how(other)))
    return steps


def average_wage(basis: WageBasis, earnings: Earnings, day: date) -> tuple[Fraction, list[Step]]:
    """Return the average daily wage, zero when it is not known, and how it came about."""
    month = months.month_of(day)
    first, last = month - basis.months, month - 1
    paid = sum(months.is_paid(earnings.paid, at) for at in range(first, last + 1))
    span: dict[str, Any] = {"first": months.month_text(first), "last": months.month_text(last)}
    if earnings.wage_riel is None:
        return Fraction(0), [step("wage_unknown", basis.source)]
    if paid == 0:
        return Fraction(0), [step("no_wage_month", basis.source, **span)]
    wage = min(max(earnings.wage_riel, basis.floor_riel), basis.ceiling_riel)
    steps = [step("one_wage", REGISTRY)]
    if wage != earnings.wage_riel:
        told: dict[str, Any] = {"wage": f"{earnings.wage_riel:,}", "counted": f"{wage:,}"}
        steps.append(step("wage_bounded", basis.source, **told))
    total = wage * paid
    daily = Fraction(total, paid * basis.month_days)
    steps += [
        step("wages_counted", basis.source, riel=total, months=paid, wage=f"{wage:,}", **span),
        step("daily_wage", basis.source, riel=percent_of(1, daily * 100),
             total=f"{total:,}", months=paid, days=basis.month_days),
    ]  # fmt: skip
    return daily, steps


def share(rule: AllowanceRule, daily: Fraction, days: int) -> tuple[int, list[Step]]:
    """Return the rule's share of the daily wage for some days, rounded once at the end."""
    percent = rule.percent or 0
    riel = percent_of(days, daily * percent)
    return riel, [step("share_of_wage", rule.source, riel=riel, percent=percent, days=days)]


def _paid(reading: Reading, paid: int, due: int, month: int) -> int:
    if reading.consecutive is not None:
        missing = months.missing_in_a_row(paid, reading.consecutive, due=due, month=month)
        return reading.consecutive - len(missing)
    return months.paid_in_window(paid, reading.window or 0, due=due, month=month)


def _needed(reading: Reading) -> int:
    return reading.consecutive or reading.paid or 0


def _how(reading: Reading) -> dict[str, Any]:
    if reading.consecutive is not None:
        needed = reading.consecutive
        return {"how": f"{needed} in a row", "how_km": f"{needed} ខែជាប់ៗគ្នា"}
    return {
        "how": f"{reading.paid} of the last {reading.window}",
        "how_km": f"{reading.paid} ខែ ក្នុង {reading.window} ខែចុងក្រោយ",
    }
