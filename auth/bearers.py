"""Which client stands behind a bearer token right now: the token verified, the client not revoked.

A verified token is remembered for at most a minute, so a revocation is seen everywhere within 60 s
(and at once in the process that carried it out).
"""

from __future__ import annotations

import hashlib
import ipaddress
import time
from dataclasses import dataclass

from auth.keys import public_keys
from auth.permissions import Actor, Permission
from auth.tokens import AccessClaims, InvalidToken, read_access
from config.db import fast

REMEMBERED_SECONDS = 60.0
REMEMBERED_TOKENS = 5000
# A key that another process revoked verifies no longer than this.
KEYS_SECONDS = 1.0

FIND = """
SELECT c.scopes, c.facilities, c.cidrs
FROM api_clients c
WHERE c.client_id = %s AND c.revoked_at IS NULL
  AND NOT EXISTS (SELECT 1 FROM revoked_tokens r WHERE r.jti = %s)
"""

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class Bearer:
    """A client whose token holds; one actor for each facility it may act for (None: NSSF's)."""

    client_id: str
    actors: dict[str | None, Actor]
    networks: tuple[Network, ...]
    kid: str
    expires_at: int
    checked: float


_remembered: dict[bytes, Bearer] = {}


def bearer_of(token: str) -> Bearer:
    """Return the client behind a token, or raise InvalidToken saying what is wrong."""
    digest = hashlib.sha256(token.encode()).digest()
    found = _remembered.get(digest)
    if found is not None and _still_holds(found):
        return found
    _remembered.pop(digest, None)
    bearer = _look_up(read_access(token))
    if len(_remembered) >= REMEMBERED_TOKENS:
        _make_room()
    _remembered[digest] = bearer
    return bearer


def forget_bearers() -> None:
    """Look at every token anew: something was revoked or changed in this process."""
    _remembered.clear()


def may_call_from(networks: tuple[Network, ...], address: str) -> bool:
    """Tell whether a client bound to networks (none: unbound) may call from an address."""
    if not networks:
        return True
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    mapped = getattr(parsed, "ipv4_mapped", None)
    return any((mapped or parsed) in network for network in networks)


def networks_of(cidrs: list[str]) -> tuple[Network, ...]:
    """Return stored networks as such."""
    return tuple(ipaddress.ip_network(cidr) for cidr in cidrs)


def _still_holds(bearer: Bearer) -> bool:
    return (
        time.monotonic() - bearer.checked < REMEMBERED_SECONDS
        and time.time() < bearer.expires_at
        and bearer.kid in public_keys("access", within=KEYS_SECONDS)
    )


def _look_up(claims: AccessClaims) -> Bearer:
    checked = time.monotonic()
    with fast() as connection:
        row = connection.execute(FIND, (claims.client_id, claims.jti)).fetchone()
    if row is None:
        raise InvalidToken("The token or its client has been revoked")
    scopes, facilities, cidrs = row
    permissions = frozenset(Permission(scope) for scope in scopes if scope in claims.scopes)
    places: tuple[str, ...] = tuple(facilities)
    actors = {
        place: Actor(
            subject=f"client:{claims.client_id}",
            permissions=permissions,
            facility=place,
            facilities=places,
            nssf=not places,
        )
        for place in places or (None,)
    }
    return Bearer(
        client_id=claims.client_id,
        actors=actors,
        networks=networks_of(cidrs),
        kid=claims.kid,
        expires_at=claims.expires_at,
        checked=checked,
    )


def _make_room() -> None:
    """Drop what no longer holds, then the oldest half if that is not enough."""
    for digest, bearer in list(_remembered.items()):
        if not _still_holds(bearer):
            _remembered.pop(digest, None)
    for digest in list(_remembered)[: max(0, len(_remembered) - REMEMBERED_TOKENS // 2)]:
        _remembered.pop(digest, None)
