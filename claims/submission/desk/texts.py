"""What a claim's page says in words: why something was decided."""

from __future__ import annotations

import re
from typing import Any

from flask_babel import gettext as _

from claims.adjudication.reasons import CATALOGUE
from config.i18n import in_language
from config.words import N_

# A text that waits for a rule's numbers is no sentence of its own.
PLAIN = {"not_eligible": N_("Not eligible"), "duplicate": N_("A duplicate")}
# What a reviewer may always name; a claim's own findings come first.
USUAL = ("not_covered", "price", "documents", "duplicate", "not_eligible", "other")
NUMBER = re.compile(r"\{\w+\}")


def own_reasons(claim: dict[str, Any], *, remarks: bool = True) -> dict[str, str]:
    """Return what the rules found of a claim and its lines, by code; mere remarks if wanted."""
    outcome = claim["outcome"]
    said = [*outcome["findings"], *(r for line in outcome["lines"] for r in line["reasons"])]
    return {
        one["code"]: in_language(one["text_en"], one["text_km"])
        for one in said
        if remarks or one["severity"] != "info"
    }


def reason_text(claim: dict[str, Any], code: str) -> str:
    """Return why something was decided: as found of this claim, else as the catalogue says it."""
    return own_reasons(claim).get(code) or catalogue_text(code)


def catalogue_text(code: str) -> str:
    """Return how the catalogue says a reason, whichever claim it is of."""
    if code not in CATALOGUE:
        return code
    if code in PLAIN:
        return str(_(PLAIN[code]))
    reason = CATALOGUE[code]
    return NUMBER.sub("…", in_language(reason.text_en, reason.text_km))


def reasons_to_name(claim: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the reasons a reviewer chooses from: the claim's own findings, then the usual ones."""
    codes = dict.fromkeys([*own_reasons(claim, remarks=False), *USUAL])
    return [(code, reason_text(claim, code)) for code in codes]
