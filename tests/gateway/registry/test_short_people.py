"""Files that say who there is take the short way when nothing is wrong, and it ends like the long."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.registry.loading import checks, short
from tests.gateway.registry.conftest import CARD, CHILD_CARD, OTHER_CARD, Feed, good

MEMBERS = (
    good("members", phone="012 345 678", national_id="0123456789 a", card_status="lost"),
    good("members", card_number=OTHER_CARD, phone="+85512345678", national_id="១២៣", name_latin=""),
    good("members", card_number="1900202-0000012-A", phone="", national_id="", enterprise=""),
)
DEPENDENTS = (
    good("dependents"),
    good("dependents", card_number="1200505-0000004-7", valid_to="2026-01-31", relationship="spouse"),
)  # fmt: skip


def no_long_way(*_: Any) -> None:
    raise AssertionError("the file went the long way")


def load_people(feed: Feed) -> list[Any]:
    return [
        feed.take("facilities"), feed.take("enterprises"), feed.take("members", *MEMBERS),
        feed.take("dependents", *DEPENDENTS),
    ]  # fmt: skip


def test_a_file_of_people_without_a_fault_is_built_in_one_pass(
    feed: Feed, rows_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "check_rows", no_long_way)

    jobs = load_people(feed)

    assert [(job.state, job.rows) for job in jobs] == [
        ("committed", 1), ("committed", 1), ("committed", 3), ("committed", 2),
    ]  # fmt: skip
    assert rows_of("SELECT national_id, phone FROM registry.members ORDER BY card_key") == [
        ("123", "+85512345678"), (None, None), ("0123456789A", "+85512345678"),
    ]  # fmt: skip


def test_one_pass_and_the_long_way_end_in_the_same_rows(
    feed: Feed, rows_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stored() -> list[Any]:
        return [
            rows_of(f"SELECT * FROM registry.{kind} ORDER BY 1")
            for kind in ("facilities", "enterprises", "members", "dependents")
        ]

    load_people(feed)
    in_one_pass = stored()
    monkeypatch.setattr(short, "build_sound", lambda *_: False)
    rows_of("DELETE FROM registry_files RETURNING 1")
    jobs = load_people(feed)

    assert {job.state for job in jobs} == {"committed"}
    assert stored() == in_one_pass


@pytest.mark.parametrize(
    ("kind", "wrong", "column", "reason"),
    [
        ("members", {"enterprise": "E9"}, "enterprise", "is not the number of an enterprise"),
        ("members", {"date_of_birth": "1999-02-30"}, "date_of_birth", "is not a day"),
        ("members", {"registered_on": "19990201"}, "registered_on", "is not a day"),
        ("dependents", {"principal_card_number": "1900202-0000099-A"}, "principal_card_number",
         "is not the card of a member"),
        ("dependents", {"date_of_birth": "1990-01-01"}, "date_of_birth", "older than the parent"),
        ("dependents", {"card_number": OTHER_CARD}, "card_number", "is the card of a member"),
    ],
)  # fmt: skip
def test_a_single_fault_sends_the_file_the_long_way_and_is_named(
    feed: Feed, kind: str, wrong: dict[str, str], column: str, reason: str
) -> None:
    load_people(feed)

    rows = {"members": MEMBERS, "dependents": DEPENDENTS}[kind]
    job = feed.take(kind, *rows[1:], rows[0] | wrong)

    assert (job.state, job.bad_rows) == ("refused", 1)
    [fault] = feed.faults(job)
    assert (fault.row_number, fault.column_name) == (len(rows) + 1, column)
    assert reason in fault.reason


def test_a_card_twice_is_found_in_one_pass_too(feed: Feed) -> None:
    load_people(feed)

    job = feed.take("members", *MEMBERS, MEMBERS[0])

    assert (job.state, job.bad_rows) == ("refused", 2)
    assert [fault.row_number for fault in feed.faults(job)] == [2, 5]


def test_cards_not_written_as_printed_are_folded_on_the_long_way(feed: Feed, rows_of: Any) -> None:
    feed.load("enterprises")

    feed.take("members", good("members", card_number=CARD.replace("-", " ")))
    feed.take("dependents", good("dependents", card_number=CHILD_CARD.replace("-", "")))

    assert rows_of("SELECT card_key FROM registry.members") == [("29901010000001ក",)]
    assert rows_of("SELECT principal_key FROM registry.dependents") == [("29901010000001ក",)]
