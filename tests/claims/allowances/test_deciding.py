"""NSSF decides: four eyes, reasons, distance, the ledger, reopening, and into payments."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO

import psycopg
import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from auth.permissions import ROLE_PERMISSIONS, Actor, Role
from claims.allowances import service as allowances
from claims.allowances.models import Allowance, AllowanceEvent
from claims.allowances.states import InvalidAllowanceTransition
from claims.ledger import queries as journal
from claims.ledger import service as ledger
from config import clock
from config.db import db, transaction
from config.errors import Conflict, Forbidden, Invalid
from tests.claims.allowances.asked import (
    AT_NSSF,
    BILLER,
    ago,
    approved,
    birth,
    file,
    maternity,
    refund,
)
from tests.claims.allowances.test_api import PNG
from tests.claims.payable import (
    APPROVER,
    FINANCE,
    REVIEWER,
    SECOND_APPROVER,
    SECOND_REVIEWER,
    books,
    person,
)
from tests.claims.submission.filing import file as claim_care
from tests.claims.submission.filing import make_line
from tests.claims.together import at_once


@pytest.fixture
def costly(app: Flask, world: None, owner: psycopg.Connection) -> str:
    """File a maternity allowance above the limit for one person; return its number."""
    owner.execute("UPDATE registry.contributions SET contributory_wage_riel = 1200000")
    return str(file(maternity())["number"])


# --- approve, reject, return ------------------------------------------------


def test_an_approval_owes_the_member_what_was_computed(app: Flask, world: None) -> None:
    found = approved(birth())

    assert (found["state"], found["approved_riel"]) == ("approved", 400_000)
    assert ledger.balance("allowance_expense:birth") == 400_000
    assert ledger.balance("payable:members") == -400_000


def test_less_than_computed_needs_a_reason(app: Flask, world: None) -> None:
    number = file(birth())["number"]

    with pytest.raises(Invalid):
        allowances.approve(number, by=REVIEWER, approved_riel=300_000)
    found = allowances.approve(
        number, by=REVIEWER, approved_riel=300_000, reason="computed_wrongly"
    )

    assert found["approved_riel"] == 300_000
    assert found["history"][-1]["reason"] == "computed_wrongly"


@pytest.mark.parametrize("riel", [0, 400_001])
def test_nothing_and_more_than_computed_are_refused(app: Flask, world: None, riel: int) -> None:
    number = file(birth())["number"]

    with pytest.raises(Invalid) as refused:
        allowances.approve(number, by=REVIEWER, approved_riel=riel, reason="other")

    assert refused.value.extra["errors"][0]["pointer"] == "/approved_riel"


def test_what_is_not_payable_cannot_be_approved(app: Flask, world: None) -> None:
    number = file({"kind": "cremation", "card_number": "2990101-0000001-ក", "event_on": ago(1),
                   "payee": {"method": "cash", "name": "SOK"}})["number"]  # fmt: skip

    with pytest.raises(Invalid):
        allowances.approve(number, by=REVIEWER)
    assert allowances.reject(number, by=REVIEWER, reason="amount_not_set")["state"] == "rejected"


@pytest.mark.parametrize("reason", [None, "because"])
def test_a_refusal_needs_a_reason_of_the_lists(app: Flask, world: None, reason: str | None) -> None:
    number = file(birth())["number"]

    for refuse in (allowances.reject, allowances.send_back):
        with pytest.raises(Invalid):
            refuse(number, by=REVIEWER, reason=reason)


def test_above_the_limit_a_second_person_agrees(costly: str) -> None:
    proposed = allowances.approve(costly, by=REVIEWER)

    assert (proposed["state"], proposed["awaiting"]) == ("submitted", "second_approval")
    assert ledger.balance("payable:members") == 0
    with pytest.raises(Forbidden):
        allowances.approve(costly, by=SECOND_REVIEWER)
    assert allowances.approve(costly, by=APPROVER)["approved_riel"] == 2_520_000
    assert ledger.balance("payable:members") == -2_520_000


def test_nobody_is_first_and_second_person(costly: str) -> None:
    allowances.approve(costly, by=APPROVER)

    with pytest.raises(Forbidden):
        allowances.approve(costly, by=APPROVER)


def test_the_second_person_gives_less_never_more(costly: str) -> None:
    allowances.approve(costly, by=REVIEWER, approved_riel=2_100_000, reason="computed_wrongly")

    with pytest.raises(Invalid):
        allowances.approve(costly, by=APPROVER, approved_riel=2_200_000, reason="other")
    assert allowances.approve(costly, by=APPROVER)["approved_riel"] == 2_100_000


def test_nobody_decides_on_what_they_filed_or_on_their_own_facility(
    app: Flask, world: None
) -> None:
    number = file(birth(), by=AT_NSSF)["number"]
    both = Actor(AT_NSSF.subject, ROLE_PERMISSIONS[Role.REVIEWER], nssf=True)
    local = person("local", Role.REVIEWER, facilities=("120101",), facility="120101")

    with pytest.raises(Forbidden):
        allowances.approve(number, by=both)
    other = file(birth("antenatal"))["number"]
    with pytest.raises(Forbidden):
        allowances.approve(other, by=local)
    with pytest.raises(Forbidden):
        allowances.approve(other, by=BILLER)


def test_a_refund_waits_for_its_receipt(app: Flask, world: None) -> None:
    number = file(refund())["number"]

    with pytest.raises(Conflict) as refused:
        allowances.approve(number, by=REVIEWER)
    assert refused.value.code == "receipt_missing"


def test_care_a_facility_claimed_since_is_not_refunded_as_it_was_computed(
    app: Flask, world: None
) -> None:
    number = file(refund())["number"]
    allowances.attach_file(number, "invoice", BytesIO(PNG), "receipt.png", by=BILLER)
    line = make_line("EMERGENCY", unit_price_riel=20_000)
    before = allowances.find_allowance(number, by=REVIEWER)
    claim_care(lines=[line], visit_type="emergency", emergency=True, service_from=ago(3),
               service_to=ago(3))  # fmt: skip

    with pytest.raises(Conflict) as refused:
        allowances.approve(number, by=REVIEWER)

    assert refused.value.code == "computed_otherwise"
    assert allowances.find_allowance(number, by=REVIEWER) == before
    again = allowances.compute_again(number, by=REVIEWER)
    found = [one["code"] for one in again["computation"]["outcome"]["findings"]]
    assert "duplicate_elsewhere" in found
    assert allowances.reject(number, by=REVIEWER, reason="duplicate")["state"] == "rejected"


def test_two_approvals_at_once_are_one_decision(app: Flask, world: None) -> None:
    number = file(birth())["number"]

    outcomes = at_once(
        app,
        lambda: allowances.approve(number, by=REVIEWER),
        lambda: allowances.approve(number, by=SECOND_REVIEWER),
        lambda: allowances.reject(number, by=APPROVER, reason="not_true"),
    )

    assert sorted(outcomes) == ["done", "invalid_transition", "invalid_transition"]
    decided = select(func.count()).where(AllowanceEvent.action.in_(["approve", "reject"]))
    assert db.session.scalar(decided) == 1


def test_two_that_ask_for_one_birth_at_once_leave_one(app: Flask, world: None) -> None:
    outcomes = at_once(app, *[lambda: file(birth())] * 3)

    assert sorted(outcomes) == ["done", "duplicate_allowance", "duplicate_allowance"]


# --- books ------------------------------------------------------------------


def test_a_reopened_approval_is_undone_and_counts_anew(app: Flask, world: None) -> None:
    number = approved(birth())["number"]

    reopened = allowances.reopen(number, by=APPROVER, reason="wrong child")
    assert (reopened["state"], reopened["approved_riel"]) == ("submitted", None)
    assert ledger.balance("payable:members") == 0

    allowances.approve(number, by=REVIEWER)
    assert ledger.balance("payable:members") == -400_000
    with transaction() as session:
        assert allowances.owed_by_kind(session) == {"birth": 400_000}


def test_every_approval_posts_once_and_the_books_sum_to_zero(app: Flask, world: None) -> None:
    approved(birth())
    approved(maternity())
    for days in (60, 30):
        approved(birth("antenatal", days))

    with transaction() as session:
        owed, held = allowances.owed_by_kind(session), journal.balances(session)
    assert owed == {"birth": 560_000, "maternity": 1_680_000}
    assert {kind: held[f"allowance_expense:{kind}"] for kind in owed} == owed
    assert sum(held.values()) == 0
    assert books().faults == ()


# --- into payments ----------------------------------------------------------


def test_payments_take_what_is_approved_and_mark_it_paid(app: Flask, world: None) -> None:
    number = approved(birth())["number"]
    soon = clock.now() + timedelta(minutes=5)

    with transaction() as session:
        [payment] = allowances.lock_payable(session, decided_before=soon)
        allowances.put_into_batch(session, [number], batch="B26K000000001", by=FINANCE)
    assert (payment.number, payment.riel, payment.method) == (number, 400_000, "bank")
    assert (payment.payee_name, payment.account) == ("SOK TARA", "001-234-567")
    assert "SOK" not in repr(payment)
    assert "001-234" not in repr(payment)

    with transaction() as session:
        assert allowances.lock_payable(session, decided_before=soon) == []
        allowances.mark_paid(
            session, [number], batch="B26K000000001", paid_on=clock.today(), by=FINANCE
        )
    found = allowances.find_allowance(number, by=BILLER)
    assert (found["state"], found["batch"], found["paid_on"]) == (
        "paid", "B26K000000001", clock.today(),
    )  # fmt: skip


def test_what_leaves_a_batch_is_payable_again(app: Flask, world: None) -> None:
    number = approved(birth())["number"]
    soon = clock.now() + timedelta(minutes=5)

    with transaction() as session:
        allowances.put_into_batch(session, [number], batch="B26K000000001", by=FINANCE)
        allowances.take_out_of_batch(session, [number], by=FINANCE)
    with transaction() as session:
        assert [one.number for one in allowances.lock_payable(session, decided_before=soon)] == [
            number
        ]


def test_an_allowance_of_another_batch_is_never_marked_paid(app: Flask, world: None) -> None:
    number = approved(birth())["number"]
    with transaction() as session:
        allowances.put_into_batch(session, [number], batch="B26K000000001", by=FINANCE)

    with pytest.raises(RuntimeError), transaction() as session:
        allowances.mark_paid(
            session, [number], batch="B26K000000002", paid_on=clock.today(), by=FINANCE
        )
    assert allowances.find_allowance(number, by=REVIEWER)["state"] == "batched"


def test_what_was_decided_later_waits_for_the_next_batch(app: Flask, world: None) -> None:
    approved(birth())

    with transaction() as session:
        before = clock.now() - timedelta(days=1)
        assert allowances.lock_payable(session, decided_before=before) == []


def test_a_batched_allowance_is_not_reopened(app: Flask, world: None) -> None:
    number = approved(birth())["number"]
    with transaction() as session:
        allowances.put_into_batch(session, [number], batch="B26K000000001", by=FINANCE)

    with pytest.raises(InvalidAllowanceTransition):
        allowances.reopen(number, by=SECOND_APPROVER, reason="too late")


def test_the_database_refuses_an_approval_above_what_was_computed(app: Flask, world: None) -> None:
    number = approved(birth())["number"]

    with pytest.raises(IntegrityError), transaction() as session:
        row = session.scalars(select(Allowance).where(Allowance.number == number)).one()
        row.approved_riel = row.computed_riel + 1
