"""Disputes in the demo's month: rejections appealed, one appeal won, a question that stops a clock."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from claims.appeals import service as appeals
from claims.demo.cast import Cast
from claims.demo.diary import Action, Diary
from claims.submission import service as submission
from config import clock

FILED_AGO, DECIDED_AGO, ASKED_AGO = 3, 2, 1
APPEALS = 3
REASON = "The request form was signed; the signed copy is attached to the paper file."
GRANTED = "The signed form was found. The claim is approved."
QUESTION = "Which doctor prescribed the treatment, and on which day?"


class Disputes:
    """The hospital's billing office, and the approver, who decides what the reviewer refused."""

    def __init__(self, cast: Cast, diary: Diary, *, today: date) -> None:
        self._diary, self._today = diary, today
        self._biller, self._approver = cast.billing("hospital"), cast.actor("approver")
        self._reviewer = cast.actor("reviewer")

    def plan_month(self) -> None:
        """Plan the appeals, the decision on the first of them, and the open question."""
        self._plan(FILED_AGO, time(14, 5), self._appeal)
        self._plan(DECIDED_AGO, time(10, 20), self._decide)
        self._plan(ASKED_AGO, time(16, 10), self._ask)

    def _plan(self, ago: int, at: time, action: Action) -> None:
        day = self._today - timedelta(days=ago)
        self._diary.plan(datetime.combine(day, at, clock.PHNOM_PENH), action)

    def _appeal(self, _: datetime) -> None:
        for row in submission.list_claims(by=self._biller, limit=APPEALS, state="rejected"):
            appeals.file_appeal(row["number"], by=self._biller, reason=REASON)

    def _decide(self, _: datetime) -> None:
        """Let the approver grant the first appeal on a claim with something payable."""
        for one in appeals.list_appeals(by=self._approver, limit=APPEALS, state="open"):
            claim = submission.find_claim(one.claim_number, by=self._approver)
            if claim["outcome"]["payable_riel"]:
                appeals.decide_appeal(
                    one.claim_number, by=self._approver, outcome="won", note=GRANTED
                )
                return

    def _ask(self, _: datetime) -> None:
        waiting = submission.list_claims(
            by=self._reviewer, limit=1, state="submitted", facility=self._biller.facility
        )
        for row in waiting:
            submission.add_message(row["number"], QUESTION, by=self._reviewer)
