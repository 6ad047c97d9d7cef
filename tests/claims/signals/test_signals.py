"""Claims marked for a look as they are submitted, by what the store knows of facility and patient."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

import psycopg
import pytest
from flask import Flask
from psycopg import sql

from auth.permissions import Role
from claims.allowances import service as allowances
from claims.signals import service as signals
from claims.submission import service as submission
from claims.submission.schemas import ClaimBody
from config import clock
from config.db import transaction
from config.errors import Invalid, NotFound
from tests.claims.allowances.asked import BILLER, refund
from tests.claims.allowances.asked import file as file_allowance
from tests.claims.payable import scalar
from tests.claims.submission.filing import biller, days_ago, file, make_body, make_line, nssf
from tests.claims.test_statements import statements
from tests.claims.together import DONE, at_once
from tests.factories import HOSPITAL, MAN, OTHER_HOSPITAL, WOMAN, make_facility

pytestmark = pytest.mark.usefixtures("world")


@pytest.fixture(autouse=True)
def _no_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw no claim into the sample, whatever its random number is."""
    monkeypatch.setattr(signals, "draw_of", lambda _number: 999)


def codes_of(claim: dict[str, Any]) -> list[str]:
    return [signal["code"] for signal in signals.signals_of(claim["number"])]


def risk(claim: dict[str, Any]) -> int:
    return int(scalar("SELECT risk FROM claims WHERE number = :n", n=claim["number"]))


def profile(owner: psycopg.Connection[Any], measure: str, value: int = 900) -> None:
    owner.execute(
        "INSERT INTO facility_profiles (facility, measure, level, kind, value, sample, peers, median,"
        " p90, day_from, day_to) VALUES (%s, %s, 'cpa3', 'public', %s, 200, 12, 300, 400, now(), now())",
        [HOSPITAL, measure, value],
    )


def test_care_a_member_asked_money_back_for_is_looked_at_when_a_facility_claims_it() -> None:
    asked = file_allowance(refund())["number"]

    same_day = file("INV-1", service_from=days_ago(3), service_to=days_ago(2))
    other_day, other_person = file("INV-2"), file("INV-3", card_number=MAN)

    assert (codes_of(same_day), risk(same_day)) == (["refunded"], 40)
    [signal] = signals.signals_of(same_day["number"])
    assert asked in signal["text_en"]
    assert (codes_of(other_day), codes_of(other_person)) == ([], [])
    allowances.withdraw_allowance(asked, by=BILLER)
    later = file("INV-4", service_from=days_ago(3), service_to=days_ago(3))
    assert codes_of(later) == []


def test_a_claim_worth_a_look_carries_its_signals_and_their_points() -> None:
    plain, paid = file("INV-1"), file("INV-2", card_number=MAN, patient_paid_riel=5_000)

    assert (codes_of(plain), risk(plain)) == ([], 0)
    assert (codes_of(paid), risk(paid)) == (["patient_paid"], 40)
    [signal] = signals.signals_of(paid["number"])
    assert signal["numbers"] == {"riel": 5000}
    assert "5,000 riel" in signal["text_en"]
    assert "5,000 រៀល" in signal["text_km"]


def test_a_facility_far_from_its_peers_is_noticed_in_the_same_submission(
    owner: psycopg.Connection[Any],
) -> None:
    profile(owner, "average_outpatient")

    claim = file("INV-1")

    assert codes_of(claim) == ["average_claim"]


def test_the_hour_of_the_visit_tells_the_night(owner: psycopg.Connection[Any]) -> None:
    profile(owner, "night_share")
    midnight = clock.start_of(clock.today())
    owner.execute(
        "INSERT INTO visits (number, facility, ward, day, ticket_day, ticket, visit_type, payer,"
        " priority, rank, identity_seen, arrived_at, created_by) VALUES ('V1', %s, '', %s, %s, 1,"
        " 'outpatient', 'nssf', 'none', 5, 'none', %s, 'x')",
        [HOSPITAL, clock.today(), clock.today(), midnight],
    )

    assert codes_of(file("INV-1", visit="V1")) == ["night_share"]
    assert codes_of(file("INV-2", card_number=MAN)) == []


