"""Coverages and contributions of known people take the short way, and it ends like the long one."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.registry.loading import checks
from tests.gateway.registry.conftest import CARD, CHILD_CARD, OTHER_CARD, Feed, good

KHMER_DIGITS = str.maketrans("0123456789", "០១២៣៤៥៦៧៨៩")
HISTORIES = (
    "2025-01..2025-06 2025-08", "2025-08 2025-01..2025-03 2025-02..2025-06", "2026-01",
    "2025-01..2025-12", "2025-01..2025-03 2025-04..2025-06",
)  # fmt: skip


@pytest.fixture
def people(feed: Feed) -> Feed:
    """Give a feed with two members and a dependent loaded."""
    feed.load("enterprises")
    feed.take("members", good("members"), good("members", card_number=OTHER_CARD))
    feed.load("dependents")
    return feed


def no_long_way(*_: Any) -> None:
    raise AssertionError("the file went the long way")


def test_cards_as_the_registry_holds_them_need_no_other_check(
    people: Feed, rows_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "check_rows", no_long_way)

    jobs = [
        people.take("coverages", *(good("coverages", card_number=c) for c in (CARD, CHILD_CARD))),
        people.take("contributions", *(good("contributions", card_number=c) for c in (CARD, CHILD_CARD))),
    ]  # fmt: skip

    assert [(job.state, job.rows, job.bad_rows) for job in jobs] == [("committed", 2, 0)] * 2
    assert rows_of("SELECT card_key FROM registry.coverages ORDER BY 1 DESC") == [
        ("29901010000001ក",), ("12005050000003គ",)
    ]  # fmt: skip


def test_a_delta_without_a_fault_is_judged_built_and_compared_in_one_pass(
    people: Feed, rows_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    people.load("coverages", "contributions")
    monkeypatch.setattr(checks, "check_rows", no_long_way)

    jobs = [
        people.take("members", good("members", phone="012 999 888"), delta=True),
        people.take("coverages", good("coverages", card_number=OTHER_CARD), delta=True),
        people.take("contributions", good("contributions", paid_months=HISTORIES[1]), delta=True),
    ]

    assert [(job.state, job.rows) for job in jobs] == [("committed", 1)] * 3
    assert rows_of("SELECT phone FROM registry.members ORDER BY 1 DESC") == [
        ("+85512999888",), ("+85512345678",)
    ]  # fmt: skip
    assert rows_of("SELECT count(*) FROM registry.coverages") == [(2,)]
    assert rows_of("SELECT paid_months FROM registry.contributions") == [(HISTORIES[0],)]


def test_a_delta_with_faults_leaves_them_out_and_folds_the_other_cards(
    people: Feed, rows_of: Any
) -> None:
    people.load("contributions")
    given = {"paid_months": "2026-02", "card_number": CARD.translate(KHMER_DIGITS)}
    rows = [
        good("contributions", **given),
        good("contributions", card_number=OTHER_CARD, contributory_wage_riel="12.5"),
        *[good("contributions", card_number=CHILD_CARD)] * 2,
        good("contributions", card_number="1111111-1111111-ក"),
    ]

    job = people.take("contributions", *rows, delta=True, skip_bad_rows=True)

    assert (job.state, job.rows, job.bad_rows) == ("committed", 5, 4)
    assert [fault.row_number for fault in people.faults(job)] == [3, 4, 5, 6]
    assert rows_of("SELECT card_key, paid_months FROM registry.contributions") == [
        ("29901010000001ក", "2026-02")
    ]


@pytest.mark.parametrize("card", [CARD.translate(KHMER_DIGITS), CARD.replace("-", " ")])
def test_the_long_way_ends_in_the_same_rows(people: Feed, rows_of: Any, card: str) -> None:
    def stored() -> Any:
        return rows_of(
            "SELECT k.card_key, c.valid_from, c.valid_to, k.paid_months, k.contributory_wage_riel"
            " FROM registry.coverages c JOIN registry.contributions k USING (card_key)"
        )

    people.load("coverages", "contributions")
    short = stored()
    people.take("coverages", good("coverages", card_number=card))
    people.take("contributions", good("contributions", card_number=card))

    assert stored() == short
    assert len(short) == 1


@pytest.mark.parametrize("history", HISTORIES)
def test_a_history_is_spelled_alike_on_both_ways(people: Feed, rows_of: Any, history: str) -> None:
    found = []
    for card in (CARD, CARD.translate(KHMER_DIGITS)):
        job = people.take(
            "contributions", good("contributions", card_number=card, paid_months=history)
        )
        assert job.state == "committed", job.detail
        found += rows_of("SELECT paid_months FROM registry.contributions")

    assert found[0] == found[1]
    assert rows_of("SELECT canonical_months(%s)", history) == [found[0]]


def test_one_fault_among_known_cards_is_named_by_its_row(people: Feed, rows_of: Any) -> None:
    rows = [
        good("coverages"),
        good("coverages", card_number=CHILD_CARD, scheme="free"),
        good("coverages", card_number=OTHER_CARD, valid_from="2025-02-30"),
        good("coverages", card_number="1111111-1111111-ក"),
    ]

    refused = people.take("coverages", *rows)
    named = rows_of(
        "SELECT row_number, column_name FROM registry_import_errors WHERE import_number = %s"
        " ORDER BY position", refused.number,
    )  # fmt: skip
    without = people.take("coverages", *rows, name="coverages-again.csv", skip_bad_rows=True)

    assert (refused.state, refused.bad_rows) == ("refused", 3)
    assert named == [(3, "scheme"), (4, "valid_from"), (5, "card_number")]
    assert (without.state, without.bad_rows) == ("committed", 3)
    assert rows_of("SELECT card_key FROM registry.coverages") == [("29901010000001ក",)]


@pytest.mark.parametrize(
    "day", ["today", "infinity", "2025-1-01", "20250101", "2025-01- 1", "1 Jan 2025"]
)
def test_a_day_written_otherwise_is_refused_on_both_ways(people: Feed, day: str) -> None:
    job = people.take("coverages", good("coverages", valid_from=day, valid_to=""))

    [fault] = people.faults(job)
    assert (job.state, fault.column_name, fault.value) == ("refused", "valid_from", day)
    assert fault.reason == "is not a day written YYYY-MM-DD"


def test_a_period_twice_or_within_another_is_found_among_known_cards(
    people: Feed, rows_of: Any
) -> None:
    inner = good("coverages", valid_from="2021-01-01", valid_to="2021-12-31")

    twice = people.take("coverages", good("coverages"), good("coverages", valid_to=""))
    within = people.take("coverages", good("coverages"), inner)

    assert {fault.reason for fault in people.faults(twice)} == {"is in the file more than once"}
    assert [(f.row_number, f.column_name) for f in people.faults(within)] == [(3, "valid_from")]
    assert rows_of("SELECT count(*) FROM registry.coverages") == [(0,)]


def test_a_card_held_with_spaces_is_found_again_when_its_periods_overlap(feed: Feed) -> None:
    card = CARD.replace("-", " ")
    feed.load("enterprises")
    feed.take("members", good("members", card_number=card))

    job = feed.take(
        "coverages",
        good("coverages", card_number=card),
        good("coverages", card_number=card, valid_from="2021-01-01"),
    )

    assert (job.state, job.bad_rows) == ("refused", 1)
