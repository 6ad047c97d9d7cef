"""Line decisions: what may be approved, what needs a reason, when a second person must agree."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claims.review.rules import (
    AMOUNT,
    NO_TARIFF,
    OVERRIDE,
    LineFacts,
    LineResult,
    LineWish,
    Verdict,
    days_used,
    decide_lines,
    exceeding_lines,
    scheme_to_charge,
    with_day_limit,
)

DAY = date(2026, 11, 2)
REASONS = {"price", "documents", "above_tariff", "duplicate", "copayment"}
PLAIN = LineFacts(
    line=1, quantity=2, unit_price_riel=6000, decision="payable", tariff_riel=6000,
    allowed_quantity=2, payable_riel=12_000, benefit="outpatient", service_date=DAY,
)  # fmt: skip
DENIED = replace(
    PLAIN, decision="denied", payable_riel=0, allowed_quantity=2, reasons=("duplicate",)
)


def decide(facts: LineFacts, *wishes: LineWish, limit: int = 2_000_000) -> Verdict:
    return decide_lines([facts], wishes, known_reasons=REASONS, four_eyes_above_riel=limit)


def pointers(verdict: Verdict) -> list[str]:
    return [error["pointer"] for error in verdict.errors]


def test_a_line_nobody_mentions_is_approved_as_the_rules_say() -> None:
    verdict = decide(PLAIN)

    assert verdict.lines == (LineResult(1, 2, 6000, 12_000, None),)
    assert verdict.errors == verdict.causes == ()


@pytest.mark.parametrize(
    ("reasons", "named"),
    [
        (("demo_tariff", "quantity_over_limit"), "quantity_over_limit"),
        (("promise_used", "second_consultation", "above_tariff"), "above_tariff"),
        (("demo_tariff", "copayment"), "copayment"),
        (("duplicate", "demo_tariff"), "duplicate"),
        (("demo_tariff",), "demo_tariff"),
    ],
)
def test_a_reduction_is_named_after_what_reduced_it_not_after_a_remark(
    reasons: tuple[str, ...], named: str
) -> None:
    verdict = decide(replace(PLAIN, decision="reduced", payable_riel=6000, reasons=reasons))

    assert [line.reason for line in verdict.lines] == [named]


def test_a_price_the_rules_reduced_keeps_its_own_reason() -> None:
    facts = replace(
        PLAIN, unit_price_riel=9000, decision="reduced", payable_riel=12_000,
        reasons=("above_tariff",),
    )  # fmt: skip

    verdict = decide(facts)

    assert verdict.lines == (LineResult(1, 2, 6000, 12_000, "above_tariff"),)
    assert verdict.causes == ()


def test_a_reduction_by_the_reviewer_needs_a_reason() -> None:
    without = decide(PLAIN, LineWish(1, approved_quantity=1))
    with_one = decide(PLAIN, LineWish(1, approved_quantity=1, reason="documents"))

    assert pointers(without) == ["/lines/0/reason"]
    assert with_one.errors == ()
    assert with_one.lines == (LineResult(1, 1, 6000, 6000, "documents"),)


@pytest.mark.parametrize(
    ("wish", "pointer"),
    [
        (LineWish(1, approved_quantity=3), "/lines/0/approved_quantity"),
        (LineWish(1, approved_unit_price_riel=6001), "/lines/0/approved_unit_price_riel"),
        (LineWish(2), "/lines/0/line"),
        (LineWish(1, reason="because"), "/lines/0/reason"),
    ],
    ids=["more than claimed", "above the tariff", "no such line", "unknown reason"],
)
def test_a_wish_beyond_the_rules_is_named(wish: LineWish, pointer: str) -> None:
    assert pointers(decide(PLAIN, wish)) == [pointer]


def test_every_bad_wish_is_named_at_once() -> None:
    wishes = (
        LineWish(1, approved_quantity=9, approved_unit_price_riel=9000, reason="because"),
        LineWish(1),
        LineWish(7),
    )

    verdict = decide(PLAIN, *wishes)

    assert sorted(pointers(verdict)) == [
        "/lines/0/approved_quantity",
        "/lines/0/approved_unit_price_riel",
        "/lines/0/reason",
        "/lines/1/line",
        "/lines/2/line",
    ]


def test_a_price_claimed_below_the_tariff_is_its_own_ceiling() -> None:
    cheap = replace(PLAIN, unit_price_riel=5000, payable_riel=10_000)

    verdict = decide(cheap, LineWish(1, approved_unit_price_riel=6000))

    assert pointers(verdict) == ["/lines/0/approved_unit_price_riel"]


def test_overriding_a_denial_needs_a_second_person() -> None:
    verdict = decide(DENIED, LineWish(1, approved_quantity=1))

    assert verdict.riel == 6000
    assert verdict.causes == (OVERRIDE,)


def test_agreeing_with_a_denial_approves_nothing_and_keeps_its_reason() -> None:
    assert decide(DENIED).lines == (LineResult(1, 0, 6000, 0, "duplicate"),)


def test_giving_more_units_than_the_rules_allow_is_an_override() -> None:
    limited = replace(PLAIN, decision="reduced", allowed_quantity=1, payable_riel=6000)

    assert decide(limited).causes == ()
    assert decide(limited, LineWish(1, approved_quantity=2)).causes == (OVERRIDE,)


def test_a_line_without_a_tariff_is_capped_by_its_price_and_confirmed_by_two() -> None:
    unpriced = replace(PLAIN, decision="review", tariff_riel=None)

    assert decide(unpriced).causes == (NO_TARIFF,)
    assert decide(unpriced).riel == 12_000
    above = decide(unpriced, LineWish(1, approved_unit_price_riel=6001))
    assert pointers(above) == ["/lines/0/approved_unit_price_riel"]
    nothing = decide(unpriced, LineWish(1, approved_quantity=0, reason="price"))
    assert nothing.causes == ()


def test_four_eyes_begin_above_the_limit_not_at_it() -> None:
    assert decide(PLAIN, limit=12_000).causes == ()
    assert decide(PLAIN, limit=11_999).causes == (AMOUNT,)


def test_the_patients_own_share_stays_off_whatever_the_reviewer_sets() -> None:
    shared = replace(PLAIN, payable_riel=11_000, reasons=("copayment",), decision="reduced")

    assert decide(shared).riel == 11_000
    assert decide(shared, LineWish(1, approved_quantity=2)).riel == 11_000
    half = decide(shared, LineWish(1, approved_quantity=1, reason="documents"))
    assert half.riel == 5000


amounts = st.integers(min_value=0, max_value=10**6)


@st.composite
def line_facts(draw: st.DrawFn) -> LineFacts:
    quantity, price = draw(st.integers(1, 50)), draw(amounts)
    tariff = draw(st.none() | amounts)
    decision = draw(st.sampled_from(["payable", "reduced", "denied", "review"]))
    allowed = draw(st.integers(0, quantity))
    ceiling = price if tariff is None else min(price, tariff)
    most = 0 if decision == "denied" else allowed * ceiling
    return replace(
        PLAIN, quantity=quantity, unit_price_riel=price, tariff_riel=tariff, decision=decision,
        allowed_quantity=allowed, payable_riel=draw(st.integers(0, most)),
        reasons=draw(st.sampled_from([(), ("copayment",)])),
    )  # fmt: skip


some_quantity = st.none() | st.integers(-3, 60) | st.sampled_from([-(10**18), 10**18])
some_price = st.none() | amounts | st.sampled_from([-1, -(10**12), 10**12, 10**30])


@given(line_facts(), some_quantity, some_price)
def test_what_passes_never_exceeds_claimed_nor_tariff_times_quantity(
    facts: LineFacts, quantity: int | None, price: int | None
) -> None:
    verdict = decide(facts, LineWish(1, quantity, price, "price"))

    if verdict.errors:
        return
    [result] = verdict.lines
    assert result.quantity >= 0
    assert result.unit_price_riel >= 0
    assert 0 <= result.riel <= facts.claimed_riel
    assert result.riel <= facts.quantity * facts.ceiling_riel
    if result.riel > facts.payable_riel:
        assert OVERRIDE in verdict.causes


def test_a_second_person_gives_at_most_what_was_proposed() -> None:
    lines = [LineResult(1, 1, 6000, 6000, None), LineResult(2, 1, 100, 100, None)]

    assert exceeding_lines({1: 6000, 2: 99}, lines) == (2,)
    assert exceeding_lines({1: 6000}, lines) == (2,)


@pytest.mark.parametrize(
    ("scheme", "category", "cause", "charged"),
    [
        ("hef", "private_worker", "work", "hef"),
        (None, "private_worker", "illness", "health_care"),
        (None, None, None, "health_care"),
        (None, "private_worker", "commuting", "occupational_risk"),
        (None, "hef_poor", "illness", "hef"),
        (None, "informal_worker", "illness", "hef"),
    ],
)
def test_a_claim_nobody_found_covered_is_charged_to_the_scheme_of_its_group(
    scheme: str | None, category: str | None, cause: str | None, charged: str
) -> None:
    assert scheme_to_charge(scheme, category=category, cause=cause) == charged


def test_a_stay_uses_all_its_days_and_a_denied_line_none() -> None:
    stay = replace(PLAIN, benefit="inpatient")
    lines = [stay, replace(DENIED, line=2, benefit="transport"), replace(PLAIN, line=3)]
    approved = [
        LineResult(1, 1, 1, 1, None),
        LineResult(2, 0, 0, 0, "duplicate"),
        LineResult(3, 1, 1, 1, None),
    ]
    stay_days = [date(2026, 11, 1), date(2026, 11, 2), date(2026, 11, 3)]

    used = days_used(
        lines, approved, visit_type="inpatient", service_from=stay_days[0], service_to=stay_days[-1]
    )

    assert used == {"inpatient": stay_days, "outpatient": [DAY]}


@pytest.mark.parametrize(
    ("reasons", "payable", "approved", "days"),
    [
        (("limit_cut",), 33_333, 33_333, 1),
        (("limit_cut",), 66_666, 66_666, 2),
        (("uses_cut",), 66_666, 50_000, 2),
        (("limit_cut",), 33_333, 100_000, 3),
        (("above_tariff",), 33_333, 33_333, 3),
    ],
    ids=["one of three", "two of three", "the price reduced", "all paid by two people", "not cut"],
)
def test_days_of_a_stay_that_are_not_paid_for_want_of_days_are_not_used_up(
    reasons: tuple[str, ...], payable: int, approved: int, days: int
) -> None:
    stay = replace(
        PLAIN, quantity=1, unit_price_riel=100_000, tariff_riel=100_000, allowed_quantity=1,
        payable_riel=payable, benefit="inpatient", reasons=reasons,
    )  # fmt: skip
    result = LineResult(1, 1, 100_000, approved, None)
    nights = [date(2026, 11, 1), date(2026, 11, 2), date(2026, 11, 3)]

    used = days_used(
        [stay], [result], visit_type="inpatient", service_from=nights[0], service_to=nights[-1]
    )

    assert used == {"inpatient": nights[:days]}


@pytest.mark.parametrize(
    ("alone", "causes"),
    [(1_988_000, ()), (1_988_001, ("facility_day",)), (5_000_000, ("facility_day",))],
    ids=["to the riel", "one riel above", "above already"],
)
def test_one_person_approves_for_a_facility_up_to_the_limit_of_a_day_and_not_a_riel_more(
    alone: int, causes: tuple[str, ...]
) -> None:
    verdict = decide(PLAIN)

    limited = with_day_limit(verdict, alone_today_riel=alone, limit_riel=2_000_000)

    assert limited.causes == causes
    assert limited.lines == verdict.lines
