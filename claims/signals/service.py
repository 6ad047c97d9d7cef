"""Marks submitted claims that a person should look at, and tells NSSF, and NSSF only, why.

`mark` runs in the submitting transaction: one statement to compare, one to note what was found.
Nothing here is part of a claim's outcome: preview, findings, events and exports know nothing of it.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from psycopg import Connection

from auth.permissions import Actor
from claims.adjudication.reasons import Severity
from claims.adjudication.rules.adjudicate import Outcome
from claims.adjudication.rules.facts import Past
from claims.signals import queries
from claims.signals.models import FacilityWatch
from claims.signals.queries import Compared
from claims.signals.rules import (
    Charge,
    SignalFacts,
    find_signals,
    is_night,
    payment_reported,
    risk_of,
)
from config import clock
from config.audit import record
from config.db import driver, fast, transaction
from config.errors import Invalid, NotFound
from config.jobs import periodic
from config.keyfile import secret_file
from config.settings import settings
from gateway.coverage.policy import ClaimRules
from gateway.coverage.service import policy_set

KEY_NAME = "sample.key"
MOST_WATCHED, WHY_CHARACTERS = 10_000, 300


def mark(
    connection: Connection[Any],
    row: Mapping[str, Any],
    outcome: Outcome,
    *,
    history: Sequence[Past],
    rules: ClaimRules,
) -> None:
    """Note why a claim just submitted is worth a look, in the transaction that stores it."""
    compared = queries.compare(
        connection, claim=row["number"], facility=row["facility"],
        visit=row["visit_number"], check=row["check_number"],
    )  # fmt: skip
    signals = find_signals(_facts(row, outcome, tuple(history), compared), rules.signals)
    if signals or row["risk"]:
        fresh = compared.watch is not None and "facility_watch" not in compared.earlier
        queries.note(
            connection, claim=row["number"], version=row["version"], signals=signals,
            risk=risk_of(signals), watch=compared.watch[0] if fresh and compared.watch else None,
        )  # fmt: skip


def signals_of(claim_number: str) -> list[dict[str, Any]]:
    """Return why a claim is looked at, the gravest first. For NSSF only: never show a facility."""
    with fast() as connection:
        return queries.latest(connection, claim_number)


def watch_facility(facility: str, *, why: str, claims: int, by: Actor) -> None:
    """Have the facility's next claims looked at, for a reason NSSF alone reads.

    Joins the open transaction. Several watches of a facility follow one another. Claims that come
    in the same instant as the last one are looked at as well.
    """
    reason = why.strip()[:WHY_CHARACTERS]
    if not reason or not 1 <= claims <= MOST_WATCHED:
        raise Invalid(
            errors=[{"pointer": "/claims", "message": f"A reason, and 1 to {MOST_WATCHED} claims."}]
        )
    with transaction() as session:
        session.add(
            FacilityWatch(
                facility=facility, why=reason, claims=claims, remaining=claims, by=by.subject
            )
        )
        session.flush()
        record(by, "facility.watched", subject=facility, facility=None, claims=claims)


def report_payment(claim_number: str, *, how: str, by: Actor) -> None:
    """Note, once, that a patient says money was paid for a claim. Joins the open transaction."""
    with transaction() as session:
        connection = driver(session)
        claim = queries.lock(connection, claim_number)
        if claim is None:
            raise NotFound
        noted = {signal["code"] for signal in queries.latest(connection, claim_number)}
        rules = policy_set().claim_rules(claim["scheme"], claim["service_from"])
        signal = payment_reported(how.strip()[:WHY_CHARACTERS], rules.signals)
        if signal.code not in noted:
            queries.note(
                connection, claim=claim_number, version=claim["version"], signals=(signal,),
                risk=claim["risk"] + signal.points,
            )  # fmt: skip
        record(by, "claim.payment_reported", subject=claim_number)


@periodic("signals.profile_facilities", "30 18 * * *")
def profile_facilities() -> None:
    """Compute each night how every facility stands beside its peers (01:30 in Phnom Penh)."""
    today = clock.today()
    policy = policy_set().claim_rules(None, today).signals
    with transaction() as session:
        queries.compute_profiles(
            driver(session),
            day_from=today - timedelta(days=policy["profiles"]["days"]),
            day_to=today - timedelta(days=1),
            least_sample=policy["profiles"]["least_sample"],
            night=[hour for hour in range(24) if is_night(hour, policy)],
        )


def draw_of(claim_number: str) -> int:
    """Return a claim's number from 0 to 999: who has no key cannot tell which claims are sampled."""
    digest = hmac.new(_key(settings().keys_dir), claim_number.encode(), hashlib.sha256).digest()
    return int.from_bytes(digest[:8]) % 1000


@lru_cache(maxsize=4)
def _key(folder: Path) -> bytes:
    return secret_file(folder, KEY_NAME)


def _facts(
    row: Mapping[str, Any], outcome: Outcome, history: tuple[Past, ...], compared: Compared
) -> SignalFacts:
    body, received = row["body"], compared.received_at
    noted = compared.earlier
    tariffs = {line.line: line.tariff_riel for line in outcome.lines}
    return SignalFacts(
        facility=row["facility"],
        visit_type=row["visit_type"],
        service_from=row["service_from"],
        claimed_riel=row["claimed_riel"],
        charges=tuple(
            Charge(line["service"], line["unit_price_riel"], tariffs.get(number))
            for number, line in enumerate(body["lines"], 1)
        ),
        draw=draw_of(row["number"]),
        days=frozenset(date.fromisoformat(line["service_date"]) for line in body["lines"]),
        emergency=bool(body.get("emergency")),
        patient_paid_riel=body.get("patient_paid_riel") or 0,
        doubtful=any(f.severity in (Severity.DENY, Severity.REVIEW) for f in outcome.findings),
        birth_order=row["birth_order"],
        history=history,
        profile=compared.profile,
        received_at_hour=received.astimezone(clock.PHNOM_PENH).hour if received else None,
        watched=noted.get("facility_watch", {}).get("why")
        or (compared.watch[1] if compared.watch else None),
        reported=noted.get("patient_reported_paying", {}).get("how"),
    )
