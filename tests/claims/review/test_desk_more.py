"""The review desk in depth: by name, kept and put back, overdue, in bulk, held facilities, appeals."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from claims.appeals import service as appeals
from claims.review import service as review
from claims.review.rules import LineWish
from claims.submission import service as submission
from config import clock
from config.jobs import run_now
from tests.claims.payable import (
    APPROVER,
    FACILITY,
    REVIEWER,
    approved_claim,
    biller,
    claim_row,
    queue_claim,
    set_column,
    settled,
)
from tests.desks import HTMX, Desk, visible
from tests.factories import csrf_token, make_facility

pytestmark = pytest.mark.usefixtures("app")

LINE = {"service": "OPD-CONSULTATION", "quantity": 1, "unit_price_riel": 6000}
SENT = {"lines": [LINE | {"service_date": "2026-11-02"}]}


@pytest.fixture
def reviewer(client: FlaskClient) -> Desk:
    return Desk(client, "reviewer")


@pytest.fixture
def approver(client: FlaskClient) -> Desk:
    return Desk(client, "approver")


def test_a_claim_taken_by_name_stands_on_the_list_of_those(
    client: FlaskClient, reviewer: Desk, approver: Desk
) -> None:
    number = queue_claim()
    assert "Take this very claim" in visible(reviewer.get(f"/review/claims/{number}"))

    reviewer.post(f"/review/claims/{number}/take", 422)
    reviewer.post(f"/review/claims/{number}/take", reason="The hospital called.")

    assert "Your decision" in visible(reviewer.get(f"/review/claims/{number}"))
    for reader in (approver, Desk(client, "auditor")):
        page = visible(reader.get("/review/named"))
        assert number in page
        assert "The hospital called." in page
    reviewer.get("/review/named", 403)


def renew(desk: Desk, number: str) -> TestResponse:
    """Ask as the open page does."""
    token = {"csrf_token": csrf_token(desk.http)}
    return desk.http.post(f"/review/claims/{number}/renew", data=token, headers=HTMX)


def test_an_open_page_keeps_its_claim_and_a_button_puts_it_back(reviewer: Desk) -> None:
    number = queue_claim()
    reviewer.post("/review/next")
    soon = clock.now() + timedelta(minutes=1)
    set_column(number, "lease_until", soon)

    part = renew(reviewer, number)

    assert part.status_code == 200
    assert "yours until" in visible(part.text)
    assert "<html" not in part.text
    assert claim_row(number).lease_until > soon + timedelta(minutes=10)
    reviewer.post(f"/review/claims/{number}/renew")
    assert reviewer.post(f"/review/claims/{number}/put-back") == "/review"
    assert claim_row(number).state == "submitted"
    lost = renew(reviewer, number)
    assert "Lease the claim before you decide it" in visible(lost.text)
    back = reviewer.post(f"/review/claims/{number}/put-back")
    assert "Lease the claim before you decide it" in visible(reviewer.get(back))


def test_what_is_overdue_has_its_own_list_and_count(reviewer: Desk) -> None:
    late, fresh = queue_claim(), queue_claim()
    set_column(late, "review_by", str(clock.today() - timedelta(days=1)))
    run_now("review.escalate")

    page = visible(reviewer.get("/review?overdue=true"))

    assert "Overdue (1)" in page
    assert late in page
    assert fresh not in page
    submission.add_message(late, "Which ward?", by=REVIEWER)
    assert "Overdue (0)" in visible(reviewer.get("/review?overdue=true"))


def test_signals_are_shown_to_the_reviewer(reviewer: Desk, owner: psycopg.Connection[Any]) -> None:
    number = queue_claim(risk=40)
    owner.execute(
        "INSERT INTO claim_signals (claim, version, code, points, text_en, text_km)"
        " VALUES (%s, 1, 'sample', 40, 'Drawn by lot.', 'ចាប់ឆ្នោត។')",
        [number],
    )

    page = visible(reviewer.get(f"/review/claims/{number}"))

    assert "Drawn by lot." in page
    assert "sample" not in page


def test_reasons_are_told_in_words_to_nssf_and_to_the_facility(
    client: FlaskClient, approver: Desk
) -> None:
    refused, less = queue_claim(), queue_claim(body=SENT)
    for number in (refused, less):
        review.take_claim(number, by=REVIEWER, reason="x")
    review.reject(refused, by=REVIEWER, reason="documents")
    wish = LineWish(1, approved_unit_price_riel=4000, reason="above_tariff")
    review.approve(less, by=REVIEWER, lines=[wish])
    review.hold(less, by=APPROVER, reason="Asked the hospital.")
    billing = Desk(client, "billing", facility=FACILITY)

    assert "Reason: Documents are missing." in visible(approver.get(f"/review/claims/{refused}"))
    assert "Reason: Asked the hospital." in visible(approver.get(f"/review/claims/{less}"))
    assert "Rejected: Documents are missing." in visible(billing.get(f"/billing/claims/{refused}"))
    page = visible(billing.get(f"/billing/claims/{less}"))
    assert "NSSF: The price is above the tariff and was reduced to … riel." in page
    assert "Asked the hospital." not in page


def test_corrections_that_wait_stand_with_the_second_approvals(
    approver: Desk, owner: psycopg.Connection[Any]
) -> None:
    make_facility(owner, FACILITY)
    number = approved_claim()
    settled()
    review.propose_correction(number, riel=4000, reason="x", by=REVIEWER)

    assert "Corrections to confirm" not in visible(approver.get("/review"))
    page = visible(approver.get("/review?awaiting=second_approval"))

    assert "Corrections to confirm" in page
    assert number in page


def test_the_next_step_has_the_focus_for_who_works_by_keyboard(reviewer: Desk) -> None:
    queue_claim()
    assert re.search(r"<button[^>]*data-focus[^>]*>Take the next claim", reviewer.get("/review"))

    page = reviewer.get(reviewer.post("/review/next"))

    assert 'href="#decision" data-focus' in page
    assert 'id="decision"' in page


def test_an_appeal_granted_in_part_names_its_reason_at_the_desk(client: FlaskClient) -> None:
    number = queue_claim(body=SENT)
    review.take_claim(number, by=REVIEWER, reason="x")
    less = LineWish(1, approved_unit_price_riel=4000, reason="price")
    review.approve(number, by=REVIEWER, lines=[less])
    appeals.file_appeal(number, by=biller(), reason="The form was signed.")
    desk = Desk(client, "reviewer")
    assert 'name="lines-0-reason"' in desk.get(f"/review/claims/{number}")

    desk.post(
        f"/appeals/{number}/decide", outcome="won", lines__0__line="1",
        lines__0__approved_unit_price_riel="5,000", lines__0__reason="price",
    )  # fmt: skip

    assert claim_row(number).approved_riel == 5000


def test_whoever_decided_before_is_told_so_instead_of_shown_the_appeals_form(
    client: FlaskClient,
) -> None:
    boss = Desk(client, "approver")
    number = queue_claim()
    boss.post(f"/review/claims/{number}/take", reason="x")
    boss.post(f"/review/claims/{number}/reject", reason="documents")
    appeals.file_appeal(number, by=biller(), reason="The form was signed.")

    own = visible(boss.get(f"/review/claims/{number}"))
    other = visible(Desk(client, "approver").get(f"/review/claims/{number}"))

    assert "Somebody else than before decides an appeal." in own
    assert "Decide the appeal" not in own
    assert "Decide the appeal" in other


def test_a_group_is_approved_in_bulk_page_by_page(reviewer: Desk) -> None:
    numbers = [queue_claim(package="OPD-CONSULTATION", facility_level="cpa1") for _ in range(5)]
    assert "Draw a sample" in visible(reviewer.get("/review/bulk"))
    form = {"package": "OPD-CONSULTATION", "scheme": "health_care", "facility_level": "cpa1"}

    place = reviewer.post("/review/bulk", **form)
    reviewer.post(f"{place}/approve")
    assert "Decide every claim of the sample first." in visible(reviewer.get(place))
    while "/review/claims/" in (opened := reviewer.post(f"{place}/next")):
        reviewer.post(f"{opened}/approve", lines__0__line="1")
    assert "Approve the rest" in visible(reviewer.get(place))
    reviewer.post(f"{place}/approve")

    page = visible(reviewer.get(place))
    assert "2 claims approved." in page
    assert {claim_row(number).state for number in numbers} == {"approved"}
    reviewer.post("/review/bulk", **form)
    assert "Too few claims of this kind wait." in visible(reviewer.get("/review/bulk"))


def test_a_bulk_approval_is_given_up(reviewer: Desk) -> None:
    for _ in range(4):
        queue_claim(package="OPD-CONSULTATION", facility_level="cpa1")
    place = reviewer.post(
        "/review/bulk", package="OPD-CONSULTATION", scheme="health_care", facility_level="cpa1"
    )

    reviewer.post(f"{place}/abandon")

    assert "Given up; the claims stay in the queue." in visible(reviewer.get(place))


def test_a_facility_is_held_and_released_at_the_desk(
    approver: Desk, owner: psycopg.Connection[Any]
) -> None:
    make_facility(owner, FACILITY)

    wrong = approver.post("/review/holds", 422, facility="999999", reason="x")
    approver.post("/review/holds", facility=FACILITY, reason="Two complaints.")
    held = visible(approver.get("/review/holds"))
    approver.post(f"/review/holds/{FACILITY}/release", 422)
    approver.post(f"/review/holds/{FACILITY}/release", reason="Explained.")

    assert "There is no such facility." in wrong
    assert "Two complaints." in held
    assert "No facility is on hold." in visible(approver.get("/review/holds"))


def test_an_appeal_goes_from_the_billing_desk_to_somebody_else_at_nssf(
    client: FlaskClient, reviewer: Desk
) -> None:
    number = queue_claim()
    reviewer.post("/review/next")
    reviewer.post(f"/review/claims/{number}/reject", reason="documents")
    biller = Desk(client, "billing", facility=FACILITY)
    other = Desk(client, "reviewer")
    assert "Appeal against this decision" in visible(biller.get(f"/billing/claims/{number}"))

    typed = biller.post(f"/appeals/{number}", 422, note="We have the form.")
    assert "Missing data for required field." in typed
    assert "We have the form.</textarea>" in typed
    biller.post(f"/appeals/{number}", reason="It was signed.")
    again = biller.post(f"/appeals/{number}", reason="It was signed.")
    assert "This claim was appealed already." in visible(biller.get(again))
    queue = visible(reviewer.get("/appeals?state=open"))
    reviewer.post(f"/appeals/{number}/decide", outcome="won")
    refused = visible(reviewer.get(f"/review/claims/{number}"))
    other.post(f"/appeals/{number}/decide", 422)
    unsaid = other.post(f"/appeals/{number}/decide", 422, outcome="lost", internal_note="No form.")
    other.post(f"/appeals/{number}/decide", outcome="won", note="You are right.")

    assert number in queue
    assert "Somebody else than before decides an appeal." in refused
    assert "Tell the facility why." in unsaid
    assert "No form.</textarea>" in unsaid
    assert '<option value="lost" selected>' in unsaid
    assert claim_row(number).state == "approved"
    page = visible(biller.get(f"/billing/claims/{number}"))
    assert "Appeal won" in page
    assert "You are right." in page
    assert "Appeals" in visible(biller.get("/billing"))
    assert number in visible(biller.get("/appeals"))


def test_an_appeal_above_the_limit_waits_for_a_second_person(
    client: FlaskClient, reviewer: Desk, approver: Desk
) -> None:
    dear = {"unit_price_riel": 3_000_000, "tariff_riel": 3_000_000, "service": "MAJOR-SURGERY"}
    number = queue_claim({**_line(), **dear, "payable_riel": 3_000_000})
    reviewer.post("/review/next")
    reviewer.post(f"/review/claims/{number}/reject", reason="documents")
    Desk(client, "billing", facility=FACILITY).post(f"/appeals/{number}", reason="It was signed.")
    other = Desk(client, "reviewer")

    place = other.post(f"/appeals/{number}/decide", outcome="won")

    assert "another person has to agree" in visible(other.get(place))
    assert "would grant 3,000,000" in visible(approver.get(f"/review/claims/{number}"))
    approver.post(f"/appeals/{number}/decide", outcome="won")
    assert claim_row(number).approved_riel == 3_000_000


def _line() -> dict[str, Any]:
    day = clock.today()
    return {
        "service_date": day, "quantity": 1, "allowed_quantity": 1, "benefit": "outpatient",
        "decision": "payable", "reasons": [],
    }  # fmt: skip


def test_the_talk_shows_which_question_an_answer_is_to(client: FlaskClient, reviewer: Desk) -> None:
    number = queue_claim()
    reviewer.post(f"/billing/claims/{number}/messages", text="Which ward?")
    biller = Desk(client, "billing", facility=FACILITY)
    assert "1: Which ward?" in visible(biller.get(f"/billing/claims/{number}"))

    biller.post(f"/billing/claims/{number}/messages", text="Ward 3.", answers="1")

    assert "to question 1" in visible(reviewer.get(f"/review/claims/{number}"))
