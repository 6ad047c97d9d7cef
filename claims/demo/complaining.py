"""Complaints in the demo's month: hotline and reception take them down, NSSF asks, answers, closes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from claims.complaints import service as complaints
from claims.complaints.rules import Channel, Complainant, Filing, Kind, Outcome
from claims.demo.cast import Cast
from claims.demo.diary import Diary
from config import clock

CALLS = time(9, 15)
ASKED = "A visitor says money was asked for before the treatment. How are payments taken there?"
REPLY = "Every payment is taken at the cashier and gets a receipt. We have reminded the ward."
ANSWER = "The facility was asked and has reminded its staff. Nothing is to be paid for this care."


@dataclass(frozen=True, slots=True)
class Story:
    """One complaint: how long ago, of what, where, and how far it came."""

    ago: int
    kind: Kind
    place: str
    reaches: str
    text: str
    channel: Channel = Channel.HOTLINE_1286
    amount_riel: int | None = None
    named: bool = False


_K, _C = Kind, Channel
_MONEY = "The nurse asked for money before the injection. There was no receipt."
_WAIT = "We waited from six in the morning until noon; people who paid were seen first."
_REFUSED = "They said the card is not valid here, although it was checked and is."
_WRONG = "The hospital says NSSF refused the claim and asks me to pay."

STORIES = (
    Story(29, _K.INFORMAL_PAYMENT, "hospital", "closed", _MONEY, amount_riel=20_000, named=True),
    Story(27, _K.SLOW_SERVICE, "hospital", "closed", _WAIT, _C.HOTLINE_1297),
    Story(24, _K.INFORMAL_PAYMENT, "private", "asked", _MONEY, amount_riel=40_000),
    Story(21, _K.INFORMAL_PAYMENT, "hospital", "answered", _MONEY, amount_riel=10_000),
    Story(20, _K.CARE_REFUSED, "national", "overdue", _REFUSED, named=True),
    Story(17, _K.INFORMAL_PAYMENT, "hospital", "reopened", _MONEY, amount_riel=20_000, named=True),
    Story(12, _K.WRONG_REJECTION, "hospital", "replied", _WRONG, _C.DESK, named=True),
    Story(9, _K.INFORMAL_PAYMENT, "hospital", "asked", _MONEY, _C.HOTLINE_1297, 15_000),
    Story(6, _K.SLOW_SERVICE, "private", "filed", _WAIT),
    Story(4, _K.INFORMAL_PAYMENT, "hospital", "filed", _MONEY, _C.DESK, 30_000),
    Story(2, _K.CARE_REFUSED, "district", "filed", _REFUSED, _C.HOTLINE_1297, named=True),
    Story(1, _K.OTHER, "hospital", "filed", "The toilets of the ward are locked at night."),
)
# What happens after the filing, and how many days later each.
WAYS: dict[str, tuple[str, ...]] = {
    "filed": (),
    "overdue": ("assign",),
    "asked": ("assign", "forward"),
    "replied": ("assign", "forward", "reply"),
    "answered": ("assign", "forward", "reply", "answer"),
    "closed": ("assign", "forward", "reply", "answer", "close"),
    "reopened": ("forward", "reply", "answer", "reopen"),
}
PACE = timedelta(days=2, hours=1)


class Complaints:
    """Who takes complaints down in the demo, and who handles them."""

    def __init__(self, cast: Cast, diary: Diary, *, today: date) -> None:
        self._cast, self._diary, self._today = cast, diary, today
        self._hotline, self._manager = cast.actor("hotline"), cast.actor("administrator")

    def plan_month(self) -> None:
        """Plan every complaint, and the hour in which the late ones are marked."""
        for number, story in enumerate(STORIES, 1):
            day = self._today - timedelta(days=story.ago)
            moment = datetime.combine(day, CALLS, clock.PHNOM_PENH) + timedelta(minutes=7 * number)
            self._diary.plan(moment, lambda at, s=story: self._file(s, at))  # type: ignore[misc]
        yesterday = datetime.combine(self._today - timedelta(days=1), CALLS, clock.PHNOM_PENH)
        self._diary.plan(yesterday, lambda _: complaints.mark_overdue())

    def _file(self, story: Story, at: datetime) -> None:
        at_desk = story.channel is Channel.DESK
        person = Complainant("សៅ ចាន់ណា", "012 000 111") if story.named else Complainant()
        made = complaints.file_complaint(
            Filing(
                kind=story.kind,
                text=story.text,
                facility=self._cast.places[story.place],
                channel=story.channel,
                amount_riel=story.amount_riel,
                happened_on=clock.day_of(at) - timedelta(days=1),
                complainant=person,
            ),
            by=self._cast.reception(story.place) if at_desk else self._hotline,
        )
        for step, action in enumerate(WAYS[story.reaches], 1):
            self._diary.plan(
                at + step * PACE,
                lambda _, number=made["number"], do=action: self._take(  # type: ignore[misc]
                    number, do, story.place
                ),
            )

    def _take(self, number: str, action: str, place: str) -> None:
        by = self._manager
        if action == "assign":
            complaints.assign(number, by=by)
        elif action == "forward":
            complaints.forward(number, ASKED, by=by)
        elif action == "reply":
            complaints.answer(number, REPLY, by=self._cast.reception(place))
        elif action == "answer":
            complaints.answer(number, ANSWER, by=by)
        elif action == "close":
            complaints.close(number, outcome=Outcome.UPHELD, by=by)
        else:
            complaints.reopen(number, text="The caller was asked to pay again.", by=self._hotline)
