"""Loads the demo month, once; takes it out and loads it again. Called by the commands only.

A load that was cut off is recognised by its mark in the trail and begun again from nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from random import Random
from time import monotonic
from typing import Any

from psycopg import Connection
from sqlalchemy import text

from claims.adjudication.service import load_default_tariffs
from claims.demo import store
from claims.demo.allowing import Allowances
from claims.demo.cases import draw_cases
from claims.demo.cast import DEMO, SEED, Cast
from claims.demo.complaining import Complaints
from claims.demo.deciding import Review
from claims.demo.diary import Diary
from claims.demo.disputes import Disputes
from claims.demo.filing import Billing
from claims.demo.logins import make_logins, make_machines, places_of_logins
from claims.demo.paying import Finance
from claims.demo.people import People
from claims.demo.visiting import TODAY, Reception
from claims.demo.world import Size, choose_places, import_registry
from claims.reimbursement.service import verify_books
from claims.signals.service import profile_facilities
from claims.submission.service.calendar import load_default_holidays
from claims.submission.service.clocks import recount_all
from config import clock
from config.audit import record
from config.db import db, transaction
from config.errors import Conflict, NotFound
from gateway.coverage.service import load_default_policies
from gateway.visits.rules import Payer

Say = Callable[[str], None]
WITHOUT_CARD = 6  # one visit in six is somebody without a card, or for whom another pays


def load_defaults() -> int:
    """Load the shipped policies, tariffs and holidays where none stand; return how many came in."""
    policies = load_default_policies()
    return policies + load_default_tariffs().added + load_default_holidays()


def load(size: Size | None = None, *, say: Say) -> bool:
    """Load the demo month; False when it is there already."""
    with _only_one() as owner:
        found = store.standing(owner)
        if found == "loaded":
            load_defaults()
            return False
        store.refuse_strangers(owner, found)
        if found == "interrupted":
            say("An earlier load was cut off: beginning again.")
            store.clear(owner)
        _fill(owner, size or Size(), say)
        return True


def reset(size: Size | None = None, *, say: Say) -> None:
    """Take everything out and load the same month again, as of today."""
    with _only_one() as owner:
        found = store.standing(owner)
        store.refuse_strangers(owner, found)
        if found != "empty":
            store.clear(owner)
        _fill(owner, size or Size(), say)


def find_places() -> dict[str, str]:
    """Return the facilities the demo's users work for, or refuse when it is not loaded."""
    try:
        return places_of_logins()
    except (NotFound, KeyError):
        raise Conflict("no_demo", detail="The demo month is not loaded here.") from None


@contextmanager
def _only_one() -> Iterator[Connection[Any]]:
    # A read of ours that is still open would stand in the way of our own emptying.
    db.session.remove()
    with store.alone() as owner:
        yield owner
    db.session.remove()


def _fill(owner: Connection[Any], size: Size, say: Say) -> None:
    began, day = monotonic(), clock.today()
    record(DEMO, store.STARTED, subject="demo", seed=SEED, people=size.people)
    load_defaults()
    say(f"Demo month: generating and importing a registry of {size.people:,} members …")
    people = import_registry(size, day)
    places = choose_places(day)
    say(f"Demo month: {people:,} people imported; creating a login per role …")
    make_logins(places)
    make_machines(places)
    say(f"Demo month: living through a month of {size.visits} visits and {size.claims} claims …")
    _live(owner, size, Cast(places))
    # The proof reads everything in a transaction of its own, from its very beginning.
    db.session.remove()
    books = verify_books()
    if not books.ok:
        raise Conflict("demo_books", detail=f"The books do not balance: {books.faults[0]}")
    record(DEMO, store.LOADED, subject="demo", seed=SEED, people=people)
    say(f"Demo month: loaded in {monotonic() - began:.0f} seconds.")


def _live(owner: Connection[Any], size: Size, cast: Cast) -> None:
    with transaction() as session:
        # Thousands of commits; should the last be lost, so is the mark that all was loaded.
        session.execute(text("SET synchronous_commit = off"))
    # The seed makes the same month every time; nothing secret is drawn from it.
    rng = Random(SEED)  # noqa: S311
    now, today = clock.now(), clock.today()
    diary = Diary(owner, until=now)
    people = People(today, rng)
    reception = Reception(cast, diary, people, rng)
    billing = Billing(cast, diary, people, rng, today=today)
    review = Review(cast, diary, billing)
    others = size.visits // WITHOUT_CARD
    for case in draw_cases(size.claims, size.visits - others - len(TODAY), today, rng):
        if case.comes_by_visit:
            reception.plan_case(
                case,
                lambda person, check, visit, case=case: billing.plan_claim(  # type: ignore[misc]
                    case, person, check, visit
                ),
            )
        else:
            billing.plan_claim(case)
    for index in range(others):
        payer = Payer.EXEMPT if index % 5 == 0 else Payer.FULL_PAY
        place = ("hospital", "hospital", "private")[index % 3]
        reception.plan_other(today - timedelta(days=1 + index % 30), place, payer)
    reception.plan_today("hospital", now)
    reception.plan_checks("hospital", now)
    review.plan_sessions(today)
    Finance(cast, diary, today=today).plan_month()
    Allowances(cast, diary, today=today).plan_month()
    Complaints(cast, diary, today=today).plan_month()
    Disputes(cast, diary, today=today).plan_month()
    diary.run()
    # The stamps have been moved: what waits is counted by them, and facilities stand beside peers.
    recount_all()
    profile_facilities()
    review.lease_some()
