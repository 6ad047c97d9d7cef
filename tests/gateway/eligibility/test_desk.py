"""The reception desk: a card is checked, the answer is understood, and typed faults are shown."""

from __future__ import annotations

import psycopg
import pytest
from flask.testing import FlaskClient

from config import clock
from tests.desks import HTMX, Desk, fields, visible
from tests.factories import HOSPITAL, MAN, OTHER_HOSPITAL, WOMAN, make_dependent, make_member
from tests.journeys.conftest import world  # noqa: F401

pytestmark = pytest.mark.usefixtures("world")
BABY = "3180505-0000003-ក"


@pytest.fixture
def reception(client: FlaskClient) -> Desk:
    return Desk(client, "reception", facility=HOSPITAL)


def test_a_scanned_card_and_enter_show_the_verdict_and_the_person(reception: Desk) -> None:
    place = reception.post("/reception/check", card=WOMAN)

    page = visible(reception.get(place))

    assert place.startswith("/reception/checks/E")
    for said in ("Eligible", "SOK TARA", "សុខ តារា", "01/01/1999", "Private-sector worker"):
        assert said in page
    assert "Outpatient care" in page
    assert "180 days" in page
    assert "Check in and give a ticket" in page


def test_the_card_field_has_the_focus_and_only_there(reception: Desk) -> None:
    page = reception.get("/reception")

    assert page.count("data-focus") == 1
    assert 'name="card"' in page


def test_the_answer_in_khmer_says_why_and_what_to_do(
    client: FlaskClient, owner: psycopg.Connection
) -> None:
    make_member(owner, "1900202-0000009-ខ", paid="2024-01..2024-06")
    desk = Desk(client, "reception", lang="km", facility=HOSPITAL)

    page = visible(desk.get(desk.post("/reception/check", card="១៩០០២០២ 0000009ខ")))

    assert "គ្មានសិទ្ធិទទួលសេវា" in page
    assert "1286" in page
    assert "Not eligible" not in page


def test_an_unknown_card_is_an_answer_and_not_an_error(reception: Desk) -> None:
    page = visible(reception.get(reception.post("/reception/check", card="1234567-0000000-ង")))

    assert "Card not found" in page
    assert "Check in and give a ticket" not in page


def test_a_link_that_was_scanned_asks_for_the_printed_number(reception: Desk) -> None:
    place = reception.post("/reception/check", card="https://verify.gov.kh/verify/abc")

    assert "Not clear yet" in visible(reception.get(place))


@pytest.mark.parametrize(
    ("scanned", "told"),
    [
        (f"NSSF {WOMAN} SOK TARA", "Eligible"),
        (WOMAN.replace("-", " "), "Eligible"),
        ("verify.gov.kh/v/a1b2", "Type the number printed on the card."),
        ("www.example.org/2990101", "Type the number printed on the card."),
    ],
)
def test_short_codes_are_read_as_the_codes_they_are(
    reception: Desk, scanned: str, told: str
) -> None:
    assert told in visible(reception.get(reception.post("/reception/check", card=scanned)))


def test_a_member_shows_the_family_and_each_is_checked_by_a_button(
    reception: Desk, owner: psycopg.Connection
) -> None:
    make_dependent(owner, BABY, WOMAN)

    page = reception.get(reception.post("/reception/check", card=WOMAN))

    assert "SOK DARA" in page
    assert BABY in fields(page, "card")
    child = visible(reception.get(reception.post("/reception/check", card=BABY)))
    assert f"Covered through card {WOMAN}" in child


def test_two_people_with_one_phone_are_offered_masked_to_choose_from(
    reception: Desk, owner: psycopg.Connection
) -> None:
    make_member(owner, "2990101-0000077-ក", phone="+85512345678", name_latin="SOK SREY")
    make_member(owner, "2980101-0000078-ក", phone="+85512345678", name_latin="SOK PHALLA")

    page = reception.get(
        reception.post("/reception/check", phone="012 345 678", reason="Card lost")
    )

    assert "Which of these persons is it?" in page
    assert "SOK PHALLA" in page
    assert "2980101-0000078" not in page
    ref = fields(page, "candidate")[0]
    chosen = visible(reception.get(reception.post("/reception/check", candidate=ref)))
    assert "Date of birth" in chosen


def test_a_search_without_a_reason_is_refused_at_the_reason(reception: Desk) -> None:
    page = reception.post("/reception/check", 422, national_id="012345678")

    assert "Say why the person is looked up without the card." in page
    assert 'value="012345678"' in page


