"""The terms of complaints: settings, counted by the same days as every other deadline of NSSF."""

from __future__ import annotations

from datetime import date

from claims.complaints.rules import Terms
from claims.submission.deadlines import due
from claims.submission.service.calendar import calendar_at
from config import clock
from config.settings import settings
from gateway.coverage.service import policy_set


def terms() -> Terms:
    """Return the times complaints are given, as the operator set them."""
    current = settings()
    return Terms(
        answer_days=current.complaint_answer_days,
        facility_days=current.complaint_facility_days,
        reopen_days=current.complaint_reopen_days,
        watched_claims=current.complaint_watched_claims,
    )


def ends_on(days: int) -> date:
    """Return the last day of a term that begins today: outages never count, holidays as the policy says."""
    today = clock.today()
    counted = policy_set().claim_rules(None, today).deadline_days
    return due(today, days, counted=counted, calendar=calendar_at()) or today