def test_many_claims_of_one_patient_and_day_are_noticed_across_facilities() -> None:
    day = days_ago(1)
    services = ["OPD-CONSULTATION", "REHABILITATION-SESSION", "CERVICAL-SCREENING"]
    claims = [
        file(
            f"INV-{n}", by=biller(OTHER_HOSPITAL if n == 1 else HOSPITAL),
            service_from=day, service_to=day, lines=[make_line(service)],
        )
        for n, service in enumerate(services)
    ]  # fmt: skip

    assert [codes_of(claim) for claim in claims] == [[], [], ["many_claims"]]


def test_a_watched_facility_has_its_next_claims_looked_at_and_no_more() -> None:
    with transaction():
        signals.watch_facility(HOSPITAL, why="complaint Q26", claims=2, by=nssf(Role.ADMINISTRATOR))
    first = file("INV-1")
    elsewhere = file("INV-1", by=biller(OTHER_HOSPITAL), card_number=MAN)
    second, third = (file(f"INV-{n}", service_from=days_ago(n), service_to=days_ago(n))
                     for n in (2, 3))  # fmt: skip

    assert [codes_of(c) for c in (first, elsewhere, second, third)] == [
        ["facility_watch"], [], ["facility_watch"], [],
    ]  # fmt: skip
    assert "complaint Q26" in signals.signals_of(first["number"])[0]["text_en"]
    assert scalar("SELECT remaining FROM facility_watches") == 0
    assert scalar("SELECT count(*) FROM audit_events WHERE action = 'facility.watched'") == 1


def test_claims_that_come_at_once_are_all_looked_at_and_the_watch_ends_at_zero(
    app: Flask,
) -> None:
    with transaction():
        signals.watch_facility(HOSPITAL, why="complaint Q26", claims=2, by=nssf())
    cards = (WOMAN, MAN, "9990101-0000009-9")

    answers = at_once(
        app, *(partial(file, f"INV-{n}", card_number=card) for n, card in enumerate(cards))
    )

    assert answers == [DONE] * 3
    assert scalar("SELECT remaining FROM facility_watches") == 0
    # What comes in the same instant may be one claim more, never one less.
    assert scalar("SELECT count(*) FROM claim_signals WHERE code = 'facility_watch'") >= 2


def test_a_claim_sent_again_stays_watched_and_costs_the_watch_nothing() -> None:
    with transaction():
        signals.watch_facility(HOSPITAL, why="complaint Q26", claims=5, by=nssf())
    claim = file("INV-1")
    submission.withdraw_claim(claim["number"], by=biller())
    submission.submit_stored(claim["number"], by=biller())

    assert codes_of(claim) == ["facility_watch"]
    assert scalar("SELECT remaining FROM facility_watches") == 4


@pytest.mark.parametrize(("why", "claims"), [("", 5), ("x", 0), ("x", 10_001)])
def test_a_watch_needs_a_reason_and_a_sensible_number(why: str, claims: int) -> None:
    with pytest.raises(Invalid):
        signals.watch_facility(HOSPITAL, why=why, claims=claims, by=nssf())


def test_a_watch_that_is_rolled_back_was_never_there() -> None:
    with pytest.raises(RuntimeError), transaction():
        signals.watch_facility(HOSPITAL, why="x", claims=5, by=nssf())
        raise RuntimeError

    assert codes_of(file("INV-1")) == []


def test_a_corrected_claim_has_only_the_signals_of_what_it_says_now() -> None:
    claim = file("INV-1", patient_paid_riel=5_000)
    submission.withdraw_claim(claim["number"], by=biller())
    loaded = ClaimBody().load(make_body("INV-1", patient_paid_riel=0))
    version = submission.find_claim(claim["number"], by=biller())["version"]
    submission.replace_claim(claim["number"], loaded, version=version, by=biller())

    assert (codes_of(claim), risk(claim)) == ([], 0)
    assert scalar("SELECT count(*) FROM claim_signals") == 1


