"""How much of what is priced is left to pay: days of care, uses, and the patient's share.

A partial excess is cut, not refused. Each calendar day with care counts once (Prakas 109/2016): a
day that counts already, because of an earlier claim, costs nothing again.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

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


def cut_to_what_is_left(facts: ClaimFacts, works: list[Work]) -> None:
    """Pay the first days and uses that are left; the rest of a line is cut in proportion.

    What counts days counts each day once, whatever was done; what counts uses counts each benefit
    of each day.
    """
    used = facts.standing.used
    _cut(
        [(work, days_of(facts, work), _days_left(facts, work)) for work in works],
        free=frozenset(day for day, _ in used),
        code="limit",
    )
    _cut(
        [
            (work, tuple((day, str(work.benefit)) for day in days_of(facts, work)),
             _uses_left(facts, work))
            for work in works
        ],
        free=used,
        code="uses",
    )  # fmt: skip


def _cut(
    counted: Iterable[tuple[Work, tuple[Any, ...], int | None]], *, free: frozenset[Any], code: str
) -> None:
    """Rank what is counted in order of time; what ranks beyond a line's remainder is not paid."""
    limited = [(work, units, left) for work, units, left in counted if left is not None]
    new = sorted({unit for _, units, _ in limited for unit in units if unit not in free})
    rank = {unit: place for place, unit in enumerate(new, 1)}
    for work, units, left in limited:
        covered = sum(rank.get(unit, 0) <= left for unit in units)
        if covered == 0:
            work.note(f"{code}_reached", day=work.line.service_date)
        elif covered < len(units):
            work.payable_riel = work.payable_riel * covered // len(units)
            work.note(f"{code}_cut", covered=covered, days=len(units))


def _days_left(facts: ClaimFacts, work: Work) -> int | None:
    grant = facts.standing.grants.get(str(work.benefit))
    return max(0, grant.remaining_days) if grant and grant.remaining_days is not None else None


def _uses_left(facts: ClaimFacts, work: Work) -> int | None:
    grant = facts.standing.grants.get(str(work.benefit))
    return max(0, grant.remaining_uses) if grant and grant.remaining_uses is not None else None


def take_copayment(works: list[Work], rules: ClaimRules) -> None:
    """Take the patient's share off, per unit paid; the default share is 0."""
    for work in works:
        name = work.line.service if work.line.service in rules.copay else str(work.benefit)
        share = rules.copay.get(name, 0)
        taken = min(work.payable_riel, share * work.allowed)
        if taken > 0:
            work.payable_riel -= taken
            work.note("copayment", share=f"{taken:,}", source=rules.source_of(f"copay.{name}").text)
