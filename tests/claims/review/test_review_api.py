"""The reviewers' JSON door: one way through, and every refusal in its shape."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from tests.claims.payable import approved_claim, claim_row, line, queue_claim
from tests.factories import make_client_token

pytestmark = pytest.mark.usefixtures("app")
LARGE = {"service": "MAJOR-SURGERY", "unit_price_riel": 3_000_000, "tariff_riel": 3_000_000}


class Caller:
    """A machine client of NSSF (or of a facility) with these scopes."""

    def __init__(self, client: FlaskClient, *scopes: str, facility: str | None = None) -> None:
        self.client = client
        token = make_client_token(client, scopes=scopes, facility=facility)
        self.headers = {"Authorization": token}

    def post(self, path: str, body: object = None):
        return self.client.post(f"/api/v1{path}", json=body or {}, headers=self.headers)

    def get(self, path: str):
        return self.client.get(f"/api/v1{path}", headers=self.headers)


@pytest.fixture
def reviewer(client: FlaskClient) -> Caller:
    return Caller(client, "claim.review", "claim.read")


@pytest.fixture
def approver(client: FlaskClient) -> Caller:
    return Caller(client, "claim.approve", "claim.read")


def test_next_leases_and_approve_decides(reviewer: Caller) -> None:
    number = queue_claim(line(quantity=2))

    leased = reviewer.post("/review/next")
    decided = reviewer.post(f"/claims/{number}/approve", {"note": "Thank you"})

    assert (leased.status_code, leased.json["number"]) == (200, number)
    assert leased.json["lease_until"].endswith("Z")
    assert leased.headers["Cache-Control"] == "no-store"
    assert (decided.status_code, decided.json["state"]) == (200, "approved")
    assert decided.json["outcome"]["approved_riel"] == 12_000


def test_next_answers_204_when_nothing_waits(reviewer: Caller) -> None:
    answer = reviewer.post("/review/next")

    assert (answer.status_code, answer.data) == (204, b"")


def test_an_approval_may_come_without_a_body(reviewer: Caller) -> None:
    number = queue_claim()
    reviewer.post("/review/next")

    answer = reviewer.client.post(f"/api/v1/claims/{number}/approve", headers=reviewer.headers)

    assert (answer.status_code, answer.json["state"]) == (200, "approved")


def test_a_decision_without_a_lease_is_409_not_leased(reviewer: Caller) -> None:
    number = queue_claim()

    for step, body in (
        ("approve", {}),
        ("reject", {"reason": "other"}),
        ("return", {"reason": "other"}),
    ):
        answer = reviewer.post(f"/claims/{number}/{step}", body)
        assert (answer.status_code, answer.json["code"]) == (409, "not_leased")
        assert answer.content_type == "application/problem+json"


def test_four_eyes_through_two_clients(reviewer: Caller, approver: Caller) -> None:
    number = queue_claim(line(**LARGE))
    reviewer.post("/review/next")

    proposed = reviewer.post(f"/claims/{number}/approve")
    alone = reviewer.post(f"/claims/{number}/approve")
    waiting = approver.get("/review/queue?awaiting=second_approval")
    agreed = approver.post(f"/claims/{number}/approve")

    assert (proposed.json["state"], proposed.json["awaiting"]) == ("in_review", "second_approval")
    assert alone.status_code == 403
    assert [item["number"] for item in waiting.json["items"]] == [number]
    assert (agreed.status_code, agreed.json["state"]) == (200, "approved")


def test_every_bad_field_of_a_decision_is_named_in_one_answer(reviewer: Caller) -> None:
    number = queue_claim()
    reviewer.post("/review/next")
    body = {
        "lines": [
            {"line": "1", "approved_quantity": 1.5},
            {"line": 1, "approved_unit_price_riel": -1, "extra": True},
        ],
        "note": "a\u0000b",
        "surprise": 1,
    }

    answer = reviewer.post(f"/claims/{number}/approve", body)

    assert answer.status_code == 422
    assert {error["pointer"] for error in answer.json["errors"]} == {
        "/lines/0/line",
        "/lines/0/approved_quantity",
        "/lines/1/approved_unit_price_riel",
        "/lines/1/extra",
        "/note",
        "/surprise",
    }
    assert claim_row(number).state == "in_review"


def test_limits_and_missing_reasons_are_422_with_pointers(reviewer: Caller) -> None:
    number = queue_claim(line(quantity=2))
    reviewer.post("/review/next")
    body = {"lines": [{"line": 1, "approved_quantity": 3}, {"line": 9}]}

    too_much = reviewer.post(f"/claims/{number}/approve", body)
    no_reason = reviewer.post(f"/claims/{number}/reject", {"note": "no"})

    assert [error["pointer"] for error in too_much.json["errors"]] == [
        "/lines/1/line",
        "/lines/0/approved_quantity",
    ]
    assert [error["pointer"] for error in no_reason.json["errors"]] == ["/reason"]


def test_a_rejection_tells_the_facility_its_note_and_never_the_internal_one(
    client: FlaskClient, reviewer: Caller
) -> None:
    number = queue_claim()
    reviewer.post("/review/next")

    reviewer.post(
        f"/claims/{number}/reject",
        {"reason": "documents", "note": "Send the scan", "internal_note": "Third time"},
    )

    facility = Caller(client, "claim.read", "claim.submit", facility="120101")
    seen = facility.get(f"/claims/{number}").text + facility.get(f"/claims/{number}/messages").text
    assert "Send the scan" in seen
    assert "Third time" not in seen
    assert "Third time" in reviewer.get(f"/claims/{number}/decisions").text
    assert facility.get(f"/claims/{number}/decisions").status_code == 403


def test_hold_release_and_reopen_need_a_reason_and_the_right(
    reviewer: Caller, approver: Caller
) -> None:
    number = approved_claim()

    assert reviewer.post(f"/claims/{number}/hold", {"reason": "x"}).status_code == 403
    missing = approver.post(f"/claims/{number}/hold")
    held = approver.post(f"/claims/{number}/hold", {"reason": "asked the patient"})
    released = approver.post(f"/claims/{number}/release", {"reason": "answered"})
    reopened = approver.post(f"/claims/{number}/reopen", {"reason": "wrong line"})

    assert missing.json["errors"][0]["pointer"] == "/reason"
    assert (held.json["held"], released.json["held"]) == (True, False)
    assert (reopened.status_code, reopened.json["state"]) == (200, "submitted")


def test_a_facilitys_client_reviews_nothing(client: FlaskClient) -> None:
    number = queue_claim()
    facility = Caller(client, "claim.submit", "claim.read", facility="120101")

    for answer in (
        facility.post("/review/next"),
        facility.get("/review/queue"),
        facility.post(f"/claims/{number}/approve"),
        facility.post(f"/claims/{number}/hold", {"reason": "x"}),
        facility.post(f"/claims/{number}/reopen", {"reason": "x"}),
    ):
        assert (answer.status_code, answer.json["code"]) == (403, "insufficient_scope")


def test_an_unknown_number_is_404_and_a_stranger_401(client: FlaskClient, reviewer: Caller) -> None:
    assert reviewer.post("/claims/C26K000000000/approve").status_code == 404
    assert client.post("/api/v1/review/next").status_code == 401


def test_the_queue_pages_and_refuses_a_made_up_cursor(reviewer: Caller) -> None:
    numbers = {queue_claim() for _ in range(3)}

    first = reviewer.get("/review/queue?limit=2").json
    rest = reviewer.get(f"/review/queue?limit=2&cursor={first['next_cursor']}").json

    assert {item["number"] for item in first["items"] + rest["items"]} == numbers
    assert rest["next_cursor"] is None
    assert reviewer.get("/review/queue?cursor=nonsense").status_code == 422
    assert reviewer.get("/review/queue?limit=201").status_code == 422
