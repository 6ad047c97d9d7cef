"""The JSON API's plumbing: flask-smorest with problem+json, strict schemas and paging by key.

Slices make an `ApiBlueprint`, load through `Schema` (unknown fields are bad fields) and answer
plain dicts; `page_args`/`page_of` give every list the same `limit`, `cursor`, `next_cursor`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from http import HTTPStatus
from typing import Any

import marshmallow as ma
import orjson
from flask import Flask, Request, Response, render_template, request
from flask_smorest.blueprint import Blueprint as SmorestBlueprint
from marshmallow import fields
from webargs.core import is_json
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import UnsupportedMediaType

from config.api_document import DescribedApi
from config.cursors import make_cursor, read_cursor
from config.errors import BadRequest, Invalid
from config.text import clean, fold_card
from config.web import public
from config.words import N_

MAX_PAGE = 200
MAX_TEXT = 500
MAX_CARD = 40


class Schema(ma.Schema):
    """A shape at the door: unknown fields are refused by name, order is kept."""

    class Meta:
        """Refuse what nobody declared."""

        unknown = ma.RAISE

    def __deepcopy__(self, _memo: Any) -> Schema:
        """Return itself: the description's facts are copied often, and nobody changes a schema."""
        return self


class Text(fields.String):
    """Text from outside: normalised, without control characters, bounded (default 500)."""

    def __init__(self, *, max_length: int = MAX_TEXT, multiline: bool = False, **kw: Any) -> None:
        self.max_length, self.multiline = max_length, multiline
        kw["metadata"] = {"maxLength": max_length} | kw.get("metadata", {})
        super().__init__(**kw)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kw: Any) -> str:
        text = super()._deserialize(value, attr, data, **kw)
        try:
            return clean(text, max_length=self.max_length, multiline=self.multiline)
        except ValueError as error:
            raise ma.ValidationError(str(error)) from None


class CardNumber(Text):
    """A card number as printed or scanned; at most 40 characters, at least one that counts."""

    def __init__(self, **kw: Any) -> None:
        super().__init__(max_length=MAX_CARD, **kw)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kw: Any) -> str:
        text = super()._deserialize(value, attr, data, **kw)
        if not fold_card(text):
            raise ma.ValidationError(N_("A card number has letters or digits."))
        return text


class Riel(fields.Integer):
    """Whole riel: an integer, never a float or a text."""

    def __init__(self, *, minimum: int = 0, maximum: int = 10**12, **kw: Any) -> None:
        kw.setdefault("strict", True)
        kw["validate"] = ma.validate.Range(min=minimum, max=maximum)
        super().__init__(**kw)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kw: Any) -> Any:
        if isinstance(value, (bool, str, float)):
            raise ma.ValidationError(N_("Send whole riel as an integer."))
        return super()._deserialize(value, attr, data, **kw)


class Whole(fields.Integer):
    """A count: an integer, never a float, a text or a truth value."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kw: Any) -> Any:
        if isinstance(value, (bool, str, float)):
            raise ma.ValidationError(N_("Send a whole number."))
        return super()._deserialize(value, attr, data, **kw)


class _Parser(FlaskParser):  # type: ignore[misc]
    """webargs with orjson: strict UTF-8, no NaN, and a bound on nesting.

    A query argument nobody declared is a bad field like any other, never silently left out: a
    misspelt filter would answer with more than was asked for.
    """

    DEFAULT_UNKNOWN_BY_LOCATION = FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION | {"query": ma.RAISE}

    def parse(self, argmap: Any, req: Any = None, *, location: str | None = None, **kw: Any) -> Any:
        """Load a JSON body through its schema at once; webargs' own way there is a long one."""
        if location != "json" or not isinstance(argmap, ma.Schema):
            return super().parse(argmap, req, location=location, **kw)
        body = self._raw_load_json(request)
        try:
            return argmap.load({} if body is ma.missing else body)
        except ma.ValidationError as error:
            status, headers = kw.get("error_status_code"), kw.get("error_headers")
            self._on_validation_error(
                error, request, argmap, location, error_status_code=status, error_headers=headers
            )

    def _raw_load_json(self, req: Request) -> Any:
        body = req.get_data(cache=True)
        if not body:
            return ma.missing
        if not is_json(req.mimetype):
            raise UnsupportedMediaType
        try:
            return orjson.loads(body)
        except orjson.JSONDecodeError:
            raise BadRequest(
                "unreadable_json", detail=N_("The body is not readable JSON")
            ) from None


