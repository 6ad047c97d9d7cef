"""The door of machine clients: token, revocation and discovery (RFC 6749, 7009, 7523, 8414, 7517).

Errors have the shape of RFC 6749 §5.2, not of the rest of the API, because OAuth libraries read it.
"""

from __future__ import annotations

import base64
import binascii
from typing import Any
from urllib.parse import unquote_plus

from flask import Blueprint, Response, request

from auth.assertions import BadAssertion, claimed_client
from auth.grants import (
    Credentials,
    InvalidClient,
    OAuthRefused,
    authenticate,
    grant_token,
    revoke_token,
    token_url,
)
from auth.keys import jwks
from auth.models import ApiClient
from auth.permissions import Permission
from auth.throttle import count_in_minute
from auth.tokens import InvalidToken, read_access
from config.errors import TooMany
from config.json import dumps
from config.settings import settings
from config.web import public

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
METHODS = ["client_secret_basic", "client_secret_post", "private_key_jwt"]
ALGORITHMS = ["RS384", "ES384", "ES256", "EdDSA"]
ONCE_ONLY = (
    "grant_type", "scope", "client_id", "client_secret", "client_assertion",
    "client_assertion_type", "token",
)  # fmt: skip

blueprint = Blueprint("oauth", __name__)


@blueprint.post("/oauth/token")
@public
def token() -> Response:
    """Give an access token to a client that proves itself."""
    try:
        _refuse_repeated()
        grant = request.form.get("grant_type")
        if not grant:
            raise OAuthRefused("invalid_request", detail="grant_type is missing")
        client = _authenticated()
        if grant != "client_credentials":
            raise OAuthRefused(
                "unsupported_grant_type", detail="only client_credentials is offered"
            )
        return _answer(grant_token(client, scope=request.form.get("scope")))
    except OAuthRefused as refusal:
        return _refuse(refusal)
    except TooMany as refusal:
        return _too_many(refusal)


@blueprint.post("/oauth/revoke")
@public
def revoke() -> Response:
    """End an access token; a token nobody knows is as good as ended (RFC 7009 §2.2)."""
    try:
        _refuse_repeated()
        client = _authenticated()
        shown = request.form.get("token")
        if not shown:
            raise OAuthRefused("invalid_request", detail="token is missing")
        try:
            claims = read_access(shown)
        except InvalidToken:
            return _answer(None)
        revoke_token(claims, client=client)
        return _answer(None)
    except OAuthRefused as refusal:
        return _refuse(refusal)
    except TooMany as refusal:
        return _too_many(refusal)


@blueprint.get("/.well-known/oauth-authorization-server")
@public
def metadata() -> Response:
    """Describe the authorization server (RFC 8414)."""
    base = settings().public_url
    return _cacheable(
        {
            "issuer": base,
            "token_endpoint": token_url(),
            "revocation_endpoint": base + "/oauth/revoke",
            "jwks_uri": base + "/.well-known/jwks.json",
            "grant_types_supported": ["client_credentials"],
            "response_types_supported": [],
            "scopes_supported": [permission.value for permission in Permission],
            "token_endpoint_auth_methods_supported": METHODS,
            "token_endpoint_auth_signing_alg_values_supported": ALGORITHMS,
            "revocation_endpoint_auth_methods_supported": METHODS,
            "revocation_endpoint_auth_signing_alg_values_supported": ALGORITHMS,
        }
    )


@blueprint.get("/.well-known/jwks.json")
@public
def key_set() -> Response:
    """Publish the keys that verify tokens and slips."""
    return _cacheable(jwks())


def _refuse_repeated() -> None:
    """Refuse a parameter sent twice: RFC 6749 §3.2 leaves no doubt which one counts."""
    for name in ONCE_ONLY:
        if len(request.form.getlist(name)) > 1:
            raise OAuthRefused("invalid_request", detail=f"{name} is sent more than once")


def _authenticated() -> ApiClient:
    """Authenticate within the limits: failures count per address, tokens per client."""
    limit = settings().token_requests_per_minute
    address = request.remote_addr or ""
    count_in_minute(f"token-failures:{address}", limit=limit, by=0)
    try:
        client = authenticate(_credentials(), address=address)
    except InvalidClient:
        count_in_minute(f"token-failures:{address}", limit=limit)
        raise
    count_in_minute(f"token:{client.client_id}", limit=limit)
    return client


def _credentials() -> Credentials:
    form = request.form
    header = request.headers.get("Authorization")
    used = [header is not None, "client_secret" in form, "client_assertion" in form]
    if sum(used) > 1:
        raise OAuthRefused("invalid_request", detail="authenticate in one way only")
    if header is not None:
        return _from_basic(header)
    if "client_assertion" in form:
        return _from_assertion(form["client_assertion"])
    if "client_secret" in form and form.get("client_id"):
        return Credentials(form["client_id"], secret=form["client_secret"])
    raise InvalidClient(detail="no client authentication")


def _from_basic(header: str) -> Credentials:
    kind, _, encoded = header.partition(" ")
    try:
        decoded = base64.b64decode(encoded.strip(), validate=True).decode()
    except (binascii.Error, ValueError):
        decoded = ""
    client_id, colon, secret = decoded.partition(":")
    if kind.lower() != "basic" or not colon:
        raise InvalidClient(detail="the Authorization header cannot be read")
    client_id = unquote_plus(client_id)
    _refuse_other_client(client_id)
    return Credentials(client_id, secret=unquote_plus(secret))


def _from_assertion(assertion: str) -> Credentials:
    if request.form.get("client_assertion_type") != ASSERTION_TYPE:
        raise OAuthRefused(
            "invalid_request", detail=f"client_assertion_type must be {ASSERTION_TYPE}"
        )
    try:
        client_id = claimed_client(assertion)
    except BadAssertion as problem:
        raise InvalidClient(detail=str(problem)) from None
    _refuse_other_client(client_id)
    return Credentials(client_id, assertion=assertion)


def _refuse_other_client(client_id: str) -> None:
    if request.form.get("client_id", client_id) != client_id:
        raise OAuthRefused("invalid_request", detail="client_id names another client")


def _answer(body: dict[str, Any] | None, status: int = 200) -> Response:
    response = Response(dumps(body) if body is not None else b"", status)
    response.content_type = "application/json"
    response.headers["Cache-Control"] = "no-store"
    response.headers["Pragma"] = "no-cache"
    return response


def _refuse(refusal: OAuthRefused) -> Response:
    body = {"error": refusal.code, "error_description": refusal.detail or refusal.code}
    response = _answer(body, refusal.status)
    if refusal.status == 401:
        response.headers["WWW-Authenticate"] = 'Basic realm="nssf"'
    return response


def _too_many(refusal: TooMany) -> Response:
    body = {"error": "too_many_requests", "error_description": "too many requests to this address"}
    response = _answer(body, refusal.status)
    response.headers.extend(refusal.headers)
    return response


def _cacheable(body: dict[str, Any]) -> Response:
    response = Response(dumps(body), content_type="application/json")
    response.headers["Cache-Control"] = "public, max-age=300"
    return response
