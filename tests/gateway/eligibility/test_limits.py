"""Nobody walks through the registry: cards an hour and the share of unknown ones are limited."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from config.errors import NotFound, TooMany
from config.settings import settings_from
from gateway.eligibility import queries
from gateway.eligibility import service as eligibility
from gateway.eligibility.rows import Tally
from gateway.eligibility.service import CheckRequest, limits, scanning
from tests.factories import HOSPITAL, WOMAN, make_member
from tests.gateway.eligibility.conftest import CHECKS, ELSEWHERE, RECEPTION

Owner = psycopg.Connection[Any]
Allow = Callable[..., None]
COLLEAGUE = replace(RECEPTION, subject="user:bopha")
SYSTEM = replace(RECEPTION, subject="client:his")


def look(card: str, *, by: Any = RECEPTION) -> str:
    return str(eligibility.check(CheckRequest(card_number=card), by=by)["verdict"])


def serial(number: int) -> str:
    return f"3{number:06d}-{number:07d}-1"


def people(owner: Owner, many: int) -> None:
    """Add members with serial card numbers; their covers do not matter here."""
    make_member(owner, WOMAN.replace("0000001", "7777777"))
    owner.execute(
        """
        INSERT INTO registry.members (card_key, card_number, name_latin, sex, date_of_birth,
            category, province, registered_on, status, status_on)
        SELECT '3' || lpad(n::text, 6, '0') || lpad(n::text, 7, '0') || '1', 'S' || n, 'SOK',
            'F', '1990-01-01', 'private_worker', 'KH-12', '2020-01-01', 'active', '2020-01-01'
          FROM generate_series(0, %s) n
        """,
        (many,),
    )


def walk(many: int) -> tuple[int, list[TooMany]]:
    """Look up serial numbers one after the other; return how many were answered, and refusals."""
    answered, refused = 0, []
    for number in range(many):
        try:
            look(serial(number))
            answered += 1
        except TooMany as problem:
            refused.append(problem)
    return answered, refused


def walked(allowed: int, *, by: Any = RECEPTION) -> TooMany:
    """Look up known cards one after the other; the one beyond the limit has to be refused."""
    for number in range(allowed):
        assert look(serial(number), by=by) == "not_eligible"
    with pytest.raises(TooMany) as refused:
        look(serial(allowed), by=by)
    return refused.value


def refusals(owner: Owner) -> list[tuple[Any, ...]]:
    return owner.execute(
        "SELECT actor, subject, details->>'code' FROM audit_events"
        " WHERE action = 'eligibility.lookups_refused' ORDER BY id"
    ).fetchall()


def test_a_walk_through_1000_serial_numbers_ends_at_the_300th(country: Owner) -> None:
    people(country, 1000)
    answered, refused = walk(1000)

    assert answered == 300
    assert {problem.code for problem in refused} == {"too_many_cards"}
    assert all(0 < int(problem.headers["Retry-After"]) <= 3600 for problem in refused)
    assert country.execute("SELECT count(*) FROM eligibility_checks").fetchone() == (300,)
    assert refusals(country) == [("user:dara", "user:dara", "too_many_cards")]
    assert look(WOMAN, by=COLLEAGUE) == "eligible"


def test_a_walk_through_1000_unused_serial_numbers_ends_at_the_50th(country: Owner) -> None:
    answered, refused = walk(1000)

    assert answered == 50
    assert {problem.code for problem in refused} == {"too_many_unknown_cards"}


def test_unknown_cards_of_other_processes_count_before_the_next_one_is_answered(
    country: Owner,
) -> None:
    assert look(WOMAN) == "eligible"  # counted well: known cards pass uncounted for five seconds
    country.execute(
        """
        INSERT INTO eligibility_checks (number, checked_at, valid_until, facility, actor, scanner,
            card_key, service_date, verdict, promise, policy_version, request, body)
        SELECT overlay(e.number PLACING lpad(n::text, 3, '0') FROM 11), e.checked_at, e.valid_until,
            e.facility, e.actor, e.scanner, 'X' || n, e.service_date, 'not_found', false,
            e.policy_version, e.request, e.body
          FROM eligibility_checks e, generate_series(1, 50) n
        """
    )
    assert look(WOMAN) == "eligible"

    with pytest.raises(TooMany) as unknown:
        look(serial(1))
    with pytest.raises(TooMany) as known:
        look(WOMAN)

    assert (unknown.value.code, known.value.code) == ("too_many_unknown_cards",) * 2


def test_known_cards_are_counted_with_again_after_five_seconds(
    country: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert scanning.is_due(HOSPITAL)
    look(WOMAN)
    assert not scanning.is_due(HOSPITAL)

    later = time.monotonic() + scanning.COUNTED_AGAIN_SECONDS
    monkeypatch.setattr(time, "monotonic", lambda: later)

    assert scanning.is_due(HOSPITAL)


def test_a_facility_is_counted_over_all_who_work_for_it(country: Owner, allow: Allow) -> None:
    people(country, 30)
    allow(cards_per_hour_facility=12)
    for number in range(6):
        look(serial(number), by=COLLEAGUE)
        look(serial(6 + number), by=SYSTEM)

    with pytest.raises(TooMany):
        look(serial(12))

    assert refusals(country) == [("user:dara", HOSPITAL, "too_many_cards")]
    assert look(serial(12), by=ELSEWHERE) == "not_eligible"


def test_a_client_has_its_own_limit(country: Owner, allow: Allow) -> None:
    people(country, 30)
    allow(cards_per_hour_client=9, cards_per_hour_person=3)

    refused = walked(9, by=SYSTEM)

    assert refused.code == "too_many_cards"
    assert refusals(country) == [("client:his", "client:his", "too_many_cards")]


def test_the_same_card_again_and_again_counts_once(country: Owner, allow: Allow) -> None:
    allow(cards_per_hour_person=2)

    assert {look(WOMAN) for _ in range(20)} == {"eligible"}


def test_more_unknown_cards_than_known_ones_are_refused_after_100(
    country: Owner, allow: Allow
) -> None:
    people(country, 60)
    allow(unknown_cards_per_10_minutes=0)
    for number in range(50):
        assert look(serial(number)) == "not_eligible"
        assert look(serial(number + 1000)) == "not_found"

    assert look(serial(1050)) == "not_found"  # 50 of 100 were unknown: not more than half
    with pytest.raises(TooMany) as refused:
        look(serial(51))

    assert refused.value.code == "too_many_unknown"
    assert refusals(country) == [("user:dara", "user:dara", "too_many_unknown")]


def test_what_was_looked_up_before_the_last_hour_no_longer_counts(
    country: Owner, allow: Allow
) -> None:
    people(country, 30)
    allow(cards_per_hour_person=5)
    walked(5)
    country.execute("ALTER TABLE eligibility_checks DISABLE TRIGGER USER")
    country.execute("UPDATE eligibility_checks SET checked_at = checked_at - interval '61 minutes'")
    limits.forget()

    assert look(serial(6)) == "not_eligible"


def test_opening_members_and_searching_by_name_count_like_checks(
    country: Owner, allow: Allow
) -> None:
    people(country, 30)
    allow(cards_per_hour_person=3)

    eligibility.read_member(serial(1), by=RECEPTION)
    with pytest.raises(NotFound):
        eligibility.read_member("9999999-0000000-1", by=RECEPTION)
    eligibility.check(CheckRequest(national_id="000", reason="no card"), by=RECEPTION)

    with pytest.raises(TooMany):
        eligibility.read_member(serial(2), by=RECEPTION)
    with pytest.raises(TooMany):
        look(WOMAN)


def test_a_limit_of_nothing_is_no_limit_and_test_data_is_loaded_without(
    country: Owner, allow: Allow
) -> None:
    people(country, 30)
    allow(cards_per_hour_person=0, cards_per_hour_facility=0, unknown_share_percent=0)
    assert limits.to_count(RECEPTION) is None
    allow(cards_per_hour_person=2)

    with limits.lifted():
        assert {look(serial(number)) for number in range(5)} == {"not_eligible"}
    with pytest.raises(TooMany):
        look(WOMAN)


def test_below_a_limit_an_eighth_of_what_is_left_passes_uncounted(country: Owner) -> None:
    look(WOMAN)

    counts = [limits.to_count(RECEPTION) is not None for _ in range(24)]

    # 100 look-ups before a share is judged, the hour before had none: 12 pass with each count.
    assert counts.index(True) == 11


@pytest.mark.parametrize(
    ("tally", "most", "passes"),
    [
        (Tally(0, 0, 0, 1), 300, 12),  # the share is judged from 100 on, and comes first
        (Tally(200, 200, 0, 1), 300, 12),  # 100 cards left
        (Tally(299, 299, 0, 1), 300, 1),
        (Tally(299, 400, 199, 1), 100_000, 1),  # two more unknown ones are half
        (Tally(4000, 900_000, 0, 1), 4100, 35_800),  # counting 900,000 look-ups is dear
    ],
)
def test_the_next_count_comes_before_the_limit_can_be_crossed(
    country: Owner, tally: Tally, most: int, passes: int
) -> None:
    assert limits._passes(tally, most) == passes


def test_counting_reads_only_the_last_hour_through_an_index(country: Owner) -> None:
    look(WOMAN)
    country.execute(
        """
        INSERT INTO eligibility_checks (number, checked_at, valid_until, facility, actor, scanner,
            card_key, service_date, verdict, promise, policy_version, request, body)
        SELECT 'E' || month_mark(at) || lpad(n::text, 9, '0'), at, now(), %(facility)s,
            'user:dara', %(facility)s, 'K' || n, current_date, CASE WHEN n %% 20 = 0
            THEN 'not_found' ELSE 'not_eligible' END, false, 'P', '{}', '{}'
        FROM (SELECT n, now() - n * interval '20 seconds' AS at FROM generate_series(1, 20000) n) g
        """,
        {"facility": HOSPITAL},
    )
    country.execute("ANALYZE eligibility_checks")
    today = "2026-11-22"
    params = {"key": "M77", "day": today, "since": today, "facility": HOSPITAL,
              "scanner": HOSPITAL, "actor": "user:dara"}  # fmt: skip

    plan = "\n".join(
        row[0]
        for row in country.execute("EXPLAIN (ANALYZE, COSTS off) " + queries.READ_AND_COUNT, params)
    )

    assert "Seq Scan on eligibility_checks" not in plan
    for column in ("actor", "facility", "scanner"):
        assert f"_{column}_checked_at_idx" in plan
    # Each of the three scans is bounded in time by its index, not filtered afterwards.
    assert plan.count("checked_at > (statement_timestamp()") == plan.count(
        "Index Cond: ((actor ="
    ) + plan.count("Index Cond: ((facility =") + plan.count("Index Cond: ((scanner =")
    for scan in plan.split("on eligibility_checks_")[1:]:
        assert "Rows Removed by Filter" not in scan.partition("->")[0]


def test_who_has_no_permission_scope_is_still_named_by_kind(country: Owner) -> None:
    hotline = replace(RECEPTION, subject="user:hotline", facility=None, facilities=(), nssf=True)

    assert set(limits._limits_of(hotline)) == {"user:hotline"}
    assert set(limits._limits_of(replace(RECEPTION, permissions=CHECKS))) == {"user:dara", HOSPITAL}
    assert limits._limits_of(replace(RECEPTION, subject="system:demo")) == {}


def test_the_limits_are_settings_of_the_installation() -> None:
    given = settings_from(
        {
            "CARDS_PER_HOUR_PERSON": "7",
            "CARDS_PER_HOUR_CLIENT": "8",
            "CARDS_PER_HOUR_FACILITY": "9",
            "UNKNOWN_SHARE_PERCENT": "10",
        }
    )

    assert (
        given.cards_per_hour_person,
        given.cards_per_hour_client,
        given.cards_per_hour_facility,
        given.unknown_share_percent,
    ) == (7, 8, 9, 10)
