"""Asking for an allowance: what is computed, what is asked twice, who sees what of it."""

from __future__ import annotations

from datetime import date

import psycopg
import pytest
from flask import Flask
from marshmallow import ValidationError
from sqlalchemy import select

from claims.allowances import service as allowances
from claims.allowances.rules.deciding import causes_of
from claims.allowances.schemas import AllowanceBody
from claims.allowances.service.filing import DuplicateAllowance
from claims.allowances.states import TRANSITIONS, AllowanceState, InvalidAllowanceTransition
from config.audit import AuditEvent
from config.db import db
from config.errors import Forbidden, Invalid, NotFound
from tests.claims.allowances.asked import (
    AT_NSSF,
    BANK,
    BILLER,
    CASH,
    STRANGER,
    ago,
    birth,
    day,
    file,
    maternity,
    refund,
    sickness,
)
from tests.claims.payable import FINANCE, REVIEWER
from tests.factories import MAN, WOMAN, make_dependent, make_member, months


def codes(allowance: dict) -> list[str]:
    return [step["code"] for step in allowance["computation"]["steps"]]


# --- what is computed -------------------------------------------------------


def test_a_birth_is_computed_at_once_and_waits_for_nssf(app: Flask, world: None) -> None:
    found = file(birth())

    assert (found["state"], found["verdict"], found["computed_riel"]) == (
        "submitted", "payable", 400_000,
    )  # fmt: skip
    assert found["number"].startswith("A")
    assert found["assumed"] is True
    assert found["delivery_on"] == found["event_on"]


def test_the_wage_of_the_registry_makes_the_maternity_allowance(app: Flask, world: None) -> None:
    number = file(maternity())["number"]

    found = allowances.find_allowance(number, by=REVIEWER)

    assert found["computed_riel"] == 1_680_000
    assert found["person"]["name_latin"] == "SOK TARA"


def test_an_unknown_wage_is_said_and_not_payable(
    app: Flask, world: None, owner: psycopg.Connection
) -> None:
    owner.execute("UPDATE registry.contributions SET contributory_wage_riel = NULL")

    found = file(maternity())

    assert found["verdict"] == "not_known"
    assert "wage_unknown" in codes(found)


def test_the_rules_of_the_day_of_the_event_count_not_todays(app: Flask, world: None) -> None:
    found = file(birth(event_on="2023-07-31", children=3, birth_order=3))

    assert found["computed_riel"] == 5_400_000
    assert found["computation"]["rule"] == "B-2018"


def test_an_unknown_card_is_recorded_as_not_payable(app: Flask, world: None) -> None:
    found = file(birth(card_number="9999999-9999999-9"))

    assert (found["verdict"], codes(found)) == ("not_payable", ["person_unknown"])


def test_antenatal_checks_are_counted_up_to_four(app: Flask, world: None) -> None:
    found = [file(birth("antenatal", days)) for days in (100, 80, 60, 40, 20)]

    assert [one["instalment"] for one in found] == [1, 2, 3, 4, 5]
    assert [one["computed_riel"] for one in found] == [80_000] * 4 + [0]
    assert "instalments_used" in codes(found[-1])


def test_the_next_pregnancy_begins_to_count_anew(app: Flask, world: None) -> None:
    for days in (430, 410, 390, 370):
        file(birth("antenatal", days))
    file(birth(days=340))

    assert file(birth("antenatal", 20))["instalment"] == 1


def test_sick_days_of_the_last_twelve_months_are_counted(app: Flask, world: None) -> None:
    file(sickness(200, 51))

    found = file(sickness(50, 11))

    assert found["computation"]["days"] == 30
    assert "days_cut" in codes(found)


def test_a_cremation_is_recorded_and_says_that_no_amount_is_set(
    app: Flask, world: None, owner: psycopg.Connection
) -> None:
    child = make_dependent(owner, "3180505-0000009-គ", WOMAN)

    found = file({"kind": "cremation", "card_number": child, "event_on": ago(2), "payee": CASH})

    assert (found["state"], found["verdict"], found["computed_riel"]) == (
        "submitted", "not_payable", 0,
    )  # fmt: skip
    assert codes(found) == ["death_not_registered", "amount_not_set"]


def test_emergency_care_is_judged_like_a_claim_and_paid_at_the_tariff(
    app: Flask, world: None
) -> None:
    found = file(refund())

    assert found["computed_riel"] == 20_000
    assert found["computation"]["outcome"]["lines"][0]["claimed_riel"] == 50_000
    assert "level_as_told" in codes(found)


def test_the_same_care_asked_back_again_under_another_name_is_found_and_needs_two_people(
    app: Flask, world: None
) -> None:
    file(refund())

    again = file(refund(facility_name="Clinic on the road"))
    other = file(refund(days=4, facility_name="Clinic on the road"))

    found = [one["code"] for one in again["computation"]["outcome"]["findings"]]
    assert "duplicate_elsewhere" in found
    assert causes_of(again["computation"], 20_000, 2_000_000) == ["duplicate_elsewhere"]
    assert causes_of(other["computation"], 20_000, 2_000_000) == []


