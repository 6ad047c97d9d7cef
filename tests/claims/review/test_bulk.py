"""Clean claims in bulk: a random sample is read first, then the rest is approved one by one."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

from auth.permissions import Actor, system_actor
from claims.review import service as review
from claims.review.rules import sample_size
from claims.submission import service as submission
from claims.submission.rules import package_of
from config.errors import Conflict, Forbidden
from config.jobs import run_now
from gateway.coverage import service as coverage
from gateway.coverage.service import DEFAULTS
from tests.claims.payable import (
    APPROVER,
    OTHER_FACILITY,
    REVIEWER,
    SECOND_REVIEWER,
    books,
    claim_row,
    lease,
    line,
    queue_claim,
    scalar,
    set_column,
)
from tests.claims.together import at_once

PACKAGE = "OPD-CONSULTATION"


def clean(**given: Any) -> str:
    return queue_claim(**{"package": PACKAGE, "facility_level": "cpa1"} | given)


def group(count: int = 6) -> list[str]:
    return [clean() for _ in range(count)]


def opened(by: Actor = REVIEWER) -> dict[str, Any]:
    return review.open_bulk(package=PACKAGE, scheme="health_care", facility_level="cpa1", by=by)


def read_sample(number: str, *, by: Actor = REVIEWER) -> list[str]:
    read = []
    while claim := review.next_of_sample(number, by=by):
        review.approve(claim["number"], by=by)
        read.append(claim["number"])
    return read


def states(numbers: list[str]) -> list[str]:
    return [claim_row(number).state for number in numbers]


@pytest.mark.parametrize(
    ("claims", "percent", "least", "sample"),
    [(200, 5, 3, 10), (201, 5, 3, 11), (20, 5, 3, 3), (4, 5, 3, 3), (2, 5, 3, 2), (50, 100, 3, 50)],
)
def test_the_sample_is_a_share_and_at_least_some(
    claims: int, percent: int, least: int, sample: int
) -> None:
    assert sample_size(claims, percent, least) == sample


def outcome(*, decision: str = "payable", tariff: int | None = 6000, severity: str = "info") -> Any:
    said = [{"severity": severity}]
    return {"findings": said, "lines": [
        {"decision": decision, "tariff_riel": tariff, "reasons": []}]}  # fmt: skip


@pytest.mark.parametrize(
    ("found", "package"),
    [
        (outcome(), "A+B"),
        (outcome(severity="warn"), None),
        (outcome(severity="review"), None),
        (outcome(decision="reduced"), None),
        (outcome(tariff=None), None),
    ],
)
def test_only_a_claim_with_nothing_found_has_a_package(found: Any, package: str | None) -> None:
    assert package_of(found, ["B", "A", "B"]) == package


def test_many_different_services_make_no_package() -> None:
    assert package_of(outcome(), [str(n) for n in range(7)]) is None


@pytest.mark.usefixtures("app")
class TestBulk:
    def test_groups_are_clean_claims_for_the_same_services(self) -> None:
        group(5)
        for other in ({"risk": 10}, {"held": True}, {"asked": True}, {"package": None}):
            clean(**other)
        queue_claim(package="ANC-VISIT", facility_level="cpa1")

        [found] = review.list_groups(by=REVIEWER)

        assert (found.package, found.claims, found.payable_riel) == (PACKAGE, 5, 30_000)

    def test_the_rest_is_approved_after_the_whole_sample_was(self) -> None:
        numbers = group()
        bulk = opened()
        read = read_sample(bulk["number"])

        done = review.approve_rest(bulk["number"], by=REVIEWER)

        assert (len(read), len(bulk["sample"]), done["results"]) == (3, 3, {"approved": 3})
        assert states(numbers) == ["approved"] * 6
        assert scalar("SELECT count(*) FROM review_decisions WHERE bulk IS NOT NULL") == 3
        assert scalar("SELECT count(*) FROM audit_events WHERE action = 'claim.approved'") == 6
        assert books().ok

    def test_nothing_is_approved_before_the_sample_was_read(self) -> None:
        group()
        bulk = opened()
        claim = review.next_of_sample(bulk["number"], by=REVIEWER)
        assert claim is not None
        review.approve(claim["number"], by=REVIEWER)

        with pytest.raises(Conflict) as refused:
            review.approve_rest(bulk["number"], by=REVIEWER)

        assert refused.value.code == "sample_not_read"

    @pytest.mark.parametrize("verdict", ["reject", "less"])
    def test_a_sample_that_was_not_clean_stops_the_rest(self, verdict: str) -> None:
        group()
        bulk = opened()
        claim = review.next_of_sample(bulk["number"], by=REVIEWER)
        assert claim is not None
        if verdict == "reject":
            review.reject(claim["number"], by=REVIEWER, reason="documents")
        else:
            wish = review.LineWish(1, approved_unit_price_riel=5000, reason="price")
            review.approve(claim["number"], by=REVIEWER, lines=[wish])
        read_sample(bulk["number"])

        with pytest.raises(Conflict) as refused:
            review.approve_rest(bulk["number"], by=REVIEWER)

        assert refused.value.code == "sample_not_clean"
        assert review.abandon_bulk(bulk["number"], by=REVIEWER)["state"] == "abandoned"

    def test_what_somebody_took_or_changed_meanwhile_is_left(self) -> None:
        numbers = group(8)
        bulk = opened()
        read = read_sample(bulk["number"])
        left = [number for number in numbers if number not in read]
        review.take_claim(left[0], by=SECOND_REVIEWER, reason="x")
        review.hold(left[1], by=APPROVER, reason="x")
        set_column(left[2], "version", "9")

        done = review.approve_rest(bulk["number"], by=REVIEWER)

        assert done["results"] == {"approved": 2, "skipped": 3}
        assert states(left[:3]) == ["in_review", "submitted", "submitted"]

    def test_a_sample_that_somebody_else_decided_is_drawn_again(self) -> None:
        group()
        bulk = opened()
        first = bulk["sample"][0]["number"]
        review.take_claim(first, by=SECOND_REVIEWER, reason="x")
        review.approve(first, by=SECOND_REVIEWER)
        read_sample(bulk["number"])

        with pytest.raises(Conflict) as refused:
            review.approve_rest(bulk["number"], by=REVIEWER)

        assert refused.value.code == "sample_gone"

    def test_claims_filed_by_a_program_of_ones_own_are_left(self) -> None:
        numbers = group()
        bulk = opened()
        read = read_sample(bulk["number"])
        left = next(number for number in numbers if number not in read)
        set_column(left, "created_by", "client:script")
        review.declare_tie("client:script", kind="person", tied_to=REVIEWER.subject, by=APPROVER)

        done = review.approve_rest(bulk["number"], by=REVIEWER)

        assert done["results"] == {"approved": 2, "skipped": 1}
        assert states([left]) == ["submitted"]

    def test_where_a_second_person_is_needed_the_claim_stays_in_the_queue(self) -> None:
        for _ in range(6):
            clean()
        bulk = opened()
        read_sample(bulk["number"])
        lease(queue_claim(line(unit_price_riel=1_970_000, tariff_riel=1_970_000)))
        [dear] = [i for i in review.list_queue(by=REVIEWER, limit=20) if i.lease_by]
        review.approve(dear.number, by=REVIEWER)

        done = review.approve_rest(bulk["number"], by=REVIEWER)

        assert done["results"] == {"approved": 2, "second_person": 1}

    def test_whoever_read_the_sample_approves_the_rest_and_once(self) -> None:
        group()
        bulk = opened()
        read_sample(bulk["number"])
        with pytest.raises(Forbidden):
            review.approve_rest(bulk["number"], by=SECOND_REVIEWER)
        review.approve_rest(bulk["number"], by=REVIEWER)

        with pytest.raises(Conflict):
            review.approve_rest(bulk["number"], by=REVIEWER)

    def test_the_rest_asked_for_twice_at_once_is_approved_once(self, app: Flask) -> None:
        numbers = group()
        bulk = opened()["number"]
        read_sample(bulk)

        told = at_once(
            app,
            lambda: review.approve_rest(bulk, by=REVIEWER),
            lambda: review.approve_rest(bulk, by=REVIEWER),
        )

        assert "done" in told
        assert states(numbers) == ["approved"] * 6
        assert scalar("SELECT count(*) FROM review_decisions WHERE bulk IS NOT NULL") == 3
        assert books().faults == ()

    def test_a_group_no_larger_than_its_sample_is_read_claim_by_claim(self) -> None:
        group(3)

        with pytest.raises(Conflict) as refused:
            opened()

        assert refused.value.code == "too_few_claims"

    def test_nobody_approves_in_bulk_for_a_facility_of_their_own(self) -> None:
        group(5)
        tied = replace(REVIEWER, facilities=("120101",))

        assert review.list_groups(by=tied) == []
        clean(facility=OTHER_FACILITY)
        assert review.list_groups(by=tied) == []


@pytest.mark.usefixtures("app")
class TestAuto:
    @pytest.fixture
    def below(self, app: Flask) -> None:
        """Load a policy that approves clean claims under 10,000 riel by itself."""
        text = (DEFAULTS / "health_care-2023-11-14.yaml").read_text(encoding="utf-8")
        given = re.sub(r"(auto_approve_below_riel:\n    value:)", r"\1 10_000", text)
        coverage.load_policy(given, name="auto.yaml", by=system_actor("tests"))

    def test_no_policy_approves_nothing_by_itself(self) -> None:
        number = clean()

        run_now("review.auto_approve", claim=number)

        assert claim_row(number).state == "submitted"

    @pytest.mark.usefixtures("below")
    def test_a_small_clean_claim_is_approved_and_says_by_whom(self) -> None:
        number = clean()

        run_now("review.auto_approve", claim=number)
        run_now("review.auto_approve", claim=number)

        assert claim_row(number).state == "approved"
        [decision] = review.list_decisions(number, by=APPROVER)
        assert decision.decided_by == "system:auto-approval"
        own = submission.list_history(number, by=APPROVER)
        assert [step["action"] for step in own] == ["submit", "lease", "approve"]
        assert books().ok

    @pytest.mark.usefixtures("below")
    @pytest.mark.parametrize(
        "given",
        [
            {"risk": 1},
            {"held": True},
            {"asked": True},
            {"package": None},
            {"claimed_riel": 10_000, "payable_riel": 6000},
        ],
    )
    def test_what_is_sampled_doubtful_held_or_large_waits_for_a_person(
        self, given: dict[str, Any]
    ) -> None:
        number = clean(**given)

        run_now("review.auto_approve", claim=number)

        assert claim_row(number).state == "submitted"
