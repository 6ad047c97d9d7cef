"""Appeals: in time, once, decided by somebody else under four eyes; what winning one sets in motion."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import psycopg
import pytest

from auth.permissions import Actor, Role
from claims.appeals import service as appeals
from claims.appeals.rules import granted, refusal
from claims.ledger import service as ledger
from claims.reimbursement import service as reimbursement
from claims.review import service as review
from claims.review.rules import LineResult, LineWish, Verdict
from claims.submission import service as submission
from claims.submission.states import InvalidTransition
from config import clock
from config.errors import Conflict, Forbidden, Invalid, NotFound
from gateway.coverage import service as coverage
from tests.claims.payable import (
    APPROVER,
    AUTHORISER,
    FACILITY,
    FINANCE,
    OTHER_FACILITY,
    REVIEWER,
    SECOND_APPROVER,
    SECOND_REVIEWER,
    approved_claim,
    biller,
    books,
    claim_row,
    lease,
    line,
    line_rows,
    open_one,
    person,
    queue_claim,
    set_column,
    settled,
)
from tests.claims.together import at_once
from tests.factories import make_facility

TODAY = date(2026, 11, 22)
DENIED = {"decision": "denied", "reasons": ["duplicate"]}


@pytest.mark.parametrize(
    ("appeal_by", "appealed", "code"),
    [
        (TODAY, False, None),
        (TODAY - timedelta(days=1), False, "appeal_too_late"),
        (None, False, "not_appealable"),
        (TODAY, True, "appealed_before"),
    ],
)
def test_an_appeal_comes_in_time_and_once(
    appeal_by: date | None, appealed: bool, code: str | None
) -> None:
    found = refusal(appeal_by=appeal_by, today=TODAY, appealed=appealed)

    assert (found[0] if found else None) == code


def result(number: int, riel: int) -> LineResult:
    return LineResult(number, 1, riel, riel, None)


@pytest.mark.parametrize(
    ("rules_say", "before", "wishes", "lines"),
    [
        ([6000, 100], [5000, 100], [], [6000, 100]),
        ([0, 6000], [4000, 5000], [], [4000, 6000]),
        ([2000, 6000], [4000, 5000], [LineWish(1, approved_unit_price_riel=2000)], [2000, 6000]),
    ],
)
def test_a_line_nobody_set_never_gets_less_than_before(
    rules_say: list[int], before: list[int], wishes: list[LineWish], lines: list[int]
) -> None:
    verdict = Verdict(tuple(result(n, riel) for n, riel in enumerate(rules_say, 1)), (), ())
    earlier = {n: result(n, riel) for n, riel in enumerate(before, 1)}

    assert [one.riel for one in granted(verdict, earlier, wishes).lines] == lines


def rejected(*lines: dict[str, Any]) -> str:
    number = lease(queue_claim(*lines))
    review.reject(number, by=REVIEWER, reason="documents")
    return number


def reduced() -> str:
    number = lease(queue_claim())
    wish = LineWish(1, approved_unit_price_riel=4000, reason="price")
    review.approve(number, by=REVIEWER, lines=[wish])
    return number


def appeal(number: str) -> dict[str, Any]:
    return appeals.file_appeal(number, by=biller(), reason="The form was signed.", lines=[1])


def win(number: str, *, by: Actor = SECOND_REVIEWER, **given: Any) -> dict[str, Any]:
    return appeals.decide_appeal(number, by=by, outcome="won", **given)


@pytest.mark.usefixtures("app")
class TestFiling:
    def test_an_appeal_stands_beside_the_state_and_has_its_deadline(self) -> None:
        number = rejected()

        claim = appeal(number)

        assert (claim["state"], claim["appeal"]["state"]) == ("rejected", "open")
        assert claim["appeal"]["decide_by"] == str(clock.today() + timedelta(days=15))
        [listed] = appeals.list_appeals(by=APPROVER, limit=10, state="open")
        assert (listed.claim_number, listed.reason) == (number, "The form was signed.")

    def test_what_was_paid_in_full_cannot_be_appealed(self) -> None:
        with pytest.raises(Conflict) as refused:
            appeal(approved_claim())

        assert refused.value.code == "not_appealable"

    def test_an_undecided_claim_has_nothing_to_appeal_against(self) -> None:
        with pytest.raises(InvalidTransition):
            appeal(queue_claim())

    def test_after_the_time_limit_it_is_too_late(self) -> None:
        number = rejected()
        set_column(number, "decided_at", clock.now() - timedelta(days=31))

        with pytest.raises(Conflict) as refused:
            appeal(number)

        assert refused.value.code == "appeal_too_late"

    def test_a_claim_is_appealed_once_also_by_two_at_the_same_moment(self, app: Any) -> None:
        number = rejected()

        told = at_once(app, lambda: appeal(number), lambda: appeal(number))

        assert sorted(told) == ["appealed_before", "done"]

    def test_only_the_own_facility_appeals_and_sees_its_appeals(self) -> None:
        number = rejected()
        with pytest.raises(NotFound):
            appeals.file_appeal(number, by=biller(OTHER_FACILITY), reason="x")
        with pytest.raises(Forbidden):
            appeals.file_appeal(number, by=APPROVER, reason="x")
        appeal(number)

        assert appeals.list_appeals(by=biller(OTHER_FACILITY), limit=10) == []
        assert len(appeals.list_appeals(by=biller(), limit=10)) == 1
        with pytest.raises(Invalid):
            appeals.file_appeal(rejected(), by=biller(), reason="x", lines=[7])

    def test_a_claim_is_not_voided_while_its_appeal_is_open(self) -> None:
        number = reduced()
        appeal(number)

        with pytest.raises(Conflict) as refused:
            submission.void_claim(number, by=biller())

        assert refused.value.code == "appeal_open"


class TestDeciding:
    @pytest.fixture(autouse=True)
    def payable_facility(self, owner: psycopg.Connection[Any]) -> None:
        make_facility(owner, FACILITY)

    def test_a_won_appeal_on_a_rejected_claim_approves_it_for_payment(self) -> None:
        number = rejected()
        appeal(number)

        claim = win(number, note="You are right.")

        assert (claim["state"], claim["outcome"]["approved_riel"]) == ("approved", 6000)
        assert (claim["appeal"]["state"], claim["appeal"]["granted_riel"]) == ("won", 6000)
        assert [one.decision for one in review.list_decisions(number, by=APPROVER)] == [
            "reject", "approve",
        ]  # fmt: skip
        assert coverage.usage_on(claim_row(number).card_key, date(2026, 11, 30)) != ()
        assert books().faults == ()
        settled()
        assert (claim_row(number).paid_riel, books().faults) == (6000, ())

    def test_a_won_appeal_replaces_an_approval_that_is_in_no_batch(self) -> None:
        number = reduced()
        appeal(number)

        win(number)

        assert (claim_row(number).state, claim_row(number).approved_riel) == ("approved", 6000)
        assert line_rows(number)[0].approved_riel == 6000
        assert ledger.balance(f"payable:{FACILITY}") == -6000
        assert books().faults == ()

    @pytest.mark.parametrize("when", ["batched", "paid"])
    def test_in_payment_or_paid_the_difference_is_paid_on_top(self, when: str) -> None:
        number = reduced()
        appeal(number)
        settled() if when == "paid" else open_one()

        claim = win(number)

        assert (claim["state"], claim["outcome"]["approved_riel"]) == (when, 4000)
        assert claim["appeal"]["supplement_riel"] == 2000
        assert ledger.adjusted(number) == 2000
        assert books().faults == ()

    def test_what_is_granted_on_top_counts_against_what_one_person_approves_in_a_day(self) -> None:
        dear = line(unit_price_riel=900_000, tariff_riel=900_000)
        for _ in range(2):
            number = lease(queue_claim(dear))
            wish = LineWish(1, approved_unit_price_riel=800_000, reason="price")
            review.approve(number, by=REVIEWER, lines=[wish])
            appeal(number)
            settled()
            set_column(number, "decided_at", clock.now() - timedelta(days=3))
            assert win(number)["appeal"]["state"] == "won"

        third = approved_claim(dear, by=SECOND_REVIEWER)

        assert claim_row(third).awaiting == "second_approval"

    def test_what_a_correction_took_back_counts_as_not_given_before(self) -> None:
        number = reduced()
        appeal(number)
        settled()
        review.propose_correction(number, riel=1000, reason="x", by=SECOND_APPROVER)
        review.decide_correction(number, confirm=True, by=APPROVER)

        claim = win(number)

        assert claim["appeal"]["supplement_riel"] == 5000
        assert ledger.adjusted(number) == 2000
        assert books().faults == ()

    def test_what_is_appealed_is_not_reopened_before_the_appeal_is_decided(self) -> None:
        number = reduced()
        appeal(number)

        with pytest.raises(Conflict) as refused:
            review.reopen(number, by=APPROVER, reason="x")

        assert refused.value.code == "appeal_open"

    def test_what_was_granted_afterwards_is_recovered_too_when_the_claim_is_voided(self) -> None:
        number = reduced()
        appeal(number)
        settled()
        win(number)

        submission.void_claim(number, by=biller())

        assert ledger.adjusted(number) == -4000
        assert books().faults == ()

    @pytest.mark.parametrize(("then", "owed"), [("won", 6000), ("voided", 0)])
    def test_a_correction_of_a_payment_that_came_back_is_taken_back_too(
        self, then: str, owed: int
    ) -> None:
        number = reduced()
        appeal(number)
        batch = settled()
        review.propose_correction(number, riel=1000, reason="x", by=SECOND_APPROVER)
        review.decide_correction(number, confirm=True, by=APPROVER)
        reimbursement.report_return(
            batch, by=FINANCE, reason="account closed", returned_on=clock.today()
        )
        reimbursement.confirm_return(batch, by=AUTHORISER)
        assert ledger.balance(f"payable:{FACILITY}") == -1000

        if then == "won":
            win(number)
        else:
            appeals.decide_appeal(number, by=SECOND_REVIEWER, outcome="lost", note="No.")
            submission.void_claim(number, by=biller())

        assert ledger.balance(f"payable:{FACILITY}") == -owed
        assert books().faults == ()

    def test_voided_out_of_a_cancelled_batch_nothing_that_was_granted_is_left(self) -> None:
        number = reduced()
        appeal(number)
        batch = open_one()
        win(number)
        reimbursement.cancel(batch, by=FINANCE)

        submission.void_claim(number, by=biller())

        assert ledger.adjusted(number) == 0
        assert ledger.balance(f"payable:{FACILITY}") == 0
        assert books().faults == ()

    def test_a_lost_appeal_changes_nothing_but_says_why(self) -> None:
        number = reduced()
        appeal(number)
        with pytest.raises(Invalid):
            appeals.decide_appeal(number, by=SECOND_REVIEWER, outcome="lost")

        claim = appeals.decide_appeal(
            number, by=SECOND_REVIEWER, outcome="lost", note="The price is the agreed one."
        )

        assert (claim["state"], claim["outcome"]["approved_riel"]) == ("approved", 4000)
        assert claim["appeal"]["answer"] == "The price is the agreed one."
        with pytest.raises(Conflict):
            win(number)

    def test_whoever_decided_before_does_not_decide_the_appeal(self) -> None:
        number = rejected()
        appeal(number)

        with pytest.raises(Forbidden) as refused:
            win(number, by=REVIEWER)

        assert refused.value.code == "earlier_decider"
        for stranger in (biller(), FINANCE):
            with pytest.raises(Forbidden):
                win(number, by=stranger)

    @pytest.mark.parametrize(
        ("lines", "cause"),
        [
            ([line(unit_price_riel=2_000_001, tariff_riel=2_000_001)], "amount"),
            ([line(tariff_riel=None)], "no_tariff"),
        ],
    )
    def test_above_the_limit_a_second_person_agrees(
        self, lines: list[dict[str, Any]], cause: str
    ) -> None:
        number = rejected(*lines)
        appeal(number)

        proposed = win(number)
        with pytest.raises(Forbidden):
            win(number, by=SECOND_REVIEWER)
        with pytest.raises(Forbidden):
            win(number, by=person("visal", Role.REVIEWER))
        claim = win(number, by=SECOND_APPROVER)

        assert (proposed["state"], proposed["appeal"]["state"]) == ("rejected", "open")
        [kept] = appeals.list_appeals(by=APPROVER, limit=10)
        assert (kept.causes, kept.proposed_by) == ([cause], SECOND_REVIEWER.subject)
        assert claim["state"] == "approved"
        assert books().faults == ()

    def test_a_denied_line_is_granted_only_by_two(self) -> None:
        number = rejected(line(**DENIED))
        appeal(number)
        with pytest.raises(Invalid):
            win(number)

        wish = LineWish(1, approved_quantity=1, approved_unit_price_riel=6000)
        assert win(number, lines=[wish])["state"] == "rejected"
        assert win(number, by=APPROVER)["outcome"]["approved_riel"] == 6000

    def test_the_second_person_may_let_the_decision_stand(self) -> None:
        number = rejected(line(unit_price_riel=2_000_001, tariff_riel=2_000_001))
        appeal(number)
        win(number)

        claim = appeals.decide_appeal(number, by=APPROVER, outcome="lost", note="No.")

        assert (claim["state"], claim["appeal"]["state"]) == ("rejected", "lost")

    def test_two_who_decide_at_once_leave_one_decision(self, app: Any) -> None:
        number = reduced()
        appeal(number)

        other = person("visal", Role.REVIEWER)
        told = at_once(app, lambda: win(number), lambda: win(number, by=other))

        assert sorted(told) == ["appeal_decided", "done"]
        assert books().faults == ()

    def test_to_the_facility_nobody_at_nssf_has_a_name(self) -> None:
        number = rejected()
        appeal(number)
        win(number, note="Yes.", internal_note="Seen the paper.")

        told = str(submission.find_claim(number, by=biller()))
        told += str(submission.list_history(number, by=biller()))

        assert "bopha" not in told
        assert "Seen the paper" not in told
