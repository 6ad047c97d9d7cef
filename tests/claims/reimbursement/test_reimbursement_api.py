"""Finance's JSON door from the batch to the remittance, and every refusal in its shape."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from flask.testing import FlaskClient

from config import clock
from tests.claims.payable import (
    FACILITY,
    OTHER_FACILITY,
    approved_claim,
    claim_row,
    line,
)
from tests.factories import make_client_token, make_facility

pytestmark = pytest.mark.usefixtures("app")
TODAY = clock.today().isoformat()


class Caller:
    """A machine client with these scopes, NSSF's when it has no facility."""

    def __init__(self, client: FlaskClient, *scopes: str, facility: str | None = None) -> None:
        self.client = client
        token = make_client_token(client, scopes=scopes, facility=facility)
        self.headers = {"Authorization": token}

    def post(self, path: str, body: object = None):
        return self.client.post(f"/api/v1{path}", json=body or {}, headers=self.headers)

    def get(self, path: str, **headers: str):
        return self.client.get(f"/api/v1{path}", headers=self.headers | headers)


@pytest.fixture
def finance(client: FlaskClient, owner: psycopg.Connection[Any]) -> Caller:
    make_facility(owner, FACILITY)
    make_facility(owner, OTHER_FACILITY)
    return Caller(client, "batch.manage", "claim.read")


@pytest.fixture
def authoriser(client: FlaskClient) -> Caller:
    return Caller(client, "batch.authorise", "claim.read")


@pytest.fixture
def facility(client: FlaskClient) -> Caller:
    return Caller(client, "claim.read", facility=FACILITY)


def opened(finance: Caller) -> str:
    answer = finance.post("/batches", {"period_to": TODAY})
    assert answer.status_code == 201
    [batch] = answer.json["items"]
    return str(batch["number"])


def settle(finance: Caller, authoriser: Caller, path: str) -> Any:
    assert authoriser.post(f"{path}/authorise").json["state"] == "authorised"
    assert finance.post(f"{path}/export?format=pain.001").status_code == 200
    answer = finance.post(f"{path}/settle", {"bank_reference": "ACL-9", "paid_on": TODAY})
    assert (answer.status_code, answer.json["state"]) == (200, "settled")
    return answer.json


def test_from_batch_to_remittance(finance: Caller, authoriser: Caller, facility: Caller) -> None:
    number = approved_claim(line(quantity=2))

    batch = opened(finance)
    shown = finance.get(f"/batches/{batch}").json
    remittance = settle(finance, authoriser, f"/batches/{batch}")["remittance"]

    assert (shown["state"], shown["claims"], shown["total_riel"]) == ("open", 1, 12_000)
    advice = facility.get(f"/remittances/{remittance}").json
    assert advice["total_riel"] == 12_000
    assert advice["bank_reference"] == "ACL-9"
    assert [claim["number"] for claim in advice["claims"]] == [number]
    assert advice["adjustments"] == []
    listed = facility.get("/remittances").json
    assert [item["number"] for item in listed["items"]] == [remittance]
    received = facility.post(f"/remittances/{remittance}/acknowledge", {"received_riel": 12_000})
    assert (received.status_code, received.json["received_riel"]) == (200, 12_000)


def test_an_export_is_a_download_whose_bytes_never_change(
    finance: Caller, authoriser: Caller
) -> None:
    approved_claim()
    path = f"/batches/{opened(finance)}"
    assert finance.get(f"{path}/export").status_code == 409
    authoriser.post(f"{path}/authorise")

    first = finance.post(f"{path}/export?format=pain.001")
    again = finance.post(f"{path}/export?format=pain.001")
    read = finance.get(f"{path}/export?format=pain.001")
    as_csv = finance.get(f"{path}/export?format=csv")

    assert first.content_type == "application/xml"
    assert first.data == again.data == read.data
    assert first.headers["Content-Disposition"].endswith('.xml"')
    assert as_csv.content_type == "text/csv; charset=utf-8"
    assert finance.get(path).json["state"] == "exported"
    assert finance.post(f"{path}/export?format=pdf").status_code == 422


def test_the_maker_is_never_the_checker(client: FlaskClient, finance: Caller) -> None:
    approved_claim()
    path = f"/batches/{opened(finance)}"

    answer = finance.post(f"{path}/authorise")

    assert (answer.status_code, answer.json["code"]) == (403, "insufficient_scope")
    assert finance.get(path).json["state"] == "open"


def test_a_step_out_of_order_is_409_and_names_the_allowed_ones(finance: Caller) -> None:
    approved_claim()
    path = f"/batches/{opened(finance)}"

    answer = finance.post(f"{path}/settle", {"bank_reference": "x", "paid_on": TODAY})

    assert (answer.status_code, answer.json["code"]) == (409, "invalid_transition")
    assert answer.json["allowed"] == ["authorise", "cancel"]


def test_a_held_account_is_409_and_names_the_facility(
    finance: Caller, authoriser: Caller, owner: psycopg.Connection[Any]
) -> None:
    approved_claim()
    path = f"/batches/{opened(finance)}"
    authoriser.post(f"{path}/authorise")
    owner.execute("UPDATE registry.facilities SET bank_account = NULL")

    answer = finance.post(f"{path}/export")

    assert (answer.status_code, answer.json["code"]) == (409, "account_not_confirmed")
    assert answer.json["facilities"] == [FACILITY]


def test_a_failed_batch_frees_its_claims(finance: Caller, authoriser: Caller) -> None:
    number = approved_claim()
    path = f"/batches/{opened(finance)}"
    authoriser.post(f"{path}/authorise")

    failed = finance.post(f"{path}/fail", {"reason": "account closed"})

    assert (failed.json["state"], failed.json["failure"]) == ("failed", "account closed")
    assert claim_row(number).state == "approved"
    assert opened(finance) not in path


