"""Reception in the demo's month: check the card, check in, call, treat; and today's waiting line."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any

from auth.permissions import Actor
from claims.demo.bodies import Case
from claims.demo.cast import Cast
from claims.demo.diary import Action, Diary
from claims.demo.people import Patient, People
from claims.demo.showcase import CARDS, WORKER
from config import clock
from gateway.eligibility import service as eligibility
from gateway.eligibility.service.identify import CheckRequest
from gateway.visits import service as visits
from gateway.visits.rules import IdentitySeen, Payer, Priority, VisitType
from gateway.visits.service import CheckIn

# A protected member is looked up with a reason only; the demo gives one for everybody.
REASON = "treatment today"
TRIES = 8
OPENS = time(7, 10)
PRIORITIES = (*[Priority.NONE] * 14, Priority.ELDERLY, Priority.ELDERLY, Priority.DISABLED)
Then = Callable[[Patient, str, str], None]
# Today's line: minutes since each came, how far each got, payer, and whether with a card.
TODAY = (
    (148, "finished", "nssf", True), (139, "finished", "full_pay", False),
    (131, "finished", "hef", True), (122, "no_show", "nssf", True),
    (112, "in_service", "nssf", True), (103, "cancelled", "full_pay", False),
    (95, "in_service", "exempt", False), (84, "called", "nssf", True),
    (76, "waiting", "nssf", True), (63, "called", "full_pay", False),
    (51, "waiting", "nssf", True), (44, "waiting", "hef", True),
    (32, "waiting", "full_pay", False), (25, "waiting", "nssf", True),
    (14, "waiting", "exempt", False), (6, "waiting", "nssf", True),
)  # fmt: skip
# How each got there: the steps, and after which part of the time since the arrival.
STEPS = {
    "waiting": (),
    "called": (("call", 0.95),),
    "in_service": (("call", 0.7), ("start", 0.74)),
    "finished": (("call", 0.4), ("start", 0.43), ("finish", 0.62)),
    "no_show": (("call", 0.5), ("no_show", 0.6)),
    "cancelled": (("cancel", 0.3),),
}


class Reception:
    """Everybody who sits at a reception this month."""

    def __init__(self, cast: Cast, diary: Diary, people: People, rng: Random) -> None:
        self._cast, self._diary, self._people, self._rng = cast, diary, people, rng

    def plan_case(self, case: Case, then: Then) -> None:
        """Plan a patient's arrival; `then` is told who came, on which check and visit."""
        self._diary.plan(self._arrival(case.first), lambda at: self._receive(case, at, then))

    def plan_other(self, day: date, place: str, payer: Payer) -> None:
        """Plan the arrival of somebody for whom another pays, without a card."""
        by = self._cast.reception(place)

        def come(at: datetime) -> None:
            number = self._check_in(by, payer=payer, label=f"A{self._rng.randrange(1000):03d}")
            self._plan_treatment(number, at, by)

        self._diary.plan(self._arrival(day), come)

    def plan_today(self, place: str, now: datetime) -> None:
        """Plan today's line, so that somebody stands in every state when the demo begins."""
        start = min(clock.start_of(clock.day_of(now)) + timedelta(minutes=1), now)
        longest = timedelta(minutes=TODAY[0][0])
        scale = min(1.0, max(now - start, timedelta(seconds=20)) / longest)
        for ago, state, payer, with_card in TODAY:
            since = timedelta(minutes=ago) * scale
            self._plan_one_today(place, now, since, state, Payer(payer), with_card=with_card)

    def plan_checks(self, place: str, now: datetime) -> None:
        """Plan today's looks at the showcase cards, so that every verdict has been given once."""
        by = self._cast.reception(place)
        for minutes, card in enumerate(CARDS, start=1):
            self._diary.plan(now - timedelta(minutes=minutes), self._look(card.number, by))

    def _receive(self, case: Case, at: datetime, then: Then) -> None:
        by = self._cast.reception(case.place)
        person, check = self._covered(case, by)
        number = self._check_in(
            by,
            payer=Payer.HEF if check["scheme"] == "hef" else Payer.NSSF,
            visit_type=VisitType(case.kind.visit_type),
            card_number=person.card_number,
            eligibility_check=check["number"],
            ward=case.kind.ward,
            priority=Priority.PREGNANT if case.kind.event else self._priority(case),
            identity_seen=self._rng.choice(list(IdentitySeen)[:2]),
        )
        self._plan_treatment(number, at, by)
        then(person, check["number"], number)

    def _covered(self, case: Case, by: Actor) -> tuple[Patient, dict[str, Any]]:
        """Check people until one is covered; the others were sent away with their reason."""
        for _ in range(TRIES):
            person = self._people.pick(case.suits)
            request = CheckRequest(card_number=person.card_number, cause=case.cause, reason=REASON)
            answer = eligibility.check(request, by=by)
            covered = {one["benefit"] for one in answer["benefits"] if one["covered"]}
            if answer["verdict"] == "eligible" and case.kind.benefit in covered:
                return person, answer
        raise LookupError(f"nobody is covered for {case.kind.name} at {case.place}")

    def _plan_one_today(
        self, place: str, now: datetime, since: timedelta, state: str, payer: Payer, *, with_card: bool
    ) -> None:  # fmt: skip
        by = self._cast.reception(place)
        wanted = "hef" if payer == Payer.HEF else "nssf"

        def come(_: datetime) -> None:
            card = check = None
            if with_card:
                person = self._people.pick(lambda one: one.payer == wanted)
                card = WORKER if state == "called" else person.card_number
                check = self._ask(card, by)["number"]
            number = self._check_in(
                by, payer=payer, card_number=card, eligibility_check=check,
                priority=self._rng.choice(PRIORITIES),
                label=None if card else f"A{self._rng.randrange(1000):03d}",
            )  # fmt: skip
            for action, part in STEPS[state]:
                self._diary.plan(now - since * (1 - part), self._step(number, action, by))

        self._diary.plan(now - since, come)

    def _check_in(self, by: Actor, **given: Any) -> str:
        arrival = CheckIn(**{"visit_type": VisitType.OUTPATIENT, "ward": "OPD"} | given)
        return visits.check_in(arrival, by=by).visit.number

    def _plan_treatment(self, number: str, at: datetime, by: Actor) -> None:
        """Call, treat and let go: a wait of minutes to hours, as big hospitals know it."""
        called = at + timedelta(minutes=8 + int(self._rng.expovariate(1 / 45)) % 170)
        started = called + timedelta(minutes=1 + self._rng.randrange(6))
        finished = started + timedelta(minutes=6 + self._rng.randrange(35))
        for moment, action in ((called, "call"), (started, "start"), (finished, "finish")):
            self._diary.plan(moment, self._step(number, action, by))

    def _step(self, number: str, action: str, by: Actor) -> Action:
        def take(_: datetime) -> None:
            visits.step(number, action, by=by)

        return take

    def _look(self, card_number: str, by: Actor) -> Action:
        def look(_: datetime) -> None:
            self._ask(card_number, by)

        return look

    def _ask(self, card_number: str, by: Actor) -> dict[str, Any]:
        return eligibility.check(CheckRequest(card_number=card_number, reason=REASON), by=by)

    def _arrival(self, day: date) -> datetime:
        # Most come early in the morning.
        minutes = int(self._rng.betavariate(1.4, 3) * 8 * 60)
        return datetime.combine(day, OPENS, clock.PHNOM_PENH) + timedelta(minutes=minutes)

    def _priority(self, case: Case) -> Priority:
        if case.kind.visit_type == "emergency":
            return Priority.EMERGENCY
        return self._rng.choice(PRIORITIES)
