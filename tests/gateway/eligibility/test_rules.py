"""The cases policy officers read, and what must hold for every decision."""

from __future__ import annotations

from collections.abc import Callable
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
    LEVELS,
    Limit,
    PolicySet,
    policy_set_of,
)
from gateway.coverage.policy_file import parse_policy
from gateway.coverage.service import DEFAULTS
from gateway.eligibility.rules.decide import decide, decide_family, decide_promised
from gateway.eligibility.rules.facts import (
    Cover,
    FacilityFacts,
    Facts,
    Newborn,
    Person,
    Remaining,
)

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


def troubles_of(case: dict[str, Any]) -> set[str]:
    """Name what a case tries its person with: who has not paid at all is short and long overdue."""
    who, because = case.get("who", {}), case.get("because", ())
    return {
        name
        for name, tried in {
            "covered": case["expect"] == "eligible",
            "short": "paid" in who,
            "lapsed": "lapsed" in because or case["rule"] == "V-LAPSE" or who.get("paid") == ""
            or "2025-" in who.get("paid", "")[-7:],
            "ended": who.get("status") == "ended" or "cover_ended" in because,
            "limit": "used" in who,
            "facility": "at" in case,
        }.items()
        if tried
    }  # fmt: skip


@pytest.mark.parametrize("group", [*CATEGORIES, "spouse", "child"])
def test_every_group_is_tried_covered_short_lapsed_ended_over_the_limit_and_elsewhere(
    group: str,
) -> None:
    tried = set()
    for case in CASES:
        who = case.get("who", {})
        own = {} if who == "null" else who
        if group == own.get("relationship", own.get("category", "private_worker")):
            tried |= troubles_of(case | {"who": own})

    assert tried == {"covered", "short", "lapsed", "ended", "limit", "facility"}


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


def changed(scheme: str, **given: Any) -> PolicySet:
    """Return the shipped policies, one scheme's changed."""
    files = (replace(one, **given) if one.scheme == scheme else one for one in FILES)
    return policy_set_of(tuple(files), "changed")


def test_how_long_a_newborn_is_covered_says_the_scheme_that_pays() -> None:
    poor = {"category": "hef_poor", "covers": {"hef": "2020-01-01.."}}
    [hef] = [one for one in FILES if one.scheme == "hef"]
    longer = changed("hef", claims=replace(hef.claims, newborn_days=60))

    assert decide(facts_of({"newborn": "2026-09-23", "who": poor}), longer).verdict == "eligible"
    assert decide(facts_of({"newborn": "2026-09-23"}), longer).codes() == ("newborn_too_old",)


