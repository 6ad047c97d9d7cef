"""Access tokens: signed JWTs after RFC 9068, made by the token endpoint and read by the guard.

Reading is strict: our key by its id, one algorithm, our issuer and audience, `typ` at+jwt; each
refusal says which of them it was. Whether a token was revoked is the database's to say (bearers.py).
"""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from typing import Any

import jwt

from auth.keys import public_keys, signer
from config.errors import Unauthorized
from config.settings import settings

ALGORITHM = "EdDSA"
TYPES = ("at+jwt", "application/at+jwt")
LIFETIME_SECONDS = 3600
LEEWAY_SECONDS = 5
MAX_TOKEN = 8192
REQUIRED = ("iss", "aud", "sub", "client_id", "scope", "iat", "exp", "jti")
REFUSALS: dict[type[Exception], str] = {
    jwt.ExpiredSignatureError: "The token has expired",
    jwt.ImmatureSignatureError: "The token is not valid yet",
    jwt.InvalidAudienceError: "The token is for another audience",
    jwt.InvalidIssuerError: "The token has another issuer",
    jwt.InvalidSignatureError: "The signature does not hold",
}


class InvalidToken(Unauthorized):
    """The bearer token cannot be accepted; the detail says why (RFC 6750 §3)."""

    code = "invalid_token"

    def __init__(self, why: str) -> None:
        challenge = f'Bearer realm="nssf", error="invalid_token", error_description="{why}"'
        super().__init__(detail=why, headers={"WWW-Authenticate": challenge})


@dataclass(frozen=True, slots=True)
class AccessClaims:
    """What a token says, once it has been verified."""

    client_id: str
    scopes: frozenset[str]
    jti: str
    kid: str
    expires_at: int


def issue_access(*, client_id: str, scopes: tuple[str, ...], facilities: tuple[str, ...]) -> str:
    """Return a signed access token for a client, good for an hour."""
    kid, key = signer("access")
    now = int(time.time())
    claims: dict[str, Any] = {
        "iss": settings().public_url,
        "aud": settings().public_url,
        "sub": client_id,
        "client_id": client_id,
        "scope": " ".join(scopes),
        "iat": now,
        "exp": now + LIFETIME_SECONDS,
        "jti": secrets.token_urlsafe(18),
    }
    if facilities:
        claims["facility"] = facilities[0] if len(facilities) == 1 else list(facilities)
    return jwt.encode(claims, key, algorithm=ALGORITHM, headers={"typ": "at+jwt", "kid": kid})


def read_access(token: str) -> AccessClaims:
    """Verify an access token and return what it says, or raise InvalidToken saying what is wrong."""
    header = _header(token)
    if str(header.get("typ", "")).lower() not in TYPES:
        raise InvalidToken("This is not an access token (typ must be at+jwt)")
    if header.get("alg") != ALGORITHM:
        raise InvalidToken("The signature algorithm is not accepted")
    kid = str(header.get("kid", ""))
    key = public_keys("access").get(kid)
    if key is None:
        raise InvalidToken("The signing key is not known")
    claims = _claims(token, key)
    if claims["sub"] != claims["client_id"] or not isinstance(claims["scope"], str):
        raise InvalidToken("The token's claims do not fit together")
    return AccessClaims(
        client_id=str(claims["client_id"]),
        scopes=frozenset(claims["scope"].split()),
        jti=str(claims["jti"]),
        kid=kid,
        expires_at=int(claims["exp"]),
    )


def _header(token: str) -> dict[str, Any]:
    if len(token) > MAX_TOKEN:
        raise InvalidToken("The token is too long")
    try:
        return dict(jwt.get_unverified_header(token))
    except jwt.InvalidTokenError:
        raise InvalidToken("The token cannot be read") from None


def _claims(token: str, key: Any) -> dict[str, Any]:
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=[ALGORITHM],
            issuer=settings().public_url,
            audience=settings().public_url,
            leeway=LEEWAY_SECONDS,
            options={"require": list(REQUIRED)},
        )
    except jwt.MissingRequiredClaimError as error:
        raise InvalidToken(f"The token has no {error.claim}") from None
    except jwt.InvalidTokenError as error:
        raise InvalidToken(REFUSALS.get(type(error), "The token cannot be read")) from None
    return claims
