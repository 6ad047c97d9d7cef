"""The policies' JSON door: what is in force on a day, each rule with its source."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Response

from auth.guard import requires
from config import clock
from config.api import ApiBlueprint, cached_answer
from gateway.coverage import service as coverage
from gateway.coverage.policy_view import policies_on
from gateway.coverage.schemas import PolicyList, PolicyQuery

blp = ApiBlueprint("policies", __name__, url_prefix="/api/v1/policies")


@blp.route("", methods=["GET"])
@requires()
@blp.arguments(PolicyQuery, location="query")
@blp.response(200, PolicyList)
def list_policies(query: dict[str, Any]) -> Response:
    """List the policies in force on a day, every rule with its source, status and confidence."""
    day: date = query["on"] or clock.today()
    policies = coverage.policy_set()
    return cached_answer(policies_on(policies, day), f"{policies.version}-{day}")
