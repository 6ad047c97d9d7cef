"""A facility whose payments are held: by whom, why, until when; and what finance asks."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from flask import Flask

from claims.review import service as review
from config.db import transaction
from config.errors import Conflict, Forbidden, NotFound
from tests.claims.payable import APPROVER, FACILITY, FINANCE, REVIEWER, biller
from tests.claims.together import DONE, at_once
from tests.factories import make_facility


@pytest.fixture(autouse=True)
def facility(owner: psycopg.Connection[Any]) -> str:
    return make_facility(owner, FACILITY)


def held() -> set[str]:
    with transaction() as session:
        return review.held_facilities(session)


def test_a_facility_is_held_and_released_with_reasons_that_stay() -> None:
    review.hold_facility(FACILITY, by=APPROVER, reason="Two complaints about payments.")
    while_held = held()

    review.release_facility(FACILITY, by=APPROVER, reason="Explained.")

    assert (while_held, held()) == ({FACILITY}, set())
    [past] = review.list_facility_holds(by=FINANCE, live=False)
    assert (past.reason, past.release_reason) == ("Two complaints about payments.", "Explained.")
    assert review.list_facility_holds(by=FINANCE) == []


def test_a_held_facility_is_not_held_twice_nor_released_twice() -> None:
    review.hold_facility(FACILITY, by=APPROVER, reason="x")
    with pytest.raises(Conflict):
        review.hold_facility(FACILITY, by=APPROVER, reason="x")
    review.release_facility(FACILITY, by=APPROVER, reason="x")
    with pytest.raises(Conflict):
        review.release_facility(FACILITY, by=APPROVER, reason="x")


def test_of_two_who_hold_at_the_same_moment_one_does(app: Flask) -> None:
    def hold() -> None:
        review.hold_facility(FACILITY, by=APPROVER, reason="x")

    assert sorted(at_once(app, hold, hold)) == [DONE, "facility_held"]


def test_only_approvers_hold_and_only_a_facility_there_is() -> None:
    for stranger in (REVIEWER, biller(), FINANCE):
        with pytest.raises(Forbidden):
            review.hold_facility(FACILITY, by=stranger, reason="x")
    with pytest.raises(NotFound):
        review.hold_facility("999999", by=APPROVER, reason="x")
    with pytest.raises(Forbidden):
        review.list_facility_holds(by=biller())
