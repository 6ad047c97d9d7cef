"""Filing claims through the service: drafts, queueing, repeats, duplicates, changes."""

from __future__ import annotations

import threading
from typing import Any

import psycopg
import pytest
from flask import Flask
from sqlalchemy import text

from auth.permissions import Role
from claims.submission import service as submission
from claims.submission.schemas import ClaimBody, ReplacementBody
from config.audit import AuditEvent
from config.db import db
from config.errors import Conflict, Forbidden, Invalid, NotFound, Precondition
from tests.claims.submission.filing import (
    CONSULTATION_RIEL,
    biller,
    codes,
    days_ago,
    file,
    make_body,
    make_line,
    nssf,
)
from tests.factories import MAN, OTHER_HOSPITAL, WOMAN


def count(table: str) -> int:
    return int(db.session.scalar(text(f"SELECT count(*) FROM {table}")) or 0)


def replace(number: str, version: int, reference: str = "INV-1", **given: Any) -> dict[str, Any]:
    loaded = ReplacementBody().load(make_body(reference, **given))
    return submission.replace_claim(number, loaded, version=version, by=biller())


def test_a_claim_is_judged_queued_and_answered_whole(world: Flask) -> None:
    claim = file(lines=[make_line(unit_price_riel=30_000)])

    assert claim["state"] == "submitted"
    assert claim["scheme"] == "health_care"
    assert claim["outcome"]["claimed_riel"] == 30_000
    assert claim["outcome"]["payable_riel"] == CONSULTATION_RIEL
    assert claim["outcome"]["lines"][0]["decision"] == "reduced"
    assert codes(claim) == {"above_tariff"}
    assert [step["state"] for step in claim["timeline"]] == ["draft", "submitted"]
    assert claim["deadlines"]["review_by"] is not None
    assert claim["lines"][0]["service_date"] == claim["service_from"]
    assert submission.find_claim(claim["number"], by=biller()) == claim


def test_claim_event_and_audit_are_one_fact_without_names(world: Flask) -> None:
    claim = file()

    audit = db.session.query(AuditEvent).filter_by(subject=claim["number"]).one()
    assert (audit.action, audit.facility) == ("claim.submitted", claim["facility"])
    assert set(audit.details) == {"claimed_riel", "payable_riel"}
    assert count("claim_events") == 2


def test_a_draft_is_stored_and_not_judged(world: Flask) -> None:
    claim = file(submit=False)

    assert (claim["state"], claim["scheme"], claim["submitted_at"]) == ("draft", None, None)
    assert claim["outcome"]["lines"] == []
    assert claim["outcome"]["claimed_riel"] == CONSULTATION_RIEL


def test_a_draft_is_judged_when_it_is_submitted(world: Flask) -> None:
    draft = file(submit=False)

    claim = submission.submit_stored(draft["number"], by=biller())

    assert (claim["state"], claim["version"]) == ("submitted", 2)
    assert claim["outcome"]["payable_riel"] == CONSULTATION_RIEL
    with pytest.raises(Conflict):
        submission.submit_stored(draft["number"], by=biller())


def test_the_same_body_again_is_the_same_claim(world: Flask) -> None:
    first = submission.submit_claim(ClaimBody().load(make_body()), by=biller())
    spelled = make_body(emergency=False, patient=None, patient_paid_riel=0)

    second = submission.submit_claim(ClaimBody().load(spelled), by=biller())

    assert (first.created, second.created) == (True, False)
    assert second.claim == first.claim
    assert count("claims") == 1


def test_another_body_under_a_used_reference_is_refused(world: Flask) -> None:
    file()

    with pytest.raises(Conflict) as refused:
        file(lines=[make_line(quantity=2)])

    assert refused.value.code == "reference_used"
    assert count("claim_lines") == 1


def test_two_facilities_may_use_one_reference(world: Flask) -> None:
    first, second = file(), file(by=biller(OTHER_HOSPITAL), card_number=MAN)

    assert first["number"] != second["number"]


