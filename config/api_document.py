"""What the API's description says of every operation: its refusals, its headers and its scopes.

Added to flask-smorest's document once all operations are known, so that no slice repeats it.
"""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Any

from flask import Flask

PROBLEM = "application/problem+json"
METHODS = ("get", "post", "put", "delete")
UNSAFE = ("post", "put", "delete")
EVERYWHERE = (400, 401, 403, 429, 500, 503)
_PLACE = re.compile(r"<(?:[^<>]*:)?([^<>:]+)>")

HEADERS = {
    "X-Facility": "The facility a client of several acts for",
    "Idempotency-Key": "The same call again under one key gets the first answer again",
    "If-Match": "The ETag of the version that was read; needed, 428 without",
}


def complete_document(app: Flask, spec: Any) -> None:
    """Add what holds for every operation to the paths registered so far."""
    for status in HTTPStatus:
        if status >= HTTPStatus.BAD_REQUEST:
            spec.components.response(f"Problem{status.value}", _problem(status))
    spec.components.response("Problem", _problem(None))
    scopes = _scopes_by_operation(app)
    for path, item in spec._paths.items():
        for method in METHODS:
            if method in item:
                _complete(item[method], path, method)
                item[method]["security"] = [{"oauth2": scopes.get((path, method), [])}]


def refusals_of(operation: dict[str, Any], path: str, method: str) -> set[int]:
    """Return the statuses an operation may refuse with."""
    found = set(EVERYWHERE)
    has_body = "requestBody" in operation
    if has_body:
        found |= {413, 415}
    if has_body or operation.get("parameters"):
        found.add(422)
    if "{" in path:
        found.add(404)
    if method in UNSAFE:
        found |= {404, 409}
    if method == "put":
        found |= {412, 428}
    return found


def _complete(operation: dict[str, Any], path: str, method: str) -> None:
    responses = operation["responses"]
    for status in refusals_of(operation, path, method):
        responses[str(status)] = {"$ref": f"#/components/responses/Problem{status}"}
    responses["default"] = {"$ref": "#/components/responses/Problem"}
    names = ["X-Facility"]
    names += ["Idempotency-Key"] if method in UNSAFE else []
    names += ["If-Match"] if method == "put" else []
    operation.setdefault("parameters", []).extend(_header(name) for name in names)


def _header(name: str) -> dict[str, Any]:
    schema = {"type": "string", "maxLength": 128}
    return {
        "in": "header",
        "name": name,
        "required": False,
        "description": HEADERS[name],
        "schema": schema,
    }


def _problem(status: HTTPStatus | None) -> dict[str, Any]:
    body = {"schema": {"$ref": "#/components/schemas/ProblemBody"}}
    said = status.phrase if status else "Any other refusal"
    return {"description": said, "content": {PROBLEM: body}}


def _scopes_by_operation(app: Flask) -> dict[tuple[str, str], list[str]]:
    """Return the scopes that open each operation; a token needs one of them."""
    found = {}
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        for method in rule.methods or ():
            own = getattr(getattr(view, "view_class", None), method.lower(), view)
            permissions = getattr(own, "__permissions__", ())
            found[_PLACE.sub(r"{\1}", rule.rule), method.lower()] = [str(p) for p in permissions]
    return found
