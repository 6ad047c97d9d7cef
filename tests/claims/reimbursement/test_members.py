"""Members' cash through the same batches, runs and files as facilities, one answer a member."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from claims.allowances import service as allowances
from claims.ledger import service as ledger
from claims.reimbursement import service as reimbursement
from claims.reimbursement.states import InvalidBatchTransition
from claims.review import service as review
from config import clock
from config.db import db
from config.errors import Conflict, Forbidden
from tests.claims.allowances.asked import CASH, approved, birth
from tests.claims.payable import (
    APPROVER,
    AUTHORISER,
    FACILITY,
    FINANCE,
    approved_claim,
    biller,
    books,
    due_run,
    exported,
    open_one,
    scalar,
    settled,
)
from tests.claims.reimbursement.test_bank_file import TODAY, failed, paid, read, results
from tests.desks import Desk, visible

pytestmark = pytest.mark.usefixtures("world")
RIEL = 80_000


@pytest.fixture
def owed(world: Any) -> tuple[str, str]:
    """Approve two antenatal payments, one through a bank and one in cash; return their numbers."""
    first = approved(birth("antenatal", 100))["number"]
    return first, approved(birth("antenatal", 60, payee=CASH))["number"]


def state_of(number: str) -> str:
    if number.startswith("A"):
        return str(allowances.find_allowance(number, by=FINANCE)["state"])
    return str(reimbursement.find_batch(number, by=FINANCE)["state"])


def test_allowances_make_one_batch_and_a_run_shows_them_beside_claims(
    owed: tuple[str, str],
) -> None:
    approved_claim()

    run = settled(due_run())

    shown = reimbursement.find_run(run, by=FINANCE)
    totals = {one["scheme"]: (one["claims"], one["total_riel"]) for one in shown["totals"]}
    assert totals == {"allowances": (2, 2 * RIEL), "health_care": (1, 6000)}
    assert {state_of(number) for number in owed} == {"paid"}
    assert ledger.balance("bank") == -2 * RIEL - 6000
    assert (ledger.balance("payable:members"), ledger.balance("in_payment:members")) == (0, 0)
    found = books()
    assert found.faults == ()
    assert {one.facility: one.paid for one in found.facilities} == {
        "120101": 6000, "members": 2 * RIEL,
    }  # fmt: skip
    assert scalar("SELECT count(*) FROM remittances") == 1


def test_a_member_with_a_bank_is_in_the_message_and_everybody_in_the_list(
    owed: tuple[str, str],
) -> None:
    through_bank, cash = owed
    batch = exported()

    message = reimbursement.find_file(batch, "pain.001", by=FINANCE).content
    listed = reimbursement.find_file(batch, "csv", by=FINANCE).content

    assert f"<EndToEndId>{through_bank}</EndToEndId>".encode() in message
    assert b"SOK TARA" in message
    assert cash.encode() not in message
    assert f"<CtrlSum>{RIEL}</CtrlSum>".encode() in message
    assert cash.encode() in listed
    assert through_bank.encode() in listed


def test_cash_alone_makes_no_banks_message() -> None:
    approved(birth("antenatal", 60, payee=CASH))
    batch = exported()

    with pytest.raises(Conflict) as refused:
        reimbursement.export(batch, "pain.001", by=FINANCE)

    assert refused.value.code == "no_bank_transfers"
    assert reimbursement.export(batch, "csv", by=FINANCE).format == "csv"


@pytest.mark.parametrize("ending", ["cancel", "fail"])
def test_a_batch_of_members_that_is_not_paid_gives_every_allowance_back(
    owed: tuple[str, str], ending: str
) -> None:
    if ending == "cancel":
        reimbursement.cancel(open_one(), by=FINANCE)
    else:
        reimbursement.fail(exported(), by=FINANCE, reason="bank closed")

    assert {state_of(number) for number in owed} == {"approved"}
    assert ledger.balance("payable:members") == -2 * RIEL
    assert books().faults == ()
    settled()
    assert {state_of(number) for number in owed} == {"paid"}
    assert books().faults == ()


def test_the_bank_answers_member_by_member_and_the_last_answer_settles(
    owed: tuple[str, str],
) -> None:
    through_bank, cash = owed
    batch = exported()

    first = read(batch, paid(through_bank, RIEL))
    assert results(first) == ["noted"]
    assert (state_of(batch), state_of(through_bank)) == ("exported", "batched")
    assert books().faults == ()
    with pytest.raises(Conflict) as refused:
        reimbursement.fail(batch, by=FINANCE, reason="x")
    assert refused.value.code == "some_are_paid"
    second = read(batch, paid(through_bank, RIEL), failed(cash, RIEL))

    assert results(second) == ["already", "noted"]
    assert (state_of(batch), state_of(through_bank), state_of(cash)) == (
        "settled", "paid", "approved",
    )  # fmt: skip
    assert ledger.balance("bank") == -RIEL
    assert ledger.balance("payable:members") == -RIEL
    assert books().faults == ()
    assert settled() != batch
    assert state_of(cash) == "paid"
    assert books().faults == ()


def test_a_batch_no_member_of_which_was_paid_has_failed(owed: tuple[str, str]) -> None:
    batch = exported()

    read(batch, *(failed(number, RIEL) for number in owed))

    assert (state_of(batch), {state_of(number) for number in owed}) == ("failed", {"approved"})
    assert books().faults == ()


def test_members_the_bank_refused_are_left_out_when_finance_settles_the_rest(
    owed: tuple[str, str],
) -> None:
    through_bank, cash = owed
    batch = exported()
    read(batch, failed(through_bank, RIEL), paid(cash, RIEL + 1))

    reimbursement.settle(batch, by=FINANCE, bank_reference="CASH", paid_on=clock.today())

    assert (state_of(through_bank), state_of(cash)) == ("approved", "paid")
    assert ledger.balance("bank") == -RIEL
    assert books().faults == ()


def test_named_members_are_left_out_and_owed_again(owed: tuple[str, str]) -> None:
    through_bank, cash = owed

    batch = settled(unpaid=[cash], paid_riel=RIEL)

    assert reimbursement.find_batch(batch, by=FINANCE)["unpaid_riel"] == RIEL
    assert (state_of(through_bank), state_of(cash)) == ("paid", "approved")
    assert books().faults == ()


def test_a_member_row_for_another_amount_or_day_changes_nothing(owed: tuple[str, str]) -> None:
    through_bank, cash = owed
    batch = exported()

    report = read(
        batch,
        paid(through_bank, RIEL - 1),
        paid(cash, RIEL, day="9999-01-01"),
        f"{batch},{2 * RIEL},paid,x,{TODAY},",
    )

    assert results(report) == ["amount_differs", "in_the_future", "unknown"]
    assert results(read(batch, failed(through_bank, RIEL))) == ["noted"]
    assert results(read(batch, paid(through_bank, RIEL))) == ["not_now"]
    assert state_of(batch) == "exported"


@pytest.mark.usefixtures("owed")
def test_the_desk_shows_what_members_are_owed_and_which_facilities_are_held(
    client: FlaskClient,
) -> None:
    approved_claim()
    review.hold_facility(FACILITY, by=APPROVER, reason="doubt")
    db.session.remove()

    page = visible(Desk(client, "finance").get("/finance"))

    assert "Members Allowances of members 2 160,000 riel" in page
    assert "payments held" in page
    assert "Waiting to be paid 160,000 riel" in page


def test_a_members_returned_transfer_is_owed_again_once_a_second_person_agrees(
    owed: tuple[str, str],
) -> None:
    back, kept = owed
    batch = settled()
    told = {"reason": "account closed", "returned_on": clock.today(), "allowance": back}

    reimbursement.report_return(batch, by=FINANCE, **told)
    assert (state_of(batch), state_of(back)) == ("settled", "paid")
    for again in (reimbursement.confirm_return, reimbursement.refuse_return):
        with pytest.raises(Forbidden):
            again(batch, by=FINANCE, allowance=back)
    reimbursement.confirm_return(batch, by=AUTHORISER, allowance=back)

    shown = reimbursement.find_batch(batch, by=FINANCE)
    assert (shown["state"], shown["unpaid_riel"]) == ("settled", RIEL)
    [told_of] = shown["returns"]
    assert (told_of["number"], told_of["return_confirmed_by"]) == (back, AUTHORISER.subject)
    assert (state_of(back), state_of(kept)) == ("approved", "paid")
    assert (ledger.balance("bank"), ledger.balance("payable:members")) == (-RIEL, -RIEL)
    assert books().faults == ()
    with pytest.raises(InvalidBatchTransition):
        reimbursement.confirm_return(batch, by=AUTHORISER, allowance=back)
    settled()
    assert (state_of(back), ledger.balance("bank")) == ("paid", -2 * RIEL)
    assert books().faults == ()


def test_every_transfer_of_a_batch_may_come_back_and_again_from_the_next_one() -> None:
    number = approved(birth("antenatal", 100))["number"]
    for _ in range(2):
        batch = settled()
        reimbursement.report_return(
            batch, by=FINANCE, reason="closed", returned_on=clock.today(), allowance=number
        )
        reimbursement.confirm_return(batch, by=AUTHORISER, allowance=number)

        assert (state_of(batch), state_of(number)) == ("settled", "approved")
        assert ledger.balance("bank") == 0
        assert books().faults == ()


def test_the_bank_says_by_its_file_which_members_transfer_came_back(
    client: FlaskClient, owed: tuple[str, str]
) -> None:
    back, kept = owed
    batch = settled()
    row = f"{back},{RIEL},returned,,{TODAY},account closed"

    report = read(batch, row, f"{kept},{RIEL + 1},returned,,{TODAY},x")
    assert results(report) == ["return_reported", "amount_differs"]
    assert results(read(batch, row)) == ["already"]

    db.session.remove()
    desk = Desk(client, "finance_authoriser")
    assert f"{back} 80,000 riel" in visible(desk.get(f"/finance/batches/{batch}"))
    desk.post(f"/finance/batches/{batch}/refuse_return", allowance=back)
    assert state_of(back) == "paid"
    assert results(read(batch, row + " ")) == ["return_reported"]
    db.session.remove()
    desk.post(f"/finance/batches/{batch}/confirm_return", allowance=back)
    assert (state_of(back), state_of(kept)) == ("approved", "paid")
    assert books().faults == ()


@pytest.mark.usefixtures("owed")
def test_a_facility_sees_no_batch_of_members_and_nobody_returns_one_whole() -> None:
    batch = settled()

    assert reimbursement.list_batches(by=biller(), limit=9) == []
    with pytest.raises(Conflict) as refused:
        reimbursement.report_return(batch, by=FINANCE, reason="x", returned_on=clock.today())
    assert refused.value.code == "paid_to_members"
