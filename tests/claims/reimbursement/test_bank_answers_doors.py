"""The bank's answers through both doors: files, partial payments, returns, adjustments, papers."""

from __future__ import annotations

import io
from typing import Any

import psycopg
import pytest
from flask.testing import FlaskClient

from claims.ledger import service as ledger
from claims.reimbursement import service as reimbursement
from config import clock
from config.db import db
from tests.claims.payable import (
    APPROVER,
    FACILITY,
    FINANCE,
    approved_claim,
    claim_row,
    due_run,
    exported,
    settled,
)
from tests.claims.reimbursement.test_bank_file import failed, file_of, paid
from tests.claims.reimbursement.test_reimbursement_api import Caller
from tests.desks import Desk, visible
from tests.factories import csrf_token

pytestmark = pytest.mark.usefixtures("payees")
TODAY = clock.today().isoformat()


@pytest.fixture
def finance(client: FlaskClient) -> Caller:
    return Caller(client, "batch.manage", "claim.read")


def upload(door: Caller | Desk, path: str, *rows: str) -> Any:
    """Send a bank's file as a machine does, or as a browser's form."""
    file = (io.BytesIO(file_of(*rows)), "bank.csv")
    if isinstance(door, Caller):
        return door.client.post(f"/api/v1{path}", data={"file": file}, headers=door.headers)
    return door.http.post(path, data={"file": file, "csrf_token": csrf_token(door.http)})


def recover(claim: str, riel: int) -> None:
    scheme = claim_row(claim).scheme or ""
    ledger.recover(
        claim=claim, facility=FACILITY, scheme=scheme, riel=riel, reason="price", by=APPROVER
    )


def test_a_banks_file_settles_a_run_row_by_row(finance: Caller) -> None:
    claim = approved_claim()
    run = exported(due_run())
    batch = claim_row(claim).batch_number or ""
    db.session.remove()

    form = finance.get(f"/payment-runs/{run}/bank-file")
    first = upload(finance, f"/payment-runs/{run}/bank-file", paid(batch, 6000), paid("B1", 5))
    again = upload(finance, f"/payment-runs/{run}/bank-file", paid(batch, 6000), paid("B1", 5))

    assert f"{batch},6000" in form.text
    assert (first.status_code, first.json["counts"]) == (200, {"settled": 1, "unknown": 1})
    assert first.json["results"][0] == {
        "row": 2, "end_to_end_id": batch, "result": "settled", "fault": "", "riel": 6000,
    }  # fmt: skip
    assert (again.json["repeated"], again.json["changed"]) == (True, 0)
    assert finance.get(f"/payment-runs/{run}").json["state"] == "settled"


def test_a_banks_file_is_asked_for_by_finance_under_its_own_kind(
    client: FlaskClient, finance: Caller
) -> None:
    approved_claim()
    run = exported(due_run())
    db.session.remove()
    authoriser = Caller(client, "batch.authorise")

    assert upload(authoriser, f"/payment-runs/{run}/bank-file").status_code == 403
    assert upload(finance, f"/batches/{run}/bank-file").status_code == 404
    assert finance.post(f"/payment-runs/{run}/bank-file").status_code == 422
    none = {"file": (io.BytesIO(b"a,b"), "x.csv")}
    refused = client.post(
        f"/api/v1/payment-runs/{run}/bank-file", data=none, headers=finance.headers
    )
    assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (422, "/file")


def test_a_partial_payment_and_a_return_through_the_json_door(
    client: FlaskClient, finance: Caller
) -> None:
    kept, lost = approved_claim(), approved_claim()
    batch = exported()
    db.session.remove()
    body = {"bank_reference": "ACL-1", "paid_on": TODAY, "unpaid": [lost], "paid_riel": 5000}

    refused = finance.post(f"/batches/{batch}/settle", body)
    done = finance.post(f"/batches/{batch}/settle", body | {"paid_riel": 6000})
    told = finance.post(f"/batches/{batch}/return", {"reason": "closed", "returned_on": TODAY})
    own = finance.post(f"/batches/{batch}/confirm_return")
    authoriser = Caller(client, "batch.authorise")
    agreed = authoriser.post(f"/batches/{batch}/confirm_return")

    assert [error["pointer"] for error in refused.json["errors"]] == ["/paid_riel"]
    assert (done.status_code, done.json["unpaid_riel"]) == (200, 6000)
    assert (told.json["state"], own.status_code) == ("returning", 403)
    assert (agreed.status_code, agreed.json["state"]) == (200, "returned")
    assert {claim_row(claim).state for claim in (kept, lost)} == {"approved"}
    assert finance.post(f"/payment-runs/{batch}/return", {}).status_code == 404
    db.session.remove()
    assert finance.get(f"/remittances/{done.json['remittance']}").json["reversed_on"] == TODAY


