"""The pages of complaints: taking one down, the manager's queue, the facility's question, figures."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from flask.testing import FlaskClient

from claims.complaints import service as complaints
from claims.complaints.rules import Kind
from claims.complaints.states import actions_for
from tests.claims.complaints.people import (
    MANAGER,
    NAME,
    PHONE,
    WORDS,
    filed,
    filing,
    forwarded,
    reception,
)
from tests.desks import Desk, visible
from tests.factories import HOSPITAL, OTHER_HOSPITAL, make_facility

GIVEN = {
    "kind": "informal_payment", "amount_riel": "40 000", "channel": "1297", "text": WORDS,
    "complainant__name": NAME, "complainant__phone": PHONE,
}  # fmt: skip


@pytest.fixture(autouse=True)
def places(owner: psycopg.Connection[Any]) -> None:
    make_facility(owner, HOSPITAL, name_en="Northern Hospital")
    make_facility(owner, OTHER_HOSPITAL, name_en="Northern Clinic")


@pytest.fixture
def manager(client: FlaskClient) -> Desk:
    return Desk(client, "administrator")


@pytest.fixture
def hotline(client: FlaskClient) -> Desk:
    return Desk(client, "hotline")


@pytest.fixture
def counter(client: FlaskClient) -> Desk:
    return Desk(client, "reception", facility=HOSPITAL)


def test_the_hotline_takes_a_complaint_down_and_reads_the_number_out(hotline: Desk) -> None:
    place = hotline.post("/complaints/new", facility=HOSPITAL, **GIVEN)

    page = visible(hotline.get(place))
    [(_key, item)] = complaints.list_complaints(by=MANAGER, limit=5)
    assert item["number"] in page
    assert (item["channel"], item["amount_riel"]) == ("1297", 40_000)
    assert WORDS not in page
    assert item["number"] in hotline.get("/complaints")


def test_a_facility_is_found_by_part_of_its_name_and_asked_for_when_several_are(
    hotline: Desk,
) -> None:
    several = hotline.post("/complaints/new", 422, facility="northern", **GIVEN)
    hotline.post("/complaints/new", facility="northern cl", **GIVEN)
    unknown = hotline.post("/complaints/new", 422, facility="southern", **GIVEN)

    assert "Several facilities are called so: choose one." in several
    assert f"{HOSPITAL} · Northern Hospital" in several
    assert "There is no such facility." in unknown
    [(_key, item)] = complaints.list_complaints(by=MANAGER, limit=5)
    assert item["facility"] == OTHER_HOSPITAL


def test_a_wrong_form_names_its_fields_and_keeps_what_was_typed(hotline: Desk) -> None:
    page = hotline.post(
        "/complaints/new", 422, facility=HOSPITAL, kind="slow_service", amount_riel="500",
        text=WORDS, happened_on="2999-01-01", complainant__phone="call me",
    )  # fmt: skip

    assert "Write a phone number in digits." in page
    assert WORDS in page
    again = hotline.post(
        "/complaints/new", 422, facility=HOSPITAL, kind="slow_service", amount_riel="500",
        text=WORDS, happened_on="2999-01-01",
    )  # fmt: skip
    assert "Only an informal payment has an amount." in again
    assert "This day has not been yet." in again


def test_a_reception_keeps_a_receipt_and_its_colleague_not_even_that(
    counter: Desk, client: FlaskClient
) -> None:
    place = counter.post("/complaints/new", **GIVEN | {"channel": "desk"})

    receipt = counter.get(place)
    colleague = Desk(client, "facility_manager", facility=HOSPITAL)

    assert WORDS not in receipt
    assert NAME not in receipt
    assert "Reopen" not in receipt
    assert place.rsplit("/", 1)[1] in counter.get("/complaints?tab=filed")
    colleague.get(place, 404)
    for tab in ("", "?tab=filed", "?tab=all"):
        assert place.rsplit("/", 1)[1] not in colleague.get(f"/complaints{tab}")


def test_the_buttons_of_a_complaint_are_the_steps_its_state_allows(manager: Desk) -> None:
    number = filed()

    page = manager.get(f"/complaints/{number}")

    for edge in actions_for("open", MANAGER):
        assert f'action="/complaints/{number}/{edge.action}"' in page
    assert f"/complaints/{number}/reopen" not in page


def test_the_manager_takes_a_complaint_through_to_its_end(manager: Desk, counter: Desk) -> None:
    number = filed()
    place = f"/complaints/{number}"
    manager.post(f"{place}/assign")
    assert number in manager.get("/complaints?tab=mine")
    manager.post(f"{place}/forward", text="How are payments taken?")
    assert "How are payments taken?" in visible(counter.get("/complaints"))
    counter.post(f"{place}/answer", text="With a receipt.")
    assert "With a receipt." in manager.get(place)
    manager.post(f"{place}/answer", text="Ask for a receipt.")
    manager.post(f"{place}/close", outcome="partly_upheld")

    page = visible(manager.get(place))
    assert "The complaint is partly right" in page
    assert number in manager.get("/complaints?tab=closed")
    assert number not in manager.get("/complaints")


def test_the_person_is_shown_only_on_asking(manager: Desk) -> None:
    number = filed()

    before = manager.get(f"/complaints/{number}")
    after = manager.post(f"/complaints/{number}/complainant", 200)

    assert NAME not in before
    assert "Show who complained" in before
    assert NAME in after
    assert PHONE in after


def test_the_facilitys_page_holds_nssfs_words_and_no_others(counter: Desk) -> None:
    number = forwarded(kind=Kind.INFORMAL_PAYMENT, amount_riel=40_000)

    page = counter.get(f"/complaints/{number}")

    assert "Please tell us how payments are taken at your desk." in page
    for secret in (WORDS, NAME, PHONE, "40,000", "40 000", "1286,", "Informal"):
        assert secret not in visible(page).replace("call 1286 or 1297", "")
    for step in ("close", "forward", "reopen", "assign", "complainant"):
        assert f"/complaints/{number}/{step}" not in page
        counter.post(f"/complaints/{number}/{step}", 403, text="x")


def test_an_empty_answer_names_its_field_and_a_late_one_says_so(counter: Desk) -> None:
    number = forwarded()

    empty = counter.post(f"/complaints/{number}/answer", 422, text=" ")
    complaints.close(number, by=MANAGER)
    late = counter.post(f"/complaints/{number}/answer", 422, text="Sorry.")

    assert "Missing data for required field." in empty
    assert "NSSF no longer waits for an answer to this." in late


def test_an_unknown_step_and_an_unknown_number_are_not_found(manager: Desk) -> None:
    number = filed()

    manager.get("/complaints/Q26K7Q4M2X9TB", 404)
    manager.post(f"/complaints/{number}/burn", 404)
    manager.post("/complaints/Q26K7Q4M2X9TB/close", 404)


def test_the_hotline_reads_the_answer_out_and_reopens(hotline: Desk) -> None:
    number = filed()
    complaints.answer(number, "Your money comes back.", by=MANAGER)

    page = hotline.get(f"/complaints/{number}")
    hotline.post(f"/complaints/{number}/reopen", text="It did not.")

    assert "Your money comes back." in page
    assert complaints.find_complaint(number, by=MANAGER)["state"] == "open"


def test_the_figures_are_shown_to_nssf_and_given_as_files(
    manager: Desk, client: FlaskClient
) -> None:
    for _ in range(5):
        filed(kind=Kind.SLOW_SERVICE)
    complaints.file_complaint(filing(facility=None), by=reception())

    page = visible(manager.get("/complaints/statistics"))
    csv = manager.http.get("/complaints/statistics?format=csv")
    wrong = manager.get("/complaints/statistics?from=2026-11-02&to=2026-11-01", 422)
    Desk(client, "analyst").get("/complaints/statistics")
    Desk(client, "facility_manager", facility=HOSPITAL).get("/complaints/statistics", 403)

    assert "Slow service 5" in page
    assert "Care refused <5" in page
    assert csv.content_type.startswith("text/csv")
    assert "kind,slow_service,5" in csv.text
    assert "A period has a beginning" in wrong
