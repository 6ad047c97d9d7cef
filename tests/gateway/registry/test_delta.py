"""A delta into live tables: few rows or many, it changes what it says and touches nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.registry.loading import build
from tests.gateway.registry.conftest import CARD, OTHER_CARD, Feed, good

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
