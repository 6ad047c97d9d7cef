"""Complaints in figures: what stands where, what a period brought, and nothing about a few people."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import psycopg
import pytest
import python_calamine
from flask.testing import FlaskClient

from auth.permissions import Role
from claims.complaints import service as complaints
from claims.complaints.rules import Kind
from config import clock
from config.errors import Invalid
from gateway.visits import service as visits
from gateway.visits.rules import Payer, VisitType
from gateway.visits.service import CheckIn
from tests.claims.complaints.people import MANAGER, filed, reception
from tests.claims.payable import person
from tests.factories import HOSPITAL, OTHER_HOSPITAL, make_facility
from tests.journeys.conftest import Machine

ANALYST = person("leap", Role.ANALYST)


@pytest.fixture(autouse=True)
def six_informal_payments(owner: psycopg.Connection[Any]) -> None:
    make_facility(owner, HOSPITAL)
    make_facility(owner, OTHER_HOSPITAL, province="KH-2")
    for _ in range(6):
        filed(kind=Kind.INFORMAL_PAYMENT)
    for _ in range(4):
        filed(kind=Kind.SLOW_SERVICE, facility=OTHER_HOSPITAL)


@pytest.fixture
def forty_visits(six_informal_payments: None) -> None:
    seen = [
        visits.check_in(CheckIn(VisitType.OUTPATIENT, Payer.NSSF), by=reception())
        for _ in range(41)
    ]
    visits.step(seen[0].visit.number, "cancel", by=reception())


def figure(found: dict[str, Any], dimension: str, key: str) -> Any:
    [one] = [f for f in found["figures"] if (f.dimension, f.key) == (dimension, key)]
    return one


def test_kinds_places_and_channels_are_counted_and_a_few_are_hidden() -> None:
    found = complaints.count_complaints(by=ANALYST)

    assert figure(found, "total", "all").complaints == 10
    assert figure(found, "kind", "informal_payment").complaints == 6
    assert figure(found, "kind", "slow_service").complaints == "<5"
    assert figure(found, "province", "KH-2").complaints == "<5"
    assert figure(found, "channel", "1286").complaints == 10
    assert figure(found, "state", "open").complaints == 10


def test_informal_payments_are_told_per_thousand_visits_that_came_to_something(
    forty_visits: None,
) -> None:
    found = complaints.count_complaints(by=ANALYST)

    hospital = figure(found, "facility", HOSPITAL)
    assert (hospital.visits, hospital.per_1000_visits) == (40, "150.0")
    assert figure(found, "province", "KH-12").per_1000_visits == "150.0"
    assert figure(found, "facility", OTHER_HOSPITAL).per_1000_visits is None


def test_ages_are_of_the_unanswered_as_of_now() -> None:
    complaints.answer(
        complaints.list_complaints(by=MANAGER, limit=1)[0][1]["number"], "Done.", by=MANAGER
    )
    with clock.freeze(clock.today() + timedelta(days=9)):
        found = complaints.count_complaints(by=ANALYST)

    assert figure(found, "age", "8-15").complaints == 9
    assert figure(found, "state", "answered").complaints == "<5"


def test_ages_stand_from_the_youngest_to_the_oldest(owner: psycopg.Connection[Any]) -> None:
    for days in (20, 10):
        owner.execute(
            "UPDATE complaints SET filed_at = filed_at - make_interval(days => %s)"
            " WHERE number = %s",
            [days, filed()],
        )

    found = complaints.count_complaints(by=ANALYST)

    ages = [f.key for f in found["figures"] if f.dimension == "age"]
    assert ages == ["0-7", "8-15", "16-30"]


def test_a_period_counts_what_was_filed_in_it() -> None:
    yesterday = clock.today() - timedelta(days=1)

    found = complaints.count_complaints(
        by=ANALYST, from_day=yesterday - timedelta(days=30), to_day=yesterday
    )

    assert {f.dimension for f in found["figures"]} == {"state", "age", "overdue"}


@pytest.mark.parametrize(("back", "ahead"), [(0, -1), (400, 0)])
def test_a_period_is_neither_backwards_nor_longer_than_a_year(back: int, ahead: int) -> None:
    today = clock.today()

    with pytest.raises(Invalid):
        complaints.count_complaints(
            by=ANALYST, from_day=today - timedelta(days=back), to_day=today + timedelta(days=ahead)
        )


def test_over_http_the_figures_come_as_json_csv_and_xlsx_with_their_moment(
    client: FlaskClient,
) -> None:
    machine = Machine(client, "statistics.read")

    body = machine.get("/complaints/statistics")
    csv = machine.get("/complaints/statistics?format=csv").text.splitlines()
    book = machine.get("/complaints/statistics?format=xlsx").data

    [sheet] = python_calamine.load_workbook(io.BytesIO(book)).sheet_names
    rows = python_calamine.load_workbook(io.BytesIO(book)).get_sheet_by_name(sheet).to_python()
    assert body["as_of"].endswith("Z")
    assert len(body["figures"]) == len(csv) - 1 == len(rows) - 1
    assert csv[0].endswith("from,to,as_of")
    assert all(row[-1] for row in rows)
    machine.get("/complaints/statistics?to=9999-12-31", 422)
    Machine(client, "statistics.read", HOSPITAL).get("/complaints/statistics", 403)