@pytest.mark.parametrize(
    ("unit", "value", "window_months", "used", "left", "covered"),
    [
        ("count", 2, 12, ["antenatal 2026-10-01"], 1, True),
        ("count", 2, 12, ["antenatal 2026-10-01", "antenatal 2026-10-02"], 0, False),
        ("count", 2, 12, ["antenatal 2026-10-01", "antenatal 2026-10-01"], 1, True),
        ("count", 2, 12, ["antenatal 2026-10-01", "postnatal 2026-10-01"], 0, False),
        ("count", 2, 12, ["antenatal 2026-10-01", "outpatient 2026-10-02"], 1, True),
        ("count", 2, 12, ["antenatal 2026-10-01", "antenatal 2026-11-22"], 0, True),
        ("count", 2, 12, ["antenatal 2026-10-01", "postnatal 2026-11-22"], 0, False),
        ("day", 2, 12, ["antenatal 2026-10-01", "postnatal 2026-10-01"], 1, True),
        ("day", 2, 12, ["antenatal 2026-10-01", "postnatal 2026-11-22"], 0, True),
        ("day", 2, 1, ["antenatal 2026-10-22", "antenatal 2026-10-23"], 1, True),
        ("day", 2, 24, ["antenatal 2024-11-22", "antenatal 2024-11-23"], 1, True),
    ],
)
def test_a_limit_counts_days_or_uses_of_its_benefits_in_its_own_period(
    unit: str, value: int, window_months: int, used: list[str], left: int, covered: bool
) -> None:
    limit = Limit(unit, value, window_months, ("antenatal", "postnatal"))
    [file] = [one for one in FILES if one.effective_from == date(2023, 11, 14)]
    rule = replace(file.rules[1], id="ANC", kind="limit", groups=None, limit=limit)
    usage = tuple(
        ("health_care", benefit, date.fromisoformat(day))
        for benefit, day in (one.split() for one in used)
    )
    facts = facts_of({"ask": ["antenatal"]})
    assert facts.person is not None
    facts = replace(facts, person=replace(facts.person, usage=usage))

    finding = decide(facts, changed("health_care", rules=(rule, *file.rules))).benefits["antenatal"]

    assert finding.remaining == Remaining(unit, left)
    assert finding.covered is covered


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
# Paid months are drawn as those around the service: bit 29 is its month. Few of them are common,
# so that one month more or less decides.
SERVICE, EVERY_MONTH = 29, 2**36 - 1
PAID = st.one_of(
    st.just(EVERY_MONTH), st.integers(0, 35).map(lambda n: EVERY_MONTH ^ 1 << n),
    st.integers(0, EVERY_MONTH), st.integers(0, 31).map(lambda few: few << SERVICE - 3),
    st.integers(0, 2**7 - 1).map(lambda older: older << SERVICE - 12),
)  # fmt: skip
SCHEMES = ("health_care", "hef", "occupational_risk", "pension")


def mostly(usual: Any, *rare: Any) -> st.SearchStrategy[Any]:
    """Choose what is usual nine times of ten, so that a person with one oddity is common."""
    return st.sampled_from((*(usual,) * 9 * len(rare), *rare))