def test_care_at_a_contracted_facility_is_not_paid_back(app: Flask, world: None) -> None:
    found = file(refund(facility="120101", facility_name=None))

    assert found["verdict"] == "not_payable"
    assert "facility_contracted" in codes(found)


def test_what_nssf_computes_again_follows_the_registry(
    app: Flask, world: None, owner: psycopg.Connection
) -> None:
    owner.execute("UPDATE registry.contributions SET contributory_wage_riel = NULL")
    number = file(maternity())["number"]
    owner.execute("UPDATE registry.contributions SET contributory_wage_riel = 1200000")

    found = allowances.compute_again(number, by=REVIEWER)

    assert (found["state"], found["computed_riel"]) == ("submitted", 2_520_000)


# --- asked twice ------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (birth(days=3), birth(days=5)),
        (maternity(days=3), maternity(days=100)),
        (birth("antenatal", 30), birth("antenatal", 30)),
        (sickness(20, 10), sickness(10, 5)),
        (refund(), refund()),
    ],
    ids=["birth", "maternity", "antenatal", "sickness", "refund"],
)
def test_one_event_is_asked_for_once(app: Flask, world: None, first: dict, second: dict) -> None:
    number = file(first)["number"]

    with pytest.raises(DuplicateAllowance) as refused:
        file(second)

    assert refused.value.extra["number"] == number


def test_twins_are_two_births(app: Flask, world: None) -> None:
    first = file(birth(children=2, birth_order=1))
    second = file(birth(children=2, birth_order=2))

    assert first["computed_riel"] == second["computed_riel"] == 400_000
    with pytest.raises(DuplicateAllowance):
        file(birth(children=2, birth_order=2))


def test_another_facilitys_allowance_is_not_named_to_who_asks_twice(
    app: Flask, world: None
) -> None:
    file(birth())

    with pytest.raises(DuplicateAllowance) as refused:
        file(birth(), by=STRANGER)

    assert refused.value.extra["number"] is None


def test_what_was_taken_back_may_be_asked_for_again(app: Flask, world: None) -> None:
    number = file(birth())["number"]

    assert allowances.withdraw_allowance(number, by=BILLER)["state"] == "withdrawn"
    assert file(birth())["number"] != number


# --- the door's own checks --------------------------------------------------


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (birth(event=None), "event"),
        (maternity(event="delivery"), "event"),
        (sickness(10, 5, until=None), "until"),
        (sickness(5, 10), "until"),
        (birth(children=1, birth_order=2), "birth_order"),
        (birth(payee={"method": "bank", "name": "X"}), "payee"),
        (birth(payee=BANK | {"method": "cash"}), "payee"),
        (birth(payee=BANK | {"account": "=1+1"}), "payee"),
        (birth() | {"riel": 1}, "riel"),
        (refund(facility_name=None), "care"),
        (maternity(care=refund()["care"]), "care"),
    ],
)
def test_a_field_that_does_not_belong_is_refused_by_name(body: dict, field: str) -> None:
    with pytest.raises(ValidationError) as refused:
        AllowanceBody().load(body)

    assert field in refused.value.messages


def test_an_event_that_has_not_come_is_refused(app: Flask, world: None) -> None:
    with pytest.raises(Invalid) as refused:
        file(sickness(3, -3))

    assert refused.value.extra["errors"][0]["pointer"] == "/until"


def test_a_claim_of_somebody_else_is_refused(app: Flask, world: None) -> None:
    with pytest.raises(Invalid) as refused:
        file(birth(claim="C26K000000000"))

    assert refused.value.extra["errors"][0]["pointer"] == "/claim"


# --- who sees what ----------------------------------------------------------


def test_a_facility_sees_no_wage_before_nssf_has_approved(app: Flask, world: None) -> None:
    number = file(maternity())["number"]
    private = {"wages_counted", "daily_wage", "share_of_wage"}

    asked = allowances.find_allowance(number, by=BILLER)
    assert (asked["computed_riel"], asked["computation"]["computed_riel"]) == (None, None)
    assert not private & set(codes(asked))
    assert "800" not in str(asked["computation"])

    allowances.approve(number, by=REVIEWER)
    told = allowances.find_allowance(number, by=BILLER)
    assert (told["computed_riel"], told["approved_riel"]) == (1_680_000, 1_680_000)
    assert private <= set(codes(told))


def test_the_account_is_masked_for_who_need_not_know_it(app: Flask, world: None) -> None:
    number = file(birth())["number"]

    seen = {
        by.subject: allowances.find_allowance(number, by=by)["payee"]["account"]
        for by in (BILLER, AT_NSSF, REVIEWER, FINANCE)
    }

    assert list(seen.values()) == ["•••567", "•••567", "001-234-567", "001-234-567"]


