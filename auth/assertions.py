"""Signed client assertions (RFC 7523): the registered keys, and what an assertion has to say.

Keys come from registration only; whatever an assertion carries in `jku`, `x5u` or `jwk` is not read.
Pure: whether its `jti` was used before is the database's to say (clients.py).
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import jwt
from jwt import PyJWK

LEEWAY_SECONDS = 60
LONGEST_SECONDS = 300
LONGEST_JTI = 255
MAX_ASSERTION = 16_384
TYPES = ("", "jwt", "client-authentication+jwt")
SHORTEST_RSA = 2048

# What a key of this kind may sign with: the algorithm follows from the key, never from the token.
ALGORITHMS = {("RSA", None): "RS384", ("EC", "P-384"): "ES384", ("EC", "P-256"): "ES256",
              ("OKP", "Ed25519"): "EdDSA"}  # fmt: skip
REFUSALS: dict[type[Exception], str] = {
    jwt.ExpiredSignatureError: "the assertion has expired",
    jwt.ImmatureSignatureError: "the assertion is not valid yet",
    jwt.InvalidAudienceError: "aud must be the token URL or the issuer",
    jwt.InvalidSignatureError: "the signature does not hold",
}
PRIVATE_PARTS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})


class BadAssertion(Exception):
    """The assertion cannot be accepted; the text says why."""


class BadKeys(Exception):
    """The key set cannot be registered; the text says why."""


@dataclass(frozen=True, slots=True)
class Assertion:
    """What a verified assertion says of itself."""

    client_id: str
    jti: str
    expires_at: int


def public_jwks(document: Any) -> dict[str, Any]:
    """Check a key set for registration and return it with nothing but what verification needs."""
    keys = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(keys, list) or not keys:
        raise BadKeys('a key set is {"keys": […]} with at least one key')
    kept = [_registered(key) for key in keys]
    kids = [key["kid"] for key in kept if "kid" in key]
    if len(kids) != len(set(kids)) or (len(kept) > 1 and len(kids) != len(kept)):
        raise BadKeys("several keys need a kid each, and different ones")
    return {"keys": kept}


def claimed_client(assertion: str) -> str:
    """Return whose assertion this claims to be, so that the registered keys can be found."""
    if len(assertion) > MAX_ASSERTION:
        raise BadAssertion("the assertion is too long")
    try:
        claims = jwt.decode(assertion, options={"verify_signature": False})
    except jwt.InvalidTokenError:
        raise BadAssertion("the assertion cannot be read") from None
    subject = claims.get("sub")
    if not isinstance(subject, str) or claims.get("iss") != subject:
        raise BadAssertion("iss and sub must both be the client_id")
    return subject


def verify_assertion(
    assertion: str, jwks: dict[str, Any], *, audiences: tuple[str, ...]
) -> Assertion:
    """Verify an assertion with its client's registered keys, or raise BadAssertion."""
    header = jwt.get_unverified_header(assertion)
    if str(header.get("typ", "")).lower() not in TYPES:
        raise BadAssertion("this is not a client assertion (typ)")
    key, algorithm = _key_for(header, jwks)
    claims = _claims(assertion, key, algorithm, audiences)
    return Assertion(claims["sub"], claims["jti"], int(claims["exp"]))


def _registered(key: Any) -> dict[str, Any]:
    if not isinstance(key, dict):
        raise BadKeys("a key is a JSON object")
    if PRIVATE_PARTS & key.keys():
        raise BadKeys("the file holds a private or shared key; register public keys only")
    algorithm = _algorithm_of(key)
    if algorithm is None or key.get("alg", algorithm) != algorithm:
        raise BadKeys(
            "a key is RSA for RS384, P-384 for ES384, P-256 for ES256 or Ed25519 for EdDSA"
        )
    kept = {name: key[name] for name in ("kty", "crv", "kid", "n", "e", "x", "y") if name in key}
    try:
        loaded: Any = PyJWK(kept, algorithm=algorithm).key
    except (jwt.PyJWTError, ValueError, KeyError, TypeError):
        raise BadKeys("a key cannot be read") from None
    if algorithm == "RS384" and loaded.key_size < SHORTEST_RSA:
        raise BadKeys(f"an RSA key has at least {SHORTEST_RSA} bits")
    if not isinstance(kept.get("kid", ""), str):
        raise BadKeys("a kid is text")
    return kept


def _algorithm_of(key: dict[str, Any]) -> str | None:
    kind = key.get("kty")
    return ALGORITHMS.get((str(kind), None if kind == "RSA" else key.get("crv")))


def _key_for(header: dict[str, Any], jwks: dict[str, Any]) -> tuple[Any, str]:
    keys: list[dict[str, Any]] = jwks["keys"]
    kid = header.get("kid")
    named = [key for key in keys if key.get("kid") == kid] if kid is not None else keys
    if len(named) != 1:
        raise BadAssertion("the signing key is not registered")
    algorithm = _algorithm_of(named[0])
    if algorithm is None or header.get("alg") != algorithm:
        raise BadAssertion("the signature algorithm is not accepted for this key")
    return PyJWK(named[0], algorithm=algorithm).key, algorithm


def _claims(assertion: str, key: Any, algorithm: str, audiences: tuple[str, ...]) -> dict[str, Any]:
    try:
        claims: dict[str, Any] = jwt.decode(
            assertion,
            key,
            algorithms=[algorithm],
            audience=list(audiences),
            leeway=LEEWAY_SECONDS,
            options={"require": ["iss", "sub", "aud", "exp", "jti"]},
        )
    except jwt.MissingRequiredClaimError as error:
        raise BadAssertion(f"the assertion has no {error.claim}") from None
    except jwt.InvalidTokenError as error:
        raise BadAssertion(REFUSALS.get(type(error), "the assertion cannot be read")) from None
    if not isinstance(claims["exp"], (int, float)):
        raise BadAssertion("exp must be a number")
    if claims["exp"] > time.time() + LONGEST_SECONDS + LEEWAY_SECONDS:
        raise BadAssertion("exp is more than 5 minutes away")
    jti = claims["jti"]
    if not isinstance(jti, str) or not 0 < len(jti) <= LONGEST_JTI:
        raise BadAssertion("jti must be text of at most 255 characters")
    return claims
