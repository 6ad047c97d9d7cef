"""What does a scanned code say? A slip of ours, a card number in a text, a link, or nothing. Pure.

A link is never opened: whatever it looks like, the desk is asked for the printed number.
"""

import re
from dataclasses import dataclass

from config.text import fold_card

LINK = re.compile(r"^\s*[a-z][a-z0-9+.-]*://|^\s*(www\.|verify\.gov\.kh)", re.IGNORECASE)
SLIP = re.compile(r"^\s*(eyJ[\w-]+\.[\w-]+\.[\w-]+)\s*$")
CARD = re.compile(r"(?<![0-9A-Z])([0-9]{7}[0-9]{7}[0-9A-Z\u1780-\u17A2])(?![0-9A-Z\u1780-\u17A2])")
PARTS = re.compile(r"[\s,;|]+")
LONGEST_CARD = 40


@dataclass(frozen=True, slots=True)
class Scan:
    """What a code held: one of a slip, a card's key, or a reason why neither."""

    slip: str | None = None
    card_key: str | None = None
    problem: str | None = None


def read_scan(text: str) -> Scan:
    """Read the raw text of a scanned code."""
    slip = SLIP.match(text)
    if slip is not None:
        return Scan(slip=slip[1])
    if LINK.match(text):
        return Scan(problem="scan_link")
    keys = {match[1] for part in PARTS.split(text) for match in CARD.finditer(fold_card(part))}
    if len(keys) == 1:
        return Scan(card_key=keys.pop())
    whole = fold_card(text)
    if not keys and whole and len(text) <= LONGEST_CARD and len(PARTS.split(text.strip())) == 1:
        return Scan(card_key=whole)
    return Scan(problem="scan_unreadable")


def is_scanned(text: str) -> bool:
    """Tell a scanned code from a typed card number, which stands alone and is no link."""
    scan = read_scan(text)
    if len(text) > LONGEST_CARD or scan.slip is not None or scan.problem == "scan_link":
        return True
    return scan.card_key is not None and scan.card_key != fold_card(text)


def looks_like_card(key: str) -> bool:
    """Tell whether a folded number has the form of cards seen in 2026 (a hint, no condition)."""
    return CARD.fullmatch(key) is not None
