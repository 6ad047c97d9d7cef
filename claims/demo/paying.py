"""NSSF's finance in the demo's month: weekly batches, so that one stands in every state."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from claims.demo.cast import Cast
from claims.demo.diary import Action, Diary
from claims.reimbursement import service as reimbursement
from config import clock

DESK_HOUR = time(14, 0)
FIRST, SECOND, THIRD = 20, 13, 6
# How far the newest batches got, in turn.
NEWEST = ("exported", "authorised", "open")


class Finance:
    """Who opens batches, who authorises them, and the bank behind them."""

    def __init__(self, cast: Cast, diary: Diary, *, today: date) -> None:
        self._cast, self._diary, self._today = cast, diary, today
        self._maker, self._checker = cast.actor("finance"), cast.actor("authoriser")
        self._payments = 0

    def plan_month(self) -> None:
        """Plan the three payment days of the month."""
        for ago, pay in ((FIRST, self._pay_all), (SECOND, self._pay_but_one), (THIRD, self._begin)):
            day = self._today - timedelta(days=ago)
            self._diary.plan(datetime.combine(day, DESK_HOUR, clock.PHNOM_PENH), pay)

    def _pay_all(self, at: datetime) -> None:
        """Pay the first week as one run: one authorisation, one file."""
        run = reimbursement.open_run(by=self._maker, period_to=clock.today() - timedelta(days=1))
        self._plan_payment(run["number"], run["batches"], at)
        away = {None, self._cast.places["hospital"]}
        places = sorted(run["batches"], key=lambda one: (str(one["facility"]), one["scheme"]))
        elsewhere = [one for one in places if one["facility"] not in away]
        self._plan_return(elsewhere[0]["number"], at + timedelta(days=5), confirmed=True)
        self._plan_return(elsewhere[1]["number"], at + timedelta(days=6), confirmed=False)

    def _plan_return(self, number: str, at: datetime, *, confirmed: bool) -> None:
        """Let the bank send a payment back; a second person confirms it, or has yet to."""

        def report(moment: datetime) -> None:
            reimbursement.report_return(
                number, by=self._maker, returned_on=clock.day_of(moment),
                reason="The account was closed.",
            )  # fmt: skip

        self._diary.plan(at, report)
        if confirmed:
            self._diary.plan(
                at + timedelta(days=1),
                lambda _: reimbursement.confirm_return(number, by=self._checker),
            )

    def _pay_but_one(self, at: datetime) -> None:
        """Pay the second week; one batch is cancelled and opened again, and the bank refuses one."""
        batches = self._open()
        refused, *paid = batches
        reimbursement.cancel(paid[-1]["number"], by=self._maker)
        paid[-1:] = self._open()
        for batch in paid:
            self._plan_payment(batch["number"], [batch], at)
        self._send(refused["number"])
        why = "The bank does not know the account's holder."
        self._diary.plan(
            at + timedelta(days=2),
            lambda _: reimbursement.fail(refused["number"], by=self._maker, reason=why),
        )

    def _begin(self, _: datetime) -> None:
        """Leave the newest batches on their way, each a step further than the next."""
        for place, batch in enumerate(self._open()):
            reached = NEWEST[place % len(NEWEST)]
            if reached == "exported":
                self._send(batch["number"])
            elif reached == "authorised":
                reimbursement.authorise(batch["number"], by=self._checker)

    def _open(self) -> list[dict[str, Any]]:
        return reimbursement.open_batches(clock.today() - timedelta(days=1), by=self._maker)

    def _send(self, number: str) -> None:
        reimbursement.authorise(number, by=self._checker)
        reimbursement.export(number, "pain.001", by=self._maker)

    def _plan_payment(self, number: str, batches: list[dict[str, Any]], at: datetime) -> None:
        self._send(number)
        self._payments += 1
        reference = f"DEMO-BANK-{self._payments:04d}"

        def settle(moment: datetime) -> None:
            reimbursement.settle(
                number, by=self._maker, bank_reference=reference, paid_on=clock.day_of(moment)
            )
            for batch in batches:
                if batch["facility"] == self._cast.places["hospital"]:
                    later = moment + timedelta(hours=20)
                    self._diary.plan(later, self._acknowledge(batch["number"]))

        self._diary.plan(at + timedelta(days=2), settle)

    def _acknowledge(self, number: str) -> Action:
        def confirm(_: datetime) -> None:
            paid = reimbursement.find_batch(number, by=self._maker)
            reimbursement.acknowledge(
                paid["remittance"], by=self._cast.billing("hospital"),
                received_riel=paid["total_riel"],
            )  # fmt: skip

        return confirm
