"""The claims' JSON door over HTTP: happy paths, every refusal, every bad field by its pointer."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.test import TestResponse

from config.db import db
from tests.claims.submission.filing import CONSULTATION_RIEL, make_body, make_line
from tests.factories import HOSPITAL, OTHER_HOSPITAL, WOMAN, make_client_token

FACILITY_SCOPES = ("eligibility.check", "claim.submit", "claim.read")


class Machine:
    """A facility's system with its token."""

    def __init__(self, http: FlaskClient, *, facility: str | None = HOSPITAL, **given: Any) -> None:
        self.http = http
        scopes = given.get("scopes", FACILITY_SCOPES)
        self.headers = {"Authorization": make_client_token(http, scopes=scopes, facility=facility)}

    def call(self, method: str, path: str, **given: Any) -> TestResponse:
        headers = self.headers | given.pop("headers", {})
        return self.http.open(f"/api/v1{path}", method=method, headers=headers, **given)

    def get(self, path: str, **given: Any) -> TestResponse:
        return self.call("GET", path, **given)

    def post(self, path: str, body: Any = None, **given: Any) -> TestResponse:
        return self.call("POST", path, json=body, **given)


@pytest.fixture
def hospital(world: Flask, client: FlaskClient) -> Machine:
    return Machine(client)


def pointers(answer: TestResponse) -> set[str]:
    assert answer.status_code == 422, answer.text
    assert answer.content_type == "application/problem+json"
    return {error["pointer"] for error in answer.json["errors"]}


def stored() -> int:
    return int(db.session.scalar(text("SELECT count(*) FROM claims")) or 0)


def test_a_claim_is_filed_found_and_repeated(hospital: Machine) -> None:
    filed = hospital.post("/claims", make_body())
    number = filed.json["number"]

    again, found = hospital.post("/claims", make_body()), hospital.get(f"/claims/{number}")

    assert (filed.status_code, again.status_code, found.status_code) == (201, 200, 200)
    assert filed.headers["Location"] == f"/api/v1/claims/{number}"
    assert filed.headers["ETag"] == '"1"'
    assert filed.headers["Cache-Control"] == "no-store"
    assert filed.json == again.json == found.json
    assert filed.json["card_number"] == WOMAN
    assert filed.json["outcome"]["payable_riel"] == CONSULTATION_RIEL
    assert filed.json["deadlines"].keys() == {
        "submit_by", "answer_by", "review_by", "appeal_by", "pay_by",
    }  # fmt: skip


def test_another_body_is_a_conflict(hospital: Machine) -> None:
    hospital.post("/claims", make_body())

    answer = hospital.post("/claims", make_body(lines=[make_line(quantity=2)]))

    assert (answer.status_code, answer.json["code"]) == (409, "reference_used")


def test_every_bad_field_is_named_at_once(hospital: Machine) -> None:
    body = make_body(
        type="gift", card_number=" -- ", service_from="yesterday", emergency="no",
        diagnoses=[{"code": "J18.9", "role": "secondary"}, {"code": "<b>"}],
        lines=[
            {"service": "", "quantity": 0, "unit_price_riel": 5.5},
            {"service": "X", "quantity": "2", "unit_price_riel": -1, "discount": 3},
        ],
        patient={"newborn": True, "sex": "X", "date_of_birth": "2026-11-20"},
        colour="red",
    )  # fmt: skip
    del body["facility_reference"]

    answer = hospital.post("/claims", body)

    assert pointers(answer) == {
        "/facility_reference", "/type", "/card_number", "/service_from", "/emergency",
        "/diagnoses", "/diagnoses/1/code", "/lines/0/service", "/lines/0/quantity",
        "/lines/0/unit_price_riel", "/lines/1/quantity", "/lines/1/unit_price_riel",
        "/lines/1/discount", "/patient/sex", "/colour",
    }  # fmt: skip
    assert stored() == 0


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"diagnoses": [{"code": "J18.9", "role": "secondary"}]}, "/diagnoses"),
        ({"diagnoses": []}, "/diagnoses"),
        ({"diagnoses": [{"code": "J18.9", "role": "primary"}] * 2}, "/diagnoses"),
        ({"type": "maternity"}, "/maternity"),
        ({"lines": []}, "/lines"),
        ({"lines": [make_line()] * 201}, "/lines"),
        ({"lines": [make_line(quantity=10**9)]}, "/lines/0/quantity"),
        ({"lines": [make_line(unit_price_riel=10**13)]}, "/lines/0/unit_price_riel"),
        ({"lines": [make_line(service_date="0001-01-01")]}, "/lines/0/service_date"),
        ({"service_from": "0001-01-01"}, "/service_from"),
        ({"facility_reference": "x" * 81}, "/facility_reference"),
        ({"practitioner": "a\x00b"}, "/practitioner"),
        ({"patient_paid_riel": 1.5}, "/patient_paid_riel"),
        ({"submit": "yes"}, "/submit"),
        ({"card_number": None}, "/card_number"),
    ],
)
def test_a_bad_field_is_named_by_its_pointer(
    hospital: Machine, change: dict[str, Any], pointer: str
) -> None:
    assert pointer in pointers(hospital.post("/claims", make_body() | change))
    assert stored() == 0


