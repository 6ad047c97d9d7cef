"""Which claims are worth a look: every signal at its threshold, one step before and one after."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claims.adjudication.rules.facts import Past
from claims.signals.reasons import TEXTS
from claims.signals.rules import Charge, Measure, SignalFacts, find_signals, is_night, risk_of
from gateway.coverage.signal_rules import DEFAULT_SIGNALS, KEYS

MONDAY, SUNDAY = date(2026, 11, 16), date(2026, 11, 15)
FACTS = SignalFacts(
    facility="120101",
    visit_type="outpatient",
    service_from=MONDAY,
    claimed_riel=6_000,
    charges=(Charge("OPD-CONSULTATION", 6_000, 6_000),),
    draw=999,
    days=frozenset({MONDAY}),
)
FAR = Measure(value=600, sample=100, peers=20, median=300, p90=450)


def codes(**given_facts: Any) -> list[str]:
    return [signal.code for signal in find_signals(replace(FACTS, **given_facts), DEFAULT_SIGNALS)]


def past(claim: str, day: date = MONDAY, birth_order: int = 0) -> Past:
    return Past(claim, False, "X", day, 1, "outpatient", day, day, birth_order)


def sections(*prices: int, tariff: int | None = None) -> tuple[Charge, ...]:
    return tuple(Charge("SOMETHING", price, tariff) for price in prices)


CASES: list[tuple[str, dict[str, Any], list[str]]] = [
    ("an ordinary claim raises nothing", {}, []),
    ("a patient who paid", {"patient_paid_riel": 1}, ["patient_paid"]),
    ("a patient who says so", {"reported": "complaint Q1"}, ["patient_reported_paying"]),
    ("care the member asked back", {"refund": ("A26K1", 5_000, "2026-11-16")}, ["refunded"]),
    ("a newborn, care of the mother", {"refund": ("A26K1", 5_000, "2026-11-16"), "birth_order": 1},
     []),
    ("an amount at the limit", {"claimed_riel": 1_000_000}, []),
    ("an amount above the limit", {"claimed_riel": 1_000_001}, ["large_amount"]),
    ("three claims on a day, this one included", {"history": (past("C1"), past("C2"))},
     ["many_claims"]),
    ("two claims on a day", {"history": (past("C1"), past("C1"))}, []),
    ("claims of a twin are another patient's", {"history": (past("C1"), past("C2", MONDAY, 1))},
     []),
    ("claims of other days", {"history": (past("C1", SUNDAY), past("C2", SUNDAY))}, []),
    ("a watched facility", {"watched": "complaint Q26"}, ["facility_watch"]),
    ("three round prices of one's own", {"charges": sections(10_000, 20_000, 50_000)},
     ["round_prices"]),
    ("two round prices", {"charges": sections(10_000, 20_000)}, []),
    ("a price that is not round", {"charges": sections(10_000, 20_000, 50_500)}, []),
    ("the price list's own round prices", {"charges": sections(80_000, 80_000, 80_000, tariff=80_000)},
     []),
    ("lines without a price", {"charges": sections(0, 0, 0)}, []),
    ("a sampled claim", {"draw": 49}, ["sample"]),
    ("a claim just outside the sample", {"draw": 50}, []),
    ("a doubtful claim is read anyway and needs no sample", {"draw": 0, "doubtful": True}, []),
    ("a claim with a signal needs no sample", {"draw": 0, "watched": "x"}, ["facility_watch"]),
]  # fmt: skip


@pytest.mark.parametrize(("title", "facts", "expected"), CASES, ids=[case[0] for case in CASES])
def test_signal(title: str, facts: dict[str, Any], expected: list[str]) -> None:
    assert codes(**facts) == expected


BESIDE_PEERS: list[tuple[str, dict[str, Any], str]] = [
    ("caesarean_share", {"charges": (*sections(1), Charge("DELIVERY-CAESAREAN", 1, None))},
     "caesarean_share"),
    ("average_outpatient", {"claimed_riel": 301}, "average_claim"),
    ("weekend_share", {"service_from": SUNDAY, "days": frozenset({SUNDAY})}, "weekend_share"),
    ("night_share", {"received_at_hour": 23}, "night_share"),
]  # fmt: skip


@pytest.mark.parametrize(("measure", "facts", "code"), BESIDE_PEERS)
def test_a_facility_far_from_its_peers_is_looked_at(
    measure: str, facts: dict[str, Any], code: str
) -> None:
    assert codes(profile={measure: FAR}, **facts) == [code]


@pytest.mark.parametrize(("measure", "facts", "code"), BESIDE_PEERS)
@pytest.mark.parametrize(
    "near",
    [
        {"value": 450, "p90": 450},
        {"value": 449, "p90": 440},
        {"sample": 29},
        {"peers": 4},
        {"median": None, "p90": None},
    ],
    ids=["at the 90th percentile", "under the multiple", "few claims", "few peers", "no peers"],
)
def test_a_facility_like_its_peers_or_unknown_is_not(
    measure: str, facts: dict[str, Any], code: str, near: dict[str, Any]
) -> None:
    twice = {"percent_of_median": 150}
    policy = {name: dict(rule) for name, rule in DEFAULT_SIGNALS.items()}
    policy[code] |= twice

    found = find_signals(replace(FACTS, profile={measure: replace(FAR, **near)}, **facts), policy)

    assert found == ()


def test_only_the_claims_that_make_a_pattern_are_looked_at() -> None:
    everything = {"weekend_share": FAR, "night_share": FAR, "caesarean_share": FAR,
                  "average_outpatient": replace(FAR, median=7_000)}  # fmt: skip

    assert codes(profile=everything) == []
    assert codes(profile=everything, received_at_hour=12) == []
    assert codes(profile=everything, service_from=SUNDAY, emergency=True) == []


def test_a_share_of_almost_nothing_is_no_pattern_however_little_the_peers_have() -> None:
    little = Measure(value=49, sample=100, peers=20, median=0, p90=10)

    assert codes(profile={"night_share": little}, received_at_hour=23) == []
    assert codes(profile={"night_share": replace(little, value=50)}, received_at_hour=23) != []


def test_the_night_passes_midnight() -> None:
    assert [hour for hour in range(24) if is_night(hour, DEFAULT_SIGNALS)] == [
        0, 1, 2, 3, 4, 22, 23,
    ]  # fmt: skip


def test_risk_adds_up_and_zero_points_switch_a_signal_off() -> None:
    facts = replace(FACTS, patient_paid_riel=5_000, claimed_riel=2_000_000)
    off = {**DEFAULT_SIGNALS, "large_amount": {"points": 0, "above_riel": 1}}

    assert risk_of(find_signals(facts, DEFAULT_SIGNALS)) == 60
    assert [signal.code for signal in find_signals(facts, off)] == ["patient_paid"]


@given(st.integers(0, 999), st.integers(0, 10**9), st.integers(0, 10**6), st.integers(0, 23))
def test_every_sentence_holds_its_numbers_in_both_languages(
    draw: int, claimed: int, paid: int, hour: int
) -> None:
    facts = replace(
        FACTS, draw=draw, claimed_riel=claimed, patient_paid_riel=paid, received_at_hour=hour,
        profile={"night_share": FAR, "average_outpatient": FAR}, watched="Q1", reported="a call",
    )  # fmt: skip

    for signal in find_signals(facts, DEFAULT_SIGNALS):
        assert "{" not in signal.text_en + signal.text_km
        assert re.search(r"[\u1780-\u17ff]", signal.text_km)
        assert signal.text_en.endswith(".")
        assert signal.as_json()["numbers"] == dict(signal.numbers)


def test_every_signal_has_its_thresholds_in_the_policy() -> None:
    assert set(DEFAULT_SIGNALS) == set(KEYS)
    assert {name: set(rule) for name, rule in DEFAULT_SIGNALS.items()} == {
        name: set(numbers) for name, numbers in KEYS.items()
    }
    weighed_as_patient_paid = {"patient_reported_paying", "refunded"}
    assert set(TEXTS) - weighed_as_patient_paid == set(KEYS) - {"profiles"}
