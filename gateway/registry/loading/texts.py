"""What may stand in a feed's text, as PostgreSQL regular expressions; the set-wise config.text."""

from __future__ import annotations

import sys
import unicodedata
from functools import cache

from config.text import BIDI_CONTROLS, BYTE_ORDER_MARK, MAX_MARKS

_JOINERS = "\\u200b-\\u200d\\u2060"
STRIPPED = BIDI_CONTROLS + BYTE_ORDER_MARK
TRIMMED = " \u00a0\u1680\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200C)))


def _escaped(code: int) -> str:
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def _ranges(category: str) -> str:
    """Return the code points of a major category as the inside of a bracket expression."""
    found: list[list[int]] = []
    for code in range(sys.maxunicode + 1):
        if not unicodedata.category(chr(code)).startswith(category):
            continue
        if found and found[-1][1] == code - 1:
            found[-1][1] = code
        else:
            found.append([code, code])
    return "".join(f"{_escaped(first)}-{_escaped(last)}" for first, last in found)


CONTROLS = "[\\u0001-\\u001f\\u007f-\\u009f\\u2028\\u2029\\ufdd0-\\ufdef\\ufffe\\uffff]"

# Ordinary text is Latin or Khmer without loose edges and high stacks: it is in NFC and obeys every
# rule. One cheap pattern finds the other rows, and only those are looked at closely.
_ORDINARY = "\\u0020-\\u007e\\u00a1-\\u02ff\\u1780-\\u17dc\\u17e0-\\u17e9\\u200b-\\u200d"
_KHMER_MARKS = "\\u17b4-\\u17dc\\u200b-\\u200d"
SUSPICIOUS = (
    f"[^{_ORDINARY}]|(?:^|\\|)[ \\u200b]|[ \\u200b](?:$|\\|)|[{_KHMER_MARKS}]{{{MAX_MARKS + 1}}}"
)


@cache
def stacked() -> str:
    """Return the pattern of too many combining marks; looks at all of Unicode, so once and late."""
    return f"(?:[{_ranges('M')}][{_JOINERS}]*){{{MAX_MARKS + 1}}}"
