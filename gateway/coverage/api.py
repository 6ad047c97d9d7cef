"""The policies' JSON door: what is in force on a day, each rule with its source; loading a file."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Response, url_for

from auth.guard import current_actor, requires
from auth.permissions import Permission
from config import clock
from config.api import ApiBlueprint, cached_answer
from gateway.coverage import service as coverage
from gateway.coverage.policy_view import policies_on
from gateway.coverage.schemas import LoadedPolicy, PolicyFileBody, PolicyList, PolicyQuery

blp = ApiBlueprint("policies", __name__, url_prefix="/api/v1/policies")


@blp.route("", methods=["GET"])
@requires()
@blp.arguments(PolicyQuery, location="query")
@blp.response(200, PolicyList)
def list_policies(query: dict[str, Any]) -> Response:
    """List the policies in force on a day, every rule with its source, status and confidence."""
    day: date = query["on"] or clock.today()
    policies, nssf = coverage.policy_set(), current_actor().nssf
    shown = policies_on(policies, day, nssf=nssf)
    return cached_answer(shown, f"{policies.version}-{day}{'-nssf' if nssf else ''}")


@blp.route("", methods=["POST"])
@requires(Permission.POLICY_MANAGE)
@blp.arguments(PolicyFileBody)
@blp.response(201, LoadedPolicy)
@blp.alt_response(200, schema=LoadedPolicy, description="The file was in force already")
def load_policy(body: dict[str, str]) -> Any:
    """Put a policy file in force from the next request on; the same file again changes nothing."""
    before = coverage.policy_set().version
    policy = coverage.load_policy(body["text"], name=body["name"], by=current_actor())
    version = coverage.policy_set().version
    answer = {
        "scheme": policy.scheme,
        "effective_from": policy.effective_from,
        "title": policy.title,
        "sha256": policy.sha256,
        "version": version,
    }
    place = url_for(".list_policies", on=policy.effective_from.isoformat())
    return answer, 200 if version == before else 201, {"Location": place}
