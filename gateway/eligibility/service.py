"""Check who is covered, record the answer, and stand by it. The one service behind every door.

A check is one SELECT and one INSERT on the driver in autocommit: the recorded row is the audit
record. A look-up that fails raises; it is never answered as a decision. Claims call `judge`.
"""

from __future__ import annotations

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
from config.numbers import new_number
from config.settings import settings
from config.text import fold_card
from config.words import N_
from gateway.coverage import service as coverage
from gateway.coverage.policy import PolicySet
from gateway.eligibility import queries, slip
from gateway.eligibility.answers import moment, to_answer
from gateway.eligibility.disputes import raise_dispute
from gateway.eligibility.facts import Decision, Facts, Judgement, Newborn
from gateway.eligibility.identify import CheckRequest, Found, identify, to_candidates
from gateway.eligibility.judging import judge
from gateway.eligibility.queries import Row, Stored
from gateway.eligibility.reading import NOBODY, read_row, to_facts
from gateway.eligibility.reasons import reason
from gateway.eligibility.rules import decide, decide_family
from gateway.eligibility.scanning import refuse_one_more, refuse_scanner, scanner_of

__all__ = [
    "CheckRequest",
    "Judgement",
    "Newborn",
    "check",
    "dispute",
    "find_check",
    "find_slip",
    "judge",
    "read_member",
    "verify_slip",
]
NUMBER_ATTEMPTS = 5


def check(request: CheckRequest, *, by: Actor) -> dict[str, Any]:
    """Decide, record and answer. An unknown card is an answer; too many of them are refused."""
    day = request.service_date or clock.today()
    with fast() as conn:
        found = identify(conn, request, by=by)
        row = read_row(conn, found.key or NOBODY, day, facility=by.facility, scanner=scanner_of(by))
        known = bool(row.people) or bool(found.reasons)
        refuse_scanner(row)
        policies = coverage.policy_set(row.generation)
        facts = to_facts(row, day, by.facility, request)
        answer = _decided(facts, found, policies, by=by)
        body = _recorded(conn, answer, row, facts, request, by=by)
    if not known:
        refuse_one_more(row, by=by)
    return body


def find_check(number: str, *, by: Actor) -> dict[str, Any]:
    """Return a recorded check as it was answered; another facility's does not exist."""
    return _stored(number, by=by).body


def find_slip(number: str, *, by: Actor) -> str:
    """Return a recorded check's slip, signed when it was asked for or else now."""
    body = _stored(number, by=by).body
    if body["member"] is None:
        raise Conflict("no_slip", detail=N_("A check that found nobody has no slip"))
    return body.get("slip") or _signed(body)


def verify_slip(token: str) -> slip.Slip:
    """Read a slip with the published keys, or raise BadSlip."""
    return slip.read(token, public_keys("slip"), at=clock.now())


def dispute(number: str, *, kind: str, note: str | None, by: Actor) -> dict[str, Any]:
    """Ask NSSF to correct what a check was decided on; the same kind again is the same task."""
    stored = _stored(number, by=by)
    return raise_dispute(number, stored.card_key, kind=kind, note=note, by=by)


def read_member(card_number: str, *, by: Actor) -> dict[str, Any]:
    """Return a person's identity, cover and dependents today; audited, and unknown cards counted."""
    day = clock.today()
    request = CheckRequest(card_number=card_number)
    key = fold_card(card_number)
    with fast() as conn:
        row = read_row(conn, key, day, facility=by.facility, scanner=scanner_of(by))
        refuse_scanner(row)
        policies = coverage.policy_set(row.generation)
        facts = to_facts(row, day, by.facility, request)
        answer = to_answer(facts, decide(facts, policies), policies, decide_family(facts, policies))
        if facts.person is None:
            # A look-up by this address counts like a check: it is recorded as one.
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


def _decided(facts: Facts, found: Found, policies: PolicySet, *, by: Actor) -> dict[str, Any]:
    if found.reasons:
        decision = Decision("unknown", reasons=found.reasons)
    else:
        decision = decide(facts, policies)
    hints = found.hints if facts.person is None and not found.reasons else ()
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
) -> dict[str, Any]:
    """Give the answer its number and promise and record it, words and all."""
    until = clock.end_of(clock.today())
    for attempt in range(NUMBER_ATTEMPTS):
        body = {
            "number": new_number("E", row.at),
            "checked_at": moment(row.at),
            "valid_until": moment(until),
            "promise": _is_promise(answer["verdict"], facts.day, by),
            "registry_as_of": moment(row.as_of),
            **answer,
        }
        if request.slip and body["member"] is not None:
            body["slip"] = _signed(body)
        values = _columns(body, facts, request, by=by)
        try:
            queries.record(conn, values | {"checked_at": row.at, "valid_until": until})
        except UniqueViolation:
            if attempt == NUMBER_ATTEMPTS - 1:
                raise
            continue
        return body
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
        "request": _request_without_names(request),
        "body": body,
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
