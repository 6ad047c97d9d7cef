"""By which day has each side to act? Day arithmetic over holidays, outages and pauses; pure.

A day is one of Phnom Penh. The first day never counts; a paused day (from the day a question was
asked or a claim was held, up to the day before it was answered or released) and a day on which the
service was out never count. What else counts is the policy's `deadline_days`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from claims.submission.states import DECIDED, ClaimState
from gateway.coverage.policy import ClaimRules

SATURDAY = 5
ONE_DAY = timedelta(days=1)
CASE_PAID = frozenset({ClaimState.APPROVED, ClaimState.BATCHED, ClaimState.PAID})
WAITING = frozenset({ClaimState.SUBMITTED, ClaimState.IN_REVIEW})


@dataclass(frozen=True, slots=True)
class Calendar:
    """Which days offices are closed, and on which this service was out."""

    holidays: frozenset[date] = frozenset()
    outages: frozenset[date] = frozenset()

    def is_working(self, day: date) -> bool:
        """Tell whether offices are open: Monday to Friday, no public holiday."""
        return day.weekday() < SATURDAY and day not in self.holidays


@dataclass(frozen=True, slots=True)
class Pause:
    """A stretch during which the clock stands still; without an end it still does."""

    since: date
    until: date | None = None

    def covers(self, day: date) -> bool:
        """Tell whether this day is not counted."""
        return self.since <= day and (self.until is None or day < self.until)


NO_PAUSES: tuple[Pause, ...] = ()


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a claim stands on its clocks: what happened when, and what stops them."""

    state: str
    service_to: date
    submitted_on: date | None = None
    decided_on: date | None = None
    asked_on: date | None = None
    reduced: bool = False
    held: bool = False
    holds: tuple[Pause, ...] = ()
    questions: tuple[Pause, ...] = ()

    @property
    def waits(self) -> bool:
        """Tell whether NSSF's clock for a decision runs."""
        return self.state in WAITING and not self.held and self.asked_on is None

    @property
    def appealable(self) -> bool:
        """Tell whether there is a decision a facility may appeal against."""
        return self.state == ClaimState.REJECTED or (self.state in DECIDED and self.reduced)


def due(
    start: date,
    days: int,
    *,
    counted: str,
    calendar: Calendar,
    pauses: Sequence[Pause] = NO_PAUSES,
) -> date | None:
    """Return the last day of a deadline of so many days after a day; None while it stands still."""
    if any(pause.until is None for pause in pauses):
        return None
    day, left = start, days
    while left > 0:
        day += ONE_DAY
        left -= _counts(day, counted, calendar, pauses)
    while counted == "next_working" and not calendar.is_working(day):
        day += ONE_DAY
    return day


# Claims of one day have the same deadlines.
_known_due = lru_cache(maxsize=5_000)(due)


def _counts(day: date, counted: str, calendar: Calendar, pauses: Sequence[Pause]) -> bool:
    if day in calendar.outages or any(pause.covers(day) for pause in pauses):
        return False
    return counted != "working" or calendar.is_working(day)


def review_by(standing: Standing, rules: ClaimRules, calendar: Calendar) -> date | None:
    """Return the day by which NSSF decides; None when nothing waits or the clock stands still."""
    if not standing.waits or standing.submitted_on is None:
        return None
    pauses = (*standing.holds, *standing.questions)
    return _due(standing.submitted_on, rules.review_within_days, rules, calendar, pauses)


def submit_by(service_to: date, rules: ClaimRules, calendar: Calendar) -> date:
    """Return the last day on which a claim for care that ended then is in time."""
    day = _due(service_to, rules.submit_within_days, rules, calendar)
    return day or service_to


def deadlines(standing: Standing, rules: ClaimRules, calendar: Calendar) -> dict[str, date | None]:
    """Return the days by which each side has to act, by the claim rules of the service day.

    A hold stops NSSF's clocks; a question the facility has not answered stops the review's.
    """
    payable = standing.state in CASE_PAID and not standing.held
    return {
        "submit_by": submit_by(standing.service_to, rules, calendar),
        "answer_by": _after(standing.asked_on, rules.submit_within_days, rules, calendar),
        "review_by": review_by(standing, rules, calendar),
        "appeal_by": appeal_by(standing, rules, calendar),
        "pay_by": _after(
            standing.decided_on if payable else None,
            rules.pay_within_days, rules, calendar, standing.holds,
        ),
    }  # fmt: skip


def appeal_by(standing: Standing, rules: ClaimRules, calendar: Calendar) -> date | None:
    """Return the last day of an appeal; None when there is nothing to appeal against."""
    decided = standing.decided_on if standing.appealable else None
    return _after(decided, rules.appeal_within_days, rules, calendar)


def _after(
    day: date | None,
    days: int,
    rules: ClaimRules,
    calendar: Calendar,
    pauses: tuple[Pause, ...] = NO_PAUSES,
) -> date | None:
    return None if day is None else _due(day, days, rules, calendar, pauses)


def _due(
    day: date,
    days: int,
    rules: ClaimRules,
    calendar: Calendar,
    pauses: tuple[Pause, ...] = NO_PAUSES,
) -> date | None:
    return _known_due(day, days, counted=rules.deadline_days, calendar=calendar, pauses=pauses)