def often(usual: st.SearchStrategy[Any], rare: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Draw what is usual nine times of ten."""
    return mostly(usual, rare).flatmap(lambda chosen: chosen)


def covers_of(start: date, end: date | None, paid: dict[str, int]) -> tuple[Cover, ...]:
    return tuple(Cover(scheme, ((start, end),), paid[scheme]) for scheme in sorted(paid))


OPEN = often(st.none(), DAYS)
USAGE = st.lists(
    st.tuples(st.sampled_from(SCHEMES), st.sampled_from(BENEFITS), LATELY), max_size=5
).map(tuple) | st.dates(date(2026, 1, 1), date(2026, 12, 31)).map(
    lambda last: usage_of({"until": last.isoformat(), "days": "180"})
)
OWN = st.builds(
    Person,
    card_key=st.just("K"),
    card_number=st.just("K"),
    sex=mostly("F", "M"),
    date_of_birth=often(st.dates(date(1940, 1, 1), date(2008, 1, 1)), st.none() | DAYS),
    category=often(st.sampled_from(CATEGORIES), st.none()),
    relationship=st.just("self"),
    status=mostly("active", "suspended", "ended", "deceased"),
    status_on=st.none() | DAYS,
    card_status=mostly("live", "lost", "replaced"),
    two_active_cards=mostly(False, True),
    covers=st.builds(
        covers_of,
        often(EARLY, LATELY),
        OPEN,
        often(
            PAID.map(lambda months: {"health_care": months})
            | st.dictionaries(st.sampled_from(SCHEMES), PAID, min_size=2),
            st.dictionaries(st.sampled_from(SCHEMES), PAID, max_size=1),
        ),
    ),
    usage=often(st.just(()), USAGE),
)
DEPENDENTS = st.builds(
    lambda person, principal, **given: replace(person, category=None, principal=principal, **given),
    OWN,
    often(OWN, st.none()),
    relationship=st.sampled_from(("spouse", "child")),
    date_of_birth=often(st.dates(date(2005, 1, 1), date(2020, 1, 1)), st.none()),
    disabled=mostly(False, True),
    chronically_ill=mostly(False, True),
    valid_from=often(EARLY, st.none() | DAYS),
    valid_to=OPEN,
)
PLACE = st.builds(
    FacilityFacts,
    code=st.just("120101"),
    kind=mostly("public", "private", None),
    level=mostly("cpa3", None, *LEVELS),
    contract_from=often(EARLY, DAYS),
    contract_to=OPEN,
)
# A facility asks, or NSSF's hotline asks without one; the registry may not describe the facility.
PLACES = st.tuples(st.just("120101"), often(PLACE, st.none())) | st.just((None, None))


def asked(
    place: tuple[str | None, FacilityFacts | None], day: date, person: Person, **given: Any
) -> Facts:
    """Ask about a person whose paid months are meant around the day."""
    person = with_paid(person, lambda paid: paid << month_of(day) - SERVICE)
    return Facts(day, person, facility_code=place[0], facility=place[1], **given)


def with_paid(person: Person, change: Callable[[int], int]) -> Person:
    """Change what a person has paid, and what the member has."""
    covers = tuple(replace(cover, paid=change(cover.paid)) for cover in person.covers)
    member = person.principal and with_paid(person.principal, change)
    return replace(person, covers=covers, principal=member)


QUESTIONS = st.builds(
    asked,
    PLACES,
    often(LATELY, DAYS),
    OWN | DEPENDENTS,
    cause=mostly("illness", *CAUSES),
    emergency=st.booleans(),
    benefits=st.lists(st.sampled_from(BENEFITS), unique=True, max_size=3).map(tuple),
    newborn=often(st.none(), LATELY.map(lambda born: Newborn("F", born))),
    contributions_loaded=mostly(True, False),
    complete_through=often(st.none(), DAYS.map(month_of)),
)
# What another policy of a scheme may say: nothing at all, or other things.
CHANGES = st.sampled_from((
    {"rules": ()}, {"benefits": {}}, {"causes": ()}, {"facility_kinds": ()}, {"due_day": 28},
    {"order": 9}, {"claims": replace(FILES[0].claims, newborn_days=365)},
))  # fmt: skip


# Making a question up costs more than answering it: each is asked all that must hold.
@settings(max_examples=300, deadline=None)
@given(QUESTIONS, st.integers(-30, 6), st.integers(1, 400), CHANGES)
def test_whoever_asks_the_answer_is_explained_fair_and_of_its_day(
    facts: Facts, month: int, days_later: int, change: dict[str, Any]
) -> None:
    a_decision_depends_only_on_its_inputs_and_always_explains_itself(facts)
    paying_one_more_month_never_turns_eligible_into_not_eligible(facts, month)
    a_later_policy_never_changes_the_decision_of_an_earlier_day(facts, days_later, change)


def a_decision_depends_only_on_its_inputs_and_always_explains_itself(facts: Facts) -> None:
    first, second = decide(facts, POLICIES), decide(facts, policy_set_of(FILES, "again"))

    assert first == second
    assert set(first.benefits) == set(facts.benefits or BENEFITS)
    assert first.verdict == "eligible" or first.reasons
    assert all(one.covered or one.reasons for one in first.benefits.values())
    assert all(reason.as_dict()["text_km"] for reason in first.reasons)


def paying_one_more_month_never_turns_eligible_into_not_eligible(facts: Facts, month: int) -> None:
    """The month lies up to thirty before the service and six after; a member may pay it too."""
    before = decide(facts, POLICIES)
    more = 1 << (month_of(facts.day) + month)

    assert facts.person is not None
    paying = with_paid(facts.person, lambda paid: paid | more)
    after = decide(replace(facts, person=paying), POLICIES)

    assert not (before.verdict == "eligible" and after.verdict != "eligible")


def a_later_policy_never_changes_the_decision_of_an_earlier_day(
    facts: Facts, days_later: int, change: dict[str, Any]
) -> None:
    day = facts.day + timedelta(days=days_later)
    later = tuple(replace(policy, effective_from=day, **change) for policy in FILES)
    changed: PolicySet = policy_set_of((*FILES, *later), "changed")

    assert decide(facts, changed) == decide(facts, POLICIES)
