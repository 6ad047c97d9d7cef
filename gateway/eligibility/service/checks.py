"""Check who is covered, record the answer, and stand by it. The one service behind every door.

A check is one SELECT and one INSERT on the driver in autocommit: the recorded row is the audit
record. A look-up that fails raises; it is never answered as a decision. Claims call `judge`.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from psycopg import Connection
from psycopg.errors import UniqueViolation

from auth.keys import public_keys, signer
from auth.permissions import Actor
from config import clock
from config.audit import record
from config.db import fast
from config.errors import Conflict, NotFound
from config.json import dumps
from config.numbers import new_number
from config.settings import settings
from config.text import fold_card
from config.words import N_
from gateway.coverage import service as coverage
from gateway.coverage.policy import PolicySet
from gateway.eligibility import queries, slip
from gateway.eligibility.answers import moment, to_answer
from gateway.eligibility.queries import Stored
from gateway.eligibility.reasons import reason
from gateway.eligibility.rows import Row
from gateway.eligibility.rules.decide import decide, decide_family
from gateway.eligibility.rules.facts import Decision, Facts
from gateway.eligibility.service import limits
from gateway.eligibility.service.disputes import raise_dispute
from gateway.eligibility.service.identify import CheckRequest, Found, identify, to_candidates
from gateway.eligibility.service.protection import is_protected, record_read, refuse_without_reason
from gateway.eligibility.service.reading import NOBODY, read_row, to_facts
from gateway.eligibility.service.scanning import (
    is_due,
    refuse_one_more,
    refuse_scanner,
    scanner_of,
)
from gateway.eligibility.slip_paper import to_pdf

NUMBER_ATTEMPTS = 5


def check(request: CheckRequest, *, by: Actor) -> dict[str, Any]:
    """Decide, record and answer. An unknown card is an answer; too many of them are refused."""
    return _check(request, by=by)[0]


def check_json(request: CheckRequest, *, by: Actor) -> bytes:
    """Decide, record and answer with the JSON that was recorded, to the byte."""
    return _check(request, by=by)[1]


def _check(request: CheckRequest, *, by: Actor) -> tuple[dict[str, Any], bytes]:
    day = request.service_date or clock.today()
    counted = limits.to_count(by)
    with fast() as conn:
        found = identify(conn, request, by=by)
        row = _read(conn, found.key or NOBODY, day, counted, by=by)
        known = bool(row.people) or bool(found.reasons)
        policies = coverage.policy_set(row.generation)
        facts = to_facts(row, day, by.facility, request)
        refuse_without_reason(facts.person, request.reason, by=by)
        answer = _decided(facts, found, policies, by=by)
        recorded = _recorded(conn, answer, row, facts, request, by=by)
    if not known:
        refuse_one_more(row, by=by)
    return recorded


def find_check(number: str, *, by: Actor) -> dict[str, Any]:
    """Return a recorded check as it was answered; another facility's does not exist."""
    return _stored(number, by=by).body


def find_slip(number: str, *, by: Actor) -> str:
    """Return a recorded check's slip, signed when it was asked for or else now."""
    body = _stored(number, by=by).body
    if body["member"] is None:
        raise Conflict("no_slip", detail=N_("A check that found nobody has no slip"))
    return body.get("slip") or _signed(body)


def print_slip(token: str) -> bytes:
    """Print a slip of ours on a sheet (PDF); with test data it says so across the page."""
    current = settings()
    claims = verify_slip(token).claims
    return to_pdf(token, claims, address=current.public_url, test_data=current.demo)


def verify_slip(token: str, *, keys: slip.Keys | None = None) -> slip.Slip:
    """Read a slip with the published keys, or with those given, or raise BadSlip."""
    trusted = public_keys("slip") if keys is None else keys
    return slip.read(token, trusted, at=clock.now())


def dispute(number: str, *, kind: str, note: str | None, by: Actor) -> dict[str, Any]:
    """Ask NSSF to correct what a check was decided on; the same kind again is the same task."""
    stored = _stored(number, by=by)
    return raise_dispute(stored, kind=kind, note=note, by=by)


def read_member(card_number: str, *, by: Actor, reason: str | None = None) -> dict[str, Any]:
    """Return a person's identity, cover and dependents today; audited.

    It is a look-up like a check: recorded and counted as one, with the same limits, but it promises
    nothing.
    """
    day = clock.today()
    request = CheckRequest(card_number=card_number, reason=reason, only_reads=True)
    key = fold_card(card_number)
    counted = limits.to_count(by)
    with fast() as conn:
        row = _read(conn, key, day, counted, by=by)
        policies = coverage.policy_set(row.generation)
        facts = to_facts(row, day, by.facility, request)
        refuse_without_reason(facts.person, reason, by=by)
        answer = to_answer(facts, decide(facts, policies), policies, decide_family(facts, policies))
        _recorded(conn, answer, row, facts, request, by=by)
    if facts.person is None:
        refuse_one_more(row, by=by)
        raise NotFound("unknown_card")
    record(by, "member.read", subject=facts.person.card_number, facility=by.facility)
    shown = {name: answer[name] for name in ("verdict", "reasons", "coverages", "dependents")}
    return {
        **answer["member"],
        "service_date": answer["service_date"],
        "registry_as_of": moment(row.as_of),
        **shown,
    }


