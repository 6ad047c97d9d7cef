"""The cases policy officers read, and what must hold for every decision."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from config.text import fold_card
from gateway.coverage.months import month_of, parse_month, parse_months
from gateway.coverage.policy import (
    BENEFITS,
    CATEGORIES,
    CAUSES,
    KINDS,
    LEVELS,
    PolicySet,
    policy_set_of,
)
from gateway.coverage.policy_file import parse_policy
from gateway.coverage.service import DEFAULTS
from gateway.eligibility.rules.decide import decide, decide_family, decide_promised
from gateway.eligibility.rules.facts import Cover, FacilityFacts, Facts, Newborn, Person

CARD = "2990101-0000001-ក"
TODAY = date(2026, 11, 22)
FILES = tuple(
    parse_policy(path.read_text(encoding="utf-8"), name=path.name)
    for path in sorted(DEFAULTS.glob("*.yaml"))
)
POLICIES = policy_set_of(FILES, "shipped")
CASES = yaml.load(
    (Path(__file__).parent / "cases.yaml").read_text(encoding="utf-8"), Loader=yaml.CBaseLoader
)
KNOWN = {
    "case", "rule", "day", "who", "at", "cause", "emergency", "ask", "newborn", "loaded",
    "complete_through", "typed", "expect", "because", "scheme", "left",
}  # fmt: skip
KNOWN_OF_PERSON = {
    "category", "sex", "born", "status", "status_on", "card_status", "two_cards", "covers", "paid",
    "used", "relationship", "disabled", "chronically_ill", "registered", "member",
}  # fmt: skip


def day_of(text: str | None, default: date | None = None) -> date | None:
    if text is None:
        return default
    return None if text in ("null", "") else date.fromisoformat(text)


def period(text: str) -> tuple[date, date | None]:
    """Read "first..last" with the last day inclusive, as NSSF's feed writes it."""
    first, _, last = text.partition("..")
    return date.fromisoformat(first), date.fromisoformat(last) + timedelta(days=1) if last else None


def person_of(who: dict[str, Any], principal: Person | None = None) -> Person:
    assert set(who) <= KNOWN_OF_PERSON, set(who) - KNOWN_OF_PERSON
    relationship = who.get("relationship", "self")
    paid = parse_months(who.get("paid", "2025-01..2026-10"))
    covers = who.get("covers", {"health_care": "2020-01-01.."})
    registered = period(who["registered"]) if "registered" in who else (None, None)
    category = who.get("category", "private_worker")
    status = who.get("status", "active")
    return Person(
        card_key=fold_card(CARD),
        card_number=CARD,
        sex=who.get("sex", "F"),
        date_of_birth=day_of(who.get("born"), date(1990, 5, 5)),
        category=None if category == "null" or relationship != "self" else category,
        relationship=relationship,
        status=None if status == "null" else status,
        status_on=day_of(who.get("status_on")),
        card_status=who.get("card_status", "live"),
        two_active_cards=who.get("two_cards") == "true",
        valid_from=registered[0],
        valid_to=registered[1],
        disabled=who.get("disabled") == "true",
        chronically_ill=who.get("chronically_ill") == "true",
        covers=tuple(
            Cover(
                scheme,
                tuple(period(one) for one in ([text] if isinstance(text, str) else text)),
                paid if scheme == "health_care" else 0,
            )
            for scheme, text in (covers or {}).items()
        ),
        usage=usage_of(who.get("used")),
        principal=principal,
    )


def usage_of(used: dict[str, Any] | None) -> tuple[tuple[str, str, date], ...]:
    if used is None:
        return ()
    last = date.fromisoformat(used["until"])
    return tuple(
        (used.get("scheme", "health_care"), benefit, last - timedelta(days=back))
        for back in range(int(used["days"]))
        for benefit in used.get("benefits", ["outpatient"])
    )


def holder_of(case: dict[str, Any]) -> Person | None:
    who = case.get("who", {})
    if who == "null" or fold_card(case.get("typed", CARD)) != fold_card(CARD):
        return None
    member = who.get("member", {}) if who.get("relationship", "self") != "self" else "null"
    return person_of(who, None if member == "null" else person_of(member))


def facility_of(case: dict[str, Any]) -> FacilityFacts | None:
    at = case.get("at", {})
    if at in ("none", "unknown"):
        return None
    start, end = period(at.get("contract", "2016-01-01.."))
    return FacilityFacts("120101", at.get("kind", "public"), at.get("level", "cpa3"), start, end)


