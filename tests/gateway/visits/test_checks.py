"""A visit that names an eligibility check: of the own facility, and of the same card."""

import secrets

import pytest

from auth.models import ApiClient
from auth.permissions import Permission
from auth.tokens import issue_access
from config.db import transaction
from tests.factories import HOSPITAL, MAN, OTHER_HOSPITAL, WOMAN, make_facility, make_member

SCOPES = (Permission.ELIGIBILITY_CHECK, Permission.VISIT_MANAGE)


@pytest.fixture
def call(client, owner):
    """Call the API for a facility: `call(facility, path, body)`."""
    for code in (HOSPITAL, OTHER_HOSPITAL):
        make_facility(owner, code)
    make_member(owner, WOMAN)
    make_member(owner, MAN, sex="M", name_latin="CHAN VUTHY")
    headers = {}
    for facility in (HOSPITAL, OTHER_HOSPITAL):
        client_id = secrets.token_hex(8)
        with transaction() as session:
            session.add(
                ApiClient(
                    client_id=client_id,
                    name="test",
                    scopes=list(SCOPES),
                    facilities=[facility],
                    created_by="test",
                )
            )
        token = issue_access(client_id=client_id, scopes=SCOPES, facilities=(facility,))
        headers[facility] = {"Authorization": f"Bearer {token}"}

    def send(facility, path, body):
        return client.post(f"/api/v1/{path}", json=body, headers=headers[facility])

    return send


def check(call, card, facility=HOSPITAL):
    answer = call(facility, "eligibility-checks", {"card_number": card})
    assert answer.status_code == 200
    return answer.json["number"]


def arrival(**more):
    return {"visit_type": "outpatient", "payer": "nssf"} | more


def test_a_visit_takes_the_card_of_the_check_it_names(call):
    number = check(call, WOMAN)

    visit = call(HOSPITAL, "visits", arrival(eligibility_check=number)).json

    assert (visit["eligibility_check"], visit["card_number"]) == (number, WOMAN)


def test_the_same_card_typed_otherwise_is_the_same_card(call):
    number = check(call, WOMAN)
    typed = WOMAN.replace("-", " ")

    answer = call(HOSPITAL, "visits", arrival(eligibility_check=number, card_number=typed))

    assert (answer.status_code, answer.json["card_number"]) == (201, typed)


def test_a_check_of_another_card_is_refused(call):
    number = check(call, WOMAN)

    answer = call(HOSPITAL, "visits", arrival(eligibility_check=number, card_number=MAN))

    assert (answer.status_code, answer.json["code"]) == (409, "other_person")


@pytest.mark.parametrize("number", ["E26KAAAAAAAAA", "nonsense", "V26KAAAAAAAAA"])
def test_a_check_that_does_not_exist_is_not_found(call, number):
    answer = call(HOSPITAL, "visits", arrival(eligibility_check=number, card_number=WOMAN))

    assert answer.status_code == 404


def test_a_check_of_another_facility_is_not_found_and_gives_no_ticket(call):
    foreign = check(call, WOMAN, facility=OTHER_HOSPITAL)

    refused = call(HOSPITAL, "visits", arrival(eligibility_check=foreign, card_number=WOMAN))
    first = call(HOSPITAL, "visits", arrival(card_number=WOMAN))

    assert refused.status_code == 404
    assert first.json["ticket"] == 1


def test_a_check_that_found_nobody_can_be_named_by_somebody_who_still_waits(call):
    number = check(call, "9999999-9999999-9")

    answer = call(HOSPITAL, "visits", arrival(eligibility_check=number, payer="full_pay"))

    assert (answer.status_code, answer.json["card_number"]) == (201, None)