def test_a_patient_who_says_that_money_was_paid_marks_a_claim_once() -> None:
    claim = file("INV-1")

    for _ in range(2):
        signals.report_payment(claim["number"], how="complaint Q27", by=nssf())

    assert (codes_of(claim), risk(claim)) == (["patient_reported_paying"], 40)
    with pytest.raises(NotFound):
        signals.report_payment("C-NONE", how="x", by=nssf())


def test_a_draft_is_not_judged_and_not_marked() -> None:
    claim = file("INV-1", submit=False, patient_paid_riel=5_000)

    assert (codes_of(claim), risk(claim)) == ([], 0)


def test_signals_cost_a_submission_one_statement_and_none_more_when_there_are_any() -> None:
    file("INV-0", card_number=MAN)
    with statements() as plain:
        file("INV-1")
    with statements() as marked:
        file("INV-2", service_from=days_ago(2), service_to=days_ago(2), patient_paid_riel=1)

    [compared] = [statement for statement in set(plain) if "facility_profiles" in statement]
    assert "claim_signals" in compared
    assert len(marked) == len(plain)
    [other] = set(marked) - set(plain)
    assert "INSERT INTO claims" in other
    assert "INSERT INTO claim_signals" in other


def test_signals_are_added_and_never_changed(owner: psycopg.Connection[Any]) -> None:
    file("INV-1", patient_paid_riel=5_000)

    for change in ("UPDATE claim_signals SET points = 0", "DELETE FROM claim_signals"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            owner.execute(sql.SQL(change))


def test_the_night_s_figures_set_each_facility_beside_its_peers(
    owner: psycopg.Connection[Any],
) -> None:
    places = [HOSPITAL, OTHER_HOSPITAL] + [make_facility(owner, f"1203{n:02}") for n in range(6)]
    make_facility(owner, "999999", level="health_centre")
    day = clock.today() - timedelta(days=3)
    for place in [*places, "999999"]:
        for n in range(30):
            riel = 90_000 if place == HOSPITAL else 20_000
            owner.execute(
                "INSERT INTO claims (number, facility, facility_reference, type, state, card_key,"
                " card_number, visit_type, service_from, service_to, body, body_hash, claimed_riel,"
                " created_by) VALUES (%s, %s, %s, 'treatment', 'submitted', 'k', 'k', 'outpatient',"
                " %s, %s, '{}', 'h', %s, 'x')",
                [f"C{place}{n}", place, f"R{n}", day, day, riel],
            )

    signals.profile_facilities()

    rows = owner.execute(
        "SELECT facility, value, sample, peers, median, p90 FROM facility_profiles"
        " WHERE measure = 'average_outpatient'"
    ).fetchall()
    figures = {row[0]: row[1:] for row in rows}
    assert figures[HOSPITAL][:4] == (90_000, 30, 7, 20_000)
    assert figures["999999"][:3] == (20_000, 30, 0)
    assert figures[HOSPITAL][4] < 90_000
    lines = [make_line(unit_price_riel=90_000)]
    assert codes_of(file("INV-1", lines=lines)) == ["average_claim"]


def test_the_night_s_figures_count_weekends_nights_and_caesareans(
    owner: psycopg.Connection[Any],
) -> None:
    file("INV-1")
    owner.execute("UPDATE claims SET service_from = %s", [clock.today() - timedelta(days=8)])
    owner.execute("UPDATE claim_lines SET service = 'DELIVERY-CAESAREAN'")

    signals.profile_facilities()
    signals.profile_facilities()

    rows = owner.execute("SELECT measure, value, sample FROM facility_profiles").fetchall()
    found = {measure: (value, sample) for measure, value, sample in rows}
    weekend = (clock.today() - timedelta(days=8)).weekday() > 4
    assert found["caesarean_share"] == (1000, 1)
    assert found["weekend_share"] == (1000 if weekend else 0, 1)
    assert "night_share" not in found