def test_another_facilitys_allowance_is_not_found(app: Flask, world: None) -> None:
    number = file(birth())["number"]

    for read in (allowances.find_allowance, allowances.withdraw_allowance, allowances.list_files):
        with pytest.raises(NotFound):
            read(number, by=STRANGER)
    assert allowances.list_allowances(by=STRANGER, limit=9) == []


def test_an_allowance_of_nssfs_desk_belongs_to_no_facility(app: Flask, world: None) -> None:
    number = file(birth(), by=AT_NSSF)["number"]

    assert allowances.find_allowance(number, by=REVIEWER)["facility"] is None
    with pytest.raises(NotFound):
        allowances.find_allowance(number, by=BILLER)


def test_a_person_without_the_permission_may_not_ask(app: Flask, world: None) -> None:
    with pytest.raises(Forbidden):
        file(birth(), by=REVIEWER)


def test_the_audit_trail_holds_neither_payee_nor_account_nor_name(app: Flask, world: None) -> None:
    number = file(birth())["number"]
    allowances.approve(number, by=REVIEWER, note="SOK TARA agreed")

    rows = db.session.scalars(
        select(AuditEvent).where(AuditEvent.subject == number).order_by(AuditEvent.id)
    ).all()
    assert [row.action for row in rows] == ["allowance.filed", "allowance.approved"]
    assert not any(word in str(row.details) for row in rows for word in ("SOK", "001-234", WOMAN))


# --- returned ---------------------------------------------------------------


def test_a_returned_allowance_is_corrected_and_submitted_again(app: Flask, world: None) -> None:
    number = file(birth(gestation_weeks=None))["number"]
    allowances.send_back(number, by=REVIEWER, reason="documents_missing", note="How many weeks?")

    body = AllowanceBody().load(birth(gestation_weeks=38, payee=CASH))
    found = allowances.correct_allowance(number, body, by=BILLER)

    assert (found["state"], found["gestation_weeks"]) == ("submitted", 38)
    assert found["payee"] == CASH | {"account": None}
    assert [step["action"] for step in found["history"]] == ["file", "return", "submit"]
    assert found["history"][1]["note"] == "How many weeks?"


def test_card_kind_and_event_stay_when_an_allowance_is_corrected(app: Flask, world: None) -> None:
    number = file(birth())["number"]
    allowances.send_back(number, by=REVIEWER, reason="not_true")

    with pytest.raises(Invalid) as refused:
        allowances.correct_allowance(
            number, AllowanceBody().load(maternity(card_number=MAN)), by=BILLER
        )

    faults = {fault["pointer"] for fault in refused.value.extra["errors"]}
    assert faults == {"/card_number", "/kind", "/birth_order"}


def test_what_waits_for_nssf_is_not_corrected(app: Flask, world: None) -> None:
    number = file(birth())["number"]

    with pytest.raises(InvalidAllowanceTransition):
        allowances.correct_allowance(number, AllowanceBody().load(birth()), by=BILLER)


def test_a_returned_allowance_goes_back_with_an_answer(app: Flask, world: None) -> None:
    number = file(birth())["number"]
    allowances.send_back(number, by=REVIEWER, reason="not_true")

    found = allowances.submit_allowance(number, by=BILLER, note="The mother came again")

    assert found["history"][-1]["note"] == "The mother came again"


def test_months_of_a_person_without_health_care_are_none(
    app: Flask, world: None, owner: psycopg.Connection
) -> None:
    card = make_member(owner, "2990101-0000055-ក", scheme="hef", category="hef_poor",
                       paid=months(date(2026, 1, 1), date(2026, 10, 1)))  # fmt: skip

    assert file(birth(card_number=card))["computed_riel"] == 400_000
    assert file(maternity(card_number=card))["verdict"] == "not_payable"


def test_every_state_is_reached_and_left_as_the_table_says() -> None:
    reached = {edge.target for edge in TRANSITIONS} | {AllowanceState.PROPOSED}

    assert reached == set(AllowanceState)
    assert not [edge for edge in TRANSITIONS if edge.source in ("rejected", "withdrawn")]
    assert [edge.action for edge in TRANSITIONS if edge.source == "paid"] == ["unpay"]
    assert day(ago(0)).toordinal() - day(ago(3)).toordinal() == 3


def test_sickness_within_a_maternity_leave_is_found_whichever_is_asked_for_later(
    app: Flask, world: None
) -> None:
    first, second = file(maternity(days=3)), file(sickness(2, 1))
    allowances.withdraw_allowance(first["number"], by=BILLER)
    third = file(maternity(days=3))

    found = [
        [step["text_en"] for step in one["computation"]["steps"] if "leave" in step["code"]]
        for one in (first, second, third)
    ]
    twice = ["Another allowance pays 2 of the same days of leave."]
    assert found == [[], twice, twice]
