"""The bank's own file: each transfer by its own row; what does not fit is named, nothing changes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claims.ledger import service as ledger
from claims.reimbursement import service as reimbursement
from claims.reimbursement.bankfile import COLUMNS, MAX_ROWS, Status, read_bank_file
from config import clock
from config.errors import Forbidden, Invalid, NotFound
from tests.claims.payable import (
    AUTHORISER,
    FACILITY,
    FINANCE,
    OTHER_FACILITY,
    REVIEWER,
    approved_claim,
    books,
    claim_row,
    due_run,
    exported,
    line,
    open_one,
    scalar,
    settled,
)

HEADER = ",".join(COLUMNS)
TODAY = clock.today().isoformat()


def file_of(*rows: str, header: str = HEADER) -> bytes:
    return "\r\n".join((header, *rows)).encode()


def paid(number: str, riel: int, *, reference: str = "ACL-9", day: str = TODAY) -> str:
    return f"{number},{riel},paid,{reference},{day},"


def failed(number: str, riel: int) -> str:
    return f"{number},{riel},failed,,,account closed"


def read(number: str, *rows: str) -> dict[str, Any]:
    return reimbursement.read_answers(number, file_of(*rows), "bank.csv", by=FINANCE)


def results(report: dict[str, Any]) -> list[str]:
    return [one["result"] for one in report["results"]]


@pytest.fixture
def run(payees: None) -> tuple[str, str, str]:
    """Export a run over two batches of 6,000 and 12,000 riel; return its number and theirs."""
    first, second = approved_claim(), approved_claim(line(quantity=2), facility=OTHER_FACILITY)
    number = exported(due_run())
    return number, claim_row(first).batch_number or "", claim_row(second).batch_number or ""


def state_of(number: str) -> str:
    find = reimbursement.find_run if number.startswith("P") else reimbursement.find_batch
    return str(find(number, by=FINANCE)["state"])


def test_each_batch_of_a_run_settles_or_fails_by_its_own_row(run: tuple[str, str, str]) -> None:
    number, first, second = run

    report = read(number, paid(first, 6000), failed(second, 12_000))

    assert results(report) == ["settled", "failed"]
    assert (report["changed"], report["repeated"]) == (2, False)
    assert [state_of(n) for n in (first, second, number)] == ["settled", "failed", "settled"]
    shown = reimbursement.find_run(number, by=FINANCE)
    assert (shown["bank_reference"], shown["total_riel"]) == ("ACL-9", 6000)
    assert ledger.balance("bank") == -6000
    assert scalar("SELECT count(*) FROM claims WHERE state = 'approved'") == 1
    assert books().faults == ()


def test_a_run_ends_with_its_last_row_and_names_a_reference_only_when_all_share_it(
    run: tuple[str, str, str],
) -> None:
    number, first, second = run

    read(number, paid(first, 6000))
    assert state_of(number) == "exported"
    assert books().faults == ()
    read(number, paid(second, 12_000, reference="ACL-10"))

    shown = reimbursement.find_run(number, by=FINANCE)
    assert (shown["state"], shown["bank_reference"], shown["total_riel"]) == (
        "settled", None, 18_000,
    )  # fmt: skip
    assert books().faults == ()


def test_a_run_whose_every_row_failed_has_failed(run: tuple[str, str, str]) -> None:
    number, first, second = run

    read(number, failed(first, 6000), failed(second, 12_000))

    assert state_of(number) == "failed"
    assert books().faults == ()


def test_rows_that_do_not_fit_are_named_and_change_nothing(run: tuple[str, str, str]) -> None:
    number, first, second = run
    tomorrow = (clock.today() + timedelta(days=1)).isoformat()

    report = read(
        number,
        paid(first, 5999),
        paid("B26K000000000", 6000),
        paid(second, 12_000, day=tomorrow),
        f"{second},12000,returned,,{TODAY},closed",
        f"{second},a lot,paid,x,{TODAY},",
    )

    assert sorted(results(report)) == sorted(
        ["amount_differs", "unknown", "contradicts", "contradicts", "unreadable"]
    )
    assert report["changed"] == 0
    assert {state_of(n) for n in run} == {"exported"}
    assert (ledger.balance("bank"), books().faults) == (0, ())
    late = read(number, paid(second, 12_000, day=tomorrow))
    early = read(number, f"{second},12000,returned,,{TODAY},closed")
    assert results(late) + results(early) == ["in_the_future", "not_now"]


def test_the_same_file_twice_changes_nothing(run: tuple[str, str, str]) -> None:
    number, first, _ = run
    rows = (paid(first, 6000), paid(first, 6000))

    once = read(number, *rows)
    again = read(number, *rows)
    other = read(number, paid(first, 6000))

    assert results(once) == results(again) == ["settled", "already"]
    assert (again["repeated"], again["changed"], again["read_at"]) == (True, 0, once["read_at"])
    assert results(other) == ["already"]
    assert scalar("SELECT count(*) FROM bank_files") == 2
    assert ledger.balance("bank") == -6000
    assert books().faults == ()


@pytest.mark.usefixtures("payees")
def test_a_returned_row_reports_a_settled_batch_for_a_second_person() -> None:
    approved_claim()
    batch = settled()

    report = read(batch, f"{batch},6000,returned,,{TODAY},account closed")

    assert results(report) == ["return_reported"]
    assert state_of(batch) == "returning"
    reimbursement.confirm_return(batch, by=AUTHORISER)
    assert books().faults == ()


@pytest.mark.usefixtures("payees")
def test_money_does_not_come_back_before_it_was_paid() -> None:
    approved_claim()
    batch = settled()

    assert results(read(batch, f"{batch},6000,returned,,2016-01-01,closed")) == ["not_now"]
    assert state_of(batch) == "settled"


@pytest.mark.usefixtures("payees")
def test_a_payment_that_was_not_sent_has_no_answers_yet() -> None:
    approved_claim()
    batch = open_one()

    assert results(read(batch, paid(batch, 6000))) == ["not_now"]
    assert state_of(batch) == "open"


def test_the_form_lists_what_waits_and_reads_back(run: tuple[str, str, str]) -> None:
    number, first, second = run
    read(number, paid(first, 6000))

    form = reimbursement.answer_form(number, by=FINANCE).decode("utf-8-sig")

    assert form.splitlines() == [HEADER, f"{second},12000,,,,"]
    assert results(read(number, *form.splitlines()[1:])) == ["unreadable"]


def test_only_finance_reads_a_banks_file_and_only_of_a_payment_there_is(
    run: tuple[str, str, str],
) -> None:
    for actor in (AUTHORISER, REVIEWER):
        with pytest.raises(Forbidden):
            reimbursement.read_answers(run[0], file_of(), "x", by=actor)
    with pytest.raises(NotFound):
        reimbursement.read_answers("P26K000000000", file_of(), "x", by=FINANCE)


@pytest.mark.usefixtures("payees")
def test_a_batch_short_by_a_recovery_is_matched_by_what_was_sent() -> None:
    old = approved_claim(line(quantity=2))
    settled()
    ledger.recover(
        claim=old, facility=FACILITY, scheme="health_care", riel=5000, reason="x", by=FINANCE
    )
    approved_claim()
    batch = exported()

    assert results(read(batch, paid(batch, 6000), paid(batch, 6000))) == [
        "amount_differs", "already",
    ]  # fmt: skip
    assert results(read(batch, paid(batch, 1000))) == ["settled"]
    assert books().faults == ()


def test_a_good_row_is_read_as_it_stands() -> None:
    [row], faults = read_bank_file(file_of(" B1 ,6000, PAID ,ACL-1,2026-11-22,ok"))

    assert faults == []
    assert (row.row, row.end_to_end_id, row.riel, row.status) == (2, "B1", 6000, Status.PAID)
    assert (row.bank_reference, row.reason) == ("ACL-1", "ok")


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        (",6000,paid,x,2026-11-22,", "end_to_end_id is missing"),
        ("B1,6000.0,paid,x,2026-11-22,", "amount_riel"),
        ("B1,-5,paid,x,2026-11-22,", "amount_riel"),
        ("B1,៦០០០,paid,x,2026-11-22,", "amount_riel"),
        ("B1," + "9" * 19 + ",paid,x,2026-11-22,", "amount_riel"),
        ("B1,6000,done,x,2026-11-22,", "status"),
        ("B1,6000,paid,,2026-11-22,", "bank_reference is missing"),
        ("B1,6000,paid,x,,", "paid_on is missing"),
        ("B1,6000,paid,x,22/11/2026,", "paid_on"),
        ("B1,6000,failed,,,", "reason is missing"),
        ("B1,6000,returned,,2026-11-22,", "reason is missing"),
        ("B1,6000,returned,,,closed", "paid_on is missing"),
        ("B1,6000,paid,x,2026-11-22", "cells"),
        ("B1,6000,paid,x,2026-11-22,,more", "cells"),
        ("B1" + "x" * 30 + ",6000,paid,x,2026-11-22,", "end_to_end_id"),
    ],
)
def test_a_row_that_says_too_little_is_named_by_its_column(row: str, fault: str) -> None:
    rows, [(number, _, said)] = read_bank_file(file_of(row))

    assert (rows, number) == ([], 2)
    assert fault in said


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe\x00",
        file_of(header="end_to_end_id,amount_riel"),
        file_of(header=HEADER + ",extra"),
        file_of('B1,6000,"paid,x'),
        file_of(*["B1,1,failed,,,x"] * (MAX_ROWS + 1)),
    ],
    ids=["empty", "not text", "too few columns", "too many", "open quote", "too many rows"],
)
def test_a_file_that_is_none_is_refused_whole(content: bytes) -> None:
    with pytest.raises(Invalid) as refused:
        read_bank_file(content)

    assert [error["pointer"] for error in refused.value.extra["errors"]] == ["/file"]


@given(st.binary(max_size=300) | st.text(max_size=300).map(file_of))
def test_no_file_whatever_breaks_the_reader(content: bytes) -> None:
    try:
        rows, faults = read_bank_file(content)
    except Invalid:
        return
    assert all(row.riel >= 0 for row in rows)
    assert all(fault for _, _, fault in faults)
