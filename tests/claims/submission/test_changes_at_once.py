"""A claim's content under pressure: two changes at once, changes while NSSF reads, foreign hands."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from auth.permissions import Actor, Permission
from claims.review import service as review
from claims.submission import service as submission
from claims.submission.schemas import ClaimBody, ReplacementBody
from config.errors import Forbidden
from tests.claims.payable import REVIEWER, claim_row, scalar
from tests.claims.submission.filing import (
    CONSULTATION_RIEL,
    biller,
    codes,
    file,
    make_body,
    make_line,
    nssf,
)
from tests.claims.submission.test_api import Machine
from tests.claims.together import DONE, at_once
from tests.factories import MAN, WOMAN

RETURNED_WITH = "Which ward?"


def replacement(reference: str = "INV-1", **given: Any) -> dict[str, Any]:
    loaded: dict[str, Any] = ReplacementBody().load(make_body(reference, **given))
    return loaded


def returned(reference: str = "INV-1") -> dict[str, Any]:
    number = file(reference)["number"]
    review.next_claim(by=REVIEWER)
    review.send_back(number, by=REVIEWER, reason="documents", note=RETURNED_WITH)
    return submission.find_claim(number, by=biller())


def test_two_replacements_of_one_version_at_once_keep_one(world: Flask) -> None:
    number = file(submit=False)["number"]

    answers = at_once(
        world,
        *(
            partial(
                submission.replace_claim,
                number,
                replacement(practitioner=name),
                version=1,
                by=biller(),
            )
            for name in ("Dr A", "Dr B", "Dr C")
        ),
    )

    assert sorted(answers) == [DONE, "stale", "stale"]
    assert claim_row(number).version == 2
    assert scalar("SELECT count(*) FROM claim_lines") == 1


def test_a_draft_submitted_and_replaced_and_voided_at_once_stays_whole(world: Flask) -> None:
    number = file(submit=False)["number"]
    changed = replacement(lines=[make_line(), make_line("EMERGENCY")], submit=True)

    answers = at_once(
        world,
        partial(submission.submit_stored, number, by=biller()),
        partial(submission.replace_claim, number, changed, version=1, by=biller()),
        partial(submission.void_claim, number, by=biller()),
        partial(file, "INV-2"),
    )

    assert set(answers) <= {DONE, "invalid_transition", "stale"}
    row = claim_row(number)
    lines = scalar("SELECT count(*) FROM claim_lines WHERE claim_id = :id", id=row.id)
    assert lines == len(row.body["lines"])
    # Whichever was judged second saw the first: never two payable consultations of one day. None
    # stays when the second was denied for the first and the first was voided after that.
    payable = (
        "SELECT count(*) FROM claim_lines l JOIN claims c ON c.id = l.claim_id"
        " WHERE l.service = 'OPD-CONSULTATION' AND l.payable_riel > 0"
    )
    assert scalar(payable + " AND c.state = 'submitted'") <= 1
    assert scalar(payable) >= 1


def test_claims_of_two_people_changed_crosswise_at_once_never_deadlock(world: Flask) -> None:
    drafts = [
        file(f"INV-{n}", card_number=card, submit=False)["number"]
        for n, card in enumerate((WOMAN, MAN) * 2)
    ]

    answers = at_once(
        world,
        *(partial(submission.submit_stored, number, by=biller()) for number in drafts),
        *(
            partial(file, f"INV-{n}", card_number=card, submit=False)
            for n, card in enumerate((WOMAN, MAN) * 2)
        ),
    )

    assert answers == [DONE] * 8


def test_a_claim_in_review_cannot_be_replaced(world: Flask) -> None:
    claim = file()
    review.next_claim(by=REVIEWER)
    version = claim_row(claim["number"]).version

    [answer] = at_once(
        world,
        partial(
            submission.replace_claim,
            claim["number"],
            replacement(lines=[make_line(quantity=9)]),
            version=version,
            by=biller(),
        ),
    )

    assert answer == "invalid_transition"
    assert claim_row(claim["number"]).claimed_riel == CONSULTATION_RIEL


def test_one_key_sent_four_times_at_once_files_once(world: Flask, client: FlaskClient) -> None:
    hospital = Machine(client)
    answers: list[tuple[int, str]] = []

    def send() -> None:
        machine = object.__new__(Machine)
        machine.http, machine.headers = world.test_client(), hospital.headers
        answer = machine.post("/claims", make_body(), headers={"Idempotency-Key": "k-1"})
        answers.append((answer.status_code, answer.json.get("number") or answer.json["code"]))

    at_once(world, *[send] * 4)
    after = hospital.post("/claims", make_body(), headers={"Idempotency-Key": "k-1"})

    assert set(answers) <= {(201, after.json["number"]), (409, "in_progress")}
    assert (201, after.json["number"]) in answers
    assert after.status_code == 201
    assert scalar("SELECT count(*) FROM claims") == 1


def test_sending_a_returned_claim_again_answers_the_question(world: Flask) -> None:
    asked = returned()

    submission.submit_stored(asked["number"], by=biller())

    [question] = submission.list_messages(asked["number"], by=biller())
    again = submission.find_claim(asked["number"], by=biller())
    assert asked["deadlines"]["answer_by"] is not None
    assert again["deadlines"]["answer_by"] is None
    assert (question["text"], question["open"]) == (RETURNED_WITH, False)


def test_the_facility_learns_why_its_claim_came_back_but_not_from_whom(world: Flask) -> None:
    number = returned()["number"]

    *_, last = submission.list_history(number, by=biller())

    assert (last["action"], last["reason"], last["by"]) == ("return", "documents", "nssf")


def test_a_preview_of_a_claim_that_is_filed_does_not_take_it_for_its_own_duplicate(
    world: Flask, client: FlaskClient
) -> None:
    hospital = Machine(client)
    hospital.post("/eligibility-checks", {"card_number": WOMAN})
    file()

    preview = submission.preview_claim(ClaimBody().load(make_body()), by=biller())
    other = submission.preview_claim(ClaimBody().load(make_body("INV-2")), by=biller())

    assert codes(preview) == set()
    assert codes(other) == {"duplicate"}


@pytest.mark.parametrize("act", ["replace", "submit", "withdraw", "void"])
def test_nssf_never_changes_what_a_hospital_claims(world: Flask, act: str) -> None:
    number = file(submit=False)["number"]
    system = Actor("client:nssf", frozenset({Permission.CLAIM_SUBMIT}), nssf=True)
    dearer = replacement(lines=[make_line(quantity=9)])
    acts = {
        "replace": partial(submission.replace_claim, number, dearer, version=1),
        "submit": partial(submission.submit_stored, number),
        "withdraw": partial(submission.withdraw_claim, number),
        "void": partial(submission.void_claim, number),
    }

    with pytest.raises(Forbidden):
        acts[act](by=system)

    assert (claim_row(number).state, claim_row(number).version) == ("draft", 1)


def test_what_nssf_notes_for_itself_is_nowhere_in_what_the_facility_reads(
    world: Flask, client: FlaskClient
) -> None:
    number = file()["number"]
    review.next_claim(by=REVIEWER)
    review.reject(number, by=REVIEWER, reason="other", note="Too dear", internal_note="FRAUD-7")
    submission.add_message(number, "FRAUD-8", by=nssf(), internal=True)
    hospital = Machine(client)

    paths = ("", "/history", "/messages")
    read = "".join(hospital.get(f"/claims/{number}{path}").text for path in paths)
    read += hospital.get("/claims").text + hospital.get("/remittances").text

    assert "Too dear" in read
    assert "FRAUD" not in read
    assert REVIEWER.subject not in read
    assert hospital.get(f"/claims/{number}/decisions").status_code == 403