def test_an_open_batch_is_cancelled(finance: Caller) -> None:
    approved_claim()

    answer = finance.post(f"/batches/{opened(finance)}/cancel")

    assert (answer.status_code, answer.json["state"]) == (200, "cancelled")


def test_a_run_pays_several_facilities_at_once(finance: Caller, authoriser: Caller) -> None:
    approved_claim()
    approved_claim(facility=OTHER_FACILITY, scheme="hef")

    answer = finance.post("/payment-runs", {"period_to": TODAY})
    run = settle(finance, authoriser, f"/payment-runs/{answer.json['number']}")

    assert answer.status_code == 201
    assert answer.headers["Location"] == f"/api/v1/payment-runs/{run['number']}"
    assert [(total["scheme"], total["total_riel"]) for total in run["totals"]] == [
        ("health_care", 6000),
        ("hef", 6000),
    ]
    assert all(batch["remittance"] for batch in run["batches"])
    listed = finance.get("/payment-runs?state=settled").json["items"]
    assert [item["number"] for item in listed] == [run["number"]]


@pytest.mark.parametrize(
    "body",
    [{}, {"period_to": TODAY, "batches": ["B1"]}, {"batches": []}, {"batches": ["B1", "B1"]}],
)
def test_a_run_is_asked_for_in_one_way_only(finance: Caller, body: dict[str, Any]) -> None:
    assert finance.post("/payment-runs", body).status_code == 422


def test_a_facility_or_scheme_nobody_knows_is_a_bad_field_not_an_empty_answer(
    finance: Caller,
) -> None:
    body = {"period_to": TODAY, "facility": "999999", "scheme": "health_car"}

    wrong = finance.post("/batches", body)
    right = finance.post("/batches", body | {"facility": FACILITY, "scheme": "allowances"})

    assert wrong.status_code == 422
    assert [one["pointer"] for one in wrong.json["errors"]] == ["/facility", "/scheme"]
    assert (right.status_code, right.json["items"]) == (201, [])


def test_bad_fields_are_named_at_once(finance: Caller) -> None:
    answer = finance.post("/batches", {"period_to": "yesterday", "facility": 7, "extra": 1})

    assert answer.status_code == 422
    assert {error["pointer"] for error in answer.json["errors"]} == {
        "/period_to", "/facility", "/extra",
    }  # fmt: skip


def test_the_number_of_something_else_is_not_found(finance: Caller) -> None:
    approved_claim()
    batch = opened(finance)

    assert finance.get(f"/payment-runs/{batch}").status_code == 404
    assert finance.post(f"/payment-runs/{batch}/cancel").status_code == 404
    assert finance.post("/batches/B26K000000000/cancel").status_code == 404
    assert finance.get(f"/batches/{batch}").json["state"] == "open"


def test_a_remittance_comes_as_json_csv_or_pdf_and_nothing_else(
    finance: Caller, authoriser: Caller, facility: Caller
) -> None:
    approved_claim()
    remittance = settle(finance, authoriser, f"/batches/{opened(finance)}")["remittance"]
    path = f"/remittances/{remittance}"

    assert facility.get(path, Accept="*/*").is_json
    assert facility.get(path, Accept="text/csv").mimetype == "text/csv"
    assert facility.get(f"{path}?format=csv").mimetype == "text/csv"
    paper = facility.get(path, Accept="application/pdf")
    assert (paper.mimetype, paper.data[:5]) == ("application/pdf", b"%PDF-")
    assert facility.get(f"{path}?format=pdf").mimetype == "application/pdf"
    refused = facility.get(path, Accept="image/png")
    assert (refused.status_code, refused.json["code"]) == (406, "not_acceptable")
    assert refused.json["offered"] == [
        "application/json", "text/csv", "application/pdf",
    ]  # fmt: skip


def test_another_facilitys_payments_do_not_exist(
    client: FlaskClient, finance: Caller, authoriser: Caller
) -> None:
    approved_claim()
    batch = opened(finance)
    remittance = settle(finance, authoriser, f"/batches/{batch}")["remittance"]
    other = Caller(client, "claim.read", "claim.submit", facility=OTHER_FACILITY)

    assert other.get(f"/remittances/{remittance}").status_code == 404
    assert other.get(f"/remittances/{remittance}?format=csv").status_code == 404
    answer = other.post(f"/remittances/{remittance}/acknowledge", {"received_riel": 1})
    assert answer.status_code == 404
    assert other.get("/remittances").json["items"] == []
    for refused in (
        other.get("/batches"),
        other.get(f"/batches/{batch}"),
        other.get(f"/batches/{batch}/export"),
        other.post("/batches", {"period_to": TODAY}),
        other.get("/payment-runs"),
    ):
        assert refused.status_code == 403


def test_lists_page_and_refuse_a_made_up_cursor(finance: Caller) -> None:
    approved_claim()
    approved_claim(scheme="hef")
    finance.post("/batches", {"period_to": TODAY})

    first = finance.get("/batches?limit=1").json
    rest = finance.get(f"/batches?limit=1&cursor={first['next_cursor']}").json

    assert {first["items"][0]["scheme"], rest["items"][0]["scheme"]} == {"health_care", "hef"}
    assert rest["next_cursor"] is None
    assert finance.get("/batches?cursor=WyJ4Il0").status_code == 422


def test_the_same_key_opens_batches_once(finance: Caller) -> None:
    approved_claim()
    headers = finance.headers | {"Idempotency-Key": "open-1"}

    def post() -> Any:
        return finance.client.post("/api/v1/batches", json={"period_to": TODAY}, headers=headers)

    first, again = post(), post()

    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json == again.json
    assert first.json["items"]