class ApiBlueprint(SmorestBlueprint):  # type: ignore[misc]
    """A slice's door under /api/v1; every operation declares the errors it may answer."""

    ARGUMENTS_PARSER = _Parser()

    def __init__(self, name: str, import_name: str, *, url_prefix: str, **kw: Any) -> None:
        super().__init__("api_" + name, import_name, url_prefix=url_prefix, **kw)
        API_BLUEPRINTS.append(self)

    def arguments(self, schema: Any, **kw: Any) -> Any:
        """Load through one schema object: making it anew for each request costs more than loading."""
        if kw.get("location", "json") == "json" and kw.keys() & {"unknown", "validate"}:
            raise TypeError("the schema of a body says itself what it takes")
        return super().arguments(schema() if isinstance(schema, type) else schema, **kw)


API_BLUEPRINTS: list[ApiBlueprint] = []


class PageArgs(Schema):
    """The two query arguments every list takes."""

    limit = fields.Integer(
        load_default=50, validate=ma.validate.Range(min=1, max=MAX_PAGE),
        metadata={"description": "At most this many items"},
    )  # fmt: skip
    cursor = fields.String(
        load_default=None, metadata={"description": "`next_cursor` of the last page"}
    )


def page_args() -> tuple[int, list[Any] | None]:
    """Read `limit` and `cursor` of the request: how many, and the key to start after."""
    try:
        limit = int(request.args.get("limit", "50"))
    except ValueError:
        limit = 0
    if not 1 <= limit <= MAX_PAGE:
        raise Invalid(errors=[{"pointer": "/limit", "message": f"1 to {MAX_PAGE}"}])
    return limit, read_cursor(request.args.get("cursor"))


def page_of(
    rows: Sequence[Any],
    limit: int,
    *,
    key: Callable[[Any], Sequence[Any]],
    item: Callable[[Any], Any],
) -> dict[str, Any]:
    """Return the answer of a list: give it `limit + 1` rows, so that it knows of a next page."""
    shown = rows[:limit]
    more = len(rows) > limit
    return {
        "items": [item(row) for row in shown],
        "next_cursor": make_cursor(key(shown[-1])) if more and shown else None,
    }


def etag_of(value: str) -> str:
    """Return a strong entity tag for a version or digest."""
    return f'"{value}"'


def cached_answer(body: Any, version: str) -> Response:
    """Answer a code list with an ETag, or 304 when the caller has it already."""
    from_body = Response(orjson.dumps(body), content_type="application/json")
    from_body.headers["ETag"] = etag_of(version)
    from_body.headers["Cache-Control"] = "private, no-cache"
    from_body.make_conditional(request)
    return from_body


def init_api(app: Flask) -> None:
    """Set the document's facts up and register every slice's blueprint made so far."""
    app.config.update(
        API_TITLE="NSSF eligibility and claims gateway",
        API_VERSION="v1",
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX="/api/v1",
        OPENAPI_JSON_PATH="openapi.json",
        API_SPEC_OPTIONS={
            "components": {
                "securitySchemes": {
                    "oauth2": {
                        "type": "oauth2",
                        "flows": {"clientCredentials": {"tokenUrl": "/oauth/token", "scopes": {}}},
                    }
                }
            },
            "security": [{"oauth2": []}],
        },
    )
    api = DescribedApi()
    api.init_app(app)
    for blueprint in API_BLUEPRINTS:
        api.register_blueprint(blueprint)
    app.view_functions["api-docs.openapi_json"] = public(partial(api._openapi_json))
    app.add_url_rule("/api/v1/docs", "api_docs", public(_docs))


def _docs() -> str:
    """Show the API's description for people, from this server's own files."""
    return render_template("api_docs.html")


def allow_of(app: Flask) -> Any:
    """Return a hook that adds the methods an address takes to a 405."""

    def add(response: Response) -> Response:
        if (
            response.status_code == HTTPStatus.METHOD_NOT_ALLOWED
            and "Allow" not in response.headers
        ):
            adapter = app.create_url_adapter(request)
            methods = adapter.allowed_methods() if adapter else []
            response.headers["Allow"] = ", ".join(sorted(methods))
        return response

    return add
