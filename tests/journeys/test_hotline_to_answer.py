"""A caller's complaint: checked without a promise, taken down, asked about, answered, read out."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from flask.testing import FlaskClient

from tests.desks import Desk, visible
from tests.factories import HOSPITAL, OTHER_HOSPITAL, WOMAN
from tests.horizon import let_others_finish
from tests.journeys.conftest import Machine, hospital, treatment, world  # noqa: F401

CALL = "They asked her for 20,000 riel at the ward, and she gave it."


@pytest.mark.usefixtures("world")
def test_a_callers_complaint_reaches_the_facility_without_her_and_comes_back_answered(
    client: FlaskClient,
    hospital: Machine,  # noqa: F811
    owner: psycopg.Connection[Any],
) -> None:
    claim = hospital.post("/claims", treatment("INV-CALL"), 201)["number"]
    feed = hospital.get("/events")["next_cursor"]
    hotline, manager = Desk(client, "hotline"), Desk(client, "administrator")
    counter = Desk(client, "reception", facility=HOSPITAL)
    stranger = Desk(client, "facility_manager", facility=OTHER_HOSPITAL)

    # The hotline looks the caller up: an answer, and no promise to any hospital.
    checked = visible(hotline.get(hotline.post("/reception/check", card=WOMAN)))
    assert "Eligible" in checked
    assert owner.execute("SELECT promise, facility FROM eligibility_checks").fetchall() == [
        (False, None)
    ]

    # It takes her complaint down; the claim complained of and the next ones are looked at.
    place = hotline.post(
        "/complaints/new", facility=HOSPITAL, subject=claim, kind="informal_payment",
        amount_riel="20,000", channel="1286", text=CALL, complainant__name="CALLER SREYNEANG",
    )  # fmt: skip
    number = place.rsplit("/", 1)[1]
    reported = "SELECT claim FROM claim_signals WHERE code = 'patient_reported_paying'"
    assert owner.execute(reported).fetchall() == [(claim,)]
    later = hospital.post("/claims", treatment("INV-NEXT"), 201)["number"]
    watched = "SELECT claim FROM claim_signals WHERE code = 'facility_watch'"
    assert owner.execute(watched).fetchall() == [(later,)]

    # NSSF asks in words of its own; the hospital answers; nobody else knows of it.
    manager.post(f"{place}/forward", text="Was money taken at the ward last week?")
    let_others_finish()
    [told] = [e for e in hospital.get(f"/events?after={feed}")["items"] if "complaint" in e["type"]]
    assert (told["type"], told["number"], told["state"]) == (
        "complaint.forwarded", number, "forwarded",
    )  # fmt: skip
    asked = visible(counter.get(place))
    assert "Was money taken at the ward last week?" in asked
    assert not [word for word in ("SREYNEANG", "20,000", claim, "INV-CALL") if word in asked]
    stranger.get(place, 404)
    counter.post(f"{place}/answer", text="Yes. It is given back today.")

    # The caller rings again and is told.
    manager.post(f"{place}/answer", text="The ward gives it back to you.")
    manager.post(f"{place}/close", outcome="upheld")
    assert "The ward gives it back to you." in hotline.get(place)
    assert "facility_watch" not in hospital.ask("GET", f"/api/v1/claims/{later}").text
