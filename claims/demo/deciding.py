"""NSSF's review in the demo's month: sessions in which reviewers take the queue claim by claim."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from claims.demo.cases import FIRST_SESSION, LAST_SESSION, SESSION_EVERY
from claims.demo.cast import Cast
from claims.demo.diary import Diary
from claims.demo.filing import Billing
from claims.review import service as review
from claims.review.service import LineWish
from claims.submission.states import SECOND_APPROVAL
from config import clock

STARTS = time(8, 40)
PACE = timedelta(minutes=4)
QUESTION = "Please send the referral letter and check the patient's number."
LEASED_NOW = 2


class Review:
    """The reviewer and the approver; what they decide is written in the claim's fate."""

    def __init__(self, cast: Cast, diary: Diary, billing: Billing) -> None:
        self._diary, self._billing = diary, billing
        self._reviewer, self._approver = cast.actor("reviewer"), cast.actor("approver")

    def plan_sessions(self, today: date) -> None:
        """Plan the month's sessions; whatever comes after the last one waits."""
        for ago in range(FIRST_SESSION, LAST_SESSION - 1, -SESSION_EVERY):
            day = today - timedelta(days=ago)
            self._diary.plan(datetime.combine(day, STARTS, clock.PHNOM_PENH), self._next)

    def lease_some(self) -> None:
        """Leave some claims on the reviewer's desk, leased now."""
        for _ in range(LEASED_NOW):
            review.next_claim(by=self._reviewer)

    def _next(self, at: datetime) -> None:
        """Take one claim and decide it; the next one comes minutes later, until none waits."""
        claim = review.next_claim(by=self._reviewer)
        if claim is None:
            self._second_approvals()
            return
        self._decide(claim, at)
        self._diary.plan(at + PACE, self._next)

    def _decide(self, claim: dict[str, Any], at: datetime) -> None:
        number, by = claim["number"], self._reviewer
        fate = self._billing.fates.get(number)
        if fate is None:
            return  # somebody else's claim, filed while the demo was loading
        if claim["outcome"]["payable_riel"] == 0:
            review.reject(number, by=by, reason=_denial(claim))
        elif fate == "reject":
            note = "The signature on the request form is missing."
            review.reject(number, by=by, reason="documents", note=note)
        elif fate in ("return", "answered"):
            review.send_back(number, by=by, reason="documents", note=QUESTION)
            if fate == "answered":
                self._billing.answer_return(number, at)
        elif fate == "reduce":
            price = claim["lines"][0]["unit_price_riel"] * 2 // 3
            wish = LineWish(1, approved_unit_price_riel=price, reason="price")
            review.approve(number, by=by, lines=[wish], note="Reduced to the agreed part.")
        else:
            review.approve(number, by=by)
        if fate == "held_approved":
            review.hold(number, by=self._approver, reason="The bank account is being checked.")

    def _second_approvals(self) -> None:
        waiting = review.list_queue(by=self._approver, limit=200, awaiting=SECOND_APPROVAL)
        for item in waiting:
            if self._billing.fates.get(item.number, "propose") != "propose":
                review.approve(item.number, by=self._approver)


def _denial(claim: dict[str, Any]) -> str:
    """Return the reason for which the rules pay nothing: the reviewer agrees with them."""
    found = [*claim["outcome"]["findings"]]
    found += [reason for line in claim["outcome"]["lines"] for reason in line["reasons"]]
    return next((one["code"] for one in found if one["severity"] == "deny"), "not_covered")
