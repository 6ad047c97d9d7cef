"""What the API's description says of every operation: its refusals, its headers and its scopes.

Added to flask-smorest's document once all operations are known, so that no slice repeats it.
"""

from __future__ import annotations

import re
from http import HTTPStatus
from threading import RLock
from typing import Any

import flask_smorest
import marshmallow as ma
from flask import Flask
from flask_smorest.blueprint import Blueprint
from marshmallow import fields

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


class FieldError(ma.Schema):
    """One bad field."""

    pointer = fields.String(metadata={"description": "RFC 6901 pointer into the body"})
    message = fields.String()


class ProblemBody(ma.Schema):
    """RFC 9457 problem details."""

    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True)
    instance = fields.String(required=True)
    code = fields.String(required=True)
    request_id = fields.String(required=True)
    errors = fields.List(fields.Nested(FieldError))


class DescribedApi(flask_smorest.Api):  # type: ignore[misc]
    """flask-smorest whose errors are ours (config/problems.py renders them), described when asked.

    Describing every operation is a good part of a start and 5 MB, and most processes are never asked.
    """

    ERROR_SCHEMA = ProblemBody

    def __init__(self) -> None:
        self._known: Any = None
        self._undescribed: list[Blueprint] = []
        self._describing = RLock()
        super().__init__()

    def _register_error_handlers(self) -> None:
        """Leave every error to the one renderer."""

    def register_blueprint(self, blueprint: Blueprint) -> None:
        """Register the operations; they are described when the description is asked for."""
        self._app.extensions["flask-smorest"]["blp_name_to_api"][blueprint.name] = self
        self._app.register_blueprint(blueprint)
        self._undescribed.append(blueprint)

    @property
    def spec(self) -> Any:
        """Return the description, of all operations."""
        with self._describing:
            waiting, self._undescribed = self._undescribed, []
            for one in waiting:
                one.register_views_in_doc(
                    self, self._app, self._known, name=one.name, parameters=None
                )
                self._known.tag({"name": one.name, "description": one.description})
            if waiting:
                complete_document(self._app, self._known)
            return self._known

    @spec.setter
    def spec(self, blank: Any) -> None:
        self._known = blank


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
