"""The folds of PostgreSQL and of Python find the same person."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.text import fold_card
from gateway.registry.feed import COVERAGES
from gateway.registry.loading.rules import unlike_printed

ODD = (
    "2990101-0000001-ក", "២៩៩០១០១-០០០០០០១-ក", "2990101 0000001 ក", "2990101–0000001—ក",
    "2990101\u20110000001\u2212ក", "  a1-b2\tc3 ", "e\u0301A", "ÉßIıİ", "\u00a01\u200b2\u3000", "-", "",
    "ﬀ１２", "ក\u17d2ក", "កាំ", "ά", "K\u212a",
)  # fmt: skip


def test_folding_a_card_is_the_same_in_sql_and_python(owner: psycopg.Connection[Any]) -> None:
    found = owner.execute(
        "SELECT t, fold_card(t) FROM unnest(%s::text[]) AS t", (list(ODD),)
    ).fetchall()

    assert dict(found) == {text: fold_card(text) for text in ODD}


@settings(
    max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(
    st.text(
        st.characters(codec="utf-8", exclude_characters="\x00", max_codepoint=0x323AF), max_size=30
    )
)
def test_folding_any_text_is_the_same_in_sql_and_python(
    owner: psycopg.Connection[Any], text: str
) -> None:
    assert owner.execute("SELECT fold_card(%s)", (text,)).fetchone() == (fold_card(text),)


def test_folding_uses_neither_case_rules_of_a_locale_nor_a_volatile_function(
    owner: psycopg.Connection[Any],
) -> None:
    row = owner.execute(
        "SELECT provolatile, proparallel FROM pg_proc WHERE proname = 'fold_card'"
    ).fetchone()

    assert row == ("i", "s")


PHONES = {
    "012 345 678": "+85512345678",
    "+855 12-345-678": "+85512345678",
    "00855 12 345 678": "+85512345678",
    "85512345678": "+85512345678",
    "+855 012 345 678": "+85512345678",
    "០១២ ៣៤៥ ៦៧៨": "+85512345678",
    "0971234567": "+855971234567",
}
MONTHS = {
    "2025-08 2025-01..2025-06": "2025-01..2025-06 2025-08",
    "2025-01 2025-02 2025-03": "2025-01..2025-03",
    "2025-01..2025-06 2025-04..2025-09": "2025-01..2025-09",
    "2024-12 2025-01": "2024-12..2025-01",
    "2025-05 2025-05": "2025-05",
    "2025-12..2026-01 2026-03": "2025-12..2026-01 2026-03",
}


@pytest.mark.parametrize(("fold", "cases"), [("fold_phone", PHONES), ("canonical_months", MONTHS)])
def test_telephone_numbers_and_paid_months_have_one_spelling(
    owner: psycopg.Connection[Any], fold: str, cases: dict[str, str]
) -> None:
    found = owner.execute(
        f"SELECT t, {fold}(t) FROM unnest(%s::text[]) AS t", (list(cases),)
    ).fetchall()

    assert dict(found) == cases


PRINTED = ("2990101-0000001-ក", "2990101-0000001-អ", "2990101-0000001-7", "2990101-0000001-Z")
NOT_PRINTED = (
    "2990101-0000001-a", "29901010000001ក", "២៩៩០១០១-០០០០០០១-ក", "2990101–0000001–ក",
    "2990101-0000001-១", "2990101-0000001--", "299010-10000001-ក", "2990101-000000--ក",
    "299_101-0000001-ក", "-990101-0000001-ក", "+990101-0000001-ក", "0x90101-0000001-ក",
    "2990101-000000 -ក", "2990101-000000\t-ក", " 990101-0000001-ក", "2990101-00e0001-ក",
)  # fmt: skip


def test_only_cards_written_as_printed_are_folded_by_dropping_hyphens(
    owner: psycopg.Connection[Any],
) -> None:
    condition = unlike_printed(COVERAGES).replace("%", "%%")
    found = owner.execute(
        f"SELECT card_number, {condition}, replace(card_number, '-', '') = fold_card(card_number)"
        " FROM unnest(%s::text[]) AS s (card_number)",
        ([*PRINTED, *NOT_PRINTED],),
    ).fetchall()

    assert [card for card, unlike, _ in found if not unlike] == list(PRINTED)
    assert all(same for _, unlike, same in found if not unlike)
