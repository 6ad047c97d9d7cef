"""What NSSF looks at after the counter: reports are answered, the auditor reads the day's list."""

from __future__ import annotations

from datetime import timedelta

import psycopg
import pytest
from flask.testing import FlaskClient

from config import clock
from config.errors import Forbidden
from config.jobs import run_now
from gateway.eligibility import service as eligibility
from tests.desks import Desk, visible
from tests.factories import HOSPITAL, MAN, WOMAN, make_member
from tests.gateway.eligibility.conftest import RECEPTION
from tests.journeys.conftest import world  # noqa: F401

pytestmark = pytest.mark.usefixtures("world")
SINGER = "2850505-0000077-ង"


@pytest.fixture
def reception(client: FlaskClient) -> Desk:
    return Desk(client, "reception", facility=HOSPITAL)


def test_a_report_reaches_nssf_and_its_answer_the_facility(
    client: FlaskClient, reception: Desk
) -> None:
    place = reception.post("/reception/check", card=WOMAN)
    number = place.rpartition("/")[2]
    reception.post(f"{place}/dispute", kind="wrong_name", note="SOK DARA on the ID")
    assert "reported to NSSF" in visible(reception.get(place))

    desk = Desk(client, "administrator")
    listed = visible(desk.get("/corrections"))
    for said in (number, WOMAN, HOSPITAL, "The name is wrong", "SOK DARA on the ID"):
        assert said in listed
    desk.post(f"/corrections/{number}/wrong_name", answer="Corrected in the feed of Monday")

    assert "Nothing is reported." in visible(desk.get("/corrections"))
    told = visible(reception.get(place))
    assert "answered by NSSF" in told
    assert "Corrected in the feed of Monday" in told


def test_a_report_is_answered_once_and_not_without_words(
    client: FlaskClient, reception: Desk, owner: psycopg.Connection
) -> None:
    number = reception.post("/reception/check", card=MAN).rpartition("/")[2]
    reception.post(f"/reception/checks/{number}/dispute", kind="other")
    desk, place = Desk(client, "administrator"), f"/corrections/{number}/other"

    for answer in (" ", "Seen", "Again"):
        desk.post(place, answer=answer)

    tasks = owner.execute("SELECT state, answer FROM correction_tasks").fetchall()
    assert tasks == [("closed", "Seen")]
    assert "already" in visible(desk.get("/corrections"))
    assert desk.send(f"/corrections/{number}/wrong_name", answer="x").status_code == 404


def test_facilities_neither_list_nor_answer_reports(client: FlaskClient, reception: Desk) -> None:
    reception.get("/corrections", 403)
    Desk(client, "auditor").get("/corrections", 403)

    with pytest.raises(Forbidden):
        eligibility.list_disputes(by=RECEPTION)


def test_the_auditor_reads_the_list_of_a_day(
    client: FlaskClient, reception: Desk, owner: psycopg.Connection
) -> None:
    make_member(owner, SINGER, protected=True)
    reception.post("/reception/check", card=SINGER, reason="fever since Monday")
    day = clock.today()
    with clock.freeze(day + timedelta(days=1)):
        run_now("eligibility.watch_lookups")

    desk = Desk(client, "auditor")
    page = visible(desk.get(f"/audit/lookups?on={day}"))

    assert "protected member" in page
    assert "fever since Monday" in page
    assert "not complete yet" in page
    assert "No look-up of this day" in visible(desk.get("/audit/lookups"))
    desk.get("/audit/lookups?on=yesterday", 422)
    reception.get("/audit/lookups", 403)
