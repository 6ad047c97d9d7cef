"""Adjustments: supplements and recoveries of paid claims, taken by the next batch and given back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import psycopg
import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from claims.ledger import service as ledger
from claims.ledger.ledger import Unbalanced
from claims.reimbursement import service as reimbursement
from claims.review import service as review
from config import clock
from config.db import transaction
from config.errors import Conflict
from config.settings import SETTINGS_KEY
from tests.claims.payable import (
    APPROVER,
    AUTHORISER,
    FACILITY,
    FINANCE,
    OTHER_FACILITY,
    approved_claim,
    biller,
    books,
    claim_row,
    due_run,
    exported,
    line,
    open_one,
    remittance_of,
    scalar,
    settled,
)

pytestmark = pytest.mark.usefixtures("payees")
BANK = f"payable:{FACILITY}"


def paid_claim(*lines: dict[str, Any], **given: Any) -> str:
    number = approved_claim(*lines, **given)
    settled()
    return number


def adjust(claim: str, riel: int) -> None:
    """Add to a paid claim, or take back from it."""
    row = claim_row(claim)
    made = ledger.supplement if riel > 0 else ledger.recover
    made(
        claim=claim, facility=row.facility, scheme=row.scheme or "", riel=abs(riel),
        reason="wrong_price", by=APPROVER,
    )  # fmt: skip


def batch_of(number: str) -> dict[str, Any]:
    return reimbursement.find_batch(number, by=FINANCE)


def test_a_supplement_is_paid_with_the_next_batch_and_shown_on_its_remittance() -> None:
    old = paid_claim()
    adjust(old, 2500)
    new = approved_claim()

    batch = settled()

    shown = remittance_of(new, by=biller())
    assert batch_of(batch)["total_riel"] == shown["total_riel"] == 8500
    assert shown["adjustments"] == [{"kind": "supplement", "claim": old, "riel": 2500}]
    assert ledger.balance("bank") == -14_500
    assert books().faults == ()


def test_a_supplement_alone_makes_a_batch_of_its_own() -> None:
    old = paid_claim()
    adjust(old, 2500)

    batch = batch_of(settled())

    assert (batch["claims"], batch["total_riel"], batch["state"]) == (0, 2500, "settled")
    assert books().faults == ()


def test_a_recovery_is_set_off_against_the_next_batch_of_that_facility_and_scheme_only() -> None:
    old = paid_claim()
    adjust(old, -4000)
    approved_claim(facility=OTHER_FACILITY)
    approved_claim(scheme="hef")
    new = approved_claim()

    run = settled(due_run())

    totals = {(b["facility"], b["scheme"]): b["total_riel"]
              for b in reimbursement.find_run(run, by=FINANCE)["batches"]}  # fmt: skip
    assert totals == {
        (FACILITY, "health_care"): 2000,
        (FACILITY, "hef"): 6000,
        (OTHER_FACILITY, "health_care"): 6000,
    }
    assert remittance_of(new)["adjustments"] == [{"kind": "recovery", "claim": old, "riel": -4000}]
    assert books().faults == ()


@pytest.mark.parametrize("owed", [6000, 9000])
def test_where_nothing_would_be_left_to_pay_no_batch_is_made_and_all_waits_on(owed: int) -> None:
    old = paid_claim(line(quantity=2))
    adjust(old, -owed)
    waits = approved_claim()

    assert reimbursement.open_batches(clock.today(), by=FINANCE) == []
    assert claim_row(waits).state == "approved"

    approved_claim()
    batch = batch_of(settled())
    assert (batch["claims"], batch["total_riel"]) == (2, 12_000 - owed)
    assert books().faults == ()


def test_a_recovery_too_large_is_spread_over_batches_up_to_the_share_an_operator_set(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    halved = replace(app.extensions[SETTINGS_KEY], recovery_share_percent=50)
    monkeypatch.setitem(app.extensions, SETTINGS_KEY, halved)
    adjust(paid_claim(line(quantity=2)), -8000)
    carried = []

    for _ in range(3):
        new = approved_claim()
        settled()
        shown = remittance_of(new)
        carried.append((shown["total_riel"], shown["carried_forward_riel"]))

    assert carried == [(3000, 5000), (3000, 2000), (4000, 0)]
    [(_, item)] = reimbursement.list_adjustments(by=FINANCE, limit=9)
    assert (item["riel"], item["waiting_riel"]) == (-8000, 0)
    assert books().faults == ()


@pytest.mark.parametrize("ending", ["cancel", "fail"])
def test_a_batch_that_is_not_paid_gives_its_adjustments_back(ending: str) -> None:
    adjust(paid_claim(line(quantity=2)), -4000)
    approved_claim()
    if ending == "cancel":
        reimbursement.cancel(open_one(), by=FINANCE)
    else:
        reimbursement.fail(exported(), by=FINANCE, reason="closed")
    [(_, waiting)] = reimbursement.list_adjustments(by=FINANCE, limit=9, waiting=True)
    assert waiting["waiting_riel"] == -4000
    assert books().faults == ()

    again = batch_of(settled())

    assert again["total_riel"] == 2000
    assert reimbursement.list_adjustments(by=FINANCE, limit=9, waiting=True) == []
    assert books().faults == ()


def test_several_adjustments_of_one_claim_are_facts_of_their_own() -> None:
    claim = paid_claim()

    adjust(claim, 1000)
    adjust(claim, 1000)
    adjust(claim, -500)

    assert ledger.adjusted(claim) == 1500
    assert ledger.balance(BANK) == -1500
    assert ledger.balance("care_expense:health_care") == 7500
    assert books().faults == ()


@pytest.mark.parametrize("riel", [0, -5, True])
@pytest.mark.parametrize("made", [ledger.supplement, ledger.recover])
def test_only_whole_riel_above_zero_adjust(made: Any, riel: int) -> None:
    with pytest.raises(Unbalanced):
        made(claim="C1", facility="1", scheme="hef", riel=riel, reason="x", by=APPROVER)


def test_an_adjustment_whose_fact_fails_leaves_no_trace() -> None:
    claim = paid_claim()

    with pytest.raises(ZeroDivisionError), transaction():
        adjust(claim, 1000)
        _ = 1 // 0

    assert scalar("SELECT count(*) FROM adjustments") == 0
    assert ledger.balance(BANK) == 0


@pytest.mark.parametrize("change", ["UPDATE adjustments SET riel = 1", "DELETE FROM adjustments"])
def test_nobody_changes_an_adjustment(owner: psycopg.Connection[Any], change: str) -> None:
    adjust(paid_claim(), 1000)

    with pytest.raises(ProgrammingError, match="permission denied"), transaction() as session:
        session.execute(text(change))
    with pytest.raises(psycopg.Error, match="append-only"):
        owner.execute(change)  # type: ignore[call-overload]


def test_a_facility_sees_its_own_adjustments_without_our_reasons() -> None:
    claims = [paid_claim(), paid_claim(facility=OTHER_FACILITY)]
    for claim in claims:
        adjust(claim, 1000)

    [(_, mine)] = reimbursement.list_adjustments(by=biller(), limit=9)

    assert (mine["facility"], mine["reason"]) == (FACILITY, None)
    assert len(reimbursement.list_adjustments(by=FINANCE, limit=9)) == 2


def test_a_held_facility_is_neither_batched_nor_exported_until_it_is_released() -> None:
    first = approved_claim()
    run = due_run()
    reimbursement.authorise(run, by=AUTHORISER)
    review.hold_facility(FACILITY, by=APPROVER, reason="doubt")
    approved_claim()
    other = approved_claim(facility=OTHER_FACILITY)

    [made] = reimbursement.open_batches(clock.today(), by=FINANCE)
    with pytest.raises(Conflict) as refused:
        reimbursement.export(run, "csv", by=FINANCE)

    assert claim_row(other).batch_number == made["number"]
    assert (refused.value.code, refused.value.extra["facilities"]) == ("facility_held", [FACILITY])
    assert claim_row(first).state == "batched"
    assert scalar("SELECT count(*) FROM payment_files") == 0
    review.release_facility(FACILITY, by=APPROVER, reason="clear")
    reimbursement.export(run, "csv", by=FINANCE)
    assert reimbursement.find_batch(open_one(), by=FINANCE)["facility"] == FACILITY
