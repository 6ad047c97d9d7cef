"""What waits beyond its deadline is counted for who watches the product, by narrow indexes."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import psycopg
import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from claims.reimbursement import service as reimbursement
from claims.reimbursement.queries.overdue import OVERDUE
from claims.reimbursement.service.overdue import last_late_day
from claims.review import service as review
from claims.submission import service as submission
from claims.submission.deadlines import Calendar
from config import clock
from config.db import transaction
from tests.claims.payable import APPROVER, REVIEWER, approved_claim, lease, queue_claim

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


@pytest.mark.usefixtures("payees")
def test_days_on_which_a_payment_was_held_are_not_counted_against_it(
    client: FlaskClient, owner: psycopg.Connection[object]
) -> None:
    long, short = approved_claim(), approved_claim()
    for number, days in ((long, 29), (short, 2)):
        review.hold(number, reason="asked", by=APPROVER)
        review.release(number, reason="answered", by=APPROVER)
        owner.execute(
            "UPDATE claims SET decided_at = now() - interval '32 days' WHERE number = %s", [number]
        )
        owner.execute(
            "UPDATE claim_events e SET at = now() - CASE e.action WHEN 'hold' THEN interval '31 days'"
            " ELSE interval '31 days' - make_interval(days => %s) END FROM claims c"
            " WHERE c.id = e.claim_id AND c.number = %s AND e.action IN ('hold', 'release')",
            [days, number],
        )

    late = {
        number: submission.find_claim(number, by=APPROVER)["deadlines"]["pay_by"] < clock.today()
        for number in (long, short)
    }
    assert late == {long: False, short: False}
    assert reimbursement.overdue()["payment"] == 0
    owner.execute("UPDATE claims SET decided_at = now() - interval '45 days'")
    assert submission.find_claim(long, by=APPROVER)["deadlines"]["pay_by"] >= clock.today()
    assert submission.find_claim(short, by=APPROVER)["deadlines"]["pay_by"] < clock.today()
    assert reimbursement.overdue()["payment"] == 1


@pytest.mark.usefixtures("payees")
def test_a_question_nobody_answered_in_time_is_counted_wherever_its_claim_stands(
    client: FlaskClient, owner: psycopg.Connection[object]
) -> None:
    waiting, returned = queue_claim(), lease(queue_claim())
    submission.add_message(waiting, text="Which ward?", by=REVIEWER)
    review.send_back(returned, reason="documents", note="The invoice?", by=REVIEWER)
    assert reimbursement.overdue()["answer"] == 0

    owner.execute("UPDATE claim_messages SET at = now() - interval '45 days'")

    assert reimbursement.overdue()["answer"] == 2
    owner.execute("UPDATE claim_messages SET answered_at = now() WHERE text = 'Which ward?'")
    assert reimbursement.overdue()["answer"] == 1


@pytest.mark.usefixtures("payees")
def test_the_queue_lists_and_counts_as_overdue_what_the_gauge_counts(client: FlaskClient) -> None:
    late = queue_claim(review_by=clock.today() - timedelta(days=1))
    queue_claim(review_by=clock.today())

    listed = review.list_queue(by=REVIEWER, limit=9, overdue=True)

    assert [one.number for one in listed] == [late]
    assert review.count_overdue(by=REVIEWER) == reimbursement.overdue()["review"] == 1


@pytest.mark.usefixtures("payees", "client")
def test_the_count_reads_no_table_from_end_to_end(owner: psycopg.Connection[Any]) -> None:
    # Of few events, known to be few, the planner would rather read all than look each claim's up.
    for _ in range(20):
        queue_claim()
    owner.execute("ANALYZE claim_events")
    moments = dict.fromkeys(("today", "unanswered", "unpaid", "undecided"), "2026-11-20")
    statement = text("EXPLAIN " + OVERDUE.replace("%(", ":").replace(")s", ""))

    with transaction() as session:
        session.execute(text("SET LOCAL enable_seqscan = off"))
        plan = "\n".join(session.scalars(statement, moments))

    assert "Seq Scan" not in plan
    assert "ix_claims_waiting" in plan
    assert "ix_allowances_state_submitted_at" in plan
    # Of few claims either index of their states serves; which is a matter of the statistics.
    assert "ix_claims_unpaid" in plan or "ix_claims_state_submitted_at" in plan
