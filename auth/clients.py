"""Machine clients: registering them, rotating their secrets, ending them.

Secrets are random and kept as SHA-256; the one before stays good until the next rotation, so that a
hospital can change over without a gap.
"""

from __future__ import annotations

import ipaddress
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, select

from auth import assertions, passwords
from auth.bearers import forget_bearers
from auth.models import ApiClient
from auth.permissions import SEPARATED, Actor, Permission, Role, permissions_of, separated_duties
from auth.service import facility_codes
from config import audit
from config.db import db, transaction
from config.errors import Forbidden, Invalid, NotFound
from config.text import clean
from config.words import N_

CLIENT_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,63}")
# What a client bound to facilities may hold: what a facility's people may do, never NSSF's part.
FACILITY_SCOPES = permissions_of([Role.FACILITY_MANAGER])


@dataclass(frozen=True, slots=True)
class Registered:
    """A client and the secret that is shown once."""

    client: ApiClient
    secret: str


def create_client(
    name: str, *, scopes: Iterable[str], by: Actor, facilities: Iterable[str] = (),
    jwks: Any = None, cidrs: Iterable[str] = (),
) -> Registered:  # fmt: skip
    """Register a machine client; its secret is returned once and kept as a hash."""
    places = _places(facilities, by=by)
    granted = _scopes(scopes, places, by=by)
    secret = passwords.new_token()
    client = ApiClient(
        client_id=f"client-{secrets.token_hex(8)}",
        name=_name(name),
        scopes=granted,
        facilities=places,
        secret_hashes=[passwords.token_hash(secret)],
        jwks=_keys(jwks),
        cidrs=_networks(cidrs),
        created_by=by.subject,
    )
    with transaction() as session:
        session.add(client)
        _record(by, "client.created", client, scopes=granted, facilities=places)
    return Registered(client, secret)


def rotate_client(
    client_id: str, *, by: Actor, end_old: bool = False, jwks: Any = None
) -> Registered:
    """Give a client a new secret (and keys, if any); the secret before stays good unless ended."""
    secret, keys = passwords.new_token(), _keys(jwks)
    with transaction() as session:
        client = _managed(client_id, by=by)
        kept = [] if end_old else client.secret_hashes[:1]
        client.secret_hashes = [passwords.token_hash(secret), *kept]
        client.jwks = keys or client.jwks
        client.rotated_at = session.scalar(select(func.now()))
        _record(
            by, "client.rotated", client, secrets=len(client.secret_hashes), keys=keys is not None
        )
    return Registered(client, secret)


def revoke_client(client_id: str, *, by: Actor) -> ApiClient:
    """End a client: no new tokens, and those it holds are refused within a minute everywhere."""
    with transaction() as session:
        client = _managed(client_id, by=by)
        client.revoked_at = client.revoked_at or session.scalar(select(func.now()))
        _record(by, "client.revoked", client)
    forget_bearers()
    return client


def list_clients(*, by: Actor, after: str = "", limit: int = 50) -> list[ApiClient]:
    """List the clients the actor may manage, by client id, `limit` of them after one."""
    statement = _visible(by).where(ApiClient.client_id > after)
    return list(db.session.scalars(statement.order_by(ApiClient.client_id).limit(limit)))


def scopes_to_give(by: Actor) -> tuple[Permission, ...]:
    """Return the scopes the actor may give a client."""
    allowed = frozenset(Permission) if by.nssf else FACILITY_SCOPES
    if by.is_person:
        allowed -= SEPARATED
    return tuple(scope for scope in Permission if scope in allowed)


def find_live(client_id: str) -> ApiClient | None:
    """Return a client that was not revoked."""
    if not CLIENT_ID.fullmatch(client_id):
        return None
    return db.session.scalar(
        select(ApiClient)
        .where(ApiClient.client_id == client_id, ApiClient.revoked_at.is_(None))
        .execution_options(populate_existing=True)
    )


def facility_of(client: ApiClient) -> str | None:
    """Return the one facility a client acts for, None when it is several or NSSF's own."""
    return client.facilities[0] if len(client.facilities) == 1 else None


def _require_manager(by: Actor) -> None:
    if not by.may(Permission.USER_MANAGE):
        raise Forbidden


def _visible(by: Actor) -> Select[ApiClient]:
    _require_manager(by)
    statement = select(ApiClient).execution_options(populate_existing=True)
    return statement if by.nssf else statement.where(ApiClient.facilities == [by.facility])


def _managed(client_id: str, *, by: Actor) -> ApiClient:
    client = CLIENT_ID.fullmatch(client_id) and db.session.scalar(
        _visible(by)
        .where(ApiClient.client_id == client_id, ApiClient.revoked_at.is_(None))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if not client:
        raise NotFound(detail=N_("There is no such client, or it was revoked"))
    return client


def _places(facilities: Iterable[str], *, by: Actor) -> list[str]:
    _require_manager(by)
    places = facility_codes(facilities)
    if by.nssf:
        return places
    if places not in ([], [by.facility]):
        raise Forbidden("facility_foreign", detail=N_("You may only appoint for your facility"))
    return [by.facility or ""]


def _scopes(scopes: Iterable[str], places: list[str], *, by: Actor) -> list[str]:
    asked = {one for scope in scopes for one in scope.split()}
    unknown = sorted(asked - set(Permission))
    if not asked or unknown:
        raise _invalid("/scope", f"unknown scope {unknown[0]}" if unknown else "name a scope")
    chosen = frozenset(Permission(one) for one in asked)
    together = separated_duties(chosen)
    if together:
        raise _invalid("/scope", f"nobody may hold {' and '.join(together)} together")
    beyond = sorted(chosen - FACILITY_SCOPES) if places else []
    if beyond:
        raise _invalid("/scope", f"{beyond[0]} is NSSF's: a facility's client cannot hold it")
    refused = sorted(chosen - set(scopes_to_give(by)))
    if refused:
        raise Forbidden("scope_foreign", detail=f"{refused[0]} is given by NSSF's operators only")
    return [scope.value for scope in Permission if scope in chosen]


def _keys(document: Any) -> dict[str, Any] | None:
    if document is None:
        return None
    try:
        return assertions.public_jwks(document)
    except assertions.BadKeys as problem:
        raise _invalid("/jwks", str(problem)) from None


def _networks(cidrs: Iterable[str]) -> list[str]:
    try:
        return [str(ipaddress.ip_network(cidr.strip())) for cidr in cidrs if cidr.strip()]
    except ValueError as error:
        raise _invalid("/cidr", str(error)) from None


def _name(label: str) -> str:
    try:
        name = clean(label, max_length=100)
    except ValueError as error:
        raise _invalid("/name", str(error)) from None
    if not name:
        raise _invalid("/name", "a client needs a name")
    return name


def _record(by: Actor, action: str, client: ApiClient, **details: object) -> None:
    audit.record(by, action, subject=client.subject, facility=facility_of(client), **details)


def _invalid(pointer: str, message: str) -> Invalid:
    return Invalid(errors=[{"pointer": pointer, "message": message}], detail=message)
