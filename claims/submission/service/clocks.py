"""Keep with each waiting claim the day by which NSSF decides, so that the queue is in its order.

Called whenever something stops or starts a claim's clock, and for all of them when the calendar
changes. The arithmetic is `submission.deadlines`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from psycopg import Connection

from claims.submission import queries
from claims.submission.deadlines import Calendar, Standing, review_by
from claims.submission.rules import Body, package_of
from claims.submission.service.answers import standing_of
from claims.submission.service.calendar import calendar_at
from claims.submission.states import ClaimState
from config import clock
from config.db import driver, transaction
from config.jobs import deferring, task
from config.prepared import Step
from gateway.coverage.policy import PolicySet
from gateway.coverage.service import policy_set

AT_ONCE = 1_000
STORE = """
UPDATE claims SET review_by = v.day, asked = v.asked
  FROM unnest(%s::bigint[], %s::date[], %s::boolean[]) AS v(id, day, asked)
 WHERE claims.id = v.id
   AND (claims.review_by, claims.asked) IS DISTINCT FROM (v.day, v.asked)
"""


def recount(claim_ids: Sequence[int]) -> None:
    """Count the review's deadline of these claims anew, in the open transaction."""
    with transaction() as session:
        session.flush()
        _recount(driver(session), claim_ids, policy_set(), calendar_at())


@task("submission.recount_clocks")
def recount_all() -> None:
    """Count the deadline of everything that waits anew: the calendar has changed."""
    policies, calendar, last = policy_set(), calendar_at(), 0
    while True:
        with transaction() as session:
            connection = driver(session)
            found = queries.waiting_ids(connection, after=last, limit=AT_ONCE)
            if not found:
                return
            _recount(connection, found, policies, calendar)
            last = found[-1]


def _recount(
    connection: Connection[Any],
    claim_ids: Sequence[int],
    policies: PolicySet,
    calendar: Calendar,
) -> None:
    rows = queries.clock_rows(connection, claim_ids)
    days = [
        review_by(
            standing_of(row), policies.claim_rules(row["scheme"], row["service_from"]), calendar
        )
        for row in rows
    ]
    asked = [row["asked_at"] is not None for row in rows]
    connection.execute(STORE, [[row["id"] for row in rows], days, asked])


def offer(row: Mapping[str, Any], generation: int) -> Step | None:
    """Offer a clean claim to be approved by rule, where the policy says so (default: never)."""
    rules = policy_set(generation).claim_rules(row["scheme"], row["service_from"])
    limit = rules.auto_approve_below_riel
    if row["package"] is not None and limit is not None and row["claimed_riel"] < limit:
        return deferring("review.auto_approve", claim=row["number"])
    return None


def queue_columns(body: Body, columns: Mapping[str, Any], generation: int) -> dict[str, Any]:
    """Return what the queue needs to know of a claim that is filed today; nothing of a draft."""
    outcome, scheme = columns["outcome"], columns["scheme"]
    if outcome is None:
        return {"review_by": None, "package": None}
    rules = policy_set(generation).claim_rules(scheme, body.service_from)
    standing = Standing(ClaimState.SUBMITTED, body.service_to, submitted_on=clock.today())
    services = (line.service for line in body.lines())
    return {
        "review_by": review_by(standing, rules, calendar_at(generation)),
        "asked": False,
        "package": package_of(outcome, services) if scheme else None,
    }
