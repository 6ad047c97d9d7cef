"""The words of the reasons a reviewer may name, in the person's language."""

from __future__ import annotations

from collections.abc import Iterable

from claims.adjudication.reasons import CATALOGUE as CLAIM_REASONS
from claims.allowances.reasons import CATALOGUE
from claims.submission.desk.texts import NUMBER
from config.i18n import in_language


def reason_text(code: str) -> str:
    """Return why something was decided, its numbers left open; a person's own words as they are."""
    entry = CATALOGUE.get(code) or CLAIM_REASONS.get(code)
    return NUMBER.sub("…", in_language(entry.text_en, entry.text_km)) if entry else code


def reason_texts(codes: Iterable[str]) -> list[tuple[str, str]]:
    """Return codes with their texts, to choose from."""
    return [(code, reason_text(code)) for code in codes]
