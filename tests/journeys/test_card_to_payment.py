"""The whole line over HTTP: token, check, claim, review, four eyes, batch, payment, remittance."""

from __future__ import annotations

from flask.testing import FlaskClient
from sqlalchemy import text

from auth.permissions import system_actor
from claims.adjudication.service import load_tariffs
from claims.reimbursement.service import verify_books
from config import clock
from config.db import db
from tests.factories import HOSPITAL, WOMAN
from tests.journeys.conftest import REVIEW_SCOPES, Machine, delivery, treatment

# Above the limit of 2,000,000 riel a second person approves; no shipped price reaches it.
DEAR_CAESAREAN = (
    "service,name_km,name_en,benefit,level,payer,price_riel,valid_from,valid_to,status,source\n"
    "DELIVERY-CAESAREAN,សម្រាលដោយវះកាត់,Caesarean,delivery,cpa3,nssf,2400000,2016-01-01,,demo,test\n"
)


def test_from_token_to_remittance_to_the_riel(hospital: Machine, client: FlaskClient) -> None:
    decision = hospital.post("/eligibility-checks", {"card_number": WOMAN})
    assert (decision["verdict"], decision["promise"]) == ("eligible", True)
    visit = hospital.post(
        "/visits",
        {"card_number": WOMAN, "eligibility_check": decision["number"], "visit_type": "outpatient",
         "payer": "nssf", "priority": "none", "identity": {"seen": "national_id", "name_differs": False}},
        201,
    )  # fmt: skip
    small = hospital.post(
        "/claims",
        treatment("INV-1", eligibility_check=decision["number"], visit=visit["number"]),
        201,
    )
    load_tariffs(DEAR_CAESAREAN.encode(), by=system_actor("tariffs"))
    birth = hospital.post("/claims", delivery("INV-2", 2_500_000), 201)
    assert (small["state"], birth["state"]) == ("submitted", "submitted")
    assert small["outcome"]["payable_riel"] == 6000
    assert birth["outcome"]["payable_riel"] == 2_400_000

    reviewer = Machine(client, REVIEW_SCOPES)
    assert reviewer.decide_all() == 2
    waiting = hospital.get(f"/claims/{birth['number']}")
    assert (waiting["state"], waiting["awaiting"]) == ("in_review", "second_approval")
    reviewer.post(f"/claims/{birth['number']}/approve", status=403)
    approver = Machine(client, "claim.review claim.approve claim.read")
    approver.post(f"/claims/{birth['number']}/approve")
    approved = {c["number"]: c for c in hospital.get("/claims")["items"]}
    assert {c["state"] for c in approved.values()} == {"approved"}
    total = sum(hospital.get(f"/claims/{n}")["outcome"]["approved_riel"] for n in approved)
    assert total == 2_406_000

    maker = Machine(client, "batch.manage claim.read")
    checker = Machine(client, "batch.authorise claim.read")
    [batch] = maker.post("/batches", {"period_to": clock.today().isoformat()}, 201)["items"]
    assert (batch["claims"], batch["total_riel"], batch["facility"]) == (2, total, HOSPITAL)
    checker.post(f"/batches/{batch['number']}/authorise")
    first = maker.post(f"/batches/{batch['number']}/export?format=pain.001")
    again = maker.post(f"/batches/{batch['number']}/export?format=pain.001")
    assert first.data == again.data
    assert b"pain.001.001.09" in first.data
    settled = maker.post(
        f"/batches/{batch['number']}/settle",
        {"bank_reference": "BANK-1", "paid_on": clock.today().isoformat()},
    )

    remittance = hospital.get(f"/remittances/{settled['remittance']}")
    assert remittance["total_riel"] == total
    assert {c["facility_reference"] for c in remittance["claims"]} == {"INV-1", "INV-2"}
    assert {hospital.get(f"/claims/{n}")["state"] for n in approved} == {"paid"}
    books_balance(total, paid=total)


def books_balance(approved: int, *, paid: int) -> None:
    """After any journey the journal sums to zero and approved = paid + unpaid, to the riel."""
    assert db.session.scalar(text("SELECT coalesce(sum(riel), 0) FROM journal_legs")) == 0
    unpaid = -db.session.scalar(
        text("SELECT coalesce(sum(riel), 0) FROM journal_legs"
             " WHERE account LIKE 'payable:%' OR account LIKE 'in_payment:%'")
    )  # fmt: skip
    bank = -db.session.scalar(
        text("SELECT coalesce(sum(riel), 0) FROM journal_legs WHERE account = 'bank'")
    )
    assert (bank, bank + unpaid) == (paid, approved)
    assert verify_books().ok


def test_a_failed_payment_leaves_the_claims_approved_and_the_books_true(
    hospital: Machine, client: FlaskClient
) -> None:
    claim = hospital.post("/claims", treatment("INV-9"), 201)
    Machine(client, REVIEW_SCOPES).decide_all()
    total = hospital.get(f"/claims/{claim['number']}")["outcome"]["approved_riel"]
    maker = Machine(client, "batch.manage claim.read")
    [batch] = maker.post("/batches", {"period_to": clock.today().isoformat()}, 201)["items"]
    Machine(client, "batch.authorise claim.read").post(f"/batches/{batch['number']}/authorise")
    maker.post(f"/batches/{batch['number']}/export?format=csv")

    maker.post(f"/batches/{batch['number']}/fail", {"reason": "account closed"})

    assert hospital.get(f"/claims/{claim['number']}")["state"] == "approved"
    books_balance(total, paid=0)
