"""The words of the reasons a reviewer may name, in the person's language."""

from __future__ import annotations

from collections.abc import Iterable

from claims.adjudication.reasons import CATALOGUE as CLAIM_REASONS
from claims.allowances.reasons import CATALOGUE
from config.i18n import in_language


def reason_texts(codes: Iterable[str]) -> list[tuple[str, str]]:
    """Return codes with their texts; a text that waits for numbers is shown by its code."""
    found = []
    for code in codes:
        entry = CATALOGUE.get(code) or CLAIM_REASONS[code]
        text = in_language(entry.text_en, entry.text_km)
        found.append((code, code.replace("_", " ") if "{" in text else text))
    return found
