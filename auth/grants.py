"""Proving who a machine client is, giving it tokens and ending them; used by the OAuth door."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from auth import assertions, passwords
from auth.bearers import forget_bearers, may_call_from, networks_of
from auth.clients import facility_of, find_live
from auth.models import ApiClient
from auth.tokens import LIFETIME_SECONDS, AccessClaims, issue_access
from config import audit
from config.db import transaction
from config.errors import Problem
from config.settings import settings

SPEND = text("""
INSERT INTO used_assertions (client_id, jti_hash, expires_at)
VALUES (:client, :jti, to_timestamp(:until)) ON CONFLICT DO NOTHING RETURNING 1
""")
REVOKE = text("""
INSERT INTO revoked_tokens (jti, expires_at) VALUES (:jti, to_timestamp(:until)) ON CONFLICT DO NOTHING
""")


class OAuthRefused(Problem):
    """A refusal in the words of RFC 6749 §5.2; `code` is its `error`."""


class InvalidClient(OAuthRefused):
    """The client could not be authenticated."""

    status = 401
    code = "invalid_client"


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a client showed: a secret or a signed assertion."""

    client_id: str
    secret: str | None = None
    assertion: str | None = None


def authenticate(shown: Credentials, *, address: str) -> ApiClient:
    """Return the client that proved itself, or raise InvalidClient; every refusal is recorded."""
    client = find_live(shown.client_id)
    why = (
        _secret_problem(client, shown)
        if shown.assertion is None
        else _assertion_problem(client, shown)
    )
    if why is None and client and not may_call_from(networks_of(client.cidrs), address):
        why = "this client may not call from this address"
    if why is not None or client is None:
        subject = client.subject if client else "client:unknown"
        audit.record("anonymous", "client.refused", subject=subject, address=address, why=why)
        raise InvalidClient(detail=why)
    return client


def grant_token(client: ApiClient, *, scope: str | None) -> dict[str, Any]:
    """Return the answer of the token endpoint: an access token with the scopes asked for."""
    asked = scope.split() if scope else client.scopes
    foreign = [one for one in asked if one not in client.scopes]
    if foreign or not asked:
        raise OAuthRefused("invalid_scope", detail="the client does not own a scope it asks for")
    scopes = tuple(one for one in client.scopes if one in asked)
    token = issue_access(
        client_id=client.client_id, scopes=scopes, facilities=tuple(client.facilities)
    )
    audit.record(
        client.subject, "token.issued", subject=client.subject, facility=facility_of(client)
    )
    return {
        "access_token": token,
        "token_type": "Bearer",
        "expires_in": LIFETIME_SECONDS,
        "scope": " ".join(scopes),
    }


def revoke_token(claims: AccessClaims, *, client: ApiClient) -> None:
    """End an access token of this client before its time."""
    if claims.client_id != client.client_id:
        raise OAuthRefused("invalid_grant", detail="the token was issued to another client")
    with transaction() as session:
        session.execute(REVOKE, {"jti": claims.jti, "until": claims.expires_at + 60})
        audit.record(
            client.subject, "token.revoked", subject=client.subject, facility=facility_of(client)
        )
    forget_bearers()


def token_url() -> str:
    """Return the address of the token endpoint."""
    return settings().public_url + "/oauth/token"


def _secret_problem(client: ApiClient | None, shown: Credentials) -> str | None:
    given = passwords.token_hash(shown.secret or "")
    stored = client.secret_hashes if client else []
    if any([hmac.compare_digest(given, one) for one in stored]) and shown.secret:  # noqa: C419 - all, always
        return None
    return "the client is not known or its secret is wrong"


def _assertion_problem(client: ApiClient | None, shown: Credentials) -> str | None:
    if client is None or client.jwks is None or shown.assertion is None:
        return "the client is not known or has no registered keys"
    try:
        verified = assertions.verify_assertion(
            shown.assertion, client.jwks, audiences=(token_url(), settings().public_url)
        )
    except assertions.BadAssertion as problem:
        return str(problem)
    # Kept beyond the leeway, so that no assertion is forgotten while it would still be accepted.
    until = verified.expires_at + 2 * assertions.LEEWAY_SECONDS
    values = {
        "client": client.client_id, "jti": passwords.token_hash(verified.jti), "until": until,
    }  # fmt: skip
    with transaction() as session:
        fresh = session.execute(SPEND, values).first()
    return None if fresh else "this assertion was used before (jti)"