def test_adjustments_are_listed_for_finance_and_for_the_facility_they_concern(
    client: FlaskClient, finance: Caller
) -> None:
    old = approved_claim()
    settled()
    recover(old, 500)
    db.session.remove()

    [shown] = finance.get("/adjustments?waiting=true").json["items"]
    [mine] = Caller(client, "claim.read", facility=FACILITY).get("/adjustments").json["items"]
    foreign = Caller(client, "claim.read", facility="030201").get("/adjustments").json

    assert (shown["kind"], shown["riel"], shown["waiting_riel"]) == ("recovery", -500, -500)
    assert (shown["reason"], mine["reason"]) == ("price", None)
    assert foreign["items"] == []


def test_finance_reads_the_banks_file_at_the_desk_and_sees_what_did_not_fit(
    client: FlaskClient,
) -> None:
    claim = approved_claim()
    run = exported(due_run())
    batch = claim_row(claim).batch_number or ""
    db.session.remove()
    desk, place = Desk(client, "finance"), f"/finance/runs/{run}"

    offered = visible(desk.get(place))
    form = desk.http.get(f"{place}/bank-file")
    empty = desk.send(f"{place}/bank-file")
    sent = upload(desk, f"{place}/bank-file", paid(batch, 6001), paid("B26K000000000", 1))
    odd = visible(desk.get(place))
    upload(desk, f"{place}/bank-file", paid(batch, 6000))
    upload(desk, f"{place}/bank-file", paid(batch, 6000))
    after = visible(desk.get(place))

    assert "The bank's file" in offered
    assert batch in form.text
    assert (empty.status_code, "Choose a file." in empty.text) == (422, True)
    assert sent.status_code == 303
    assert "Another amount than was sent" in odd
    assert "Not of this payment" in odd
    assert "This file was read before: nothing has changed." in after
    assert "Settled: 1" in after
    assert reimbursement.find_run(run, by=FINANCE)["state"] == "settled"


def test_a_return_goes_through_two_desks(client: FlaskClient) -> None:
    claim = approved_claim()
    batch = settled()
    db.session.remove()
    finance, authoriser = Desk(client, "finance"), Desk(client, "finance_authoriser")
    place = f"/finance/batches/{batch}"

    finance.post(f"{place}/return", 422, reason="closed", returned_on="2999-01-01")
    finance.post(f"{place}/return", reason="account closed", returned_on=TODAY)
    own = finance.get(place)
    authoriser.post(f"{place}/confirm_return")
    page = visible(authoriser.get(place))

    assert "Another person must confirm the return." in own
    assert f"{place}/confirm_return" not in own
    assert "Returned by the bank" in page
    assert "account closed" in page
    assert claim_row(claim).state == "approved"


def test_what_the_bank_left_out_is_named_at_the_desk(client: FlaskClient) -> None:
    kept, lost = approved_claim(), approved_claim()
    batch = exported()
    db.session.remove()
    desk, place = Desk(client, "finance"), f"/finance/batches/{batch}"
    given = {"bank_reference": "ACL-1", "paid_on": TODAY, "unpaid": f" {lost}\n"}

    wrong = desk.post(f"{place}/settle", 422, paid_riel="1", **given)
    desk.post(f"{place}/settle", paid_riel="6,000", **given)

    assert "aria-invalid" in wrong
    assert "Not paid by the bank 6,000 riel" in visible(desk.get(place))
    assert (claim_row(kept).state, claim_row(lost).state) == ("paid", "approved")


def test_desks_show_adjustments_and_the_remittance_with_its_paper(client: FlaskClient) -> None:
    old = approved_claim()
    settled()
    recover(old, 500)
    db.session.remove()
    desk = Desk(client, "finance")
    waits = visible(desk.get("/finance/adjustments?waiting=1"))
    due = visible(desk.get("/finance"))
    db.session.remove()
    new = approved_claim()
    settled()
    number = claim_row(new).remittance_number
    db.session.remove()
    billing = Desk(client, "billing", facility=FACILITY)

    page = visible(billing.get(f"/remittances/{number}"))
    paper = billing.http.get(f"/remittances/{number}.pdf")
    sheet = billing.http.get(f"/remittances/{number}.csv").text

    assert "Recovery" in waits
    assert "-500 riel" in due
    assert f"Recovery {old} -500 riel" in page
    assert (paper.mimetype, paper.data[:5]) == ("application/pdf", b"%PDF-")
    assert f"{old},recovery,,,-500" in sheet
    assert Desk(client, "billing", facility="030201").http.get(
        f"/remittances/{number}.pdf"
    ).status_code == 404  # fmt: skip
    assert Desk(client, "billing", facility=FACILITY).http.get("/finance/adjustments").status_code == 403  # fmt: skip


def test_a_paper_is_printed_for_a_facility_that_left_the_registry(
    owner: psycopg.Connection[Any],
) -> None:
    claim = approved_claim()
    settled()
    owner.execute("DELETE FROM registry.facilities")

    paper = reimbursement.remittance_pdf(claim_row(claim).remittance_number or "", by=FINANCE)

    assert paper.startswith(b"%PDF-")


def test_a_failed_row_at_the_desk_gives_the_claims_back(client: FlaskClient) -> None:
    claim = approved_claim()
    batch = exported()
    db.session.remove()

    upload(Desk(client, "finance"), f"/finance/batches/{batch}/bank-file", failed(batch, 6000))

    assert claim_row(claim).state == "approved"
