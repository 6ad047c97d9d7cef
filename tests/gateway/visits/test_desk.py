"""The waiting line's pages: check-in, ticket, the line's buttons, the board of the waiting room."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from gateway.visits.states import VisitState, actions_for
from tests.desks import HTMX, Desk, fields, visible
from tests.factories import HOSPITAL, OTHER_HOSPITAL, WOMAN
from tests.journeys.conftest import world  # noqa: F401

pytestmark = pytest.mark.usefixtures("world")
ARRIVAL = {"visit_type": "outpatient", "payer": "nssf", "identity__seen": "national_id"}


@pytest.fixture
def reception(client: FlaskClient) -> Desk:
    return Desk(client, "reception", facility=HOSPITAL)


def check_in(desk: Desk, **given: str) -> str:
    """Check somebody in; return the visit's number."""
    return desk.post("/reception/check-in", **ARRIVAL | given).rsplit("/", 1)[1]


def test_a_checked_person_is_checked_in_with_the_check_and_gets_ticket_one(
    reception: Desk,
) -> None:
    page = reception.get(reception.post("/reception/check", card=WOMAN))
    check = fields(page, "eligibility_check")[0]

    ticket = visible(
        reception.get(
            reception.post(
                "/reception/check-in", card_number=WOMAN, eligibility_check=check, ward="OPD",
                **ARRIVAL,
            )
        )
    )  # fmt: skip

    assert "Ticket · OPD 1 Waiting 0 before you" in ticket
    assert "National ID card" in ticket
    assert WOMAN in ticket


def test_somebody_without_a_card_waits_in_the_same_line(reception: Desk) -> None:
    check_in(reception, payer="full_pay", label="Red scarf")

    line = visible(reception.get("/reception/line"))

    assert "Red scarf" in line
    assert "Pays in full" in line


def test_a_wrong_arrival_names_its_field_and_keeps_what_was_typed(reception: Desk) -> None:
    page = reception.post(
        "/reception/check-in", 422, visit_type="", payer="nssf", identity__seen="none", label="Red"
    )

    assert "Missing data for required field." in page
    assert 'value="Red"' in page


def test_a_check_of_another_card_is_refused_in_words(reception: Desk) -> None:
    page = reception.get(reception.post("/reception/check", card=WOMAN))
    check = fields(page, "eligibility_check")[0]

    refused = reception.post(
        "/reception/check-in", 422, card_number="1234567", eligibility_check=check, **ARRIVAL
    )

    assert "The check is of another card" in refused


def test_the_buttons_of_a_visit_are_the_steps_its_state_allows(reception: Desk) -> None:
    number = check_in(reception)

    page = reception.get(f"/reception/line/{number}")

    for step in actions_for(VisitState.WAITING):
        assert f"/reception/line/{number}/{step.action}" in page
    assert f"/reception/line/{number}/finish" not in page


def test_a_visit_goes_from_the_call_to_its_end_by_buttons(reception: Desk) -> None:
    number = check_in(reception)
    for action in ("call", "start", "finish"):
        reception.post(f"/reception/line/{number}/{action}", back="ticket")

    page = visible(reception.get(f"/reception/line/{number}"))

    assert "Finished" in page


def test_a_step_that_came_too_late_says_so_and_changes_nothing(reception: Desk) -> None:
    number = check_in(reception)

    place = reception.post(f"/reception/line/{number}/finish")

    assert "The visit cannot take this step now" in visible(reception.get(place))


def test_a_transfer_needs_a_ward_and_gives_a_new_ticket(reception: Desk) -> None:
    number = check_in(reception, ward="OPD")

    refused = reception.post(f"/reception/line/{number}/transfer", back="ticket")
    said = visible(reception.get(refused))
    reception.post(f"/reception/line/{number}/transfer", ward="X-ray", back="ticket")

    assert "Name the ward to send the patient to." in said
    assert "X-ray" in visible(reception.get(f"/reception/line/{number}"))


def test_the_next_of_a_ward_is_called_by_one_button(reception: Desk) -> None:
    check_in(reception, ward="OPD")
    check_in(reception, ward="OPD", priority="emergency")

    said = visible(reception.get(reception.post("/reception/line/next", ward="OPD")))
    empty = visible(reception.get(reception.post("/reception/line/next", ward="ICU")))

    assert "Ticket 2 is called: OPD." in said
    assert "Nobody waits here." in empty


def test_without_a_ward_the_first_of_the_line_as_shown_is_called(reception: Desk) -> None:
    check_in(reception, ward="OPD")
    check_in(reception, ward="X-ray", priority="emergency")

    first = visible(reception.get(reception.post("/reception/line/next", ward="")))
    second = visible(reception.get(reception.post("/reception/line/next", ward="")))

    assert "Ticket 1 is called: X-ray." in first
    assert "Ticket 1 is called: OPD." in second


def test_the_board_shows_tickets_to_everybody_and_nothing_of_persons(
    reception: Desk, client: FlaskClient
) -> None:
    check_in(reception, ward="OPD", card_number=WOMAN, label="Red scarf")
    check_in(reception, ward="OPD")
    reception.post("/reception/line/next", ward="OPD")

    page = client.get(f"/board/{HOSPITAL}", headers={"Accept-Language": "en"})
    fragment = client.get(f"/board/{HOSPITAL}", headers=HTMX)

    assert page.status_code == 200
    assert "Please come now" in page.text
    assert "<strong>1</strong>" in page.text
    assert WOMAN not in page.text
    assert "Red scarf" not in page.text
    assert "<html" not in fragment.text
    assert client.get("/board/999999").status_code == 404


def test_another_facilitys_visit_does_not_exist(reception: Desk, client: FlaskClient) -> None:
    number = check_in(reception)

    stranger = Desk(client, "reception", facility=OTHER_HOSPITAL)

    stranger.get(f"/reception/line/{number}", 404)
    assert number not in stranger.get("/reception/line")
    stranger.post(f"/reception/line/{number}/call", 404)


def test_the_line_shows_who_is_still_here_until_more_is_asked_for(reception: Desk) -> None:
    gone, here = (check_in(reception, payer="full_pay", label=who) for who in ("Gone", "Here"))
    reception.post(f"/reception/line/{gone}/cancel")

    line, whole = (reception.get(f"/reception/line{state}") for state in ("", "?state=all"))
    place = reception.post(f"/reception/line/{here}/call", in_state="all", in_ward="OPD")

    assert here in line
    assert gone not in line
    assert gone in whole
    assert fields(whole, "in_state") == ["all"] * len(fields(whole, "in_state"))
    assert place == "/reception/line?ward=OPD&state=all"
