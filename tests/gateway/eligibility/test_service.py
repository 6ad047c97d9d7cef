"""Checks on a real database: recorded, promised, found again, limited, and loud when they fail."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import psycopg
import pytest
from flask import Flask
from sqlalchemy import event

from config import clock
from config.db import db
from config.errors import Invalid, NotFound, TooMany
from config.text import fold_card
from gateway.coverage import service as coverage
from gateway.eligibility import queries
from gateway.eligibility import service as eligibility
from gateway.eligibility.rules.facts import Newborn
from gateway.eligibility.service import CheckRequest
from gateway.eligibility.slip import BadSlip
from tests.factories import (
    HOSPITAL,
    OTHER_HOSPITAL,
    WOMAN,
    contribute,
    cover,
    make_dependent,
    make_facility,
    make_member,
)
from tests.gateway.eligibility.conftest import ELSEWHERE, HOTLINE, RECEPTION
from tests.statements import statements

Owner = psycopg.Connection[Any]
SON = "1180505-0000003-គ"


def check(card: str = WOMAN, *, by: Any = RECEPTION, **given: Any) -> dict[str, Any]:
    return eligibility.check(CheckRequest(card_number=card, **given), by=by)


def codes(answer: dict[str, Any]) -> list[str]:
    return [reason["code"] for reason in answer["reasons"]]


# --- The decision -----------------------------------------------------------------------------------


def test_a_covered_member_gets_a_promised_yes_with_the_documented_shape(country: Owner) -> None:
    answer = check()

    assert answer["verdict"] == "eligible"
    assert answer["promise"] is True
    assert answer["reasons"] == []
    assert answer["number"].startswith("E")
    assert answer["facility"] == HOSPITAL
    assert answer["service_date"] == clock.today().isoformat()
    assert answer["valid_until"] == clock.end_of(clock.today()).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert answer["policy_version"] == coverage.policy_set().version
    assert answer["member"] == {
        "card_number": WOMAN, "name_km": "សុខ តារា", "name_latin": "SOK TARA", "sex": "F",
        "date_of_birth": "1999-01-01", "category": "private_worker", "relationship": "self",
        "principal_card_number": None,
    }  # fmt: skip
    [outpatient] = [one for one in answer["benefits"] if one["benefit"] == "outpatient"]
    assert outpatient == {
        "benefit": "outpatient", "covered": True, "remaining": {"unit": "day", "value": 180},
        "patient_pays_riel": 0, "reasons": [],
    }  # fmt: skip


def test_maternity_counters_are_told_only_when_asked_for(country: Owner) -> None:
    unasked = {one["benefit"]: one["remaining"] for one in check()["benefits"]}
    [asked] = check(benefits=("antenatal",))["benefits"]

    assert unasked["antenatal"] is unasked["delivery"] is unasked["postnatal"] is None
    assert asked["remaining"] == {"unit": "day", "value": 180}


def test_a_policy_expired_suspended_or_not_begun_is_not_eligible(country: Owner) -> None:
    against: dict[str, dict[str, Any]] = {
        "membership_ended": {"status": "ended", "status_on": date(2024, 1, 1)},
        "suspended": {"status": "suspended", "status_on": date(2024, 1, 1)},
        "cover_not_begun": {"cover_from": date(2099, 1, 1)},
        "cover_ended": {"cover_to": date(2024, 1, 1)},
        "contributions_short": {"paid": ""},
        "card_lost": {"card_status": "lost"},
        "no_cover": {"scheme": None},
    }
    for serial, (code, given) in enumerate(against.items()):
        answer = check(make_member(country, f"1900202-000010{serial}-ឃ", **given))

        assert (answer["verdict"], codes(answer)) == ("not_eligible", [code])
        assert answer["promise"] is False
        assert not any(one["covered"] for one in answer["benefits"])


def test_a_cover_that_ends_today_is_still_in_force(country: Owner) -> None:
    tomorrow = clock.today() + timedelta(days=1)
    card = make_member(country, "1900202-0000009-ឃ", cover_to=tomorrow)

    assert check(card)["verdict"] == "eligible"


def test_an_unknown_card_is_an_answer_with_its_reason(country: Owner) -> None:
    answer = check("9999999-9999999-9")

    assert answer["verdict"] == "not_found"
    assert answer["member"] is None
    assert codes(answer) == ["card_not_found"]
    assert codes(check("12"))[1:] == ["card_format"]


def test_a_card_number_is_found_however_it_was_typed(country: Owner) -> None:
    for typed in ("29901010000001ក", "២៩៩០១០១-០០០០០០១-ក", " 2990101–0000001 ក"):
        assert check(typed)["member"]["card_number"] == WOMAN


def test_a_member_is_answered_with_dependents_and_a_dependent_with_the_member(
    country: Owner,
) -> None:
    make_dependent(country, SON, WOMAN)

    [son] = check()["dependents"]
    own = check(SON)

    assert (son["card_number"], son["verdict"]) == (SON, "eligible")
    assert own["verdict"] == "eligible"
    assert own["member"]["principal_card_number"] == WOMAN
    assert own["member"]["relationship"] == "child"
    assert codes(own) == ["rule_assumed"]


def test_two_active_cards_of_one_national_id_are_unknown(country: Owner) -> None:
    first = make_member(country, "1900202-0000009-ឃ", national_id="123456789")
    second = make_member(country, "1900202-0000010-ឃ", national_id="123456789")

    assert codes(check(first)) == codes(check(second)) == ["two_active_cards"]
    country.execute(
        "UPDATE registry.members SET card_status = 'replaced' WHERE card_number = %s", [second]
    )
    assert check(first)["verdict"] == "eligible"
    assert codes(check(second)) == ["card_replaced"]


def test_without_any_contributions_file_the_answer_is_unknown(country: Owner) -> None:
    country.execute("UPDATE registry_state SET contributions_loaded = false")

    answer = check()

    assert (answer["verdict"], codes(answer)) == ("unknown", ["contributions_not_loaded"])
    assert answer["coverages"][0]["months_paid_last_12"] is None


def test_used_days_lower_what_remains_until_the_claim_gives_them_back(country: Owner) -> None:
    days = [clock.today() - timedelta(days=back) for back in range(1, 181)]
    used = {"card_key": fold_card(WOMAN), "scheme": "health_care", "benefit": "outpatient"}
    coverage.use_benefit(**used, days=days[:5], claim="C1")
    coverage.use_benefit(**used, days=days[:5], claim="C1")

    assert check()["benefits"][0]["remaining"] == {"unit": "day", "value": 175}
    assert len(coverage.usage_on(fold_card(WOMAN), clock.today())) == 5

    coverage.use_benefit(**used, days=days, claim="C2")
    assert codes(check()) == ["limit_reached"]

    coverage.release_benefit(claim="C2")
    assert check()["benefits"][0]["remaining"] == {"unit": "day", "value": 175}


def test_a_newborn_is_answered_under_the_mothers_card(country: Owner) -> None:
    born = clock.today() - timedelta(days=3)

    answer = check(patient=Newborn("M", born))

    assert (answer["verdict"], codes(answer)) == ("eligible", ["newborn_covered"])


# --- Promise and record -------------------------------------------------------------------------------


def test_a_yes_is_a_promise_from_the_service_day_to_three_days_after(country: Owner) -> None:
    for days_ago, promise in ((0, True), (3, True), (4, False), (-1, False)):
        answer = check(service_date=clock.today() - timedelta(days=days_ago))

        assert answer["verdict"] == "eligible"
        assert answer["promise"] is promise
        assert ("estimate" in codes(answer)) is (days_ago < 0)


def test_the_hotline_promises_nothing_and_sees_every_facility(country: Owner) -> None:
    answer = check(by=HOTLINE)

    assert answer["verdict"] == "eligible"
    assert answer["facility"] is None
    assert answer["promise"] is False


def test_a_recorded_check_stays_as_it_was_answered_and_is_nobody_elses(country: Owner) -> None:
    answer = check(slip=True)
    country.execute("UPDATE registry.members SET name_latin = 'SOMEBODY ELSE'")
    country.execute("DELETE FROM registry.coverages")

    assert eligibility.find_check(answer["number"], by=RECEPTION) == answer
    assert eligibility.find_check(answer["number"], by=HOTLINE) == answer
    for number in (answer["number"], "E26A000000000", "nonsense"):
        with pytest.raises(NotFound):
            eligibility.find_check(number, by=ELSEWHERE)


def test_a_recorded_check_cannot_be_changed_by_anybody(country: Owner) -> None:
    number = check()["number"]

    for change in (
        "UPDATE eligibility_checks SET verdict = 'unknown'",
        "DELETE FROM eligibility_checks",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            country.execute(change)  # type: ignore[arg-type]

    assert eligibility.find_check(number, by=RECEPTION)["verdict"] == "eligible"


def test_the_record_keeps_how_somebody_asked_but_no_name_or_number(country: Owner) -> None:
    make_member(country, "1900202-0000009-ឃ", national_id="123456789")
    request = CheckRequest(national_id="123456789", reason="card left at home")
    answer = eligibility.check(request, by=RECEPTION)

    [(asked,)] = country.execute(
        "SELECT request::text FROM eligibility_checks WHERE number = %s", [answer["number"]]
    ).fetchall()

    assert '"by": "national_id"' in asked
    assert "card left at home" in asked
    assert "123456789" not in asked


def test_a_promised_check_is_honoured_whatever_the_registry_says_later(country: Owner) -> None:
    number = check()["number"]
    place = {"day": clock.today(), "facility": HOSPITAL, "check": number}
    country.execute("DELETE FROM registry.contributions")
    country.execute("UPDATE registry.members SET status = 'ended', status_on = '2024-01-01'")
    country.execute("UPDATE registry.facilities SET contract_to = '2020-01-01'")

    honoured = eligibility.judge(card_key=fold_card(WOMAN), **place)
    plain = eligibility.judge(card_key=fold_card(WOMAN), **place | {"check": None})
    country.execute("DELETE FROM registry.members")
    vanished = eligibility.judge(card_key=fold_card(WOMAN), **place)

    assert (honoured.promised, honoured.decision.verdict) == (True, "eligible")
    assert (plain.promised, plain.decision.verdict) == (False, "not_eligible")
    assert (vanished.found, vanished.promised, vanished.decision.scheme) == (
        True,
        True,
        "health_care",
    )
    assert vanished.person is not None
    assert vanished.person.name_latin == "SOK TARA"


def test_a_promise_does_not_cover_a_death_before_the_day(country: Owner) -> None:
    number = check()["number"]
    died = clock.today() - timedelta(days=1)
    country.execute("UPDATE registry.members SET status = 'deceased', status_on = %s", [died])

    judged = eligibility.judge(
        card_key=fold_card(WOMAN), day=clock.today(), facility=HOSPITAL, check=number
    )

    assert not judged.promised
    assert judged.decision.codes() == ("deceased",)


def test_a_check_that_does_not_fit_the_claim_is_named(country: Owner) -> None:
    other = make_member(country, "1900202-0000009-ឃ")
    number = check()["number"]
    fitting = {"card_key": fold_card(WOMAN), "day": clock.today(), "facility": HOSPITAL}

    def problem(**changed: Any) -> str | None:
        return eligibility.judge(**{**fitting, "check": number, **changed}).check_problem

    assert problem() is None
    assert problem(check="E26A000000000") == "unknown_check"
    assert problem(card_key=fold_card(other)) == "other_person"
    assert problem(facility=OTHER_HOSPITAL) == "other_facility"
    assert problem(day=clock.today() - timedelta(days=1)) == "other_day"


# --- Without the card ---------------------------------------------------------------------------------


def test_a_person_is_found_by_national_id_phone_or_name_with_a_reason(country: Owner) -> None:
    card = make_member(
        country, "1900202-0000009-ឃ", national_id="123456789", phone="+85512345678",
        name_latin="CHAN VISAL", name_km="ចាន់ វិសាល", date_of_birth=date(1990, 2, 2),
    )  # fmt: skip

    def found(**given: Any) -> str:
        request = CheckRequest(reason="card left at home", **given)
        return eligibility.check(request, by=RECEPTION)["member"]["card_number"]

    assert found(national_id="១២៣ ៤៥៦ ៧៨៩") == card
    assert found(phone="012 345 678") == card
    assert found(name="chan visal", date_of_birth=date(1990, 2, 2)) == card
    assert found(name="Visal Chan", date_of_birth=date(1990, 2, 2)) == card
    assert found(name="ចាន់ វិសាល", date_of_birth=date(1990, 2, 2)) == card


def test_nobody_found_is_not_found_and_never_an_error(country: Owner) -> None:
    request = CheckRequest(national_id="000000000", reason="card left at home")

    answer = eligibility.check(request, by=RECEPTION)

    assert answer["verdict"] == "not_found"
    assert codes(answer) == ["person_not_found"]


def test_several_people_are_offered_masked_and_chosen_by_a_sealed_ref(country: Owner) -> None:
    for last in range(1, 4):
        make_member(
            country, f"1900202-000001{last}-ឃ", phone="+85512345678", name_latin="CHAN VISAL"
        )
    request = CheckRequest(phone="012345678", reason="card left at home")

    answer = eligibility.check(request, by=RECEPTION)

    assert (answer["verdict"], codes(answer)) == ("unknown", ["choose_person"])
    assert answer["member"] is None
    assert len(answer["candidates"]) == 3
    first = answer["candidates"][0]
    assert "•" in first["card_masked"]
    assert first["birth_year"] == 1999
    chosen = eligibility.check(CheckRequest(candidate=first["ref"]), by=RECEPTION)
    assert chosen["verdict"] == "eligible"

    with pytest.raises(Invalid):
        eligibility.check(CheckRequest(candidate=first["ref"]), by=ELSEWHERE)
    with clock.freeze(clock.now() + timedelta(minutes=11)), pytest.raises(Invalid):
        eligibility.check(CheckRequest(candidate=first["ref"]), by=RECEPTION)


def test_a_name_spelled_otherwise_is_offered_and_never_taken(country: Owner) -> None:
    request = CheckRequest(
        name="SOK DARA", date_of_birth=date(1999, 1, 1), reason="card left at home"
    )

    answer = eligibility.check(request, by=RECEPTION)

    assert (answer["verdict"], codes(answer)) == ("unknown", ["choose_person"])
    assert [one["name"] for one in answer["candidates"]] == ["SOK TARA"]


def test_a_replaced_card_does_not_hide_the_new_one(country: Owner) -> None:
    make_member(country, "1900202-0000009-ឃ", national_id="123456789", card_status="replaced")
    new = make_member(country, "1900202-0000010-ឃ", national_id="123456789")
    request = CheckRequest(national_id="123456789", reason="card left at home")

    assert eligibility.check(request, by=RECEPTION)["member"]["card_number"] == new


def test_a_scan_is_a_slip_a_number_in_a_text_or_a_link_that_is_never_opened(country: Owner) -> None:
    slip = check(slip=True)["slip"]

    def scanned(text: str) -> dict[str, Any]:
        return eligibility.check(CheckRequest(scan=text), by=RECEPTION)

    assert scanned(slip)["member"]["card_number"] == WOMAN
    assert scanned(f"NSSF;{WOMAN};SOK TARA")["member"]["card_number"] == WOMAN
    link = scanned("https://verify.gov.kh/verify/2990101-0000001-ក")
    assert (link["verdict"], codes(link)) == ("unknown", ["scan_link"])
    forged = scanned(slip[:-8] + "AAAAAAAA")
    assert (forged["verdict"], codes(forged)) == ("unknown", ["scan_unreadable"])


# --- The slip -------------------------------------------------------------------------------------------


def test_a_slip_proves_the_decision_without_name_or_whole_number(country: Owner) -> None:
    answer = check(slip=True)

    shown = eligibility.verify_slip(answer["slip"])

    assert not shown.expired
    assert shown.claims["jti"] == answer["number"]
    assert shown.claims["aud"] == HOSPITAL
    assert shown.claims["verdict"] == "eligible"
    assert shown.claims["initials"] == "S.T."
    assert shown.claims["birth_year"] == 1999
    assert "SOK" not in str(shown.claims)
    assert fold_card(WOMAN) not in fold_card(str(shown.claims))
    with clock.freeze(clock.today() + timedelta(days=1)):
        assert eligibility.verify_slip(answer["slip"]).expired


def test_a_slip_of_another_key_or_type_proves_nothing(country: Owner) -> None:
    header, body, signature = check(slip=True)["slip"].split(".")

    for forged in (f"{header}.{body}.", f"{header}.{body[:-2]}AA.{signature}", "no slip", "a.b.c"):
        with pytest.raises(BadSlip):
            eligibility.verify_slip(forged)


# --- Scanning -------------------------------------------------------------------------------------------


def test_the_51st_unknown_card_in_ten_minutes_is_refused_and_then_everything(
    country: Owner,
) -> None:
    for serial in range(50):
        assert check(f"9999999-{serial:07d}-1")["verdict"] == "not_found"

    with pytest.raises(TooMany) as refused:
        check("9999999-0000050-1")
    with pytest.raises(TooMany):
        check(WOMAN)

    assert 0 < int(refused.value.headers["Retry-After"]) <= 600
    assert check(WOMAN, by=ELSEWHERE)["verdict"] == "eligible"
    [(subject,)] = country.execute(
        "SELECT subject FROM audit_events WHERE action = 'eligibility.scanning_refused'"
    ).fetchall()
    assert subject == HOSPITAL


def test_the_same_unknown_card_typed_often_is_no_scanning(country: Owner) -> None:
    assert {check("9999999-0000000-1")["verdict"] for _ in range(60)} == {"not_found"}


# --- Members and disputes ---------------------------------------------------------------------------------


def test_opening_a_member_is_audited_and_an_unknown_one_is_counted(country: Owner) -> None:
    person = eligibility.read_member(WOMAN, by=RECEPTION)
    with pytest.raises(NotFound):
        eligibility.read_member("9999999-0000000-1", by=RECEPTION)

    assert (person["card_number"], person["verdict"]) == (WOMAN, "eligible")
    assert country.execute(
        "SELECT actor FROM audit_events WHERE action = 'member.read'"
    ).fetchall() == [("user:dara",)]
    [(unknown,)] = country.execute(
        "SELECT count(*) FROM eligibility_checks WHERE verdict = 'not_found'"
    ).fetchall()
    assert unknown == 1


def test_a_dispute_is_one_task_a_kind_and_only_for_the_own_facility(country: Owner) -> None:
    number = check()["number"]

    first = eligibility.dispute(number, kind="wrong_name", note="ស៊ុខ", by=RECEPTION)
    again = eligibility.dispute(number, kind="wrong_name", note="again", by=RECEPTION)

    assert first == again
    assert country.execute("SELECT count(*) FROM correction_tasks").fetchone() == (1,)
    with pytest.raises(NotFound):
        eligibility.dispute(number, kind="other", note=None, by=ELSEWHERE)


# --- The hot path -------------------------------------------------------------------------------------------


def test_a_check_is_one_select_and_one_insert_and_no_orm_object(country: Owner) -> None:
    make_dependent(country, SON, WOMAN)
    check()
    loaded: list[object] = []
    event.listen(db.session, "loaded_as_persistent", lambda _, instance: loaded.append(instance))

    with statements() as seen:
        check()

    assert [one.split()[0] for one in seen] == ["WITH", "INSERT"]
    assert loaded == []


def test_a_failed_look_up_fails_loudly_and_records_nothing(country: Owner) -> None:
    country.execute("DROP TABLE registry.coverages CASCADE")

    with pytest.raises(psycopg.errors.UndefinedTable):
        check()

    assert country.execute("SELECT count(*) FROM eligibility_checks").fetchone() == (0,)


def test_a_store_without_its_state_row_decides_nothing(country: Owner) -> None:
    country.execute("DELETE FROM registry_state")

    with pytest.raises(queries.NoState):
        check()


def test_every_look_up_uses_an_index_at_100_000_members(country: Owner) -> None:
    country.execute(
        """
        INSERT INTO registry.members (card_key, card_number, national_id, phone, name_latin, sex,
            date_of_birth, category, province, registered_on, status, status_on)
        SELECT 'M' || n, 'M' || n, 'N' || n, '+8551' || n, 'SOK ' || n, 'F',
            date '1950-01-01' + n % 20000, 'private_worker', 'KH-12', '2020-01-01', 'active',
            '2020-01-01' FROM generate_series(1, 100000) n;
        INSERT INTO registry.dependents (card_key, card_number, principal_key, relationship, sex,
            date_of_birth, disabled, chronically_ill, valid_from)
        SELECT 'D' || n, 'D' || n, 'M' || n, 'child', 'M', '2018-01-01', false, false, '2023-11-14'
            FROM generate_series(1, 30000) n;
        INSERT INTO registry.coverages (card_key, scheme, valid_from)
        SELECT card_key, 'health_care', date '2020-01-01' FROM registry.members
            WHERE card_key LIKE 'M%';
        INSERT INTO registry.contributions (card_key, scheme, paid_months)
        SELECT card_key, 'health_care', '2025-01..2026-10' FROM registry.members
            WHERE card_key LIKE 'M%';
        ANALYZE registry.members, registry.dependents, registry.coverages, registry.contributions
        """
    )
    day = clock.today()
    params = {"key": "M77", "day": day, "since": day, "facility": HOSPITAL, "scanner": HOSPITAL}

    with db.engine.connect() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        plan = "\n".join(row[0] for row in driver.execute("EXPLAIN " + queries.READ, params))
        by_id = "\n".join(
            row[0]
            for row in driver.execute(
                "EXPLAIN SELECT 1 FROM registry.members WHERE national_id = 'N77'"
            )
        )

    for table in ("members", "dependents", "coverages", "contributions"):
        assert f"Seq Scan on {table}" not in plan
    assert "pk_members" in plan
    assert "pk_dependents" in plan
    assert "ix_dependents_principal_key" in plan
    assert "ix_members_national_id" in by_id
    assert check("M77")["verdict"] == "eligible"


# --- Policies as data ------------------------------------------------------------------------------------------


def test_a_loaded_policy_holds_from_the_next_check_on_and_not_for_earlier_days(
    country: Owner,
) -> None:
    text = (coverage.DEFAULTS / "health_care-2023-11-14.yaml").read_text(encoding="utf-8")
    today = clock.today()
    stricter = text.replace(
        "effective_from: 2023-11-14\ntitle", f"effective_from: {today}\ntitle"
    ).replace("any: [{consecutive: 2}, {paid: 6, window: 12}]", "any: [{consecutive: 60}]", 1)
    before = check()

    coverage.load_policy(stricter, name="stricter.yaml", by=HOTLINE)

    after, yesterday = check(), check(service_date=today - timedelta(days=1))
    assert (before["verdict"], after["verdict"]) == ("eligible", "not_eligible")
    assert yesterday["verdict"] == "eligible"
    assert before["policy_version"] != after["policy_version"] == yesterday["policy_version"]


def test_loading_the_same_policies_again_changes_nothing(country: Owner) -> None:
    before = coverage.policy_set()

    assert coverage.load_default_policies() == 0
    path = coverage.DEFAULTS / "hef-2018-01-01.yaml"
    coverage.load_policy(path.read_text(encoding="utf-8"), name=path.name, by=HOTLINE)

    assert coverage.policy_set() is before


def test_a_faulty_policy_is_refused_whole_with_every_fault(country: Owner) -> None:
    version = coverage.policy_set().version

    with pytest.raises(Invalid) as refused:
        coverage.load_policy("scheme: dental\n", name="dental.yaml", by=HOTLINE)

    assert "dental.yaml:1: scheme: must be one of" in str(refused.value.detail)
    assert len(refused.value.extra["errors"]) > 5
    assert coverage.policy_set().version == version


def test_a_facility_the_feed_never_named_is_unknown_not_refused(app: Flask, country: Owner) -> None:
    country.execute("DELETE FROM registry.facilities")

    assert codes(check()) == ["facility_unknown"]


def test_one_facility_of_two_without_contract_is_emergency_only(country: Owner) -> None:
    make_facility(country, "030999", contract_to=date(2020, 1, 1))
    outside = type(RECEPTION)("user:x", RECEPTION.permissions, facility="030999")

    answer = check(by=outside)

    assert (answer["verdict"], codes(answer)) == ("emergency_only", ["facility_not_contracted"])
    assert answer["promise"] is False


def test_a_person_of_both_schemes_is_paid_by_nssf_first(country: Owner) -> None:
    cover(country, WOMAN, "hef", date(2020, 1, 1))
    contribute(country, WOMAN, "hef", "2020-01")

    assert check()["scheme"] == "health_care"
    country.execute("DELETE FROM registry.contributions WHERE scheme = 'health_care'")
    assert check()["scheme"] == "hef"
