"""Builders with good defaults: each reaches its goal through the services or the feed's tables."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from typing import Any

import psycopg
import pyotp
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from psycopg import sql

from auth import accounts, clients, service, signing_in
from auth.guard import SESSION_COOKIE
from auth.models import StaffUser
from auth.permissions import NSSF_ROLES, Role, needs_second_factor, system_actor
from auth.sessions import Caller
from claims.adjudication.service import load_default_tariffs
from config import clock
from config.text import fold_card
from gateway.coverage.service import load_default_policies
from tests import kept

HOSPITAL = "120101"

# --- auth -------------------------------------------------------------------

PASSWORD = "quiet river 42"
_counter = itertools.count(1)


def make_user(
    username: str | None = None, *, roles: Iterable[str] = ("reception",),
    facilities: Iterable[str] | None = None, password: str | None = PASSWORD,
    second_factor: bool = True, **given: Any,
) -> StaffUser:  # fmt: skip
    """Create a person ready to sign in; facility roles work at HOSPITAL, NSSF's have a second factor."""
    held = [Role(role) for role in roles]
    if facilities is None:
        facilities = () if set(held) <= NSSF_ROLES else (HOSPITAL,)
    user = service.create_user(
        username or f"person{next(_counter)}", roles=held, facilities=facilities,
        password=password, by=system_actor("tests"), **given,
    ).user  # fmt: skip
    if second_factor and password and needs_second_factor(held):
        secret = accounts.begin_second_factor(user.username).secret
        accounts.confirm_second_factor(
            user.username, pyotp.TOTP(secret).now(), session_id=0, caller=Caller("127.0.0.1")
        )
    return user


def make_client(
    *, scopes: Iterable[str] | str = ("eligibility.check",),
    facility: str | Iterable[str] | None = HOSPITAL, **given: Any,
) -> clients.Registered:  # fmt: skip
    """Register a machine client; several facilities as a list, None for one of NSSF's own."""
    places = [facility] if isinstance(facility, str) else list(facility or ())
    wanted = [scopes] if isinstance(scopes, str) else list(scopes)
    return clients.create_client(
        "A hospital's system", scopes=wanted, facilities=places, by=system_actor("tests"), **given
    )


def make_client_token(
    client: FlaskClient, *, scopes: Iterable[str] | str = ("eligibility.check",),
    facility: str | Iterable[str] | None = HOSPITAL,
) -> str:  # fmt: skip
    """Register a machine client, get it a token at the token endpoint; return `Bearer …`."""
    made = make_client(scopes=scopes, facility=facility)
    answer = client.post(
        "/oauth/token",
        data={"grant_type": "client_credentials"},
        auth=(made.client.client_id, made.secret),
    )
    assert answer.status_code == 200, answer.text
    return f"Bearer {answer.json['access_token']}"


def sign_in(client: FlaskClient, user: StaffUser) -> str:
    """Sign a person in on this browser; return the `csrf_token` its forms have to send."""
    signed = signing_in.open_session(user, caller=Caller("127.0.0.1"))
    client.set_cookie(SESSION_COOKIE, signed.token)
    return csrf_token(client)


def csrf_token(client: FlaskClient) -> str:
    """Return a token this browser's forms may send."""
    raw = secrets.token_hex(20)
    with client.session_transaction() as forms:
        forms["csrf_token"] = raw
    serializer = URLSafeTimedSerializer(client.application.secret_key, salt="wtf-csrf-token")
    return str(serializer.dumps(raw))


# --- policies and prices ----------------------------------------------------

# What the first start loads, as the services wrote it first in this process.
_shipped: dict[str, list[kept.Taken]] = {}
COLUMNS = """
SELECT string_agg(quote_ident(attname), ', ') FROM pg_attribute
 WHERE attrelid = %s::regclass AND attnum > 0 AND attname NOT IN ('id', 'xact')
"""
BUMP = "UPDATE generation SET n = greatest(n + 1, pg_current_xact_id()::text::bigint)"


def load_policies(owner: psycopg.Connection[Any]) -> None:
    """Put the shipped policies in force."""
    _load(owner, "policies", "policy.loaded", load_default_policies)


def load_defaults(owner: psycopg.Connection[Any]) -> None:
    """Put the shipped policies and prices in force."""
    load_policies(owner)
    _load(owner, "tariffs", "tariff.loaded", load_default_tariffs)


def _load(
    owner: psycopg.Connection[Any], table: str, action: str, load: Callable[[], object]
) -> None:
    """Load by the service once in this process, then by copying its rows: ten times as quick."""
    if table not in _shipped:
        load()
        logged = f"action = '{action}' ORDER BY id"
        _shipped[table] = [
            kept.take(owner, table, _columns(owner, table), "true ORDER BY id"),
            kept.take(owner, "audit_events", _columns(owner, "audit_events"), logged),
        ]
        return
    kept.put(owner, _shipped[table])
    owner.execute(BUMP)


def _columns(owner: psycopg.Connection[Any], table: str) -> str:
    """Name the columns of a table but those that tell one writing of a row from another."""
    [[columns]] = owner.execute(COLUMNS, [table]).fetchall()
    return str(columns)


