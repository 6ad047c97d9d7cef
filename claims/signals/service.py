"""Marks submitted claims that a person should look at, and tells NSSF, and NSSF only, why.

`comparing` is read with all else a claim is judged against, `NOTED` is written with the claim.
Nothing here is part of a claim's outcome: preview, findings, events and exports know nothing of it.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
from claims.signals.queries import NOTED, Compared, compared_of, comparing
from claims.signals.rules import (
    Charge,
    Signal,
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
from config.json import dumps
from config.keyfile import secret_file
from config.settings import settings
from gateway.coverage.policy import ClaimRules
from gateway.coverage.service import policy_set

__all__ = [
    "NOTED", "Noted", "compared_of", "comparing", "draw_of", "look", "mark", "profile_facilities",
    "report_payment", "signals_of", "watch_facility",
]  # fmt: skip

KEY_NAME = "sample.key"
MOST_WATCHED, WHY_CHARACTERS = 10_000, 300


@dataclass(frozen=True, slots=True)
class Noted:
    """Why a claim is worth a look, and the watch of its facility that this claim counts down."""

    signals: tuple[Signal, ...]
    watch: int | None

    @property
    def risk(self) -> int:
        """Return how much the claim has to be looked at."""
        return risk_of(self.signals)

    def as_values(self) -> dict[str, Any]:
        """Return what the statement of `NOTED` is told."""
        told = dumps([signal.as_json() for signal in self.signals])
        return {"signals": told, "watch": self.watch}


def look(
    row: Mapping[str, Any],
    outcome: Outcome,
    compared: Compared,
    *,
    history: Sequence[Past],
    rules: ClaimRules,
) -> Noted:
    """Tell why a claim about to be submitted is worth a look; nothing is stored."""
    signals = find_signals(_facts(row, outcome, tuple(history), compared), rules.signals)
    fresh = compared.watch is not None and "facility_watch" not in compared.earlier
    return Noted(signals, compared.watch[0] if fresh and compared.watch else None)


def mark(connection: Connection[Any], row: Mapping[str, Any], noted: Noted) -> None:
    """Note why a stored claim submitted again is worth a look, in the transaction of that."""
    if noted.signals or row["risk"]:
        queries.note(
            connection, claim=row["number"], version=row["version"], signals=noted.signals,
            risk=noted.risk, watch=noted.watch,
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
        refund=compared.refund,
    )
