"""Billing in the demo's month: claims are written, queued, taken back, answered."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any

from claims.adjudication.service import price_list
from claims.demo.bodies import Case, claim_body
from claims.demo.cases import BEFORE_REVIEW
from claims.demo.cast import Cast
from claims.demo.diary import Diary
from claims.demo.people import Patient, People
from claims.review import service as review
from claims.submission import service as submission
from claims.submission.schemas import ClaimBody
from config import clock
from gateway.facilities.service import find_facility

DESK_HOUR = time(15, 30)
RELEASED_AGO = timedelta(days=1)
ANSWER = "The referral letter has been sent again; the patient number was mistyped."


class Billing:
    """Everybody who files claims this month; remembers which claim is to meet which fate."""

    def __init__(
        self, cast: Cast, diary: Diary, people: People, rng: Random, *, today: date
    ) -> None:
        self._cast, self._diary, self._people, self._rng = cast, diary, people, rng
        self._today = today
        self._levels = {key: find_facility(code).level for key, code in cast.places.items()}
        self.fates: dict[str, str] = {}
        self._places: dict[str, str] = {}

    def plan_claim(
        self, case: Case, person: Patient | None = None, check: str | None = None, visit: str | None = None
    ) -> None:  # fmt: skip
        """Plan the filing of a case; without a person, of somebody who came to no reception."""
        late = timedelta(seconds=self._rng.randrange(2 * 3600))
        moment = datetime.combine(case.filed, DESK_HOUR, clock.PHNOM_PENH) + late

        def file(at: datetime) -> None:
            self._file(case, person or self._people.pick(case.suits), check, visit, at)

        self._diary.plan(moment, file)

    def answer_return(self, number: str, at: datetime) -> None:
        """Plan the facility's answer to a returned claim, and its second submission."""
        by = self._cast.billing(self._places[number])

        def answer(_: datetime) -> None:
            submission.add_message(number, ANSWER, kind="answer", by=by)
            submission.submit_stored(number, by=by)
            self.fates[number] = "approve"

        self._diary.plan(at + timedelta(hours=26), answer)

    def _file(
        self, case: Case, person: Patient, check: str | None, visit: str | None, at: datetime
    ) -> None:
        body: dict[str, Any] = claim_body(
            case, person, level=self._levels[case.place], tariffs=price_list(), rng=self._rng
        )
        loaded = ClaimBody().load(body | {"eligibility_check": check, "visit": visit})
        by = self._cast.billing(case.place)
        number = submission.submit_claim(loaded, by=by).claim["number"]
        self.fates[number], self._places[number] = case.fate, case.place
        if case.fate in BEFORE_REVIEW:
            self._before_review(case, number, at)

    def _before_review(self, case: Case, number: str, at: datetime) -> None:
        by, approver = self._cast.billing(case.place), self._cast.actor("approver")
        soon = at + timedelta(minutes=40)
        if case.fate == "withdraw":
            self._diary.plan(soon, lambda _: _do(submission.withdraw_claim(number, by=by)))
        elif case.fate == "void":
            self._diary.plan(soon, lambda _: _do(submission.void_claim(number, by=by)))
        else:
            why = "Selected for a visit to the facility."
            self._diary.plan(soon, lambda _: _do(review.hold(number, by=approver, reason=why)))
        if case.fate == "release":
            free = clock.start_of(self._today) - RELEASED_AGO + timedelta(hours=11)
            done = "The visit found nothing."
            self._diary.plan(free, lambda _: _do(review.release(number, by=approver, reason=done)))


def _do(_: object) -> None:
    """Drop what a service answered: an action of the diary answers nothing."""
