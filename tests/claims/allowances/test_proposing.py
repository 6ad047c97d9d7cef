"""An approved maternity claim proposes its payments, once, to the family that need not ask."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import psycopg
import pytest
from flask import Flask

from claims.allowances import service as allowances
from claims.allowances.rules.asking import proposals
from claims.allowances.schemas import AllowanceBody
from claims.ledger import service as ledger
from claims.review import service as review
from claims.submission import service as submission
from claims.submission.schemas import ClaimBody
from config import clock
from config.db import transaction
from config.errors import Conflict, Invalid
from config.jobs import run_now
from tests.claims.allowances.asked import BANK, BILLER, ago, approved, birth, file
from tests.claims.payable import APPROVER, REVIEWER, lease, scalar, set_column
from tests.claims.together import at_once
from tests.factories import WOMAN
from tests.journeys.conftest import delivery

TWINS = [{"outcome": "live", "sex": "F", "weight_g": 2400},
         {"outcome": "stillbirth", "sex": "M", "weight_g": 900}]  # fmt: skip


def approved_delivery(reference: str = "DEL-1", **maternity: Any) -> str:
    """File a delivery and let two people approve it; return the claim's number."""
    body = delivery(reference, 400_000)
    body["maternity"] |= maternity
    loaded = ClaimBody().load(body)
    number = submission.submit_claim(loaded, by=BILLER).claim["number"]
    set_column(number, "approved_riel", "400000")
    set_column(number, "state", "approved")
    return str(number)


def proposed() -> list[dict[str, Any]]:
    return [item for _, item in allowances.list_allowances(by=REVIEWER, limit=50)][::-1]


def test_a_delivery_proposes_maternity_and_one_payment_for_each_child(
    app: Flask, world: None
) -> None:
    claim = approved_delivery(births=[{"outcome": "live", "sex": "F", "weight_g": 2400}] * 2)

    run_now("allowances.propose", claim=claim)

    found = proposed()
    assert [(one["kind"], one["birth_order"], one["state"]) for one in found] == [
        ("maternity", 0, "proposed"), ("birth", 1, "proposed"), ("birth", 2, "proposed"),
    ]  # fmt: skip
    assert {one["claim"] for one in found} == {claim}
    assert {one["facility"] for one in found} == {"120101"}


def test_a_job_that_runs_twice_proposes_once(app: Flask, world: None) -> None:
    claim = approved_delivery()

    run_now("allowances.propose", claim=claim)
    allowances.withdraw_allowance(proposed()[0]["number"], by=BILLER)
    run_now("allowances.propose", claim=claim)

    assert len(proposed()) == 2


def test_two_workers_that_propose_at_once_propose_once(app: Flask, world: None) -> None:
    claim = approved_delivery()

    done = at_once(app, *[lambda: run_now("allowances.propose", claim=claim)] * 3)

    assert done == ["done"] * 3
    assert len(proposed()) == 2


def test_what_was_asked_for_by_hand_is_not_proposed_again(app: Flask, world: None) -> None:
    claim = approved_delivery()
    file(birth(days=2))

    run_now("allowances.propose", claim=claim)

    assert [(one["kind"], one["state"]) for one in proposed()] == [
        ("birth", "submitted"), ("maternity", "proposed"),
    ]  # fmt: skip


def test_what_the_rules_refuse_is_not_proposed(app: Flask, world: None) -> None:
    claim = approved_delivery(births=TWINS)

    run_now("allowances.propose", claim=claim)

    assert [(one["kind"], one["birth_order"]) for one in proposed()] == [
        ("maternity", 0), ("birth", 1),
    ]  # fmt: skip


def test_a_claim_that_is_not_approved_proposes_nothing(app: Flask, world: None) -> None:
    loaded = ClaimBody().load(delivery("DEL-1", 400_000))
    number = submission.submit_claim(loaded, by=BILLER).claim["number"]

    run_now("allowances.propose", claim=number)
    run_now("allowances.propose", claim="C26K000000000")

    assert proposed() == []


def test_approving_a_maternity_claim_defers_its_proposals(app: Flask, world: None) -> None:
    day = clock.today().isoformat()
    body = delivery("ANC-1", 6000) | {
        "visit_type": "outpatient", "service_from": day, "service_to": day,
        "maternity": {"event": "antenatal"}, "diagnoses": [{"code": "Z34.9", "role": "primary"}],
        "lines": [{"service": "ANC-VISIT", "quantity": 1, "unit_price_riel": 6000}],
    }  # fmt: skip
    number = submission.submit_claim(ClaimBody().load(body), by=BILLER).claim["number"]

    lease(number)
    found = review.approve(number, by=REVIEWER)
    if found["awaiting"]:
        review.approve(number, by=APPROVER)

    waiting = "SELECT args ->> 'claim' FROM procrastinate_jobs WHERE task_name = :task"
    assert scalar(waiting, task="allowances.propose") == number
    run_now("allowances.propose", claim=number)
    [one] = proposed()
    assert (one["kind"], one["event"], one["computed_riel"]) == ("birth", "antenatal", 80_000)


