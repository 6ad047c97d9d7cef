"""Nobody at a facility learns who complained, nor that somebody did, by any door or file."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson
import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient

from auth.permissions import FACILITY_ROLES, Permission, permissions_of
from claims.complaints import service as complaints
from claims.complaints.rules import Kind
from config import clock
from config.errors import Forbidden, Invalid, NotFound
from tests.claims.complaints.people import (
    AMOUNT,
    HOTLINE,
    MANAGER,
    NAME,
    PHONE,
    SECRETS,
    filed,
    filing,
    forwarded,
    reception,
)
from tests.claims.payable import queue_claim
from tests.factories import HOSPITAL, OTHER_HOSPITAL, make_facility
from tests.journeys.conftest import Machine

EVERYTHING_A_FACILITY_MAY = " ".join(sorted(permissions_of(FACILITY_ROLES)))
BODY = {
    "facility": HOSPITAL, "kind": "informal_payment", "amount_riel": AMOUNT, "channel": "1286",
    "text": "The cashier SECRETLY asked for money before my operation.",
    "happened_on": clock.today().isoformat(), "complainant": {"name": NAME, "phone": PHONE},
}  # fmt: skip
FORWARDED_FIELDS = {
    "number", "facility", "state", "text", "forwarded_at", "answer_by", "answer", "answered_at",
}  # fmt: skip


@pytest.fixture(autouse=True)
def places(app: Flask, owner: psycopg.Connection[Any]) -> None:
    make_facility(owner, HOSPITAL)
    make_facility(owner, OTHER_HOSPITAL)


@pytest.fixture
def manager(client: FlaskClient) -> Machine:
    return Machine(client, "complaint.manage complaint.file claim.read")


@pytest.fixture
def hospital(client: FlaskClient) -> Machine:
    return Machine(client, EVERYTHING_A_FACILITY_MAY, HOSPITAL)


def told(*answers: Any) -> str:
    return "\n".join(orjson.dumps(answer, default=str).decode() for answer in answers)


def leaked(text: str, *also: str) -> list[str]:
    return [secret for secret in (*SECRETS, str(AMOUNT), *also) if secret in text]


def test_a_facility_sees_what_nssf_wrote_for_it_and_not_one_field_more() -> None:
    claim = queue_claim(facility=HOSPITAL)
    number = forwarded(subject=claim, kind=Kind.INFORMAL_PAYMENT, amount_riel=AMOUNT)

    [(_key, listed)] = complaints.list_complaints(by=reception(), limit=5)
    found = complaints.find_complaint(number, by=reception())

    assert set(listed) == FORWARDED_FIELDS
    assert set(found) == FORWARDED_FIELDS | {"asked"}
    assert all(set(one) <= FORWARDED_FIELDS for one in found["asked"])
    assert leaked(told(listed, found), claim, "informal", '"1286"') == []


def test_a_complaint_that_was_not_forwarded_does_not_exist_for_its_facility() -> None:
    number = filed()

    with pytest.raises(NotFound):
        complaints.find_complaint(number, by=reception())
    with pytest.raises(NotFound):
        complaints.answer(number, "Which complaint?", by=reception())

    assert complaints.list_complaints(by=reception(), limit=5) == []


def test_words_that_name_who_complained_are_not_forwarded() -> None:
    number = filed()

    with pytest.raises(Invalid):
        complaints.forward(number, f"Did {NAME} pay before the operation?", by=MANAGER)

    assert complaints.find_complaint(number, by=MANAGER)["state"] == "open"


def test_what_was_forwarded_to_one_facility_does_not_exist_for_another() -> None:
    number = forwarded()
    stranger = reception("vuthy", facility=OTHER_HOSPITAL)

    with pytest.raises(NotFound):
        complaints.find_complaint(number, by=stranger)
    with pytest.raises(NotFound):
        complaints.answer(number, "Ours?", by=stranger)

    assert complaints.list_complaints(by=stranger, limit=5) == []


def test_who_took_a_complaint_down_at_a_facility_keeps_a_receipt_and_colleagues_nothing() -> None:
    number = filed(by=reception())

    receipt = complaints.find_complaint(number, by=reception())
    listed = complaints.list_complaints(by=reception(), filed=True, limit=5)

    assert set(receipt) == {"number", "state", "filed_at", "answer_by"}
    assert [item for _key, item in listed] == [receipt]
    assert complaints.list_complaints(by=reception("dalin"), filed=True, limit=5) == []
    with pytest.raises(NotFound):
        complaints.find_complaint(number, by=reception("dalin"))


def test_the_hotline_reads_the_answer_out_and_sees_nothing_else() -> None:
    number = forwarded()
    complaints.answer(number, "It was returned to you.", by=MANAGER)

    found = complaints.find_complaint(number, by=HOTLINE)

    assert set(found) == {"number", "state", "filed_at", "answer_by", "answer"}
    assert found["answer"] == "It was returned to you."
    assert leaked(told(found), "informal") == []


def test_even_the_manager_sees_the_person_only_by_asking_and_that_is_recorded(
    owner: psycopg.Connection[Any],
) -> None:
    number = filed()

    shown = complaints.find_complaint(number, by=MANAGER)
    person = complaints.find_complainant(number, by=MANAGER)

    assert NAME not in told(shown)
    assert PHONE not in told(shown)
    assert person == {"number": number, "name": NAME, "phone": PHONE}
    looks = owner.execute(
        "SELECT actor, subject FROM audit_events WHERE action = 'complaint.identity_read'"
    ).fetchall()
    assert looks == [(MANAGER.subject, number)]


@pytest.mark.parametrize("actor", [HOTLINE, reception()])
def test_nobody_but_the_manager_asks_for_the_person_the_way_or_the_figures(actor: Any) -> None:
    number = filed(by=reception())

    for look in (
        lambda: complaints.find_complainant(number, by=actor),
        lambda: complaints.list_timeline(number, by=actor),
        lambda: complaints.count_complaints(by=actor),
    ):
        with pytest.raises(Forbidden):
            look()


def test_a_complaint_without_a_name_says_so() -> None:
    number = str(
        complaints.file_complaint(filing(complainant=type(filing().complainant)()), by=HOTLINE)[
            "number"
        ]
    )

    assert complaints.find_complaint(number, by=MANAGER)["anonymous"] is True
    assert complaints.find_complaint(filed(), by=MANAGER)["anonymous"] is False


def test_the_trail_holds_codes_and_numbers_of_a_complaint_and_no_word_of_it(
    owner: psycopg.Connection[Any],
) -> None:
    number = forwarded(kind=Kind.INFORMAL_PAYMENT, amount_riel=AMOUNT)
    complaints.answer(number, "SECRETLY answered.", by=reception())
    complaints.close(number, text="SECRETLY closed.", by=MANAGER)
    complaints.reopen(number, text="SECRETLY reopened.", by=HOTLINE)
    complaints.find_complainant(number, by=MANAGER)

    rows = owner.execute("SELECT row_to_json(a)::text FROM audit_events a").fetchall()

    assert len(rows) >= 7
    assert leaked("\n".join(row[0] for row in rows)) == []


def test_over_http_no_answer_to_the_facility_holds_a_word_of_the_complaint(
    manager: Machine, hospital: Machine, capfd: pytest.CaptureFixture[str]
) -> None:
    claim = queue_claim(facility=HOSPITAL)
    number = manager.post("/complaints", BODY | {"subject": claim}, 201)["number"]
    quiet = manager.post("/complaints", BODY, 201)["number"]
    manager.post(f"/complaints/{number}/forward", {"text": "How are payments taken?"})
    capfd.readouterr()

    answers = [hospital.ask("GET", "/api/v1/complaints")]
    for known in (number, quiet):
        for path in ("", "/history", "/complainant"):
            answers.append(hospital.ask("GET", f"/api/v1/complaints/{known}{path}"))
        for step in ("assign", "forward", "close", "reopen"):
            answers.append(
                hospital.ask("POST", f"/api/v1/complaints/{known}/{step}", json={"text": "x"})
            )
    for path in ("/complaints/statistics?format=csv", "/complaints?filed=true", "/events",
                 f"/claims/{claim}", f"/claims/{claim}/history", "/audit"):  # fmt: skip
        answers.append(hospital.ask("GET", f"/api/v1{path}"))

    for answer in answers:
        assert leaked(answer.text, "informal", '"1286"') == [], answer.request.path
    assert all(quiet not in answer.text for answer in answers if quiet not in answer.request.path)
    assert [a.status_code for a in answers[1:8]] == [200, 403, 403, 403, 403, 403, 403]
    assert [a.status_code for a in answers[8:15]] == [404, 403, 403, 403, 403, 403, 403]
    logged = capfd.readouterr()
    assert leaked(logged.err + logged.out) == []


def test_over_http_the_facility_answers_and_the_manager_reads_it(
    manager: Machine, hospital: Machine
) -> None:
    number = manager.post("/complaints", BODY, 201)["number"]
    manager.post(f"/complaints/{number}/forward", {"text": "How are payments taken?"})

    answered = hospital.post(f"/complaints/{number}/answer", {"text": "With a receipt."})
    again = hospital.ask("POST", f"/api/v1/complaints/{number}/answer", json={"text": "Again."})

    assert answered["state"] == "answered"
    assert again.status_code == 409
    assert manager.get(f"/complaints/{number}")["asked"][0]["answer"] == "With a receipt."


def test_who_acts_for_a_facility_manages_nothing_whatever_the_permissions() -> None:
    number = filed()
    bold = replace(reception(), permissions=frozenset(Permission))

    for act in (
        lambda: complaints.assign(number, by=bold),
        lambda: complaints.forward(number, "x", by=bold),
        lambda: complaints.close(number, by=bold),
        lambda: complaints.reopen(number, by=bold),
        lambda: complaints.find_complainant(number, by=bold),
        lambda: complaints.count_complaints(by=bold),
    ):
        with pytest.raises(Forbidden):
            act()
    assert complaints.list_complaints(by=bold, limit=5) == []