def _read(conn: Connection[Any], key: str, day: date, counted: str | None, *, by: Actor) -> Row:
    """Read what a decision needs, and refuse who has looked up too much."""
    scanner = scanner_of(by)
    count = scanner if counted is not None or is_due(scanner) else None
    row = read_row(conn, key, day, facility=by.facility, scanner=count, actor=counted)
    if not row.people and row.unknown is None:
        row = replace(row, unknown=queries.count_unknown(conn, scanner))
    refuse_scanner(scanner, row)
    if counted is not None:
        limits.refuse_too_many(row, by=by)
    return row


def _decided(facts: Facts, found: Found, policies: PolicySet, *, by: Actor) -> dict[str, Any]:
    hints = found.hints if facts.person is None else ()
    if found.reasons:
        decision, hints = Decision("unknown", reasons=found.reasons), ()
    elif found.key is None:
        decision, hints = Decision("not_found", reasons=hints), ()
    else:
        decision = decide(facts, policies)
    answer = to_answer(facts, decision, policies, decide_family(facts, policies), hints)
    if found.candidates:
        answer["candidates"] = to_candidates(found.candidates, by=by)
    if facts.day > clock.today():
        answer["reasons"].append(reason("estimate").as_dict())
    return answer


def _recorded(
    conn: Connection[Any],
    answer: dict[str, Any],
    row: Row,
    facts: Facts,
    request: CheckRequest,
    *,
    by: Actor,
) -> tuple[dict[str, Any], bytes]:
    """Give the answer its number and promise and record it, words and all."""
    until = clock.end_of(clock.today())
    for attempt in range(NUMBER_ATTEMPTS):
        body = {
            "number": new_number("E", row.at),
            "checked_at": moment(row.at),
            "valid_until": moment(until),
            "promise": not request.only_reads and _is_promise(answer["verdict"], facts.day, by),
            "registry_as_of": moment(row.as_of),
            **answer,
        }
        if request.slip and body["member"] is not None:
            body["slip"] = _signed(body)
        text = dumps(body)
        values = _columns(body, facts, request, by=by)
        try:
            queries.record(
                conn, values | {"body": text, "checked_at": row.at, "valid_until": until}
            )
        except UniqueViolation:
            if attempt == NUMBER_ATTEMPTS - 1:
                raise
            continue
        if facts.person is not None and is_protected(facts.person):
            record_read(facts.person.card_number, body["number"], by=by)
        return body, text
    raise AssertionError("the loop returns or raises")


def _columns(
    body: dict[str, Any], facts: Facts, request: CheckRequest, *, by: Actor
) -> dict[str, Any]:
    """Take out of the answer what is searched and counted by; the body keeps the words."""
    return {
        "number": body["number"],
        "facility": by.facility,
        "actor": by.subject,
        "scanner": scanner_of(by),
        "card_key": _key_of(facts, request),
        "service_date": facts.day,
        "verdict": body["verdict"],
        "scheme": body["scheme"],
        "promise": body["promise"],
        "policy_version": body["policy_version"],
        "request": dumps(_request_without_names(request) | _mark(facts)),
    }


def _key_of(facts: Facts, request: CheckRequest) -> str | None:
    if facts.person is not None:
        return facts.person.card_key
    return fold_card(request.card_number) if request.card_number is not None else None


def _request_without_names(request: CheckRequest) -> dict[str, Any]:
    """Keep how and why somebody asked, never the name, number or phone they asked by."""
    return {
        "by": request.way,
        "reason": request.reason,
        "cause": request.cause,
        "emergency": request.emergency,
        "benefits": request.benefits,
        "newborn": request.patient is not None,
    }


def _mark(facts: Facts) -> dict[str, bool]:
    """Mark the look-up of a protected person, for the auditor's list."""
    return {"protected": True} if is_protected(facts.person) else {}


def _is_promise(verdict: str, day: date, by: Actor) -> bool:
    """A facility's yes on the service day or shortly after it is a promise."""
    if verdict != "eligible" or by.facility is None:
        return False
    late = clock.today() - day
    return timedelta(0) <= late <= timedelta(days=settings().promise_days)


def _signed(body: dict[str, Any]) -> str:
    kid, key = signer("slip")
    return slip.sign(slip.to_claims(body, issuer=settings().public_url), kid=kid, key=key)


def _stored(number: str, *, by: Actor) -> Stored:
    with fast() as conn:
        stored = queries.find(conn, number)
    if stored is None or not (by.nssf or (by.facility and stored.facility == by.facility)):
        raise NotFound("unknown_check")
    return stored
