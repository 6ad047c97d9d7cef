"""How both doors of allowances answer a file: to be saved, and kept by nobody on the way."""

from __future__ import annotations

from flask import Response

from config.answers import download


def to_csv(content: bytes) -> Response:
    """Answer the list of families as a file."""
    return download(content, "text/csv; charset=utf-8", "registrations-missing.csv")
