"""How much of what is priced is left to pay: days of care, and the patient's share.

A partial excess is cut, not refused. Each calendar day with care counts once (Prakas 109/2016).
"""

from __future__ import annotations

from datetime import date, timedelta

from claims.adjudication.rules.facts import INPATIENT, ClaimFacts
from claims.adjudication.rules.services import Work
from gateway.coverage.policy import ClaimRules

MAX_STAY_DAYS = 3660


def days_of(facts: ClaimFacts, work: Work) -> tuple[date, ...]:
    """Return the calendar days a line counts for: a stay's line counts for the whole stay."""
    days = (facts.service_to - facts.service_from).days
    if work.benefit == INPATIENT and facts.visit_type == INPATIENT and 0 <= days <= MAX_STAY_DAYS:
        return tuple(facts.service_from + timedelta(days=n) for n in range(days + 1))
    return (work.line.service_date,)


def cut_to_days_left(facts: ClaimFacts, works: list[Work]) -> None:
    """Pay the first days that are left; the rest of a line is cut in proportion."""
    counted = [
        (work, days_of(facts, work), remaining)
        for work in works
        if (remaining := _remaining(facts, work)) is not None
    ]
    rank = {
        day: place
        for place, day in enumerate(sorted({day for _, days, _ in counted for day in days}), 1)
    }
    for work, days, remaining in counted:
        covered = sum(rank[day] <= remaining for day in days)
        if covered == len(days):
            continue
        if covered == 0:
            work.note("limit_reached", day=days[0])
        else:
            work.payable_riel = work.payable_riel * covered // len(days)
            work.note("limit_cut", covered=covered, days=len(days))


def _remaining(facts: ClaimFacts, work: Work) -> int | None:
    grant = facts.standing.grants.get(str(work.benefit))
    return max(0, grant.remaining_days) if grant and grant.remaining_days is not None else None


def take_copayment(works: list[Work], rules: ClaimRules) -> None:
    """Take the patient's share off, per unit paid; the default share is 0."""
    for work in works:
        share = rules.copay.get(work.line.service, rules.copay.get(str(work.benefit), 0))
        taken = min(work.payable_riel, share * work.allowed)
        if taken > 0:
            work.payable_riel -= taken
            work.note("copayment", share=f"{taken:,}", source=rules.source_of("copay").text)
