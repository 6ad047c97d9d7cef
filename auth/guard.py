"""Who is calling, and whether they may: the only reader of a bearer token or a session cookie.

Machines send a bearer token, desks the session cookie, and neither takes the other's: a browser that
is tricked into calling the API carries nothing the API accepts.

`@requires(…)` stands directly below the route, above everything that reads the request, so that a
stranger never learns which fields are wrong.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from flask import Response, g, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from auth.bearers import Bearer, bearer_of, may_call_from
from auth.permissions import Actor, Permission
from auth.sessions import Caller, Session, find_session
from auth.tokens import InvalidToken
from config.errors import BadRequest, Forbidden, TooMany, Unauthorized
from config.idempotency import once
from config.problems import wants_page
from config.settings import settings
from config.words import N_

View = TypeVar("View", bound=Callable[..., Any])
SESSION_COOKIE = "nssf_session"
DEVICE_COOKIE = "nssf_device"
ACTOR, SESSION = "nssf.actor", "nssf.session"
FACILITY_HEADER = "X-Facility"
COUNTED_CLIENTS = 10_000

_buckets: dict[str, tuple[float, float]] = {}


def requires(*permissions: Permission, second_factor: bool = True) -> Callable[[View], View]:
    """Let only actors through who hold one of the permissions; without any, whoever is signed in.

    `second_factor=False` also lets people in who still have to set theirs up.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            if wants_page():
                refusal = _enter_desk(permissions, second_factor=second_factor)
            else:
                refusal = _enter_api(permissions)
            return view(*args, **kwargs) if refusal is None else refusal

        guarded.__permissions__ = permissions  # type: ignore[attr-defined]
        return cast("View", guarded)

    return decorate


def current_actor() -> Actor:
    """Return who is calling; Unauthorized when nobody is."""
    known: Actor | None = request.environ.get(ACTOR)
    if known is not None:
        return known
    actor = signed_in() if wants_page() else _bearer_actor()
    if actor is None:
        raise Unauthorized
    return _let_in(actor)


def signed_in() -> Actor | None:
    """Return the person at the desk, None when nobody is fully signed in."""
    session = current_session()
    return session.actor if session is not None and session.stage == "full" else None


def current_session() -> Session | None:
    """Return the session of the request's cookie, looked up once; never for machine calls."""
    if not wants_page():
        return None
    if SESSION not in request.environ:
        token = request.cookies.get(SESSION_COOKIE, "")
        request.environ[SESSION] = find_session(token) if token else None
    found: Session | None = request.environ[SESSION]
    return found


def caller() -> Caller:
    """Return the browser or machine that asks, as far as it can be told."""
    return Caller(
        address=request.remote_addr or "",
        device=request.cookies.get(DEVICE_COOKIE) or None,
        browser=request.headers.get("User-Agent", ""),
    )


def bearer_may(permission: Permission) -> bool:
    """Tell whether the request carries a token with this permission; for pages of the platform."""
    try:
        return _bearer_actor().may(permission)
    except (Unauthorized, Forbidden, BadRequest):
        return False


def _let_in(actor: Actor) -> Actor:
    """Remember who calls: with the request for the views, in `g` for the log line."""
    request.environ[ACTOR] = g.actor = actor
    return actor


def _enter_desk(permissions: tuple[Permission, ...], *, second_factor: bool) -> AnyResponse | None:
    session = current_session()
    if session is None or session.stage == "code":
        return _send_to(url_for("desk_auth.sign_in", next=_back_here()))
    _let_in(session.actor)
    if session.stage == "enrol" and second_factor:
        return _send_to(url_for("desk_auth.second_factor"))
    if permissions and not any(session.actor.may(permission) for permission in permissions):
        raise Forbidden
    return None


def _back_here() -> str | None:
    """Return the page to come back to after signing in; forms and fragments are not pages."""
    if request.method != "GET" or request.headers.get("HX-Request") or request.path == "/":
        return None
    return request.full_path if request.query_string else request.path


def _send_to(url: str) -> AnyResponse:
    """Send the browser elsewhere; htmx follows its own header, as a fragment cannot hold a page."""
    if request.headers.get("HX-Request"):
        return Response(status=401, headers={"HX-Redirect": url})
    return redirect(url, code=303)


def _enter_api(permissions: tuple[Permission, ...]) -> Response | None:
    actor = _let_in(_bearer_actor())
    _take_from_bucket(actor.subject)
    if permissions and not any(actor.may(permission) for permission in permissions):
        scope = " ".join(permissions)
        challenge = f'Bearer realm="nssf", error="insufficient_scope", scope="{scope}"'
        raise Forbidden(
            "insufficient_scope",
            detail=N_("The token does not hold the permission for this"),
            headers={"WWW-Authenticate": challenge},
        )
    return once(f"{actor.subject}@{actor.facility or ''}")


def _bearer_actor() -> Actor:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token.strip():
        raise Unauthorized(headers={"WWW-Authenticate": 'Bearer realm="nssf"'})
    if not token.isascii():
        raise InvalidToken("The token cannot be read")
    bearer = bearer_of(token.strip())
    if bearer.networks and not may_call_from(bearer.networks, request.remote_addr or ""):
        raise Forbidden("address_not_allowed", detail=N_("This client may not call from here"))
    return _at_facility(bearer)


def _at_facility(bearer: Bearer) -> Actor:
    """Choose the facility a client acts for: its only one, or the one it names in X-Facility."""
    named = request.headers.get(FACILITY_HEADER)
    if named is None:
        if len(bearer.actors) > 1:
            raise BadRequest("facility_missing", detail=N_("Name the facility in X-Facility"))
        return next(iter(bearer.actors.values()))
    actor = bearer.actors.get(named.strip())
    if actor is None:
        raise Forbidden("facility_foreign", detail=N_("This client does not act for that facility"))
    return actor


def _take_from_bucket(client: str) -> None:
    """Let each client make so many requests a second in this process, a second's worth at once."""
    rate = settings().rate_limit_per_second
    if rate <= 0:
        return
    now = time.monotonic()
    left, seen = _buckets.get(client, (float(rate), now))
    left = min(float(rate), left + (now - seen) * rate)
    if left < 1:
        _buckets[client] = (left, now)
        raise TooMany(retry_after=1, detail=N_("More requests a second than this client may make"))
    if len(_buckets) >= COUNTED_CLIENTS and client not in _buckets:
        _buckets.clear()
    _buckets[client] = (left - 1, now)
