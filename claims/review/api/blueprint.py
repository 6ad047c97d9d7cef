"""The reviewers' JSON blueprint, and the two forms of its answers."""

from __future__ import annotations

from typing import Any

from flask import Response

from config.answers import private
from config.api import ApiBlueprint, etag_of

blp = ApiBlueprint("review", __name__, url_prefix="/api/v1")


def whole(claim: dict[str, Any]) -> Response:
    """Answer a claim with its version as ETag, as its own door does."""
    response = private(claim)
    response.headers["ETag"] = etag_of(str(claim["version"]))
    return response