def test_an_empty_card_field_asks_for_a_card_and_nothing_else(reception: Desk) -> None:
    page = visible(reception.post("/reception/check", 422, card="  "))

    assert "Type the card number, or scan the code." in page
    assert "This value is not accepted" not in page


def test_the_address_of_a_refused_question_leads_back_to_the_counter(reception: Desk) -> None:
    answer = reception.http.get("/reception/check")

    assert (answer.status_code, answer.headers["Location"]) == (303, "/reception")


def test_a_second_scan_replaces_the_first_while_it_is_on_its_way(reception: Desk) -> None:
    page = reception.get("/reception")

    assert 'hx-sync="this:replace"' in page
    assert "hx-disabled-elt" not in page  # Enter does nothing while the button is disabled


def test_a_faulty_form_says_so_in_khmer(client: FlaskClient) -> None:
    desk = Desk(client, "reception", lang="km", facility=HOSPITAL)

    page = visible(desk.post("/reception/check", 422, card=WOMAN, service_date="tomorrow"))

    assert "កាលបរិច្ឆេទមិនត្រឹមត្រូវ។" in page
    assert "Not a valid date" not in page


def test_htmx_gets_the_answer_alone(reception: Desk) -> None:
    place = reception.post("/reception/check", card=WOMAN)

    fragment = reception.get(place, headers=HTMX)

    assert "<html" not in fragment
    assert "verdict-eligible" in fragment
    assert "<html" in reception.get(place, headers=HTMX | {"HX-History-Restore-Request": "true"})


def test_a_newborn_is_checked_under_the_mothers_card(reception: Desk) -> None:
    place = reception.post(
        "/reception/check",
        card=WOMAN, patient__sex="F", patient__date_of_birth=clock.today().isoformat(),
    )  # fmt: skip

    assert "Eligible" in visible(reception.get(place))


def test_a_slip_prints_a_code_and_no_script(reception: Desk) -> None:
    number = reception.post("/reception/check", card=WOMAN).rsplit("/", 1)[1]

    page = reception.get(f"/reception/checks/{number}/slip")
    code = reception.http.get(f"/reception/checks/{number}/slip.svg")

    assert f"/reception/checks/{number}/slip.svg" in page
    assert code.mimetype == "image/svg+xml"
    assert code.headers["Cache-Control"] == "no-store"


def test_a_check_that_found_nobody_has_no_slip(reception: Desk) -> None:
    number = reception.post("/reception/check", card="1234567-0000000-ង").rsplit("/", 1)[1]

    reception.get(f"/reception/checks/{number}/slip", 409)


def test_wrong_data_is_reported_to_nssf_with_its_kind(reception: Desk) -> None:
    number = reception.post("/reception/check", card=WOMAN).rsplit("/", 1)[1]

    wrong = reception.post(f"/reception/checks/{number}/dispute", 422, kind="weather")
    place = reception.post(f"/reception/checks/{number}/dispute", kind="wrong_name", note="TORA")

    assert "Must be one of" in wrong
    assert "NSSF will look at this" in reception.get(place)


def test_another_facilitys_check_does_not_exist(reception: Desk, client: FlaskClient) -> None:
    number = reception.post("/reception/check", card=MAN).rsplit("/", 1)[1]

    stranger = Desk(client, "reception", facility=OTHER_HOSPITAL)

    stranger.get(f"/reception/checks/{number}", 404)
    stranger.get(f"/reception/checks/{number}/slip.svg", 404)


def test_what_a_name_holds_is_shown_as_text_never_run(
    reception: Desk, owner: psycopg.Connection
) -> None:
    make_member(owner, "2990101-0000055-ក", name_latin="<img src=x onerror=alert(1)>")

    page = reception.get(reception.post("/reception/check", card="2990101-0000055-ក"))

    assert "<img src=x" not in page
    assert "&lt;img src=x" in page


def test_people_without_the_permission_are_refused(client: FlaskClient) -> None:
    Desk(client, "reviewer").get("/reception", 403)


def test_a_protected_member_is_shown_once_the_receptionist_says_why(
    reception: Desk, owner: psycopg.Connection
) -> None:
    make_member(owner, "1900202-0000007-ខ", protected=True, name_latin="SAO VANNA")

    refused = reception.send("/reception/check", card="1900202-0000007-ខ")

    assert refused.status_code == 422
    assert "SAO VANNA" not in refused.text
    assert 'name="card" value="1900202-0000007-ខ"' in refused.text
    assert "Say why this person is looked up" in visible(refused.text)

    place = reception.post("/reception/check", card="1900202-0000007-ខ", reason="treatment today")
    assert "SAO VANNA" in visible(reception.get(place))
