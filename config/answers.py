"""How doors answer what nobody on the way may keep: JSON, and files under their own name."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify


def private(body: dict[str, Any], *, status: int = 200) -> Response:
    """Answer JSON that no cache keeps."""
    response = jsonify(body)
    response.status_code = status
    response.headers["Cache-Control"] = "no-store"
    return response


def download(content: bytes, media_type: str, name: str) -> Response:
    """Answer a file to be saved, which no cache keeps."""
    response = Response(content, content_type=media_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "no-store"
    return response
