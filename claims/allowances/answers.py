"""How both doors of allowances answer a file: to be saved, and kept by nobody on the way."""

from __future__ import annotations

from flask import Response


def to_csv(content: bytes) -> Response:
    """Answer the list of families as a file."""
    response = Response(content, content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = 'attachment; filename="registrations-missing.csv"'
    response.headers["Cache-Control"] = "no-store"
    return response
