"""Whose card is meant? From what the caller sent to one card's key, several candidates, or nobody.

Called by the service before it decides. A candidate's `ref` is a sealed token: good for ten minutes
and this caller, and without a name or number that could be read from it.
"""

from __future__ import annotations

import base64
import hashlib
from datetime import date
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from psycopg import Connection

from auth.keys import public_keys, signer
from auth.permissions import Actor
from config import clock
from config.errors import Invalid
from config.text import fold_card, mask_card
from config.values import dataclass
from gateway.eligibility import queries, slip
from gateway.eligibility.answers import birth_year
from gateway.eligibility.reasons import Reason, reason
from gateway.eligibility.rules.facts import Newborn
from gateway.eligibility.scans import looks_like_card, read_scan
from gateway.members import queries as search
from gateway.members.queries import MOST_CANDIDATES, Candidate

REF_SECONDS = 600


@dataclass(frozen=True, slots=True)
class CheckRequest:
    """What a caller asks: whose cover (one way of saying who), on which day, for what."""

    card_number: str | None = None
    national_id: str | None = None
    phone: str | None = None
    name: str | None = None
    date_of_birth: date | None = None
    scan: str | None = None
    candidate: str | None = None
    reason: str | None = None
    service_date: date | None = None
    benefits: tuple[str, ...] = ()
    cause: str = "illness"
    emergency: bool = False
    patient: Newborn | None = None
    slip: bool = False
    only_reads: bool = False
    """A person's own page is opened: recorded like a check, promising nothing."""

    @property
    def way(self) -> str:
        """Name the way the person was looked for."""
        if self.only_reads:
            return "member"
        for way in ("card_number", "national_id", "phone", "name", "scan", "candidate"):
            if getattr(self, way) is not None:
                return way
        raise Invalid(errors=[{"pointer": "", "message": "Say whose cover is asked."}])


@dataclass(frozen=True, slots=True)
class Found:
    """One card's key, or candidates to choose from, or the reasons for neither."""

    key: str | None = None
    candidates: tuple[Candidate, ...] = ()
    reasons: tuple[Reason, ...] = ()
    hints: tuple[Reason, ...] = ()
    """What goes along when the key turns out to be nobody's."""


def identify(conn: Connection[Any], request: CheckRequest, *, by: Actor) -> Found:
    """Find whose card is meant."""
    if request.card_number is not None:
        return _by_card(fold_card(request.card_number))
    if request.candidate is not None:
        return Found(key=open_ref(request.candidate, by=by))
    if request.scan is not None:
        return _by_scan(conn, request.scan)
    return _chosen(_search(conn, request))


def seal_ref(card_key: str, *, by: Actor) -> str:
    """Make the token that stands for a candidate, for this caller and ten minutes."""
    content = "\n".join((by.subject, by.facility or "", card_key)).encode()
    sealed: bytes = _box().encrypt_at_time(content, int(clock.now().timestamp()))
    return sealed.decode()


def open_ref(ref: str, *, by: Actor) -> str:
    """Return the key of the card a token stands for; a token of others or too old is a bad field."""
    try:
        content = _box().decrypt_at_time(ref, REF_SECONDS, int(clock.now().timestamp())).decode()
    except (InvalidToken, ValueError):
        content = ""
    subject, _, rest = content.partition("\n")
    facility, _, key = rest.partition("\n")
    if not key or subject != by.subject or facility != (by.facility or ""):
        message = "is not a candidate of yours from the last 10 minutes"
        raise Invalid(errors=[{"pointer": "/candidate", "message": message}])
    return key


def to_candidates(found: tuple[Candidate, ...], *, by: Actor) -> list[dict[str, Any]]:
    """Show candidates: enough to choose by, never a whole number."""
    return [
        {
            "ref": seal_ref(one.card_key, by=by),
            "name": one.name_latin or one.name_km,
            "name_km": one.name_km,
            "birth_year": birth_year(one.date_of_birth),
            "sex": one.sex,
            "card_masked": mask_card(one.card_number),
        }
        for one in found
    ]


def _by_card(key: str) -> Found:
    hints = () if looks_like_card(key) else (reason("card_format"),)
    return Found(key=key, hints=hints)


def _by_scan(conn: Connection[Any], text: str) -> Found:
    scan = read_scan(text)
    if scan.card_key is not None:
        return _by_card(scan.card_key)
    if scan.slip is None:
        return Found(reasons=(reason(scan.problem or "scan_unreadable"),))
    try:
        # A slip only says whose card it is; whether it is still valid does not matter here.
        shown = slip.read(scan.slip, public_keys("slip"), at=clock.now())
    except slip.BadSlip:
        return Found(reasons=(reason("scan_unreadable"),))
    stored = queries.find(conn, str(shown.claims["jti"]))
    if stored is None or stored.card_key is None:
        return Found(reasons=(reason("scan_unreadable"),))
    return Found(key=stored.card_key)


def _search(conn: Connection[Any], request: CheckRequest) -> list[Candidate]:
    if request.national_id is not None:
        return search.by_national_id(conn, fold_card(request.national_id))
    if request.phone is not None:
        return search.by_phone(conn, request.phone)
    if request.name is None or request.date_of_birth is None:
        raise Invalid(errors=[{"pointer": "", "message": "Say whose cover is asked."}])
    return search.by_name(conn, request.name, request.date_of_birth)


def _chosen(found: list[Candidate]) -> Found:
    """Take a single exact match; anything else a person chooses, lost and replaced cards last."""
    people = [one for one in found if one.live] or found
    if not people:
        return Found(hints=(reason("person_not_found"),))
    if len(people) == 1 and people[0].exact:
        return Found(key=people[0].card_key)
    reasons = [reason("choose_person")]
    if len(people) > MOST_CANDIDATES:
        reasons.append(reason("too_many_people"))
    return Found(candidates=tuple(people[:MOST_CANDIDATES]), reasons=tuple(reasons))


def _box() -> Fernet:
    key: Ed25519PrivateKey = signer("slip")[1]
    secret = hashlib.sha256(b"eligibility candidate refs\0" + key.private_bytes_raw()).digest()
    return Fernet(base64.urlsafe_b64encode(secret))