def test_two_submissions_at_once_leave_one_claim(world: Flask) -> None:
    answers: list[Any] = []
    start = threading.Barrier(4)

    def submit() -> None:
        with world.app_context():
            start.wait()
            answers.append(submission.submit_claim(ClaimBody().load(make_body()), by=biller()))
            db.session.remove()

    threads = [threading.Thread(target=submit) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    assert len({answer.claim["number"] for answer in answers}) == 1
    assert sorted(answer.created for answer in answers) == [False, False, False, True]
    assert (count("claims"), count("claim_lines"), count("claim_events")) == (1, 1, 2)


def test_one_reference_on_two_cards_at_once_is_one_claim_and_one_conflict(world: Flask) -> None:
    outcomes: list[str] = []
    start = threading.Barrier(2)

    def submit(card: str) -> None:
        with world.app_context():
            start.wait()
            try:
                file(card_number=card)
                outcomes.append("filed")
            except Conflict as conflict:
                outcomes.append(conflict.code)
            db.session.remove()

    threads = [threading.Thread(target=submit, args=[card]) for card in (WOMAN, MAN)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    assert sorted(outcomes) == ["filed", "reference_used"]


def test_the_same_service_and_day_under_another_reference_is_caught(world: Flask) -> None:
    first = file("INV-1")

    second = file("INV-2")

    assert codes(second) == {"duplicate"}
    assert second["outcome"]["payable_riel"] == 0
    assert second["state"] == "submitted"
    [finding] = [f for f in second["outcome"]["findings"] if f["code"] == "duplicate"]
    assert first["number"] in finding["text_en"]


def test_two_references_at_once_for_one_service_pay_once(world: Flask) -> None:
    filed: list[dict[str, Any]] = []
    start = threading.Barrier(2)

    def submit(reference: str) -> None:
        with world.app_context():
            start.wait()
            filed.append(file(reference))
            db.session.remove()

    threads = [threading.Thread(target=submit, args=[name]) for name in ("INV-1", "INV-2")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    assert sorted(claim["outcome"]["payable_riel"] for claim in filed) == [0, CONSULTATION_RIEL]


def test_a_duplicate_elsewhere_is_caught_without_naming_the_facility(world: Flask) -> None:
    first = file("INV-1", by=biller(OTHER_HOSPITAL))

    second = file("INV-1")

    assert codes(second) == {"duplicate_elsewhere"}
    assert second["outcome"]["lines"][0]["decision"] == "review"
    told = str(second["outcome"])
    assert first["number"] not in told
    assert OTHER_HOSPITAL not in told


def test_a_withdrawn_claim_is_no_duplicate(world: Flask) -> None:
    first = file("INV-1")
    submission.withdraw_claim(first["number"], by=biller())

    assert codes(file("INV-2")) == set()


def test_an_unknown_card_is_an_answer_and_waits_for_a_person(world: Flask) -> None:
    claim = file(card_number="7777777-7777777-7")

    assert claim["state"] == "submitted"
    assert codes(claim) == {"person_unknown"}
    assert claim["outcome"]["lines"][0]["decision"] == "denied"


def test_a_card_is_found_however_it_is_typed(world: Flask) -> None:
    claim = file(card_number=" ២៩៩០១០១ 0000001–ក ")

    assert codes(claim) == set()


def test_a_late_claim_is_refused_on_its_day(world: Flask) -> None:
    day = days_ago(31)

    claim = file(service_from=day, service_to=day)

    assert codes(claim) == {"late"}


def test_names_never_reach_the_facility(world: Flask) -> None:
    number = file()["number"]

    shown = str(submission.find_claim(number, by=biller()))

    assert "SOK" not in shown
    assert "SOK TARA" in str(submission.find_claim(number, by=nssf()))


def test_replacing_needs_the_version_that_was_read(world: Flask) -> None:
    draft = file(submit=False)

    changed = replace(draft["number"], 1, lines=[make_line(unit_price_riel=1000)])

    assert (changed["version"], changed["state"]) == (2, "draft")
    assert changed["outcome"]["claimed_riel"] == 1000
    with pytest.raises(Precondition):
        replace(draft["number"], 1)


def test_card_and_reference_stay_when_a_claim_is_replaced(world: Flask) -> None:
    draft = file(submit=False)

    with pytest.raises(Invalid) as refused:
        replace(draft["number"], 1, "INV-9", card_number=MAN)

    pointers = {error["pointer"] for error in refused.value.extra["errors"]}
    assert pointers == {"/facility_reference", "/card_number"}


def test_a_submitted_claim_cannot_be_replaced(world: Flask) -> None:
    claim = file()

    with pytest.raises(Conflict) as refused:
        replace(claim["number"], 1)

    assert refused.value.code == "invalid_transition"
    assert refused.value.extra["allowed"] == ["hold", "lease", "void", "withdraw"]


def test_a_replacement_may_queue_at_once(world: Flask) -> None:
    draft = file(submit=False)

    claim = replace(draft["number"], 1, submit=True)

    assert claim["state"] == "submitted"
    assert [step["state"] for step in claim["timeline"]] == ["draft", "submitted"]


def test_a_withdrawn_claim_may_be_changed_and_submitted_again(world: Flask) -> None:
    number = file()["number"]
    withdrawn = submission.withdraw_claim(number, by=biller())
    changed = replace(number, withdrawn["version"], lines=[make_line(unit_price_riel=9000)])

    claim = submission.submit_stored(number, by=biller())

    assert changed["state"] == "withdrawn"
    assert (claim["state"], claim["outcome"]["payable_riel"]) == ("submitted", 9000)


def test_a_claim_is_no_duplicate_of_itself(world: Flask) -> None:
    number = file()["number"]
    submission.withdraw_claim(number, by=biller())

    claim = submission.submit_stored(number, by=biller())

    assert codes(claim) == set()


def test_a_voided_claim_is_over(world: Flask) -> None:
    number = file()["number"]
    assert submission.void_claim(number, by=biller())["state"] == "voided"

    with pytest.raises(Conflict):
        submission.submit_stored(number, by=biller())
    with pytest.raises(Conflict):
        submission.withdraw_claim(number, by=biller())


def test_another_facility_never_finds_a_claim(world: Flask) -> None:
    number = file()["number"]
    stranger = biller(OTHER_HOSPITAL)

    for command in (
        submission.find_claim,
        submission.withdraw_claim,
        submission.void_claim,
        submission.submit_stored,
        submission.list_history,
        submission.list_messages,
    ):
        with pytest.raises(NotFound):
            command(number, by=stranger)
    assert submission.list_claims(by=stranger, limit=10) == []
    assert submission.list_claims(by=stranger, limit=10, card_number=WOMAN) == []


def test_a_foreign_visit_or_claim_is_named_by_pointer(world: Flask) -> None:
    with pytest.raises(Invalid) as refused:
        file(visit="V26K000000000", replaces="C26K000000000")

    pointers = {error["pointer"] for error in refused.value.extra["errors"]}
    assert pointers == {"/visit", "/replaces"}
    assert count("claims") == 0


def test_a_reviewer_is_not_named_to_the_facility(world: Flask) -> None:
    number = file()["number"]
    with db.session.begin_nested():
        submission.move(submission.lock_claim(number, by=nssf()), "hold", by=nssf())

    seen = submission.list_history(number, by=biller())
    known = submission.list_history(number, by=nssf())

    assert [event["by"] for event in seen] == ["user:biller-120101"] * 2 + ["nssf"]
    assert known[-1]["by"] == "user:sophea"


def test_an_answer_closes_the_open_question(world: Flask) -> None:
    number = file()["number"]
    submission.add_message(number, "Which ward?", by=nssf())
    asked = submission.find_claim(number, by=biller())

    talk = submission.add_message(number, "Ward 3", by=biller())

    assert asked["deadlines"]["answer_by"] is not None
    assert [(m["side"], m["kind"], m["open"]) for m in talk] == [
        ("nssf", "question", False),
        ("facility", "answer", False),
    ]
    assert submission.find_claim(number, by=biller())["deadlines"]["answer_by"] is None


def test_internal_notes_never_leave_nssf(world: Flask) -> None:
    number = file()["number"]
    submission.add_message(number, "looks odd", by=nssf(), internal=True)

    assert submission.list_messages(number, by=biller()) == []
    assert len(submission.list_messages(number, by=nssf())) == 1
    with pytest.raises(Invalid):
        submission.add_message(number, "hush", by=biller(), internal=True)


def test_a_preview_needs_a_recent_check_or_visit(world: Flask) -> None:
    with pytest.raises(Forbidden) as refused:
        submission.preview_claim(ClaimBody().load(make_body()), by=biller())

    assert refused.value.code == "no_recent_check"


def test_a_step_needs_its_permission(world: Flask) -> None:
    number = file()["number"]

    with pytest.raises(Forbidden):
        submission.withdraw_claim(number, by=nssf(Role.REVIEWER, "dara"))


def test_a_failed_lookup_is_never_a_decision(world: Flask, owner: psycopg.Connection[Any]) -> None:
    owner.execute("ALTER TABLE registry.members RENAME TO members_gone")

    with pytest.raises(Exception, match="members"):
        file()

    assert count("claims") == 0
