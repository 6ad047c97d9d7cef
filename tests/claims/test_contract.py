"""The outward shapes of claims and payments, field by field, as other people's clients rely on them."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from claims.adjudication.reasons import CATALOGUE
from config import clock
from tests.factories import HOSPITAL, MAN, OTHER_HOSPITAL
from tests.journeys.conftest import (
    FACILITY_SCOPES,
    REVIEW_SCOPES,
    Machine,
    hospital,
    treatment,
    world,
)

__all__ = ["hospital", "world"]

SENT = {
    "facility_reference", "type", "card_number", "patient", "eligibility_check", "visit", "visit_type",
    "admission", "cause", "emergency", "service_from", "service_to", "discharge", "diagnoses",
    "maternity", "accident", "referral", "patient_paid_riel", "facility_patient_number",
    "practitioner", "lines", "replaces",
}  # fmt: skip
ANSWERED = {
    "number", "state", "version", "submitted_at", "scheme", "deadlines", "timeline", "outcome",
}  # fmt: skip
DEADLINES = {"submit_by", "answer_by", "review_by", "appeal_by", "pay_by"}
FINDING = {"code", "severity", "carc", "text_en", "text_km", "source"}
LISTS = ("services", "diagnoses", "reasons", "facilities", "provinces", "visit-types")
PERSON_OF_NSSF = {"person", "lease_by", "lease_until", "first_approver", "created_by"}


@pytest.fixture
def reviewer(hospital: Machine, client: FlaskClient) -> Machine:
    return Machine(client, REVIEW_SCOPES)


def whole(claim: dict[str, Any]) -> bool:
    """Tell whether an answer holds everything the contract says of a claim."""
    outcome = claim["outcome"]
    reasons = [reason for line in outcome["lines"] for reason in line["reasons"]]
    return (
        claim.keys() >= SENT | ANSWERED
        and claim["deadlines"].keys() == DEADLINES
        and {key for step in claim["timeline"] for key in step} == {"state", "at"}
        and outcome.keys()
        == {"claimed_riel", "payable_riel", "approved_riel", "paid_riel", "lines", "findings"}
        and all(
            line.keys() >= {"line", "decision", "payable_riel", "reasons"}
            for line in outcome["lines"]
        )
        and all(one.keys() >= FINDING for one in (*outcome["findings"], *reasons))
    )


def test_every_move_answers_the_whole_claim(
    hospital: Machine, reviewer: Machine, client: FlaskClient
) -> None:
    approver = Machine(client, f"{REVIEW_SCOPES} claim.approve")
    claim = hospital.post("/claims", treatment("INV-1", submit=False), 201)
    assert (claim["state"], claim["submitted_at"], claim["outcome"]["lines"]) == ("draft", None, [])
    number = claim["number"]
    moves = [
        (hospital, "submit", {}, "submitted"),
        (hospital, "withdraw", {}, "withdrawn"),
        (hospital, "submit", {}, "submitted"),
        (reviewer, None, {}, "in_review"),
        (reviewer, "return", {"reason": "documents", "note": "Which ward?"}, "returned"),
        (hospital, "submit", {}, "submitted"),
        (reviewer, None, {}, "in_review"),
        (reviewer, "approve", {}, "approved"),
        (approver, "hold", {"reason": "doubt"}, "approved"),
        (approver, "release", {"reason": "cleared"}, "approved"),
        (approver, "reopen", {"reason": "mistake"}, "submitted"),
        (reviewer, None, {}, "in_review"),
        (reviewer, "reject", {"reason": "other"}, "rejected"),
    ]

    for who, action, body, state in moves:
        path = f"/claims/{number}/{action}" if action else "/review/next"
        moved = who.post(path, body)
        assert moved["state"] == state, (action, moved["state"])
        assert whole(moved), action

    states = [step["state"] for step in hospital.get(f"/claims/{number}")["timeline"]]
    assert states == [
        "draft", "submitted", "withdrawn", "submitted", "in_review", "returned", "submitted",
        "in_review", "approved", "submitted", "in_review", "rejected",
    ]  # fmt: skip
    shown = hospital.get(f"/claims/{number}")
    assert not shown.keys() & PERSON_OF_NSSF


def test_deadlines_follow_where_the_claim_stands(hospital: Machine, reviewer: Machine) -> None:
    number = hospital.post("/claims", treatment("INV-1"), 201)["number"]
    seen = [set_deadlines(hospital, number)]
    reviewer.post("/review/next")
    reviewer.post(f"/claims/{number}/return", {"reason": "documents", "note": "Which ward?"})
    seen.append(set_deadlines(hospital, number))
    hospital.post(f"/claims/{number}/submit")
    reviewer.post("/review/next")
    reviewer.post(f"/claims/{number}/approve")
    seen.append(set_deadlines(hospital, number))

    assert seen == [
        {"submit_by", "review_by"}, {"submit_by", "answer_by"}, {"submit_by", "pay_by"},
    ]  # fmt: skip


def test_a_hold_and_an_open_question_stop_nssfs_clock(
    hospital: Machine, client: FlaskClient
) -> None:
    approver = Machine(client, f"{REVIEW_SCOPES} claim.approve")
    number = hospital.post("/claims", treatment("INV-1"), 201)["number"]
    path = f"/claims/{number}"
    seen = []

    approver.post(f"{path}/hold", {"reason": "doubt"})
    seen.append(set_deadlines(hospital, number))
    approver.post(f"{path}/release", {"reason": "cleared"})
    seen.append(set_deadlines(hospital, number))
    approver.post(f"{path}/messages", {"text": "Which ward?"}, 201)
    seen.append(set_deadlines(hospital, number))
    hospital.post(f"{path}/messages", {"text": "Ward 3"}, 201)
    seen.append(set_deadlines(hospital, number))

    assert seen == [
        {"submit_by"}, {"submit_by", "review_by"}, {"submit_by", "answer_by"},
        {"submit_by", "review_by"},
    ]  # fmt: skip


def test_a_decision_carries_the_version_a_replacement_must_name(
    hospital: Machine, reviewer: Machine
) -> None:
    number = hospital.post("/claims", treatment("INV-1"), 201)["number"]
    reviewer.post("/review/next")

    back = reviewer.ask("POST", f"/api/v1/claims/{number}/return", json={"reason": "documents"})
    tag = {"If-Match": back.headers["ETag"]}
    body = treatment("INV-1", submit=True)
    replaced = hospital.ask("PUT", f"/api/v1/claims/{number}", json=body, headers=tag)

    assert (replaced.status_code, replaced.json["state"]) == (200, "submitted")


def set_deadlines(hospital: Machine, number: str) -> set[str]:
    deadlines = hospital.get(f"/claims/{number}")["deadlines"]
    return {name for name, day in deadlines.items() if day is not None}


def test_batch_and_remittance_have_the_fields_of_the_contract(
    hospital: Machine, reviewer: Machine, client: FlaskClient
) -> None:
    body = treatment("INV-1", facility_patient_number="P-7")
    number = hospital.post("/claims", body, 201)["number"]
    reviewer.decide_all()
    maker = Machine(client, "batch.manage claim.read")
    checker = Machine(client, "batch.authorise claim.read")
    [batch] = maker.post("/batches", {"period_to": clock.today().isoformat()}, 201)["items"]
    assert batch.keys() >= {"number", "facility", "scheme", "state", "claims", "total_riel"}
    assert (batch["number"][0], batch["state"], batch["remittance"]) == ("B", "open", None)
    path = f"/batches/{batch['number']}"
    assert maker.ask("POST", f"/api/v1{path}/authorise", json={}).status_code == 403
    assert checker.post(f"{path}/authorise")["state"] == "authorised"
    assert maker.post(f"{path}/export?format=csv").status_code == 200
    assert maker.get(path)["state"] == "exported"
    paid = {"bank_reference": "ACL-1", "paid_on": clock.today().isoformat()}
    settled = maker.post(f"{path}/settle", paid)

    advice = hospital.get(f"/remittances/{settled['remittance']}")

    assert (settled["state"], settled["remittance"][0]) == ("settled", "R")
    assert advice.keys() >= {
        "number", "facility", "scheme", "paid_on", "bank_reference", "total_riel",
        "carried_forward_riel", "claims", "adjustments",
    }  # fmt: skip
    [claim] = advice["claims"]
    assert claim == {
        "number": number, "facility_reference": "INV-1", "facility_patient_number": "P-7",
        "claimed_riel": 6000, "approved_riel": 6000, "reductions": [],
    }  # fmt: skip
    for query in (f"batch={batch['number']}", f"remittance={advice['number']}", "state=paid"):
        assert [one["number"] for one in hospital.get(f"/claims?{query}")["items"]] == [number]
    shown = hospital.get(f"/claims/{number}")
    assert (shown["outcome"]["paid_riel"], shown["remittance"]) == (6000, advice["number"])


@pytest.mark.parametrize("name", LISTS)
def test_a_code_list_is_in_both_languages_and_known_by_its_etag(
    hospital: Machine, name: str
) -> None:
    first = hospital.ask("GET", f"/api/v1/codes/{name}")

    again = hospital.ask(
        "GET", f"/api/v1/codes/{name}", headers={"If-None-Match": first.headers["ETag"]}
    )

    assert (first.status_code, again.status_code, again.data) == (200, 304, b"")
    assert first.json["items"]
    assert first.json.keys() == {"items", "next_cursor"}
    assert "code" in first.json["items"][0]


@pytest.mark.parametrize("path", ["/tariffs", "/policies"])
def test_prices_and_policies_are_known_by_their_etag(hospital: Machine, path: str) -> None:
    first = hospital.ask("GET", f"/api/v1{path}?on=2026-01-01")

    etag = {"If-None-Match": first.headers["ETag"]}
    again = hospital.ask("GET", f"/api/v1{path}?on=2026-01-01", headers=etag)

    assert (first.status_code, again.status_code) == (200, 304)


@pytest.mark.parametrize("name", ["services", "diagnoses", "visit-types", "facilities"])
def test_a_code_list_takes_words_and_a_day(hospital: Machine, name: str) -> None:
    answer = hospital.ask("GET", f"/api/v1/codes/{name}?q=zzzzzz&on=2026-01-01&limit=5")

    assert (answer.status_code, answer.json["items"]) == (200, [])


def test_an_unknown_list_is_a_problem_and_no_page(hospital: Machine) -> None:
    answer = hospital.ask("GET", "/api/v1/codes/colours")

    assert (answer.status_code, answer.content_type) == (404, "application/problem+json")
    assert answer.json["code"] == "not_found"


def test_every_reason_a_reviewer_or_a_rule_may_name_is_listed(hospital: Machine) -> None:
    listed = {item["code"] for item in hospital.get("/codes/reasons")["items"]}

    named = {"duplicate", "not_covered", "price", "documents", "not_eligible", "other"}
    assert listed >= named | CATALOGUE.keys()


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/claims/C26K000000000"), ("POST", "/claims/C26K000000000/withdraw"),
        ("GET", "/claims/C26K000000000/history"), ("GET", "/claims/C26K000000000/messages"),
        ("GET", "/remittances/R26K000000000"),
    ],
)  # fmt: skip
def test_what_does_not_exist_is_404_in_the_shape_of_a_problem(
    hospital: Machine, method: str, path: str
) -> None:
    answer = hospital.ask(method, f"/api/v1{path}", json={} if method == "POST" else None)

    assert (answer.status_code, answer.json["code"]) == (404, "not_found")
    assert answer.json.keys() >= {"type", "title", "status", "code", "request_id"}


NSSF_ONLY = [
    ("GET", "/review/queue"), ("POST", "/review/next"), ("POST", "/claims/{claim}/approve"),
    ("POST", "/claims/{claim}/reject"), ("POST", "/claims/{claim}/return"),
    ("POST", "/claims/{claim}/hold"), ("POST", "/claims/{claim}/release"),
    ("POST", "/claims/{claim}/reopen"), ("GET", "/claims/{claim}/decisions"),
    ("POST", "/batches"), ("POST", "/payment-runs"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path"), NSSF_ONLY)
def test_what_is_nssfs_is_closed_to_a_facility(hospital: Machine, method: str, path: str) -> None:
    number = hospital.post("/claims", treatment("INV-1"), 201)["number"]
    body = {"reason": "other"} if "{claim}" in path else {"period_to": "2026-01-01"}

    answer = hospital.ask(
        method, "/api/v1" + path.format(claim=number), json=None if method == "GET" else body
    )

    assert (answer.status_code, answer.json["code"]) == (403, "insufficient_scope")
    assert hospital.get(f"/claims/{number}")["state"] == "submitted"


def test_a_duplicate_at_another_facility_says_nothing_of_it(
    hospital: Machine, client: FlaskClient
) -> None:
    secret = hospital.post("/claims", treatment("SECRET-REF", card_number=MAN), 201)
    stranger = Machine(client, FACILITY_SCOPES, OTHER_HOSPITAL)

    answer = stranger.ask("POST", "/api/v1/claims", json=treatment("INV-1", card_number=MAN))

    codes = {finding["code"] for finding in answer.json["outcome"]["findings"]}
    assert "duplicate_elsewhere" in codes
    for word in (secret["number"], "SECRET-REF", HOSPITAL, "CHAN VISAL"):
        assert word not in answer.text
