"""How much waits beyond its deadline, for the product's figures: so that somebody can be called.

Read at every scrape by one statement over narrow indexes; counted by the policy in force today.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from claims.reimbursement.queries import count_overdue
from claims.submission.deadlines import Calendar, deadlines, due
from claims.submission.service.answers import standing_of
from claims.submission.service.calendar import calendar_at
from config import clock
from gateway.coverage.service import policy_set

ONE_DAY = timedelta(days=1)


def overdue() -> dict[str, int]:
    """Count reviews, answers of facilities, payments and allowances whose deadline has passed.

    What a hold or a question stops is not counted; a payment that was held counts from the day its
    claim shows, like a review.
    """
    today, calendar = clock.today(), calendar_at()
    rules = policy_set().claim_rules(None, today)

    def begun_before(days: int) -> datetime:
        late = last_late_day(today, days, counted=rules.deadline_days, calendar=calendar)
        return clock.start_of(late + ONE_DAY)

    counts, held_before = count_overdue(
        today=today,
        unanswered=begun_before(rules.submit_within_days),
        unpaid=begun_before(rules.pay_within_days),
        undecided=begun_before(rules.review_within_days),
    )
    counts["payment"] += sum(_pay_by(row, calendar) < today for row in held_before)
    return counts


def _pay_by(row: Mapping[str, Any], calendar: Calendar) -> date:
    rules = policy_set().claim_rules(row["scheme"], row["service_from"])
    return deadlines(standing_of(row), rules, calendar)["pay_by"] or date.max


def last_late_day(today: date, days: int, *, counted: str, calendar: Calendar) -> date:
    """Return the last day whose deadline of so many days lies before today."""
    day = today - ONE_DAY
    while (due(day, days, counted=counted, calendar=calendar) or today) >= today:
        day -= ONE_DAY
    return day