def test_a_proposal_waits_for_who_is_to_be_paid(app: Flask, world: None) -> None:
    run_now("allowances.propose", claim=approved_delivery())
    number = proposed()[1]["number"]

    with pytest.raises(Invalid) as refused:
        allowances.submit_allowance(number, by=BILLER)
    assert refused.value.extra["errors"][0]["pointer"] == "/payee"

    loaded = BANK | {"account": BANK["account"]}
    assert allowances.submit_allowance(number, by=BILLER, payee=loaded)["state"] == "submitted"
    assert allowances.approve(number, by=REVIEWER)["state"] == "approved"
    assert ledger.balance("payable:members") == -400_000


def test_a_proposal_is_completed_with_what_the_claim_did_not_say(app: Flask, world: None) -> None:
    day = clock.today().isoformat()
    body = delivery("PNC-1", 6000) | {
        "visit_type": "outpatient", "service_from": day, "service_to": day,
        "maternity": {"event": "postnatal"}, "diagnoses": [{"code": "Z39.2", "role": "primary"}],
        "lines": [{"service": "PNC-VISIT", "quantity": 1, "unit_price_riel": 6000}],
    }  # fmt: skip
    claim = submission.submit_claim(ClaimBody().load(body), by=BILLER).claim["number"]
    set_column(claim, "approved_riel", "6000")
    set_column(claim, "state", "approved")
    run_now("allowances.propose", claim=claim)
    [one] = proposed()
    assert one["verdict"] == "not_known"

    told = AllowanceBody().load(birth("postnatal", 0, delivery_on=ago(30), claim=claim))
    found = allowances.correct_allowance(one["number"], told, by=BILLER)

    assert (found["state"], found["computed_riel"]) == ("submitted", 80_000)


def test_nothing_is_approved_or_paid_on_a_claim_that_was_taken_back(
    app: Flask, world: None
) -> None:
    claim = approved_delivery()
    run_now("allowances.propose", claim=claim)
    for one in proposed():
        allowances.submit_allowance(one["number"], by=BILLER, payee=BANK)
    first, second = (one["number"] for one in proposed())
    allowances.approve(second, by=REVIEWER)
    set_column(claim, "state", "submitted")

    with pytest.raises(Conflict) as refused:
        allowances.approve(first, by=REVIEWER)
    assert refused.value.code == "claim_not_approved"
    soon = clock.now() + timedelta(minutes=5)
    with transaction() as session:
        assert allowances.lock_payable(session, decided_before=soon) == []


def test_a_check_after_birth_finds_the_delivery_among_the_claims(
    app: Flask, world: None, owner: psycopg.Connection
) -> None:
    approved_delivery()

    found = file(birth("postnatal", 0))

    assert found["delivery_on"] == clock.today() - timedelta(days=2)
    assert found["verdict"] == "payable"


def test_postnatal_checks_are_counted_for_the_delivery(app: Flask, world: None) -> None:
    found = [approved(birth("postnatal", days, delivery_on=ago(40))) for days in (30, 20, 10)]

    assert [one["instalment"] for one in found] == [1, 2, 3]
    assert file(birth("postnatal", 5, delivery_on=ago(40)))["verdict"] == "not_payable"


# --- pure -------------------------------------------------------------------


def body(event: str, **given: Any) -> dict[str, Any]:
    told = {"event": event, "gestation_weeks": 39, "births": []} | given
    return {
        "maternity": told, "service_from": "2026-11-01", "card_number": WOMAN,
        "lines": [{"service": "DELIVERY-NORMAL", "service_date": "2026-11-03"},
                  {"service": "IPD-CASE", "service_date": "2026-11-01"}],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("told", "order", "expected"),
    [
        (body("antenatal"), 0, [("birth", "antenatal", 0)]),
        (body("postnatal"), 0, [("birth", "postnatal", 0)]),
        (body("miscarriage"), 0, []),
        (body("postnatal"), 1, []),
        (body("delivery"), 0, [("maternity", "delivery", 0), ("birth", "delivery", 1)]),
        ({"maternity": None, "lines": [], "service_from": "2026-11-01"}, 0, []),
    ],
)
def test_what_a_claim_proposes(
    told: dict[str, Any], order: int, expected: list[tuple[str, str, int]]
) -> None:
    found = proposals(told, claim="C26K000000001", birth_order=order)

    assert [(one.kind, one.event, one.birth_order) for one in found] == expected


def test_a_delivery_is_dated_by_its_delivery_line() -> None:
    found = proposals(body("delivery"), claim="C26K000000001", birth_order=0)

    assert {one.on.isoformat() for one in found} == {"2026-11-03"}
