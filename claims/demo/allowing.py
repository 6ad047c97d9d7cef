"""Cash to members in the demo's month: asked for at the hospital, decided at NSSF, in every state.

The deliveries and checks of the month propose their own payments: the worker runs those jobs once
the demo is loaded. Here are the ones that people asked for.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any

from auth.permissions import Actor
from claims.allowances import service as allowances
from claims.demo.cast import SEED, Cast
from claims.demo.diary import Diary
from claims.demo.people import Patient, People
from config import clock

ASKED, DECIDED = time(11, 20), timedelta(days=2, hours=3)
QUESTION = "Please add the certificate of birth."
ANSWER = "The certificate is on paper in the branch; a copy was brought today."


@dataclass(frozen=True, slots=True)
class Wish:
    """One allowance: how many days ago it was asked for, what, and how far it came."""

    ago: int
    kind: str
    reaches: str
    told: dict[str, Any] = field(default_factory=dict)
    method: str = "bank"


_BORN = {"event": "delivery", "gestation_weeks": 39}
WISHES = (
    Wish(26, "birth", "approved", _BORN),
    Wish(25, "maternity", "approved", {"gestation_weeks": 39, "born_in_contracted_facility": True}),
    Wish(24, "birth", "approved", {"event": "antenatal"}, method="wallet"),
    Wish(20, "birth", "rejected", _BORN, method="wallet"),
    Wish(18, "sickness", "approved", {"leave_permitted": True}),
    Wish(15, "birth", "withdrawn", {"event": "antenatal"}),
    Wish(12, "birth", "returned", _BORN, method="cash"),
    Wish(11, "birth", "approved", {"event": "antenatal"}),
    Wish(10, "birth", "answered", _BORN),
    Wish(8, "cremation", "submitted", method="cash"),
    Wish(6, "maternity", "submitted", {"gestation_weeks": 38}),
    Wish(4, "birth", "approved", {"event": "antenatal"}),
    Wish(3, "birth", "submitted", {"event": "antenatal"}, method="cash"),
)
PREGNANCIES = ((70, 21), (40, 13), (12, 9), (-16, 29))
"""Due in so many days from today, registered so many days ago; the last one's birth is missing."""


class Allowances:
    """Who asks for members in the demo, and who decides."""

    def __init__(self, cast: Cast, diary: Diary, *, today: date) -> None:
        self._cast, self._diary, self._today = cast, diary, today
        # An order of its own, so that the month's claims stay what they are.
        self._people = People(today, Random(SEED + 1))  # noqa: S311 - nothing secret
        self._biller = cast.billing("hospital")

    def plan_month(self) -> None:
        """Plan every registration, wish and decision."""
        for due, ago in PREGNANCIES:
            due_date = self._today + timedelta(days=due)
            self._plan(ago, lambda _, day=due_date: self._register(day))
        for wish in WISHES:
            self._plan(wish.ago, lambda at, one=wish: self._ask(one, at))

    def _plan(self, ago: int, action: Any) -> None:
        day = self._today - timedelta(days=ago)
        self._diary.plan(datetime.combine(day, ASKED, clock.PHNOM_PENH), action)

    def _register(self, due_date: date) -> None:
        mother = self._people.pick(lambda person: person.may_be_mother(self._today))
        allowances.register_pregnancy(
            card_number=mother.card_number, due_date=due_date, by=self._biller
        )

    def _ask(self, wish: Wish, at: datetime) -> None:
        person = self._people.pick(lambda one: self._suits(one, wish))
        day = clock.day_of(at) - timedelta(days=4)
        told = dict(wish.told)
        if wish.kind == "sickness":
            told["until"] = day + timedelta(days=3)
        account = None if wish.method == "cash" else f"DEMO-{person.card_number[-9:-2]}"
        payee = {"method": wish.method, "account": account, "name": "DEMO MEMBER"}
        number = allowances.file_allowance(
            told | {"kind": wish.kind, "card_number": person.card_number, "event_on": day,
                    "payee": payee},
            by=self._biller,
        )["number"]  # fmt: skip
        self._diary.plan(at + DECIDED, lambda _: self._decide(number, wish.reaches))

    def _suits(self, person: Patient, wish: Wish) -> bool:
        of_a_wage = wish.kind in ("maternity", "sickness")
        return person.may_be_mother(self._today) and (
            not of_a_wage or person.category == "private_worker"
        )

    def _decide(self, number: str, reaches: str) -> None:
        by, biller = self._cast.actor("reviewer"), self._biller
        if reaches == "withdrawn":
            allowances.withdraw_allowance(number, by=biller)
        elif reaches == "rejected":
            allowances.reject(
                number, by=by, reason="not_true", note="The birth is not known there."
            )
        elif reaches in ("returned", "answered"):
            allowances.send_back(number, by=by, reason="documents_missing", note=QUESTION)
            if reaches == "answered":
                allowances.submit_allowance(number, by=biller, note=ANSWER)
        elif reaches == "approved":
            self._approve(number, by)

    def _approve(self, number: str, by: Actor) -> None:
        """Approve what the computation says is payable; the rest waits for data."""
        found = allowances.find_allowance(number, by=by)
        if found["verdict"] != "payable":
            return
        if allowances.approve(number, by=by)["awaiting"]:
            allowances.approve(number, by=self._cast.actor("approver"))
