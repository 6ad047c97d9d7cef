"""Text in the feed obeys the rules of every door: NFC, no controls, no direction marks, bounded."""

from __future__ import annotations

from typing import Any

import pytest

from config.text import clean
from tests.gateway.registry.conftest import Feed, good

DECOMPOSED = "Cafe\u0301 Angkor"
REFUSED = [
    "a\x02b",
    "a\tb",
    "a\x85b",
    "a\u2028b",
    "e" + "\u0301" * 9,
    "ក" + "\u17b7" * 9,
    "x" * 201,
]
KEPT = [
    "\u202eevil\u202c",
    "\u2066Sewing\u2069",
    DECOMPOSED,
    "  Sewing \u00a0",
    "\ufeffSewing",
    "<img src=x onerror=alert(1)>",
    "សិប្បកម្ម\u200bដេរ",
    "制衣厂",
    "O’Neill – Sons",
    "ក្រុមហ៊ុន ស្រូវមាស",
]


def test_the_feed_refuses_the_text_every_door_refuses(feed: Feed) -> None:
    for name in REFUSED:
        with pytest.raises(ValueError, match="Must"):
            clean(name, max_length=200)

    job = feed.take(
        "enterprises",
        *(good("enterprises", number=f"E{n}", name=name) for n, name in enumerate(REFUSED)),
    )

    assert (job.state, job.bad_rows) == ("refused", len(REFUSED))


def test_the_feed_stores_the_text_every_door_would_store(feed: Feed, rows_of: Any) -> None:
    names = ["Sewing", *KEPT]

    job = feed.take(
        "enterprises",
        *(good("enterprises", number=f"E{n:02}", name=name) for n, name in enumerate(names)),
    )

    assert job.state == "committed", job.detail
    assert rows_of("SELECT name FROM registry.enterprises ORDER BY number") == [
        (clean(name, max_length=200),) for name in names
    ]


def test_direction_marks_in_a_card_number_do_not_make_another_card(
    feed: Feed, rows_of: Any
) -> None:
    feed.load("enterprises")

    job = feed.take("members", good("members", card_number="\u202a2990101-0000001-ក\u202c"))

    assert job.state == "committed", job.detail
    assert rows_of("SELECT card_key, card_number FROM registry.members") == [
        ("29901010000001ក", "2990101-0000001-ក")
    ]


def test_two_cards_that_differ_in_direction_marks_only_are_one_card_twice(feed: Feed) -> None:
    feed.load("enterprises")

    job = feed.take(
        "members", good("members"), good("members", card_number="2990101\u200e-0000001-ក")
    )

    assert (job.state, job.bad_rows) == ("refused", 2)
