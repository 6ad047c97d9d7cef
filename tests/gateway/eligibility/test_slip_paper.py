"""The slip on a sheet: a PDF in both languages, with the code, and no word taken for markup."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.eligibility import slip_paper
from gateway.eligibility.slip_paper import to_pdf
from gateway.eligibility.slip_words import BENEFIT, VERDICT

TOKEN = "eyJ" + "0123456789abcdefABCDEF_-" * 25
CLAIMS: dict[str, Any] = {
    "jti": "E26KM8GDR1MCZ", "verdict": "eligible", "card": "2990•••-•••••01-ក", "initials": "ស.ត.",
    "birth_year": 1999, "aud": "120101", "service_date": "2026-11-22", "exp": 1_795_366_799,
    "benefits": list(BENEFIT),
}  # fmt: skip


def paper(*, test_data: bool = False, **changes: Any) -> bytes:
    return to_pdf(TOKEN, CLAIMS | changes, address="http://localhost", test_data=test_data)


@pytest.mark.parametrize("verdict", sorted(VERDICT))
def test_every_verdict_has_its_sheet_set_in_our_own_fonts(verdict: str) -> None:
    printed = paper(verdict=verdict)

    assert printed.startswith(b"%PDF-")
    assert b"NotoSansKhmer-Bold" in printed
    assert b"NotoSansLatin-Regular" in printed
    assert b"Libertinus" not in printed


def test_a_sheet_without_benefits_and_with_gaps_is_printed_too() -> None:
    assert paper(benefits=[], birth_year=None, initials="", aud="nssf").startswith(b"%PDF-")


def test_the_same_slip_is_the_same_sheet_and_test_data_says_so() -> None:
    assert paper() == paper()
    assert paper(test_data=True) != paper()


@pytest.mark.parametrize(
    "text", ["#panic()", "$x^2$", "*bold* _it_ `raw`", ']#read("/etc/passwd")[']
)
def test_nothing_written_on_a_card_is_taken_for_markup(text: str) -> None:
    assert paper(initials=text, card=text, aud=text).startswith(b"%PDF-")


def test_the_code_on_the_sheet_holds_the_whole_slip_at_a_printable_size() -> None:
    drawn = slip_paper._code("eyJ" + "x" * 900)

    assert drawn.startswith("<?xml")
    # 58 mm wide on paper: a module stays above 0.4 mm, which hand scanners read.
    modules = int(drawn.split('width="')[1].split('"')[0])
    assert 58 / modules > 0.4
