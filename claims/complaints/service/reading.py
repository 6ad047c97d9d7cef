"""Reading complaints: three views, chosen by who asks.

NSSF's managers see everything but the person, whom they ask for by name of the act (and leave a
trace). Whoever took a complaint down sees a receipt. A facility sees what NSSF forwarded to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from auth.permissions import Actor, Permission
from auth.service import people_who_may
from claims.complaints import queries
from claims.complaints.models import Complaint
from claims.complaints.rules import forward_state, receipt_state
from claims.complaints.states import actions_for
from config.audit import record
from config.errors import Forbidden, Invalid, NotFound
from config.words import N_

Listed = tuple[list[Any], dict[str, Any]]


def manages(by: Actor) -> bool:
    """Tell whether the actor is one of NSSF's who handle complaints."""
    return by.nssf and by.may(Permission.COMPLAINT_MANAGE)


def find_complaint(number: str, *, by: Actor) -> dict[str, Any]:
    """Return a complaint as this actor may see it, or NotFound."""
    if manages(by):
        return to_complaint(found(number), by=by)
    if by.nssf:
        receipt = queries.find_receipt(number, filed_by=None)
        if receipt is None:
            raise NotFound
        return to_receipt(receipt) | {"answer": queries.last_answer(receipt.id)}
    asked = queries.forwards_to(number, facility=by.facility or "")
    if asked:
        return to_forwarded(asked[-1]) | {"asked": [to_asked(one) for one in asked]}
    receipt = queries.find_receipt(number, filed_by=by.subject)
    if receipt is None:
        raise NotFound
    return to_receipt(receipt)


def list_complaints(
    *,
    by: Actor,
    limit: int,
    after: Sequence[Any] | None = None,
    filed: bool = False,
    by_deadline: bool = False,
    **filters: Any,
) -> list[Listed]:
    """List complaints with their keys: NSSF's managers all, facilities what was forwarded to them.

    `filed`, and for NSSF's hotlines always: receipts of what the actor took down.
    """
    if manages(by) and not filed:
        rows = queries.list_complaints(filters, by_deadline=by_deadline, after=after, limit=limit)
        return [(_key(row, by_deadline), to_item(row)) for row in rows]
    narrowed = [name for name, value in filters.items() if value is not None]
    if narrowed:
        message = N_("Only NSSF's managers of complaints narrow the list by this.")
        raise Invalid(errors=[{"pointer": f"/{name}", "message": message} for name in narrowed])
    before = after[0] if after else None
    if by.nssf or filed:
        return list_receipts(by=by, limit=limit, before=before)
    return list_forwarded(by=by, limit=limit, before=before)


def list_receipts(*, by: Actor, limit: int, before: int | None = None) -> list[Listed]:
    """List the receipts of what the actor took down, newest first."""
    rows = queries.list_receipts(filed_by=by.subject, before=before, limit=limit)
    return [([row.id], to_receipt(row)) for row in rows]


def list_forwarded(*, by: Actor, limit: int, before: int | None = None) -> list[Listed]:
    """List what NSSF forwarded to the actor's facility, newest first."""
    rows = queries.list_forwards(facility=by.facility or "", before=before, limit=limit)
    return [([row.id], to_forwarded(row)) for row in rows]


def list_timeline(number: str, *, by: Actor) -> list[dict[str, Any]]:
    """Return every step of a complaint, oldest first, to NSSF's managers."""
    if not manages(by):
        raise Forbidden
    return _timeline(found(number))


def list_handlers(*, by: Actor) -> list[str]:
    """Return who at NSSF may be given a complaint, the actor first."""
    others = people_who_may(Permission.COMPLAINT_MANAGE) - {by.subject}
    return [by.subject, *sorted(others)]


def find_complainant(number: str, *, by: Actor) -> dict[str, Any]:
    """Return who complained, to NSSF's managers; the look is recorded."""
    if not manages(by):
        raise Forbidden
    complaint = found(number)
    record(by, "complaint.identity_read", subject=number, facility=complaint.facility)
    name, phone = queries.person_of(complaint.id)
    return {"number": number, "name": name, "phone": phone}


def found(number: str) -> Complaint:
    """Return a complaint, or NotFound."""
    complaint = queries.find(number)
    if complaint is None:
        raise NotFound
    return complaint


def _key(row: Complaint, by_deadline: bool) -> list[Any]:
    return [row.answer_by, row.id] if by_deadline else [row.id]


def to_item(row: Complaint) -> dict[str, Any]:
    """Return a complaint as NSSF's lists show it: without words, without the person."""
    shown = (
        "number", "facility", "province", "about", "subject", "kind", "channel", "amount_riel",
        "happened_on", "state", "answer_by", "assigned_to", "outcome", "reopened", "filed_by",
        "filed_at", "answered_at", "closed_at",
    )  # fmt: skip
    return {
        **{name: getattr(row, name) for name in shown},
        "overdue": row.overdue_at is not None,
    }


def to_complaint(row: Complaint, *, by: Actor) -> dict[str, Any]:
    """Return a complaint as NSSF's managers see it: its words, its way, but not the person."""
    words, anonymous = queries.words_of(row.id)
    return {
        **to_item(row),
        "text": words,
        "anonymous": anonymous,
        "asked": [
            to_asked(one) | {"by": one.forwarded_by, "answered_by": one.answered_by}
            for one in queries.forwards_of(row.id)
        ],
        "messages": [
            {"at": one.at, "by": one.by, "kind": one.kind, "text": one.text}
            for one in queries.messages_of(row.id)
        ],
        "timeline": _timeline(row),
        "actions": list(dict.fromkeys(edge.action for edge in actions_for(row.state, by))),
    }


def to_receipt(row: Any) -> dict[str, Any]:
    """Return what whoever took a complaint down may know of it."""
    return {
        "number": row.number,
        "state": receipt_state(row.state),
        "filed_at": row.filed_at,
        "answer_by": row.answer_by,
    }


def to_forwarded(row: Any) -> dict[str, Any]:
    """Return the newest question to a facility as the complaint the facility knows."""
    state = forward_state(answered=row.answered_at is not None, ended=row.ended_at is not None)
    return {"number": row.number, "facility": row.facility, "state": state} | to_asked(row)


def to_asked(row: Any) -> dict[str, Any]:
    """Return one question to a facility and its answer."""
    return {
        "text": row.text,
        "forwarded_at": row.forwarded_at,
        "answer_by": row.answer_by,
        "answer": row.answer,
        "answered_at": row.answered_at,
    }


def _timeline(row: Complaint) -> list[dict[str, Any]]:
    return [
        {"at": one.at, "action": one.action, "state": one.state, "by": one.by}
        for one in queries.events_of(row.id)
    ]
