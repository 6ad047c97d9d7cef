"""What waits beyond its deadline is counted for who watches the product, by narrow indexes."""

from __future__ import annotations

from datetime import date, timedelta

import psycopg
import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from claims.reimbursement import service as reimbursement
from claims.reimbursement.queries.overdue import OVERDUE
from claims.reimbursement.service.overdue import last_late_day
from claims.review import service as review
from claims.submission.deadlines import Calendar
from config import clock
from config.db import transaction
from tests.claims.payable import APPROVER, approved_claim, queue_claim

FRIDAY = date(2026, 11, 20)
HOLIDAY = Calendar(holidays=frozenset({date(2026, 11, 17)}))


@pytest.mark.parametrize(
    ("days", "counted", "calendar", "late"),
    [
        (1, "calendar", Calendar(), date(2026, 11, 18)),
        (30, "calendar", Calendar(), date(2026, 10, 20)),
        (3, "working", Calendar(), date(2026, 11, 16)),
        (3, "working", HOLIDAY, date(2026, 11, 15)),
    ],
)
def test_a_deadline_is_missed_the_day_after_its_last_day(
    days: int, counted: str, calendar: Calendar, late: date
) -> None:
    assert last_late_day(FRIDAY, days, counted=counted, calendar=calendar) == late


@pytest.mark.usefixtures("payees")
def test_what_waits_too_long_is_counted_and_what_is_held_is_not(
    client: FlaskClient, owner: psycopg.Connection[object]
) -> None:
    yesterday = clock.today() - timedelta(days=1)
    queue_claim(review_by=yesterday)
    queue_claim(review_by=clock.today())
    queue_claim(review_by=yesterday, held=True)
    owed, held, _ = approved_claim(), approved_claim(), approved_claim()
    review.hold(held, reason="asked", by=APPROVER)
    owner.execute(
        "UPDATE claims SET decided_at = now() - interval '60 days' WHERE number = ANY(%s)",
        [[owed, held]],
    )

    assert reimbursement.overdue() == {"review": 1, "answer": 0, "payment": 1, "allowance": 0}
    told = client.get("/metrics").text
    assert 'nssf_overdue{waits_for="review"} 1.0' in told
    assert 'nssf_overdue{waits_for="payment"} 1.0' in told


def test_the_count_reads_no_table_from_end_to_end(client: FlaskClient) -> None:
    moments = dict.fromkeys(("today", "unanswered", "unpaid", "undecided"), "2026-11-20")
    statement = text("EXPLAIN " + OVERDUE.replace("%(", ":").replace(")s", ""))

    with transaction() as session:
        session.execute(text("SET LOCAL enable_seqscan = off"))
        plan = "\n".join(session.scalars(statement, moments))

    assert "Seq Scan" not in plan
    for index in ("ix_claims_waiting", "ix_claims_unpaid", "ix_allowances_state_submitted_at"):
        assert index in plan