@pytest.mark.parametrize("body", [[], "claim", 5, None])
def test_a_body_that_is_no_claim_is_refused(hospital: Machine, body: Any) -> None:
    assert hospital.post("/claims", body).status_code in (400, 422)
    assert stored() == 0


def test_a_claim_needs_a_token_and_the_permission(world: Flask, client: FlaskClient) -> None:
    assert client.post("/api/v1/claims", json=make_body()).status_code == 401

    reader = Machine(client, scopes=("claim.read",))

    assert reader.post("/claims", make_body()).status_code == 403
    assert stored() == 0


def test_a_replacement_needs_if_match_and_the_newest_version(hospital: Machine) -> None:
    draft = hospital.post("/claims", make_body(submit=False)).json
    place, body = f"/claims/{draft['number']}", make_body(submit=False, practitioner="Dr A")

    without = hospital.call("PUT", place, json=body)
    stale = hospital.call("PUT", place, json=body, headers={"If-Match": '"7"'})
    nonsense = hospital.call("PUT", place, json=body, headers={"If-Match": '"x"'})
    done = hospital.call("PUT", place, json=body, headers={"If-Match": '"1"'})

    assert [without.status_code, stale.status_code, nonsense.status_code] == [428, 412, 412]
    assert (done.status_code, done.headers["ETag"]) == (200, '"2"')
    assert done.json["practitioner"] == "Dr A"


def test_a_move_the_state_does_not_allow_names_the_allowed_ones(hospital: Machine) -> None:
    number = hospital.post("/claims", make_body()).json["number"]
    withdrawn = hospital.post(f"/claims/{number}/withdraw")

    answer = hospital.post(f"/claims/{number}/withdraw")

    assert withdrawn.json["state"] == "withdrawn"
    assert (answer.status_code, answer.json["code"]) == (409, "invalid_transition")
    assert answer.json["allowed"] == ["submit", "void"]


def test_a_foreign_claim_is_not_found_by_any_door(hospital: Machine, client: FlaskClient) -> None:
    number = hospital.post("/claims", make_body(submit=False)).json["number"]
    stranger = Machine(client, facility=OTHER_HOSPITAL)

    answers = [
        stranger.get(f"/claims/{number}"),
        stranger.get(f"/claims/{number}/history"),
        stranger.get(f"/claims/{number}/messages"),
        stranger.post(f"/claims/{number}/messages", {"text": "hello"}),
        stranger.post(f"/claims/{number}/submit"),
        stranger.post(f"/claims/{number}/withdraw"),
        stranger.post(f"/claims/{number}/void"),
        stranger.call("PUT", f"/claims/{number}", json=make_body(), headers={"If-Match": '"1"'}),
    ]

    assert {answer.status_code for answer in answers} == {404}
    assert stranger.get("/claims").json["items"] == []
    assert stranger.get(f"/claims?facility={HOSPITAL}").json["items"] == []


def test_lists_are_paged_by_key_without_loss(hospital: Machine) -> None:
    made = [hospital.post("/claims", make_body(f"INV-{n}", submit=False)).json for n in range(5)]

    first = hospital.get("/claims?limit=2").json
    second = hospital.get(f"/claims?limit=2&cursor={first['next_cursor']}").json
    third = hospital.get(f"/claims?limit=2&cursor={second['next_cursor']}").json

    items = first["items"] + second["items"] + third["items"]
    assert [item["number"] for item in items] == [claim["number"] for claim in reversed(made)]
    assert third["next_cursor"] is None


