"""Months as a number: reading, writing, the last due month, rows, windows and lapses."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.coverage.months import (
    format_months,
    last_due,
    missing_in_a_row,
    month_of,
    month_text,
    newest,
    paid_in_window,
    parse_month,
    parse_months,
    unpaid_due,
    until,
)

MONTHS = st.integers(parse_month("2000-01"), parse_month("2099-12"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2025-01",
        "2025-01..2025-06 2025-08",
        "2024-11..2025-02",
        "2025-01 2025-03 2025-05..2026-10",
    ],
)
def test_paid_months_are_read_and_written_as_the_feed_has_them(text: str) -> None:
    assert format_months(parse_months(text)) == text


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("2025-03 2025-01..2025-02", "2025-01..2025-03"),
        ("2025-01..2025-06 2025-04", "2025-01..2025-06"),
        ("  2025-01   2025-02 ", "2025-01..2025-02"),
        (None, ""),
    ],
)
def test_overlaps_and_disorder_become_one_canonical_text(
    written: str | None, canonical: str
) -> None:
    assert format_months(parse_months(written)) == canonical


@pytest.mark.parametrize(
    "text",
    [
        "2025-13",
        "2025-00",
        "2025",
        "2025-1",
        "2025-06..2025-01",
        "x",
        "1989-12",
        "2025-01..",
        "2300-01",
    ],
)
def test_what_is_no_month_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"month|range"):
        parse_months(text)


@given(st.sets(MONTHS, max_size=30))
def test_writing_and_reading_gives_the_same_months(months: set[int]) -> None:
    paid = sum(1 << month for month in months)

    assert parse_months(format_months(paid)) == paid


@pytest.mark.parametrize(
    ("day", "due"),
    [
        (date(2026, 11, 14), "2026-09"),
        (date(2026, 11, 15), "2026-09"),
        (date(2026, 11, 16), "2026-10"),
        (date(2026, 11, 30), "2026-10"),
        (date(2027, 1, 15), "2026-11"),
        (date(2027, 1, 16), "2026-12"),
        (date(2024, 2, 29), "2024-01"),
    ],
)
def test_the_last_due_month_changes_the_day_after_the_due_day(day: date, due: str) -> None:
    assert month_text(last_due(day, 15)) == due


def test_the_last_due_month_is_never_after_what_the_feed_knows() -> None:
    day = date(2026, 11, 22)

    assert month_text(last_due(day, 15, parse_month("2026-07"))) == "2026-07"
    assert month_text(last_due(day, 15, parse_month("2027-07"))) == "2026-10"


def test_a_row_may_end_at_the_last_due_month_or_later_and_names_what_is_missing() -> None:
    due, month = parse_month("2026-10"), parse_month("2026-11")

    def missing(paid: str) -> list[str]:
        found = missing_in_a_row(parse_months(paid), 2, due=due, month=month)
        return [month_text(one) for one in found]

    assert missing("2026-09..2026-10") == []
    assert missing("2026-10..2026-11") == []
    assert missing("2026-10") == ["2026-09"]
    assert missing("2026-11") == ["2026-10"]
    assert missing("2026-08..2026-09") == ["2026-10"]
    assert missing("") == ["2026-09", "2026-10"]


def test_the_window_counts_to_the_month_of_service_and_not_beyond() -> None:
    due, month = parse_month("2026-10"), parse_month("2026-11")

    def count(paid: str) -> int:
        return paid_in_window(parse_months(paid), 12, due=due, month=month)

    assert count("2025-11") == 1
    assert count("2025-10") == 0
    assert count("2026-11") == 1
    assert count("2026-12") == 0
    assert count("2020-01..2030-01") == 13


def test_unpaid_months_count_from_the_newest_payment_or_the_start_of_cover() -> None:
    due, month, start = parse_month("2026-10"), parse_month("2026-11"), date(2026, 4, 20)

    def unpaid(paid: str) -> int:
        return unpaid_due(parse_months(paid), due=due, month=month, cover_from=start)

    assert unpaid("2026-04") == 6
    assert unpaid("2026-03") == 7
    assert unpaid("2026-10") == 0
    assert unpaid("2026-11") == 0
    assert unpaid("2026-03 2026-12") == 7
    assert unpaid("") == 7


@given(MONTHS, MONTHS)
def test_months_after_a_month_are_left_out(paid: int, month: int) -> None:
    kept = until(1 << paid, month)

    assert (newest(kept) == paid) is (paid <= month)
    assert month_of(date(2026, 11, 22)) == parse_month("2026-11")
