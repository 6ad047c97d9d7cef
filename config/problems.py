"""Where a problem becomes an answer: problem+json for machines, a page for people.

The only place that knows both. Unknown errors log a trace with the request id and answer a bare 500.
"""

from __future__ import annotations

from typing import Any

from flask import Flask, Response, g, request
from flask_babel import gettext
from marshmallow import ValidationError
from psycopg.errors import DataError as DriverDataError
from psycopg.errors import OperationalError as DriverError
from psycopg_pool import PoolTimeout
from sqlalchemy.exc import DataError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolExhausted
from werkzeug.exceptions import HTTPException

from config.errors import (
    BadRequest,
    Conflict,
    Forbidden,
    Invalid,
    NotAcceptable,
    NotFound,
    Problem,
    TooLarge,
    TooMany,
    Unauthorized,
    Unavailable,
)
from config.json import dumps
from config.logs import frames, log
from config.words import N_

# The database is away, overloaded, or gave a transaction up: worth trying again.
PASSING = (OperationalError, PoolExhausted, DriverError, PoolTimeout)
# A value no column can hold, such as a NUL in an address; doors name the field where they can.
NO_SUCH_VALUE = (DataError, DriverDataError)
# What the web server raises while a view reads a body whose pieces do not say how long they are.
# By name, because who imports the web server is taken for one.
SERVER_ERRORS = "gunicorn.http.errors"

MACHINE_PATHS = ("/api/", "/oauth/", "/.well-known/", "/health/", "/metrics", "/version")
BY_STATUS: dict[int, type[Problem]] = {
    kind.status: kind
    for kind in (
        BadRequest, Unauthorized, Forbidden, NotFound, NotAcceptable, Conflict, TooLarge, Invalid,
        TooMany, Unavailable,
    )
}  # fmt: skip
WERKZEUG_TITLES = {
    405: ("method_not_allowed", N_("This address does not take this method")),
    415: ("unsupported_media_type", N_("Send the body in a format this address takes")),
}


def wants_page() -> bool:
    """Tell whether the caller is a person at a desk rather than a machine."""
    return not request.path.startswith(MACHINE_PATHS)


def body_of(
    problem: Problem, *, status: int | None = None, title: str | None = None
) -> dict[str, Any]:
    """Return the RFC 9457 members of a problem, title in the caller's language."""
    body: dict[str, Any] = {
        "type": f"urn:nssf:problem:{problem.code}",
        "title": gettext(title or problem.title),
        "status": status or problem.status,
        "code": problem.code,
        "instance": f"urn:nssf:request:{g.get('request_id', '')}",
        "request_id": g.get("request_id", ""),
    }
    if problem.detail:
        body["detail"] = gettext(problem.detail)
    return body | problem.extra


def answer(problem: Problem, *, status: int | None = None, title: str | None = None) -> Response:
    """Return the answer for a problem, as the caller's kind of door shows it."""
    body = body_of(problem, status=status, title=title)
    if wants_page():
        from_page = _page(body)
        from_page.headers.extend(problem.headers)
        return from_page
    body.setdefault("detail", body["title"])
    response = Response(dumps(body), body["status"], content_type="application/problem+json")
    response.headers.extend(problem.headers)
    return response


def _page(body: dict[str, Any]) -> Response:
    page = _RENDERERS[-1](body) if _RENDERERS else body["title"]
    return Response(page, body["status"], content_type="text/html; charset=utf-8")


_RENDERERS: list[Any] = []


def render_pages_with(renderer: Any) -> None:
    """Let the desks' plumbing say how a problem looks to a person: `renderer(body) -> html`."""
    _RENDERERS.append(renderer)


def pointers(messages: Any, prefix: str = "") -> list[dict[str, str]]:
    """Flatten marshmallow's nested messages into RFC 6901 pointers, one entry a message."""
    if isinstance(messages, dict):
        found: list[dict[str, str]] = []
        for key, value in messages.items():
            part = "" if key == "_schema" else "/" + str(key).replace("~", "~0").replace("/", "~1")
            found += pointers(value, prefix + part)
        return found
    if isinstance(messages, (list, tuple)):
        return [entry for message in messages for entry in pointers(message, prefix)]
    return [{"pointer": prefix, "message": str(messages)}]


def _from_http(error: HTTPException) -> Response:
    """Give werkzeug's and webargs' errors the one shape."""
    status = error.code or 500
    if status >= 500:
        return _from_crash(getattr(error, "original_exception", None) or error)
    messages = getattr(error, "data", None)
    if status == 422 and messages:
        by_place = messages.get("messages", {})
        listed = [entry for place in by_place.values() for entry in pointers(place)]
        return answer(Invalid(errors=listed))
    headers = dict(error.get_headers()) if status in (405, 429) else {}
    headers = {k: v for k, v in headers.items() if k in ("Allow", "Retry-After")}
    if status in WERKZEUG_TITLES:
        code, title = WERKZEUG_TITLES[status]
        return answer(BadRequest(code, headers=headers), status=status, title=title)
    extra: dict[str, Any] = {}
    if status == 413:
        extra["limit_bytes"] = _limit_met()
    kind = BY_STATUS.get(status, BadRequest)
    return answer(kind(**extra) if kind is not TooMany else TooMany(retry_after=1), status=status)


def _limit_met() -> int | None:
    """Return the limit a request ran into: that of the whole body, or of a form's own fields."""
    whole, sent = request.max_content_length, request.content_length
    if whole is not None and (sent is None or sent > whole):
        return whole
    return request.max_form_memory_size


def _from_crash(error: BaseException) -> Response:
    """Answer for an error outside the view, such as one while the answer is being finished."""
    return _unavailable(error) if isinstance(error, PASSING) else _unknown(error)


def _unknown(error: BaseException) -> Response:
    if type(error).__module__ == SERVER_ERRORS:
        return answer(BadRequest("unreadable_body", detail=N_("The body did not arrive whole")))
    # Only the class and the trace's places are logged: a driver's message may quote a row.
    log.error("request.failed", error=type(error).__name__, frames=frames(error))
    problem = Problem("internal_error")
    return answer(problem, status=500, title=N_("Something went wrong on our side"))


def _unavailable(error: BaseException) -> Response:
    log.error("database.unavailable", error=type(error).__name__)
    return answer(Unavailable())


def _not_a_value(error: BaseException) -> Response:
    if "\0" in request.path:
        return answer(NotFound())
    log.error("database.value_refused", error=type(error).__name__, frames=frames(error))
    return answer(Invalid(detail=N_("A value of this request cannot be stored")))


def _say_nothing_more(exc_info: Any) -> None:
    """Stand in for Flask's own log of an error."""


def init_problems(app: Flask) -> None:
    """Register the renderers on the application."""
    app.register_error_handler(Problem, answer)
    app.register_error_handler(
        ValidationError, lambda e: answer(Invalid(errors=pointers(e.normalized_messages())))
    )
    app.register_error_handler(HTTPException, _from_http)
    for passing in PASSING:
        app.register_error_handler(passing, _unavailable)
    for refused in NO_SUCH_VALUE:
        app.register_error_handler(refused, _not_a_value)
    app.register_error_handler(Exception, _unknown)
    # Flask's own line would name the path and the driver's message; _unknown has logged the rest.
    app.log_exception = _say_nothing_more  # type: ignore[method-assign]
