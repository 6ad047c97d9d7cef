"""The JSON door of allowances, from asking to paid, and each refusal."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO

import pytest
from flask.testing import FlaskClient

from config import clock
from tests.claims.allowances.asked import ago, birth, maternity, refund, sickness
from tests.claims.payable import books
from tests.factories import HOSPITAL, OTHER_HOSPITAL, WOMAN
from tests.journeys.conftest import Machine

# The smallest picture there is.
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d4944415478da63f8cfc0"
    "f01f00050001ff89993d1d0000000049454e44ae426082"
)


@pytest.fixture
def clinic(client: FlaskClient, world: None) -> Machine:
    return Machine(client, "allowance.file", HOSPITAL)


@pytest.fixture
def nssf(client: FlaskClient, world: None) -> Machine:
    return Machine(client, "claim.review claim.read")


def test_from_asking_to_paid(client: FlaskClient, clinic: Machine, nssf: Machine) -> None:
    answer = clinic.ask("POST", "/api/v1/allowances", json=birth())
    assert answer.status_code == 201
    number = answer.json["number"]
    assert answer.headers["Location"] == f"/api/v1/allowances/{number}"
    assert answer.headers["Cache-Control"] == "no-store"

    [waiting] = nssf.get("/allowances/queue")["items"]
    assert (waiting["number"], waiting["verdict"]) == (number, "payable")
    assert nssf.post(f"/allowances/{number}/approve")["approved_riel"] == 400_000

    maker = Machine(client, "batch.manage claim.read")
    [batch] = maker.post("/batches", {"period_to": clock.today().isoformat()}, 201)["items"]
    Machine(client, "batch.authorise claim.read").post(f"/batches/{batch['number']}/authorise")
    file = maker.post(f"/batches/{batch['number']}/export?format=csv").get_data(as_text=True)
    assert "001-234-567" in file
    settled = {"bank_reference": "BANK-1", "paid_on": clock.today().isoformat()}
    maker.post(f"/batches/{batch['number']}/settle", settled)
    found = clinic.get(f"/allowances/{number}")
    assert (found["state"], found["paid_on"]) == ("paid", clock.today().isoformat())
    assert [step["by"] for step in found["history"][1:]] == ["nssf"] * 3
    assert books().faults == ()


def test_a_refund_is_approved_with_its_receipt(clinic: Machine, nssf: Machine) -> None:
    number = clinic.post("/allowances", refund(), 201)["number"]
    assert nssf.post(f"/allowances/{number}/approve", status=409)["code"] == "receipt_missing"

    kept = clinic.ask(
        "POST", f"/api/v1/allowances/{number}/attachments",
        data={"kind": "invoice", "file": (BytesIO(PNG), "receipt.png")},
    )  # fmt: skip
    assert kept.status_code == 201, kept.text
    [file] = nssf.get(f"/allowances/{number}/attachments")["items"]
    assert file["kind"] == "invoice"
    assert nssf.ask("GET", kept.headers["Location"]).status_code == 200
    assert nssf.post(f"/allowances/{number}/approve")["approved_riel"] == 20_000
    late = clinic.ask(
        "POST", f"/api/v1/allowances/{number}/attachments",
        data={"kind": "invoice", "file": (BytesIO(PNG), "again.png")},
    )  # fmt: skip
    assert late.json["code"] == "invalid_transition"


def test_every_bad_field_is_named_at_once(clinic: Machine) -> None:
    body = sickness(5, 10, kind="sickness", leave_permitted="yes", wages=1)
    body["payee"] = {"method": "bank", "name": ""}

    problem = clinic.post("/allowances", body, 422)

    pointers = {error["pointer"] for error in problem["errors"]}
    assert pointers == {"/leave_permitted", "/wages", "/payee/name", "/payee/account", "/until"}


def test_asking_twice_names_the_first(clinic: Machine) -> None:
    number = clinic.post("/allowances", birth(), 201)["number"]

    problem = clinic.post("/allowances", birth(), 409)

    assert (problem["code"], problem["number"]) == ("duplicate_allowance", number)


def test_a_decision_needs_nssf_and_a_reason(clinic: Machine, nssf: Machine) -> None:
    number = clinic.post("/allowances", birth(), 201)["number"]

    clinic.post(f"/allowances/{number}/approve", status=403)
    assert (
        nssf.post(f"/allowances/{number}/reject", status=422)["errors"][0]["pointer"] == "/reason"
    )
    nssf.post(f"/allowances/{number}/reject", {"reason": "not_true"})
    problem = nssf.post(f"/allowances/{number}/approve", status=409)
    assert (problem["code"], problem["allowed"]) == ("invalid_transition", [])


def test_another_facilitys_allowance_is_not_found(client: FlaskClient, clinic: Machine) -> None:
    number = clinic.post("/allowances", birth(), 201)["number"]
    stranger = Machine(client, "allowance.file", OTHER_HOSPITAL)

    for path in ("", "/attachments"):
        stranger.get(f"/allowances/{number}{path}", 404)
    for step in ("submit", "withdraw"):
        stranger.post(f"/allowances/{number}/{step}", status=404)
    assert stranger.get("/allowances")["items"] == []


def test_corrected_withdrawn_computed_and_reopened(
    client: FlaskClient, clinic: Machine, nssf: Machine
) -> None:
    number = clinic.post("/allowances", birth(gestation_weeks=None), 201)["number"]
    nssf.post(f"/allowances/{number}/return", {"reason": "documents_missing"})
    put = clinic.ask("PUT", f"/api/v1/allowances/{number}", json=birth(gestation_weeks=38))
    assert put.json["state"] == "submitted"
    assert nssf.post(f"/allowances/{number}/compute")["computed_riel"] == 400_000
    nssf.post(f"/allowances/{number}/approve")
    approver = Machine(client, "claim.review claim.approve")
    assert approver.post(f"/allowances/{number}/reopen", {"reason": "x"})["state"] == "submitted"
    assert clinic.post(f"/allowances/{number}/withdraw")["state"] == "withdrawn"


def test_lists_are_paged_and_searched_by_card(clinic: Machine) -> None:
    numbers = [clinic.post("/allowances", body, 201)["number"] for body in (birth(), maternity())]

    page = clinic.get("/allowances?limit=1")
    following = clinic.get(f"/allowances?limit=1&cursor={page['next_cursor']}")
    assert [page["items"][0]["number"], following["items"][0]["number"]] == numbers[::-1]
    assert following["next_cursor"] is None
    found = clinic.post("/allowances/search", {"card_number": WOMAN, "kind": "birth"})["items"]
    assert [one["number"] for one in found] == numbers[:1]
    clinic.get("/allowances?cursor=nonsense", 422)


def test_the_rules_in_force_are_shown_with_their_sources(clinic: Machine) -> None:
    shown = clinic.get("/allowances/rules?on=2023-07-31")

    rules = {rule["id"]: rule for rule in shown["items"]}
    assert rules["B-2018"]["riel"] == 400_000
    assert "B-DEL" not in rules
    assert rules["W-MAT"]["source"]["status"] == "law"
    assert rules["W-MAT"]["use"] == ["any_9_of_12"]


def test_pregnancies_over_the_door(clinic: Machine, nssf: Machine) -> None:
    body = {"card_number": WOMAN, "due_date": (clock.today() + timedelta(days=30)).isoformat()}

    first = clinic.post("/pregnancies", body, 201)
    assert clinic.post("/pregnancies", body, 200) == first
    assert clinic.get("/pregnancies")["items"] == [first]
    problem = clinic.post("/pregnancies", {"card_number": WOMAN, "due_date": ago(-250)}, 422)
    assert problem["errors"][0]["pointer"] == "/due_date"
    assert nssf.get("/pregnancies/missing") == {"items": [], "next_cursor": None}
    listed = nssf.get("/pregnancies/missing?format=csv")
    assert listed.headers["Content-Type"] == "text/csv; charset=utf-8"
    clinic.get("/pregnancies/missing", 403)


def test_reasons_of_allowances_are_in_the_code_list(clinic: Machine) -> None:
    items = clinic.get("/codes/reasons?q=cremation")["items"]

    assert isinstance(items, list)
    found = clinic.get("/codes/reasons?q=amount_not_set")["items"]
    assert [one["code"] for one in found] == ["amount_not_set"]