def facts_of(case: dict[str, Any]) -> Facts:
    assert set(case) <= KNOWN, set(case) - KNOWN
    through = case.get("complete_through")
    born = case.get("newborn")
    return Facts(
        day=day_of(case.get("day"), TODAY) or TODAY,
        person=holder_of(case),
        facility_code=None if case.get("at") == "none" else "120101",
        facility=facility_of(case),
        cause=case.get("cause", "illness"),
        emergency=case.get("emergency") == "true",
        benefits=tuple(case.get("ask", ())),
        newborn=Newborn("F", date.fromisoformat(born)) if born else None,
        contributions_loaded=case.get("loaded") != "false",
        complete_through=parse_month(through) if through else None,
    )


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["case"])
def test_a_case_is_decided_as_its_rule_says(case: dict[str, Any]) -> None:
    facts = facts_of(case)

    decision = decide(facts, POLICIES)

    assert decision.verdict == case["expect"], decision.reasons
    if "because" in case:
        assert sorted(decision.codes()) == sorted(case["because"])
    if "scheme" in case:
        assert decision.scheme == case["scheme"]
    if "left" in case:
        left = decision.benefits["outpatient"].remaining_days
        assert left == (None if case["left"] == "null" else int(case["left"]))


def test_there_are_at_least_150_different_cases_each_citing_a_known_rule() -> None:
    rules = {rule.id for policy in FILES for rule in policy.rules} | {
        "FEED", "STATUS", "CARD", "PENSION", "CONTRACT", "LEVEL", "NEWBORN", "HOTLINE", "ALL-EMERG",
    }  # fmt: skip

    assert len({case["case"] for case in CASES}) == len(CASES) >= 150
    assert {case["rule"] for case in CASES} <= rules
    assert {rule.id for policy in FILES for rule in policy.rules} <= {c["rule"] for c in CASES}


def test_every_group_and_every_verdict_has_cases() -> None:
    groups = {case["who"].get("category") for case in CASES if isinstance(case.get("who"), dict)}

    assert set(CATEGORIES) - {"private_worker"} <= groups
    assert {case["expect"] for case in CASES} == {
        "eligible", "emergency_only", "not_eligible", "unknown", "not_found",
    }  # fmt: skip


def test_a_shortfall_says_what_is_missing_and_what_to_do() -> None:
    member = person_of({"category": "self_employed", "paid": "2026-10"})

    [reason] = decide(Facts(TODAY, replace(member)), POLICIES).reasons

    assert reason.text_en == "1 of 2 months paid (in a row); missing: 2026-09"
    assert "15,600 riel" in reason.as_dict()["next_step_en"]
    assert "1286" in reason.as_dict()["next_step_km"]
    assert reason.status == "assumption"


def test_without_a_contract_only_the_emergency_is_covered() -> None:
    facts = facts_of({"at": {"contract": "2016-01-01..2020-01-01"}})

    decision = decide(facts, POLICIES)

    assert [name for name, one in decision.benefits.items() if one.covered] == ["emergency"]
    assert decision.benefits["outpatient"].patient_pays_riel is None
    assert decision.benefits["emergency"].patient_pays_riel == 0


def test_a_promise_stands_for_cover_and_contract_but_not_for_death_before() -> None:
    gone = facts_of(
        {
            "who": {"status": "ended", "status_on": "2026-01-01", "paid": ""},
            "at": {"contract": "2016-01-01..2020-01-01"},
        }
    )
    died_before = facts_of({"who": {"status": "deceased", "status_on": "2026-11-21"}})
    died_that_day = facts_of({"who": {"status": "deceased", "status_on": "2026-11-22"}})
    used_up = facts_of({"who": {"used": {"days": "180", "until": "2026-11-20"}}})

    assert decide_promised(gone, POLICIES, "health_care").verdict == "eligible"
    assert decide_promised(died_before, POLICIES, "health_care") is None
    assert decide_promised(died_that_day, POLICIES, "health_care").verdict == "eligible"
    assert decide_promised(used_up, POLICIES, "health_care").codes() == ("limit_reached",)
    assert decide_promised(replace(gone, cause="work"), POLICIES, "health_care") is None


def test_each_dependent_is_decided_on_their_own_facts() -> None:
    member = person_of({"category": "self_employed"})
    child = person_of({"relationship": "child", "born": "2016-05-05"}, member)
    grown = person_of({"relationship": "child", "born": "2000-05-05"}, member)
    facts = replace(facts_of({}), person=member, family=(child, grown))

    verdicts = [decision.verdict for _, decision in decide_family(facts, POLICIES)]

    assert verdicts == ["eligible", "not_eligible"]


# --- What holds for every person -------------------------------------------------------------------

DAYS = st.dates(date(2016, 1, 1), date(2027, 12, 31))
LATELY = st.dates(date(2025, 1, 1), date(2027, 5, 31))
EARLY = st.dates(date(2015, 1, 1), date(2018, 12, 31))
EVERY_MONTH = 2**36 - 1
PAID = st.one_of(
    st.just(EVERY_MONTH), st.integers(0, 35).map(lambda n: EVERY_MONTH ^ 1 << n),
    st.integers(0, EVERY_MONTH),
).map(lambda bits: bits << parse_month("2024-06"))  # fmt: skip
SCHEMES = ("health_care", "hef", "occupational_risk", "pension")


