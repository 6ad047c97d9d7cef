"""Riel: a whole number, rounded here and nowhere else.

The riel has no minor unit in practice (ISO 4217 and Babel say two decimals, nobody uses them), so
money is an `int` everywhere. A float is a programming error and is refused loudly.
"""

from decimal import Decimal
from fractions import Fraction

RIEL_SIGN = "\u17db"


def whole_riel(amount: object) -> int:
    """Return the amount when it is a whole number of riel, else raise TypeError."""
    if isinstance(amount, bool) or not isinstance(amount, int):
        raise TypeError(f"riel are whole numbers (int), not {type(amount).__name__}")
    return amount


def format_riel(amount: int, locale: str = "km") -> str:
    """Return the amount as people read it: `6,000 ៛` in Khmer, `6,000 riel` in English."""
    unit = RIEL_SIGN if str(locale).startswith("km") else "riel"
    return f"{whole_riel(amount):,} {unit}"


def percent_of(amount: int, percent: int | Decimal | Fraction) -> int:
    """Return so many per cent of the amount, half a riel rounded away from zero.

    A reversal of the amount therefore gives exactly the reversed share.
    """
    if isinstance(percent, bool) or not isinstance(percent, int | Decimal | Fraction):
        raise TypeError(f"a percentage is int, Decimal or Fraction, not {type(percent).__name__}")
    share = whole_riel(amount) * Fraction(percent) / 100
    rounded = (2 * abs(share.numerator) + share.denominator) // (2 * share.denominator)
    return rounded if share >= 0 else -rounded
