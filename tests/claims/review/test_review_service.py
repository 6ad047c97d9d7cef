"""Review: leases, decisions, four eyes, separation of duties, and what an approval sets in motion."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from auth.permissions import Actor, Permission
from claims.ledger import service as ledger
from claims.review import service as review
from claims.review.service import LineWish, NotLeased
from claims.submission.states import InvalidTransition
from config import clock
from config.db import transaction
from config.errors import Conflict, Forbidden, Invalid, NotFound
from config.jobs import run_now
from gateway.coverage import service as coverage
from tests.claims.payable import (
    APPROVER,
    DAY,
    FACILITY,
    OTHER_FACILITY,
    REVIEWER,
    SECOND_APPROVER,
    SECOND_REVIEWER,
    approved_claim,
    biller,
    claim_row,
    lease,
    line,
    line_rows,
    queue_claim,
    scalar,
    set_column,
)

pytestmark = pytest.mark.usefixtures("app")
LARGE = {"service": "MAJOR-SURGERY", "unit_price_riel": 2_000_001, "tariff_riel": 2_000_001}
DENIED = {"decision": "denied", "reasons": ["duplicate"]}


def test_next_leases_a_claim_for_fifteen_minutes() -> None:
    number = queue_claim()

    claim = review.next_claim(by=REVIEWER)

    assert claim is not None
    assert claim["number"] == number
    assert claim["state"] == "in_review"
    left = claim["lease_until"] - clock.now()
    assert timedelta(minutes=14) < left <= timedelta(minutes=15)


def test_asking_again_without_deciding_gives_another_claim_and_keeps_the_first() -> None:
    numbers = {queue_claim(), queue_claim()}

    leased = [review.next_claim(by=REVIEWER), review.next_claim(by=REVIEWER)]

    assert {claim["number"] for claim in leased if claim} == numbers
    assert review.next_claim(by=REVIEWER) is None
    for number in numbers:
        review.approve(number, by=REVIEWER)


def test_what_is_leased_to_one_reviewer_is_not_given_to_another() -> None:
    queue_claim()
    review.next_claim(by=REVIEWER)

    assert review.next_claim(by=SECOND_REVIEWER) is None


def test_many_reviewers_at_once_never_share_a_claim(app: Flask) -> None:
    numbers = {queue_claim() for _ in range(8)}

    def ask(index: int) -> str | None:
        with app.app_context():
            claim = review.next_claim(by=replace(REVIEWER, subject=f"user:r{index}"))
            return claim["number"] if claim else None

    with ThreadPoolExecutor(8) as pool:
        given = [number for number in pool.map(ask, range(8)) if number]

    assert len(given) == len(set(given))
    assert set(given) <= numbers
    assert len(given) >= 1


def test_an_expired_lease_puts_the_claim_back_into_the_queue() -> None:
    number = lease(queue_claim())
    set_column(number, "lease_until", clock.now() - timedelta(seconds=1))

    with pytest.raises(NotLeased):
        review.approve(number, by=REVIEWER)
    run_now("review.put_back_expired")

    row = claim_row(number)
    assert (row.state, row.lease_by, row.lease_until) == ("submitted", None, None)


def test_an_expired_lease_is_given_on_without_waiting_for_the_job() -> None:
    number = lease(queue_claim())
    set_column(number, "lease_until", clock.now() - timedelta(seconds=1))

    claim = review.next_claim(by=SECOND_REVIEWER)

    assert claim is not None
    assert (claim["number"], claim["lease_by"]) == (number, SECOND_REVIEWER.subject)


def test_a_lease_that_still_runs_is_not_put_back() -> None:
    number = lease(queue_claim())

    assert review.put_back_expired() == 0
    assert claim_row(number).lease_by == REVIEWER.subject


def test_overdue_then_risky_then_large_claims_come_first() -> None:
    old = clock.now() - timedelta(days=16)
    plain = queue_claim()
    large = queue_claim(line(unit_price_riel=1_500_000, tariff_riel=1_500_000))
    risky = queue_claim(line(decision="review", reasons=["no_tariff"]))
    overdue = queue_claim(submitted_at=old)

    order = [review.next_claim(by=REVIEWER) for _ in range(4)]

    assert [claim["number"] for claim in order if claim] == [overdue, risky, large, plain]


def test_within_a_rank_the_next_claim_is_drawn_at_random() -> None:
    first_given = set()
    for _ in range(12):
        numbers = [queue_claim() for _ in range(3)]
        claim = review.next_claim(by=REVIEWER)
        assert claim is not None
        first_given.add(numbers.index(claim["number"]) if claim["number"] in numbers else -1)
        with transaction() as session:
            session.execute(text("UPDATE claims SET held = true WHERE state = 'submitted'"))

    assert len(first_given) > 1


def test_held_and_own_claims_are_never_leased() -> None:
    queue_claim(held=True)
    queue_claim(created_by=REVIEWER.subject)
    queue_claim(submitted_by=REVIEWER.subject)
    own = queue_claim(facility=OTHER_FACILITY)

    assert review.next_claim(by=replace(REVIEWER, facilities=(OTHER_FACILITY,))) is None
    assert lease(own) == own


def test_nobody_decides_on_the_own_facility_or_an_own_claim() -> None:
    number = lease(queue_claim())

    with pytest.raises(Forbidden) as at_own_facility:
        review.approve(number, by=replace(REVIEWER, facilities=(FACILITY,)))
    set_column(number, "created_by", REVIEWER.subject)
    with pytest.raises(Forbidden) as own_claim:
        review.approve(number, by=REVIEWER)

    assert at_own_facility.value.code == "own_facility"
    assert own_claim.value.code == "own_claim"


def test_a_facilitys_client_never_reviews_whatever_its_scope() -> None:
    number = queue_claim()
    client = Actor("client:his", frozenset(Permission), facility=OTHER_FACILITY)

    for attempt in (
        lambda: review.next_claim(by=client),
        lambda: review.approve(number, by=client),
        lambda: review.hold(number, by=client, reason="x"),
        lambda: review.list_queue(by=client, limit=10),
    ):
        with pytest.raises(Forbidden):
            attempt()


def test_a_decision_without_the_own_lease_is_refused() -> None:
    number = queue_claim()

    with pytest.raises(NotLeased):
        review.approve(number, by=REVIEWER)
    lease(number)
    with pytest.raises(NotLeased):
        review.approve(number, by=SECOND_REVIEWER)

    assert claim_row(number).state == "in_review"


def test_an_approval_pays_the_facility_uses_the_benefit_and_tells_everybody() -> None:
    number = lease(queue_claim(line(quantity=2), line(quantity=1, service="EMERGENCY",
                                                      benefit="emergency")))  # fmt: skip

    claim = review.approve(number, by=REVIEWER, note="Thank you", internal_note="Seen twice")

    row = claim_row(number)
    assert (claim["state"], row.approved_riel, row.lease_by) == ("approved", 18_000, None)
    assert row.decided_at is not None
    assert [stored.approved_riel for stored in line_rows(number)] == [12_000, 6000]
    assert ledger.balances() == {
        "care_expense:health_care": 18_000,
        f"payable:{FACILITY}": -18_000,
    }
    used = {(one.benefit, one.day) for one in coverage.usage_on(row.card_key, DAY)}
    assert used == {("outpatient", DAY), ("emergency", DAY)}
    assert scalar("SELECT count(*) FROM audit_events WHERE action = 'claim.approved'") == 1
    said = "SELECT string_agg(text || '/' || internal, ',' ORDER BY id) FROM claim_messages"
    assert scalar(said) == "Thank you/false,Seen twice/true"
    [decision] = review.list_decisions(number, by=APPROVER)
    assert (decision.step, decision.final, decision.approved_riel) == (1, True, 18_000)


def test_a_reduced_line_stores_what_and_why() -> None:
    number = lease(queue_claim(line(quantity=3)))

    review.approve(
        number, by=REVIEWER, lines=[LineWish(1, approved_quantity=1, reason="documents")]
    )

    [stored] = line_rows(number)
    assert (stored.approved_quantity, stored.approved_riel) == (1, 6000)
    assert stored.approved_reason == "documents"
    assert ledger.balance(f"payable:{FACILITY}") == -6000


def test_nothing_is_stored_when_a_wish_is_refused() -> None:
    number = lease(queue_claim())

    with pytest.raises(Invalid) as refused:
        review.approve(number, by=REVIEWER, lines=[LineWish(1, approved_unit_price_riel=9000)])

    assert refused.value.extra["errors"][0]["pointer"] == "/lines/0/approved_unit_price_riel"
    row = claim_row(number)
    assert (row.state, row.lease_by, row.approved_riel) == ("in_review", REVIEWER.subject, None)
    assert ledger.balances() == {}


def test_an_approval_of_nothing_is_a_rejection_and_says_so() -> None:
    number = lease(queue_claim(line(**DENIED)))

    with pytest.raises(Invalid) as refused:
        review.approve(number, by=REVIEWER)

    assert "reject" in refused.value.extra["errors"][0]["message"]


def test_above_the_limit_a_second_person_approves_without_a_lease() -> None:
    number = lease(queue_claim(line(**LARGE)))

    first = review.approve(number, by=REVIEWER)
    waiting = claim_row(number)
    assert (first["state"], first["awaiting"]) == ("in_review", "second_approval")
    assert (waiting.approved_riel, waiting.lease_by) == (None, None)
    assert ledger.balances() == {}
    second = review.approve(number, by=APPROVER)

    assert (second["state"], second["awaiting"]) == ("approved", None)
    assert ledger.balance(f"payable:{FACILITY}") == -2_000_001
    steps = [
        (one.step, one.final, one.causes) for one in review.list_decisions(number, by=APPROVER)
    ]
    assert steps == [(1, False, ["amount"]), (2, True, ["amount"])]


def test_the_first_person_is_never_the_second() -> None:
    number = lease(queue_claim(line(**LARGE)), by=APPROVER)
    review.approve(number, by=APPROVER)

    with pytest.raises(Forbidden) as refused:
        review.approve(number, by=APPROVER)

    assert refused.value.code == "same_person"
    assert claim_row(number).state == "in_review"


def test_a_plain_reviewer_is_not_a_second_person() -> None:
    number = lease(queue_claim(line(**LARGE)))
    review.approve(number, by=REVIEWER)

    with pytest.raises(Forbidden):
        review.approve(number, by=SECOND_REVIEWER)


def test_a_client_with_only_approval_may_be_the_second_but_never_the_first() -> None:
    approving = Actor("client:nssf", frozenset({Permission.CLAIM_APPROVE}), nssf=True)
    number = lease(queue_claim(line(**LARGE)))

    with pytest.raises(Forbidden):
        review.approve(number, by=approving)
    review.approve(number, by=REVIEWER)
    review.approve(number, by=approving)

    assert claim_row(number).state == "approved"


def test_overriding_a_denial_waits_for_a_second_person() -> None:
    number = lease(queue_claim(line(**DENIED)))

    claim = review.approve(number, by=REVIEWER, lines=[LineWish(1, approved_quantity=1)])

    assert claim["awaiting"] == "second_approval"
    review.approve(number, by=APPROVER)
    assert claim_row(number).approved_riel == 6000


def test_a_line_without_a_tariff_waits_for_a_second_person() -> None:
    unpriced = line(decision="review", tariff_riel=None, reasons=["no_tariff"])
    number = lease(queue_claim(unpriced))

    review.approve(number, by=REVIEWER)

    [proposed] = review.list_decisions(number, by=APPROVER)
    assert (proposed.final, proposed.causes) == (False, ["no_tariff"])


def test_the_second_person_may_give_less_but_not_more() -> None:
    number = lease(queue_claim(line(quantity=3, **LARGE)))
    review.approve(number, by=REVIEWER, lines=[LineWish(1, approved_quantity=2, reason="price")])

    with pytest.raises(Invalid):
        review.approve(number, by=APPROVER, lines=[LineWish(1, approved_quantity=3)])
    review.approve(number, by=APPROVER, lines=[LineWish(1, approved_quantity=1, reason="price")])

    assert claim_row(number).approved_riel == 2_000_001


def test_a_second_person_may_also_reject_or_return() -> None:
    rejected = lease(queue_claim(line(**LARGE)))
    returned = lease(queue_claim(line(**LARGE)))
    for number in (rejected, returned):
        review.approve(number, by=REVIEWER)

    review.reject(rejected, by=APPROVER, reason="documents")
    review.send_back(returned, by=APPROVER, reason="documents", note="Which surgery?")

    assert claim_row(rejected).state == "rejected"
    assert (claim_row(returned).state, claim_row(returned).awaiting) == ("returned", None)
    assert ledger.balances() == {}


@pytest.mark.parametrize("decide", [review.reject, review.send_back])
@pytest.mark.parametrize("reason", [None, "because"])
def test_a_refusal_needs_a_reason_of_the_catalogue(decide, reason: str | None) -> None:
    number = lease(queue_claim())

    with pytest.raises(Invalid) as refused:
        decide(number, by=REVIEWER, reason=reason)

    assert refused.value.extra["errors"][0]["pointer"] == "/reason"
    assert claim_row(number).state == "in_review"


def test_a_rejection_approves_nothing_and_posts_nothing() -> None:
    number = lease(queue_claim())

    claim = review.reject(number, by=REVIEWER, reason="not_covered", note="See the package")

    assert claim["state"] == "rejected"
    assert claim_row(number).approved_riel == 0
    assert [stored.approved_reason for stored in line_rows(number)] == ["not_covered"]
    assert ledger.balances() == {}


def test_a_returned_claim_carries_the_reviewers_question() -> None:
    number = lease(queue_claim())

    claim = review.send_back(number, by=REVIEWER, reason="documents", note="Where is the referral?")

    assert claim["state"] == "returned"
    asked = "SELECT text FROM claim_messages WHERE kind = 'question' AND side = 'nssf'"
    assert scalar(asked) == "Where is the referral?"


def test_a_decided_claim_names_what_is_allowed_instead() -> None:
    number = approved_claim()

    with pytest.raises(InvalidTransition) as refused:
        review.reject(number, by=REVIEWER, reason="other")

    assert "reopen" in refused.value.extra["allowed"]


def test_drafts_and_unknown_numbers_are_not_found() -> None:
    draft = queue_claim(state="draft", submitted_at=None)

    for number in (draft, "C26K000000000"):
        with pytest.raises(NotFound):
            review.approve(number, by=REVIEWER)


def test_two_decisions_at_once_leave_one(app: Flask) -> None:
    number = lease(queue_claim())

    def decide(index: int) -> str:
        with app.app_context():
            try:
                review.approve(number, by=REVIEWER)
            except Conflict as refused:
                return refused.code
            return "approved"

    with ThreadPoolExecutor(4) as pool:
        answers = sorted(pool.map(decide, range(4)))

    assert answers == ["approved", "invalid_transition", "invalid_transition", "invalid_transition"]
    assert ledger.balance(f"payable:{FACILITY}") == -6000
    assert len(review.list_decisions(number, by=APPROVER)) == 1


def test_two_second_persons_at_once_leave_one_approval(app: Flask) -> None:
    number = lease(queue_claim(line(**LARGE)))
    review.approve(number, by=REVIEWER)

    def decide(by: Actor) -> bool:
        with app.app_context():
            try:
                review.approve(number, by=by)
            except Conflict:
                return False
            return True

    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(decide, (APPROVER, SECOND_APPROVER)))

    assert sorted(done) == [False, True]
    assert ledger.balance(f"payable:{FACILITY}") == -2_000_001


def test_reopening_undoes_liability_and_benefit_and_the_claim_may_be_approved_anew() -> None:
    number = approved_claim(line(quantity=2))
    row = claim_row(number)

    review.reopen(number, by=APPROVER, reason="Wrong patient?")

    assert set(ledger.balances().values()) == {0}
    assert coverage.usage_on(row.card_key, DAY) == ()
    reopened = claim_row(number)
    assert (reopened.state, reopened.approved_riel) == ("submitted", None)
    assert [stored.approved_riel for stored in line_rows(number)] == [None]
    lease(number)
    review.approve(number, by=REVIEWER, lines=[LineWish(1, approved_quantity=1, reason="price")])
    assert ledger.balance(f"payable:{FACILITY}") == -6000


def test_a_claim_whose_payment_was_adjusted_is_not_decided_anew() -> None:
    number = approved_claim()
    ledger.supplement(
        claim=number, facility=FACILITY, scheme="health_care", riel=500, reason="appeal",
        by=APPROVER,
    )  # fmt: skip

    with pytest.raises(Conflict) as refused:
        review.reopen(number, by=APPROVER, reason="Wrong line")

    assert refused.value.code == "claim_adjusted"
    assert claim_row(number).state == "approved"


def test_only_an_approved_claim_is_reopened_and_only_by_an_approver() -> None:
    waiting, approved = queue_claim(), approved_claim()

    with pytest.raises(InvalidTransition):
        review.reopen(waiting, by=APPROVER, reason="x")
    with pytest.raises(Forbidden):
        review.reopen(approved, by=REVIEWER, reason="x")


def test_hold_and_release_leave_the_state_and_keep_their_reason_from_the_audit() -> None:
    number = approved_claim()

    review.hold(number, by=APPROVER, reason="Patient Sok says she was never there")
    with pytest.raises(InvalidTransition):
        review.hold(number, by=APPROVER, reason="again")
    held = claim_row(number)
    assert (held.state, held.held) == ("approved", True)
    review.release(number, by=APPROVER, reason="Cleared")

    assert claim_row(number).held is False
    assert scalar("SELECT count(*) FROM audit_events WHERE details::text LIKE '%Sok%'") == 0
    reasons = [one.reason for one in review.list_decisions(number, by=APPROVER)]
    assert reasons == [None, "Patient Sok says she was never there", "Cleared"]


def test_an_uncovered_claim_two_people_approve_is_charged_to_a_scheme() -> None:
    number = lease(queue_claim(line(**DENIED), scheme=None, body={"cause": "work"}))
    review.approve(number, by=REVIEWER, lines=[LineWish(1, approved_quantity=1)])

    review.approve(number, by=APPROVER)

    assert claim_row(number).scheme == "occupational_risk"
    assert ledger.balance("care_expense:occupational_risk") == 6000


def test_the_queue_lists_by_age_and_pages_by_key() -> None:
    start = clock.now() - timedelta(days=6)
    numbers = [queue_claim(submitted_at=start + timedelta(days=day)) for day in range(5)]
    approved_claim(submitted_at=start - timedelta(days=1))

    first = review.list_queue(by=REVIEWER, limit=3)
    after = first[2].key
    rest = review.list_queue(by=REVIEWER, limit=3, after=after)

    assert [item.number for item in first[:3]] == numbers[:3]
    assert len(first) == 4
    assert [item.number for item in rest] == numbers[3:]
    assert first[0].review_by == clock.day_of(start) + timedelta(days=15)


def test_the_queue_can_show_only_what_awaits_a_second_person() -> None:
    queue_claim()
    number = lease(queue_claim(line(**LARGE)))
    review.approve(number, by=REVIEWER)

    [item] = review.list_queue(by=APPROVER, limit=10, awaiting="second_approval")

    assert (item.number, item.first_approver) == (number, REVIEWER.subject)


def test_decisions_are_nssfs_own() -> None:
    number = approved_claim()

    with pytest.raises(NotFound):
        review.list_decisions(number, by=biller())


def test_a_decision_is_never_changed() -> None:
    approved_claim()

    with pytest.raises(ProgrammingError, match="permission denied"), transaction() as session:
        session.execute(text("UPDATE review_decisions SET approved_riel = 1"))


def test_a_failing_step_leaves_the_claim_undecided(monkeypatch: pytest.MonkeyPatch) -> None:
    number = lease(queue_claim())

    def fail(*_: object) -> None:
        raise RuntimeError("the ledger is not there")

    with monkeypatch.context() as broken:
        broken.setattr(ledger, "post", fail)
        with pytest.raises(RuntimeError):
            review.approve(number, by=REVIEWER)

    row = claim_row(number)
    assert (row.state, row.approved_riel) == ("in_review", None)
    assert coverage.usage_on(row.card_key, date(2026, 11, 30)) == ()
    assert scalar("SELECT count(*) FROM review_decisions") == 0
