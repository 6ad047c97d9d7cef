"""What holds for every claim, whatever it says: bounds, steadiness, whole riel, order."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from claims.adjudication.reasons import CATALOGUE
from claims.adjudication.rules.adjudicate import Outcome, adjudicate, from_stored
from claims.adjudication.rules.facts import ClaimFacts, Grant, Line, Past
from gateway.coverage.policy import BENEFITS
from tests.claims.adjudication.reading import facts_for, policy_for, shipped_prices, tariffs_for

SERVICES = [*sorted({price.service for price in shipped_prices()}), "ACUPUNCTURE"]
DAY = date(2026, 11, 10)
SHOWN = settings(max_examples=150, deadline=None)
# What is asked of a claim as it is drawn is asked of the same ones: to draw costs more than to ask.
SHOWN_ALL = settings(max_examples=300, deadline=None)

days = st.integers(0, 6).map(lambda n: DAY + timedelta(days=n))
lines = st.lists(
    st.builds(
        Line,
        line=st.just(0),
        service=st.sampled_from(SERVICES),
        service_date=days,
        quantity=st.integers(1, 10_000),
        unit_price_riel=st.integers(0, 10**9),
    ),
    min_size=1,
    max_size=8,
).map(lambda made: tuple(replace(line, line=n) for n, line in enumerate(made, 1)))
history = st.lists(
    st.builds(
        Past,
        claim=st.sampled_from(["C1", "C2"]),
        own=st.booleans(),
        service=st.sampled_from(SERVICES),
        service_date=days,
        quantity=st.integers(1, 5),
        visit_type=st.sampled_from(["outpatient", "inpatient"]),
        service_from=st.just(DAY),
        service_to=days,
        birth_order=st.integers(0, 1),
    ),
    max_size=4,
).map(tuple)
left = st.dictionaries(st.sampled_from(BENEFITS), st.integers(0, 10))


@st.composite
def claims(draw: Any) -> tuple[ClaimFacts, dict[str, Any]]:
    told: dict[str, Any] = {
        "day": DAY,
        "to": DAY + timedelta(days=draw(st.integers(-1, 6))),
        "visit": draw(st.sampled_from(["outpatient", "inpatient", "emergency"])),
        "level": draw(st.sampled_from(["health_centre", "cpa1", "cpa2", "clinic"])),
        "scheme": draw(st.sampled_from(["health_care", "hef"])),
        "sex": draw(st.sampled_from(["F", "M", None])),
        "verdict": draw(st.sampled_from(["eligible", "eligible", "unknown", "not_eligible"])),
        "left": draw(left),
        "limits": {
            "REHABILITATION-SESSION": {"max_quantity": 7, "per_year": 9, "min_days_between": 2}
        },
        "copay": {"outpatient": 500, "IPD-CASE": 1000},
        "uses_left": draw(left),
        "used": draw(st.sampled_from([(), ("outpatient 2026-11-11", "inpatient 2026-11-12")])),
        "checklist": {"IPD-CASE": ["discharge_summary"], "outpatient": ["invoice"]},
        "attached": draw(st.sampled_from([(), ("invoice",)])),
        "diagnoses": draw(st.lists(st.sampled_from(["J18.9", "O80.0", "N40", "X99"]), min_size=1)),
        "weeks": draw(st.sampled_from([None, 20, 39])),
        "births": draw(st.lists(st.sampled_from(["live", "stillbirth"]), max_size=3)),
    }
    if draw(st.booleans()):
        event = draw(st.sampled_from(["antenatal", "delivery", "postnatal", "miscarriage"]))
        told |= {"type": "maternity", "maternity": {"event": event, "weeks": told["weeks"],
                 "births": told["births"]}}  # fmt: skip
    facts = replace(facts_for(told), lines=draw(lines), history=draw(history))
    return facts, told


def judged(facts: ClaimFacts, told: dict[str, Any]) -> Outcome:
    return adjudicate(facts, tariffs_for(told), policy_for(told))


@SHOWN_ALL
@given(claims())
def test_whatever_a_claim_says_its_outcome_is_bounded_explained_and_steady(
    claim: tuple[ClaimFacts, dict[str, Any]],
) -> None:
    outcome = judged(*claim)

    no_line_pays_more_than_claimed_or_than_tariff_times_allowed(claim[0], outcome)
    denied_lines_pay_nothing_and_say_why(outcome)
    every_finding_is_of_the_catalogue_and_belongs_to_the_claim_or_a_line(claim[0], outcome)
    every_amount_is_a_whole_number(outcome)
    assert from_stored(outcome.as_stored()) == outcome.as_json(), "what is stored is what was told"
    assert judged(*claim) == outcome, "adjudicating twice gives the same"


def no_line_pays_more_than_claimed_or_than_tariff_times_allowed(
    facts: ClaimFacts, outcome: Outcome
) -> None:
    for line, claimed in zip(outcome.lines, facts.lines, strict=True):
        assert 0 <= line.payable_riel <= line.claimed_riel == claimed.claimed_riel
        assert 0 <= line.allowed_quantity <= claimed.quantity
        if line.tariff_riel is not None:
            assert line.payable_riel <= line.tariff_riel * line.allowed_quantity
    assert outcome.payable_riel == sum(line.payable_riel for line in outcome.lines)
    assert outcome.payable_riel <= outcome.claimed_riel


def denied_lines_pay_nothing_and_say_why(outcome: Outcome) -> None:
    for line in outcome.lines:
        if line.decision == "denied":
            assert line.payable_riel == 0
            assert any(reason.severity == "deny" for reason in line.reasons)
        if line.decision == "reduced":
            assert line.reasons


@SHOWN
@given(claims(), st.randoms())
def test_the_order_of_lines_does_not_matter(
    claim: tuple[ClaimFacts, dict[str, Any]], random: Any
) -> None:
    facts, told = claim
    shuffled = list(facts.lines)
    random.shuffle(shuffled)
    renumbered = tuple(replace(line, line=n) for n, line in enumerate(shuffled, 1))

    first, second = judged(facts, told), judged(replace(facts, lines=renumbered), told)

    def worth(outcome: Outcome, claimed: tuple[Line, ...]) -> list[Any]:
        return sorted(
            (
                line.service, line.service_date, line.unit_price_riel, line.quantity,
                result.decision, result.payable_riel, [reason.code for reason in result.reasons],
            )
            for line, result in zip(claimed, outcome.lines, strict=True)
        )  # fmt: skip

    assert worth(first, facts.lines) == worth(second, renumbered)
    assert first.payable_riel == second.payable_riel


def every_finding_is_of_the_catalogue_and_belongs_to_the_claim_or_a_line(
    facts: ClaimFacts, outcome: Outcome
) -> None:
    numbers = {line.line for line in facts.lines}

    for finding in outcome.findings:
        reason = CATALOGUE[finding.code]
        assert (finding.severity, finding.carc, finding.fhir) == (
            reason.severity, reason.carc, reason.fhir,
        )  # fmt: skip
        assert finding.line is None or finding.line in numbers
        assert "{" not in finding.text_en + finding.text_km
    assert len(set(outcome.findings)) == len(outcome.findings)


def every_amount_is_a_whole_number(outcome: Outcome) -> None:
    amounts = [outcome.claimed_riel, outcome.payable_riel]
    amounts += [line.payable_riel for line in outcome.lines]
    assert {type(amount) for amount in amounts} == {int}


@SHOWN
@given(claims())
def test_more_days_left_never_pay_less(claim: tuple[ClaimFacts, dict[str, Any]]) -> None:
    facts, told = claim
    more = {
        name: Grant(
            grant.covered,
            None if grant.remaining_days is None else grant.remaining_days + 3,
            None if grant.remaining_uses is None else grant.remaining_uses + 3,
        )
        for name, grant in facts.standing.grants.items()
    }

    generous = replace(facts, standing=replace(facts.standing, grants=more))

    assert judged(generous, told).payable_riel >= judged(facts, told).payable_riel
