"""A delta into live tables: few rows or many, it changes what it says and touches nothing else."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from config.processes import wait_until
from gateway.members import queries
from gateway.registry.loading import build
from gateway.registry.loading.terms import Findings, Load
from tests.gateway.registry.conftest import CARD, OTHER_CARD, Feed, good

IN_PLACE = """
SELECT relname, n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables
 WHERE schemaname = 'registry' AND relname = ANY (%s) ORDER BY 1
"""
STAMPS = "SELECT xmin::text, ctid::text FROM registry.{} ORDER BY 2"


def test_a_delta_that_says_what_is_known_writes_no_row(feed: Feed, rows_of: Any) -> None:
    feed.load()
    kinds = ("members", "dependents", "coverages", "contributions")
    before = [rows_of(STAMPS.format(kind)) for kind in kinds]

    jobs = [feed.take(kind, good(kind), name=f"{kind}-2.ndjson", delta=True) for kind in kinds]

    assert {job.state for job in jobs} == {"committed"}
    assert [rows_of(STAMPS.format(kind)) for kind in kinds] == before


@pytest.mark.parametrize("few", [300_000, 0])
def test_few_rows_and_many_are_brought_in_alike(
    feed: Feed, rows_of: Any, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    monkeypatch.setattr(build, "FEW_ROWS", few)
    feed.load()

    jobs = [
        feed.take(
            "members", good("members", phone="012999888"), good("members", card_number=OTHER_CARD),
            delta=True,
        ),
        feed.take(
            "coverages", good("coverages", valid_to="2027-12-31"),
            good("coverages", card_number=OTHER_CARD), delta=True,
        ),
        feed.take("contributions", good("contributions", paid_months="2026-01"), delta=True),
    ]  # fmt: skip

    assert [(job.state, job.rows) for job in jobs] == [
        ("committed", 2), ("committed", 2), ("committed", 1),
    ]  # fmt: skip
    assert rows_of("SELECT card_number, phone FROM registry.members ORDER BY 1 DESC") == [
        (CARD, "+85512999888"), (OTHER_CARD, "+85512345678"),
    ]  # fmt: skip
    assert rows_of("SELECT valid_to::text FROM registry.coverages ORDER BY 1") == [
        ("2027-01-01",), ("2028-01-01",),
    ]  # fmt: skip
    assert rows_of("SELECT paid_months FROM registry.contributions") == [("2026-01",)]


@pytest.mark.parametrize("few", [300_000, 0])
def test_a_delta_names_the_cards_nobody_holds(
    feed: Feed, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    monkeypatch.setattr(build, "FEW_ROWS", few)
    feed.load()

    job = feed.take(
        "coverages", good("coverages"), good("coverages", card_number=OTHER_CARD), delta=True
    )

    assert (job.state, job.bad_rows) == ("refused", 1)
    [fault] = feed.faults(job)
    assert (fault.row_number, fault.reason) == (3, "is the card of nobody in the registry")


def test_a_new_telephone_number_finds_the_member_and_the_old_one_does_not(
    feed: Feed, owner: psycopg.Connection[Any]
) -> None:
    def found(phone: str) -> list[str]:
        return [one.card_number for one in queries.by_phone(owner, phone)]

    feed.load()
    feed.take("members", good("members", phone="012 999 888"), delta=True)

    assert (found("012345678"), found("012999888")) == ([], [CARD])

    feed.take("members", good("members", phone="012 999 777"), name="members-2.csv")

    assert (found("012999888"), found("012999777")) == ([], [CARD])


def test_a_delta_changes_a_row_in_place_and_no_index(feed: Feed, rows_of: Any) -> None:
    changed = {
        "members": {"phone": "012999888", "status": "ended"},
        "dependents": {"disabled": "1"},
        "coverages": {"valid_to": ""},
        "contributions": {"paid_months": "2026-01"},
    }
    feed.load()
    for kind, given in changed.items():
        feed.take(kind, good(kind, **given), name=f"{kind}-2.csv", delta=True)

    # A connection tells what it wrote as it ends, which is a moment after it was closed.
    expected = [(kind, 1, 1) for kind in sorted(changed)]
    assert wait_until(lambda: rows_of(IN_PLACE, list(changed)) == expected, 5)


def test_rows_that_were_moved_meanwhile_are_left_alone(
    feed: Feed, rows_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed.load()
    before = rows_of("SELECT card_number, phone FROM registry.members")
    told = build.hold_large_change

    def moved(connection: psycopg.Connection[Any], load: Load, findings: Findings) -> None:
        connection.execute("UPDATE registry.members SET occupation = 'sewing'")
        told(connection, load, findings)

    monkeypatch.setattr(build, "hold_large_change", moved)
    job = feed.take("members", good("members", phone="012999888"), delta=True)

    assert (job.state, job.report["code"]) == ("refused", "registry_moved")
    assert rows_of("SELECT card_number, phone FROM registry.members") == before


def test_a_period_of_somebody_gone_may_come_again_but_not_change(feed: Feed) -> None:
    feed.load()
    feed.take("members", good("members", card_number=OTHER_CARD), name="members-2.csv")

    same = feed.take("coverages", good("coverages"), name="coverages-2.ndjson", delta=True)
    other = feed.take("coverages", good("coverages", valid_to=""), delta=True)

    assert (same.state, other.state, other.bad_rows) == ("committed", "refused", 1)
