"""What holds of every computation, whatever the facts."""

from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from claims.allowances.rules.compute import PAYABLE, Computation, compute
from claims.allowances.rules.deciding import amount_of, masked
from claims.allowances.rules.facts import (
    BIRTH,
    BIRTH_EVENTS,
    EVENT_OF,
    KINDS,
    REFUND,
    AllowanceFacts,
    Before,
    Claimant,
    Earnings,
    Event,
)
from gateway.coverage.policy import GROUPS
from tests.claims.allowances.reading import shipped_rules

DAYS = st.dates(date(2015, 1, 1), date(2027, 12, 31))
WAGES = st.one_of(st.none(), st.integers(0, 50_000_000))
PAID = st.integers(0, 2**455)


@st.composite
def facts(draw: st.DrawFn) -> AllowanceFacts:
    kind = draw(st.sampled_from([kind for kind in KINDS if kind != REFUND]))
    event = draw(st.sampled_from(BIRTH_EVENTS)) if kind == BIRTH else EVENT_OF[kind]
    on = draw(DAYS)
    return AllowanceFacts(
        claimant=Claimant(
            found=draw(st.booleans()),
            sex=draw(st.sampled_from(["F", "M", None])),
            group=draw(st.sampled_from([*GROUPS, None])),
            covered=draw(st.booleans()),
            died_on=draw(st.one_of(st.none(), DAYS)),
        ),
        event=Event(
            kind=kind, event=event, on=on, until=draw(st.dates(on, date(2028, 12, 31))),
            delivery_on=draw(st.one_of(st.none(), DAYS)), birth_order=draw(st.integers(0, 9)),
            children=draw(st.integers(1, 9)), outcome=draw(st.sampled_from(["live", "stillbirth"])),
            weeks=draw(st.one_of(st.none(), st.integers(1, 45))),
            contracted=draw(st.sampled_from([True, False, None])),
            checked_after=draw(st.booleans()), leave=draw(st.sampled_from([True, False, None])),
        ),
        earnings=Earnings(draw(PAID), draw(WAGES), loaded=draw(st.booleans())),
        before=Before(
            instalments=draw(st.integers(0, 12)), sick_days=draw(st.integers(0, 400)),
            other_leave=tuple(draw(st.lists(st.tuples(DAYS, st.one_of(st.none(), DAYS)), max_size=2))),
            registered_on=draw(st.one_of(st.none(), DAYS)),
        ),
    )  # fmt: skip


def one(asked: AllowanceFacts) -> Computation:
    return compute(asked, shipped_rules())


@given(facts())
def test_the_amount_is_whole_never_negative_and_bounded(asked: AllowanceFacts) -> None:
    found = one(asked)

    assert type(found.riel) is int
    assert 0 <= found.riel <= 5_800_000
    assert (found.riel > 0) == (found.verdict == PAYABLE)
    assert all(step.riel is None or type(step.riel) is int for step in found.steps)


@given(facts())
def test_the_same_facts_give_the_same_answer_with_a_reason(asked: AllowanceFacts) -> None:
    assert one(asked) == one(asked)
    assert one(asked).steps


@given(st.integers(200_000, 1_200_000), st.integers(1, 180))
def test_a_day_more_or_a_riel_more_never_pays_less(wage: int, days: int) -> None:
    def sick(wage: int, days: int) -> int:
        last = date.fromordinal(date(2026, 5, 1).toordinal() + days - 1)
        return one(
            AllowanceFacts(
                Claimant(sex="F", group="private_worker"),
                Event("sickness", "sickness", date(2026, 5, 1), until=last, leave=True),
                Earnings(2**450 - 1, wage),
            )
        ).riel

    assert sick(wage, days) <= sick(wage, days + 1)
    assert sick(wage, days) <= sick(wage + 1, days)


@given(st.integers(0, 10**9), st.one_of(st.none(), st.integers(-10, 10**9)))
def test_nobody_approves_more_than_computed(computed: int, wish: int | None) -> None:
    told = {"verdict": PAYABLE, "computed_riel": computed}

    riel, faults = amount_of(told, wish=wish, reason=None, proposed=None)

    assert faults or 0 < riel <= computed
    assert faults or riel == computed


def test_an_account_is_masked_but_for_its_end() -> None:
    assert masked("001-234-567") == "•••567"
    assert masked("1234") == "•••"
    assert masked(None) is None