# --- registry ---------------------------------------------------------------

OTHER_HOSPITAL = "030201"
HEALTH_CENTRE = "080301"
WOMAN = "2990101-0000001-ក"
MAN = "1900202-0000002-ខ"


def _insert(owner: psycopg.Connection[Any], table: str, row: dict[str, Any]) -> None:
    owner.execute(
        sql.SQL("INSERT INTO registry.{} ({}) VALUES ({})").format(
            sql.Identifier(table),
            sql.SQL(", ").join(map(sql.Identifier, row)),
            sql.SQL(", ").join(sql.Placeholder() * len(row)),
        ),
        list(row.values()),
    )


def make_facility(owner: psycopg.Connection[Any], code: str = HOSPITAL, **given: Any) -> str:
    """Add a contracted public hospital (CPA3) with a confirmed bank account; return its code."""
    row = {
        "code": code, "name_km": "មន្ទីរពេទ្យសាកល្បង", "name_en": f"Test Hospital {code}",
        "kind": "public", "level": "cpa3", "province": "KH-12",
        "contract_from": date(2016, 1, 1), "contract_to": None,
        "bank_account": f"001-{code}", "phone": None,
    } | given  # fmt: skip
    _insert(owner, "facilities", row)
    if row["bank_account"]:
        owner.execute(
            "INSERT INTO facility_bank_accounts (facility, account, state, introduced_by, decided_by,"
            " decided_at) VALUES (%s, %s, 'confirmed', 'system:feed', 'system:feed', now())",
            (code, row["bank_account"]),
        )
    return code


def months(first: date, last: date) -> str:
    """Return the feed's text for every month from the first to the last."""
    return f"{first:%Y-%m}..{last:%Y-%m}"


def make_member(
    owner: psycopg.Connection[Any],
    card_number: str = WOMAN,
    *,
    scheme: str | None = "health_care",
    paid: str | None = None,
    cover_from: date = date(2017, 1, 1),
    cover_to: date | None = None,
    **given: Any,
) -> str:
    """Add a private worker, covered and paid up to last month; return the card number."""
    key = fold_card(card_number)
    row = {
        "card_key": key, "card_number": card_number, "national_id": None, "name_km": "សុខ តារា",
        "name_latin": "SOK TARA", "sex": "F", "date_of_birth": date(1999, 1, 1),
        "category": "private_worker", "enterprise": None, "province": "KH-12", "phone": None,
        "registered_on": date(2017, 1, 1), "status": "active", "status_on": date(2017, 1, 1),
        "card_status": "live", "household_card": None, "protected": False, "district": None,
        "occupation": None,
    } | given  # fmt: skip
    _insert(owner, "members", row)
    if row["phone"]:
        _insert(owner, "phones", {"phone": row["phone"], "card_key": key})
    if scheme:
        cover(owner, card_number, scheme, cover_from, cover_to)
        last = clock.today().replace(day=1) - timedelta(days=1)
        if paid != "":
            contribute(owner, card_number, scheme, paid or months(date(2023, 1, 1), last))
    loaded(owner)
    return card_number


def cover(
    owner: psycopg.Connection[Any], card: str, scheme: str, start: date, end: date | None = None
) -> None:
    """Add a period of coverage; `end` is the first day that no longer counts."""
    row = {"card_key": fold_card(card), "scheme": scheme, "valid_from": start, "valid_to": end}
    _insert(owner, "coverages", row)


def contribute(owner: psycopg.Connection[Any], card: str, scheme: str, paid: str) -> None:
    """Add the months a person has paid."""
    row = {"card_key": fold_card(card), "scheme": scheme, "paid_months": paid,
           "contributory_wage_riel": 800_000}  # fmt: skip
    _insert(owner, "contributions", row)


def make_dependent(
    owner: psycopg.Connection[Any], card_number: str, principal: str, **given: Any
) -> str:
    """Add a child of the principal, covered and paid like a voluntary member."""
    row = {
        "card_key": fold_card(card_number), "card_number": card_number,
        "principal_key": fold_card(principal), "relationship": "child", "national_id": None,
        "name_km": "សុខ ដារា", "name_latin": "SOK DARA", "sex": "M",
        "date_of_birth": date(2018, 5, 5), "disabled": False, "chronically_ill": False,
        "valid_from": date(2023, 11, 14), "valid_to": None,
    } | given  # fmt: skip
    _insert(owner, "dependents", row)
    cover(owner, card_number, "health_care", date(2023, 11, 14))
    last = clock.today().replace(day=1) - timedelta(days=1)
    contribute(owner, card_number, "health_care", months(date(2023, 12, 1), last))
    return card_number


def loaded(owner: psycopg.Connection[Any]) -> None:
    """Say that a contributions file was loaded today."""
    owner.execute(
        "INSERT INTO registry_state (id, as_of, contributions_loaded) VALUES (1, now(), true)"
        " ON CONFLICT (id) DO UPDATE SET as_of = now(), contributions_loaded = true"
    )


# --- claims -----------------------------------------------------------------
