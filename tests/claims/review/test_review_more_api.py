"""Leases by name, bulk approval, held facilities and appeals over JSON: shapes, and who may call."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from flask.testing import FlaskClient

from tests.claims.payable import FACILITY, claim_row, queue_claim
from tests.claims.review.test_review_api import Caller
from tests.factories import make_facility

pytestmark = pytest.mark.usefixtures("app")


@pytest.fixture
def reviewer(client: FlaskClient) -> Caller:
    return Caller(client, "claim.review", "claim.read")


@pytest.fixture
def approver(client: FlaskClient) -> Caller:
    return Caller(client, "claim.review", "claim.approve", "claim.read")


@pytest.fixture
def hospital(client: FlaskClient) -> Caller:
    return Caller(client, "claim.submit", "claim.read", facility=FACILITY)


def test_a_named_claim_is_taken_kept_and_put_back(reviewer: Caller, approver: Caller) -> None:
    number = queue_claim()

    refused = reviewer.post(f"/claims/{number}/lease")
    taken = reviewer.post(f"/claims/{number}/lease", {"reason": "They called."})
    kept = reviewer.post(f"/review/{number}/renew")
    back = reviewer.post(f"/review/{number}/put-back")
    again = reviewer.post(f"/review/{number}/renew")

    assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (422, "/reason")
    assert (taken.status_code, taken.json["state"]) == (200, "in_review")
    assert (kept.json["number"], kept.json["lease_until"][-1]) == (number, "Z")
    assert (back.status_code, back.json["state"]) == (200, "submitted")
    assert (again.status_code, again.json["code"]) == (409, "not_leased")
    [listed] = approver.get("/review/named-leases").json["items"]
    assert (listed["claim"], listed["reason"]) == (number, "They called.")
    assert listed["put_back_by"] == listed["taken_by"]
    assert listed["put_back_at"] > listed["taken_at"]
    assert reviewer.get("/review/named-leases").status_code == 403


def test_the_queue_shows_what_stands_still_and_what_is_overdue(reviewer: Caller) -> None:
    queue_claim(held=True, review_by=None, risk=7)

    [item] = reviewer.get("/review/queue").json["items"]

    assert item["review_by"] is None
    assert (item["held"], item["asked"], item["escalated"]) == (True, False, False)
    assert (item["risk"], item["points"]) == (True, 7)
    assert reviewer.get("/review/queue?overdue=true").json["items"] == []
    bad = reviewer.get("/review/queue?cursor=abc")
    assert bad.status_code == 422


def test_the_queue_is_paged_by_its_cursor(reviewer: Caller) -> None:
    numbers = {queue_claim() for _ in range(3)} | {queue_claim(held=True, review_by=None)}
    seen, cursor = set(), ""

    while cursor is not None:
        page = reviewer.get(f"/review/queue?limit=1{cursor}").json
        seen |= {item["number"] for item in page["items"]}
        cursor = page["next_cursor"] and f"&cursor={page['next_cursor']}"

    assert seen == numbers


def test_a_group_is_approved_after_its_sample(reviewer: Caller, hospital: Caller) -> None:
    for _ in range(5):
        queue_claim(package="OPD-CONSULTATION", facility_level="cpa1")
    [group] = reviewer.get("/review/groups").json["items"]
    wanted = {name: group[name] for name in ("package", "scheme", "facility_level")}

    opened = reviewer.post("/review/bulk", wanted)
    place = f"/review/bulk/{opened.json['number']}"
    early = reviewer.post(f"{place}/approve")
    while (claim := reviewer.post(f"{place}/next")).status_code == 200:
        reviewer.post(f"/claims/{claim.json['number']}/approve")
    done = reviewer.post(f"{place}/approve")

    assert (opened.status_code, group["claims"], len(opened.json["sample"])) == (201, 5, 3)
    assert opened.headers["Location"] == f"/api/v1{place}"
    assert (early.status_code, early.json["code"]) == (409, "sample_not_read")
    assert (claim.status_code, done.json["state"]) == (204, "approved")
    assert done.json["results"] == {"approved": 2}
    assert reviewer.get(place).json["state"] == "approved"
    assert reviewer.get("/review/bulk/K26L000000000").status_code == 404
    assert hospital.get(place).status_code == 403


def test_a_facility_is_held_and_released(
    approver: Caller, reviewer: Caller, owner: psycopg.Connection[Any]
) -> None:
    make_facility(owner, FACILITY)

    held = approver.post(f"/facilities/{FACILITY}/hold", {"reason": "Complaints."})
    listed = approver.get("/facility-holds").json["items"]
    released = approver.post(f"/facilities/{FACILITY}/release", {"reason": "Explained."})

    assert (held.status_code, held.json["facility"]) == (200, FACILITY)
    assert [one["reason"] for one in listed] == ["Complaints."]
    assert released.json["release_reason"] == "Explained."
    assert len(approver.get("/facility-holds?all=true").json["items"]) == 1
    assert reviewer.post(f"/facilities/{FACILITY}/hold", {"reason": "x"}).status_code == 403
    assert approver.post("/facilities/999999/hold", {"reason": "x"}).status_code == 404


def test_an_appeal_is_filed_shown_and_decided(
    client: FlaskClient, reviewer: Caller, hospital: Caller
) -> None:
    number = queue_claim()
    reviewer.post(f"/claims/{number}/lease", {"reason": "x"})
    reviewer.post(f"/claims/{number}/reject", {"reason": "documents"})
    other = Caller(client, "claim.review", "claim.read")

    filed = hospital.post(f"/claims/{number}/appeal", {"reason": "It was signed.", "lines": [1]})
    twice = hospital.post(f"/claims/{number}/appeal", {"reason": "Again."})
    same = reviewer.post(f"/claims/{number}/appeal/decide", {"outcome": "won"})
    won = other.post(f"/claims/{number}/appeal/decide", {"outcome": "won", "note": "Right."})

    assert (filed.status_code, filed.json["appeal"]["state"]) == (200, "open")
    assert filed.headers["ETag"] == f'"{filed.json["version"]}"'
    assert (twice.status_code, twice.json["code"]) == (409, "appealed_before")
    assert (same.status_code, same.json["code"]) == (403, "earlier_decider")
    assert (won.json["state"], won.json["appeal"]["state"]) == ("approved", "won")
    [own] = hospital.get("/appeals").json["items"]
    assert (own["claim"], own["granted_riel"], own["answer"]) == (number, 6000, "Right.")
    assert "decided_by" not in own
    [seen] = reviewer.get("/appeals?state=won").json["items"]
    assert seen["decided_by"].startswith("client:")
    assert reviewer.get("/appeals?state=maybe").status_code == 422


def test_an_answer_names_its_question(reviewer: Caller, hospital: Caller) -> None:
    number = queue_claim()
    reviewer.post(f"/claims/{number}/messages", {"text": "Which ward?"})

    told = hospital.post(f"/claims/{number}/messages", {"text": "Ward 3.", "answers": 1})

    asked, answer = told.json["items"]
    assert (asked["number"], asked["open"], answer["answers"]) == (1, False, 1)
    wrong = hospital.post(f"/claims/{number}/messages", {"text": "x", "answers": 9})
    assert (wrong.status_code, wrong.json["errors"][0]["pointer"]) == (422, "/answers")


def test_a_facility_voids_what_was_approved(reviewer: Caller, hospital: Caller) -> None:
    number = queue_claim()
    reviewer.post(f"/claims/{number}/lease", {"reason": "x"})
    reviewer.post(f"/claims/{number}/approve")

    voided = hospital.post(f"/claims/{number}/void")

    assert (voided.status_code, voided.json["state"]) == (200, "voided")
    assert claim_row(number).approved_riel == 6000
