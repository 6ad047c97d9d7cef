"""Riel are whole: shown with thousands, shared half-up, never a float."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.money import format_riel, percent_of, whole_riel


@pytest.mark.parametrize(
    ("amount", "locale", "shown"),
    [
        (6_000, "km", "6,000 ៛"),
        (6_000, "en", "6,000 riel"),
        (0, "km", "0 ៛"),
        (2_520_000, "en", "2,520,000 riel"),
        (-15_600, "en", "-15,600 riel"),
        (6_000, "km_KH", "6,000 ៛"),
    ],
)
def test_an_amount_is_shown_with_thousands_and_no_decimals(amount, locale, shown):
    assert format_riel(amount, locale) == shown


def test_khmer_is_the_first_language_of_an_amount():
    assert format_riel(80_000) == "80,000 ៛"


@pytest.mark.parametrize(
    ("amount", "percent", "share"),
    [
        (1_200_000, 70, 840_000),
        (40_000, 70, 28_000),
        (1, 50, 1),
        (3, 50, 2),
        (1, 49, 0),
        (-1, 50, -1),
        (1_200_000, Decimal("2.6"), 31_200),
        (1_200_000, Fraction(13, 10), 15_600),
        (999, 0, 0),
    ],
)
def test_a_share_is_rounded_half_up_to_the_riel(amount, percent, share):
    assert percent_of(amount, percent) == share


@given(st.integers(), st.integers(min_value=0, max_value=100))
def test_a_reversed_amount_gives_the_reversed_share(amount, percent):
    assert percent_of(-amount, percent) == -percent_of(amount, percent)
    assert abs(200 * percent_of(amount, percent) - 2 * amount * percent) <= 100


@pytest.mark.parametrize("amount", [6000.0, True, "6000", None, Decimal(6000)])
def test_money_that_is_not_a_whole_number_is_refused(amount):
    with pytest.raises(TypeError, match="riel are whole numbers"):
        whole_riel(amount)
    with pytest.raises(TypeError):
        format_riel(amount)
    with pytest.raises(TypeError):
        percent_of(amount, 10)


@pytest.mark.parametrize("percent", [2.6, True, "70"])
def test_a_percentage_that_is_a_float_is_refused(percent):
    with pytest.raises(TypeError, match="a percentage is"):
        percent_of(6_000, percent)
