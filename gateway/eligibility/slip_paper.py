"""The slip as a sheet to print: a PDF with the same content as the code on it, set by Typst.

Typst shapes Khmer right, and these lines are short enough to need no breaks. The fonts are ours, so
the sheet looks the same on every machine; nothing is read from the system or from the network.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import segno

from config.clock import PHNOM_PENH
from config.json import dumps
from config.later import later
from gateway.eligibility.slip_words import BENEFIT, FIELD, NONE, TITLE, VERDICT

typst = later("typst")
DATA = Path(__file__).parent.parent / "data"
PAPER = DATA / "papers" / "slip.typ"
COLOURS = {"eligible": "#e3f3ea", "emergency_only": "#fdf0d9", "not_eligible": "#fbe7e6"}
OTHER_COLOUR = "#e9edf0"
FACTS = ("card", "initials", "birth_year", "aud", "service_date")
NOTE = (
    "ផ្ទៀងផ្ទាត់តាមទំព័រ /slip ឬហៅ ១២៨៦ ឬ ១២៩៧",
    "Verify the code at {address}/slip · questions: 1286 or 1297",
)


def to_pdf(token: str, claims: Mapping[str, Any], *, address: str, test_data: bool) -> bytes:
    """Print a slip whose claims were read from the token."""
    facts = [(FIELD[name], _shown(claims[name])) for name in FACTS]
    until = datetime.fromtimestamp(claims["exp"], UTC).astimezone(PHNOM_PENH)
    given = {
        "title": TITLE,
        "number": claims["jti"],
        "colour": COLOURS.get(claims["verdict"], OTHER_COLOUR),
        "verdict": VERDICT[claims["verdict"]],
        "facts": [*facts, (FIELD["exp"], f"{until:%Y-%m-%d %H:%M}")],
        "benefits_title": FIELD["benefits"],
        "benefits": [BENEFIT[name] for name in claims["benefits"]] or [NONE],
        "note": (NOTE[0], NOTE[1].format(address=address)),
        "test": test_data,
        "watermark": "TEST DATA · សាកល្បង",
    }
    printed: bytes = typst.compile(
        PAPER,
        root=DATA,
        font_paths=[DATA / "fonts"],
        ignore_system_fonts=True,
        sys_inputs={"slip": dumps(given).decode(), "code": _code(token)},
        format="pdf",
    )
    return printed


def _shown(value: Any) -> str:
    return "–" if value is None else str(value)


def _code(token: str) -> str:
    drawn = io.BytesIO()
    segno.make(token, error="m", micro=False).save(drawn, kind="svg", border=2)
    return drawn.getvalue().decode()
