"""The code list of reasons: eligibility's own catalogue and what higher packages add to it.

`add_reasons` is called by a package's wiring, so that this slice shows claims' reasons without
knowing claims.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from flask import Flask, current_app

from gateway.eligibility.reasons import CATALOGUE

ADDED = "nssf.reasons"


def add_reasons(app: Flask, part: str, entries: Iterable[Mapping[str, Any]]) -> None:
    """Add a part's reasons: each with code, text_en, text_km, source and what else it has."""
    app.extensions.setdefault(ADDED, {})[part] = tuple(
        {"part": part} | dict(entry) for entry in entries
    )


def list_reasons(wanted: str = "") -> list[dict[str, Any]]:
    """List the reasons of every part whose code or text holds the wanted words."""
    own = [{"part": "eligibility"} | entry.as_dict() for entry in CATALOGUE.values()]
    added: dict[str, tuple[dict[str, Any], ...]] = current_app.extensions.get(ADDED, {})
    found = own + [entry for part in sorted(added) for entry in added[part]]
    return [entry for entry in found if _matches(entry, wanted.casefold())]


def _matches(entry: Mapping[str, Any], wanted: str) -> bool:
    texts = (entry["code"], entry["text_en"], entry["text_km"])
    return any(wanted in text.casefold() for text in texts)