def test_changes_are_listed_in_their_order(hospital: Machine) -> None:
    made = [hospital.post("/claims", make_body(f"INV-{n}", submit=False)).json for n in range(3)]
    hospital.post(f"/claims/{made[0]['number']}/withdraw")

    since = "updated_after=2020-01-01T00:00:00Z"
    first = hospital.get(f"/claims?limit=2&{since}").json
    rest = hospital.get(f"/claims?limit=2&{since}&cursor={first['next_cursor']}").json

    numbers = [item["number"] for item in first["items"] + rest["items"]]
    assert numbers == [made[1]["number"], made[2]["number"], made[0]["number"]]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("state=draft", 1), ("state=submitted", 1), ("state=paid", 0), ("type=maternity", 0),
        ("facility_reference=INV-1", 1), ("service_from=2030-01-01", 0),
        ("service_to=2030-01-01", 2), ("updated_after=2099-01-01T00:00:00Z", 0), ("batch=B1", 0),
    ],
)  # fmt: skip
def test_a_list_is_narrowed_by_its_filters(hospital: Machine, query: str, found: int) -> None:
    hospital.post("/claims", make_body("INV-1"))
    hospital.post("/claims", make_body("INV-2", submit=False))

    assert len(hospital.get(f"/claims?{query}").json["items"]) == found


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "cursor=zzz", "state=gone", "x=1",
                                   "cursor=WyJhIl0"])  # fmt: skip
def test_a_bad_query_is_refused(hospital: Machine, query: str) -> None:
    assert hospital.get(f"/claims?{query}").status_code == 422


def test_a_card_is_searched_in_the_body_only(hospital: Machine) -> None:
    hospital.post("/claims", make_body())

    found = hospital.post("/claims/search", {"card_number": WOMAN.replace("-", " ")})
    other = hospital.post("/claims/search", {"card_number": "1"})

    assert len(found.json["items"]) == 1
    assert other.json["items"] == []
    assert hospital.get("/claims?card_number=1").status_code == 422


def test_a_preview_stores_nothing_and_tells_the_same(hospital: Machine) -> None:
    refused = hospital.post("/claims/preview", make_body())
    hospital.post("/eligibility-checks", {"card_number": WOMAN})

    preview = hospital.post("/claims/preview", make_body())

    assert (refused.status_code, refused.json["code"]) == (403, "no_recent_check")
    assert preview.status_code == 200
    assert stored() == 0
    filed = hospital.post("/claims", make_body()).json
    assert preview.json["outcome"] == filed["outcome"] | {
        "lines": [
            {name: value for name, value in line.items() if name != "approved_riel"}
            for line in filed["outcome"]["lines"]
        ]
    }


def test_a_promised_check_is_honoured_when_the_contract_ends(hospital: Machine, owner: Any) -> None:
    check = hospital.post("/eligibility-checks", {"card_number": WOMAN}).json
    owner.execute("DELETE FROM registry.coverages")

    with_check = hospital.post("/claims", make_body(eligibility_check=check["number"])).json
    without = hospital.post("/claims", make_body("INV-2")).json

    assert with_check["outcome"]["payable_riel"] == CONSULTATION_RIEL
    assert "promise_used" in str(with_check["outcome"]["findings"])
    assert "not_eligible" in str(without["outcome"]["findings"])


def test_a_question_and_its_answer_are_threaded(hospital: Machine, client: FlaskClient) -> None:
    number = hospital.post("/claims", make_body()).json["number"]
    reviewer = Machine(client, facility=None, scopes=("claim.read", "claim.review"))
    reviewer.post(f"/claims/{number}/messages", {"text": "Which ward?"})
    reviewer.post(f"/claims/{number}/messages", {"text": "odd", "internal": True})

    talk = hospital.post(f"/claims/{number}/messages", {"text": "Ward 3"})

    assert talk.status_code == 201
    assert [item["text"] for item in talk.json["items"]] == ["Which ward?", "Ward 3"]
    assert "by" not in talk.json["items"][0]
    assert len(reviewer.get(f"/claims/{number}/messages").json["items"]) == 3


def test_history_names_every_step(hospital: Machine) -> None:
    number = hospital.post("/claims", make_body()).json["number"]
    hospital.post(f"/claims/{number}/withdraw")

    items = hospital.get(f"/claims/{number}/history").json["items"]

    assert [item["action"] for item in items] == ["create", "submit", "withdraw"]