def mostly(usual: Any, *rare: Any) -> st.SearchStrategy[Any]:
    """Choose what is usual nine times of ten, so that a person with one oddity is common."""
    return st.sampled_from((*(usual,) * 9 * len(rare), *rare))


def covers_of(start: date, days: int | None, paid: dict[str, int]) -> tuple[Cover, ...]:
    period = (start, None if days is None else start + timedelta(days=days))
    return tuple(Cover(scheme, (period,), paid[scheme]) for scheme in sorted(paid))


OWN = st.builds(
    Person,
    card_key=st.just("K"),
    card_number=st.just("K"),
    sex=st.sampled_from("FM"),
    date_of_birth=st.none() | st.dates(date(1940, 1, 1), date(2027, 1, 1)),
    category=st.none() | st.sampled_from(CATEGORIES),
    relationship=st.just("self"),
    status=mostly("active", "suspended", "ended", "deceased"),
    status_on=st.none() | DAYS,
    card_status=mostly("live", "lost", "replaced"),
    two_active_cards=mostly(False, True),
    covers=st.builds(
        covers_of,
        EARLY | st.dates(date(2015, 1, 1), date(2026, 12, 31)),
        st.none() | st.integers(1, 4500),
        st.dictionaries(st.sampled_from(SCHEMES), PAID, min_size=1) | st.just({}),
    ),
    usage=st.lists(DAYS, max_size=5).map(
        lambda days: tuple(("health_care", "outpatient", day) for day in days)
    ),
)
PEOPLE = OWN | st.builds(
    lambda person, relationship, principal: replace(
        person, category=None, relationship=relationship, principal=principal
    ),
    OWN, st.sampled_from(("spouse", "child")), st.deferred(lambda: PEOPLE),
)  # fmt: skip
QUESTIONS = st.builds(
    Facts,
    day=LATELY | DAYS,
    person=PEOPLE,
    facility_code=st.none() | st.just("120101"),
    facility=st.none()
    | st.builds(
        FacilityFacts,
        code=st.just("120101"),
        kind=st.sampled_from(KINDS),
        level=st.sampled_from(LEVELS),
        contract_from=EARLY | DAYS,
        contract_to=st.none() | DAYS,
    ),
    cause=st.sampled_from(CAUSES),
    benefits=st.lists(st.sampled_from(BENEFITS), unique=True, max_size=3).map(tuple),
    contributions_loaded=st.booleans(),
    complete_through=st.none() | DAYS.map(month_of),
)


# Making a question up costs more than answering it: each is asked all that must hold.
@settings(max_examples=300, deadline=None)
@given(QUESTIONS, st.integers(0, 60), st.integers(1, 400))
def test_whoever_asks_the_answer_is_explained_fair_and_of_its_day(
    facts: Facts, month: int, days_later: int
) -> None:
    a_decision_depends_only_on_its_inputs_and_always_explains_itself(facts)
    paying_one_more_month_never_turns_eligible_into_not_eligible(facts, month)
    a_later_policy_never_changes_the_decision_of_an_earlier_day(facts, days_later)


def a_decision_depends_only_on_its_inputs_and_always_explains_itself(facts: Facts) -> None:
    first, second = decide(facts, POLICIES), decide(facts, policy_set_of(FILES, "again"))

    assert first == second
    assert set(first.benefits) == set(facts.benefits or BENEFITS)
    assert first.verdict == "eligible" or first.reasons
    assert all(one.covered or one.reasons for one in first.benefits.values())
    assert all(reason.as_dict()["text_km"] for reason in first.reasons)


def paying_one_more_month_never_turns_eligible_into_not_eligible(facts: Facts, month: int) -> None:
    before = decide(facts, POLICIES)
    more = 1 << (parse_month("2023-01") + month)
    person = facts.person
    assert person is not None
    paid = replace(
        person, covers=tuple(replace(cover, paid=cover.paid | more) for cover in person.covers)
    )

    after = decide(replace(facts, person=paid), POLICIES)

    assert not (before.verdict == "eligible" and after.verdict != "eligible")


def a_later_policy_never_changes_the_decision_of_an_earlier_day(
    facts: Facts, days_later: int
) -> None:
    later = tuple(
        replace(policy, effective_from=facts.day + timedelta(days=days_later), rules=())
        for policy in FILES[:1]
    )
    changed: PolicySet = policy_set_of((*FILES, *later), "changed")

    assert decide(facts, changed) == decide(facts, POLICIES)
