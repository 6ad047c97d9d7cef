"""How a claim is shown: one shape, with what only NSSF may see left out for facilities.

Pure conversions of rows; used by every door. Names and reviewers never leave NSSF: who could file
a claim on any card must not learn whose it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from claims.adjudication.rules.adjudicate import from_stored
from claims.submission.deadlines import Calendar, Pause, Standing, deadlines
from claims.submission.states import ClaimState
from config import clock
from gateway.coverage.policy import ClaimRules

FACILITY_STEPS = frozenset({"create", "replace", "submit", "withdraw", "void"})
NSSF_FIELDS = (
    "person", "category", "facility_level", "lease_by", "lease_until",
    "first_approver", "created_by", "submitted_by",
)  # fmt: skip

# What a claim has none of when it is filed.
NOT_YET = (
    "approved", "asked_at", "pauses", "appeal", "awaiting", "decided_at", "approved_riel",
    "paid_riel", "batch_number", "remittance_number", "lease_by", "lease_until", "first_approver",
)  # fmt: skip


def to_claim(
    row: Mapping[str, Any], *, rules: ClaimRules, calendar: Calendar, nssf: bool
) -> dict[str, Any]:
    """Return a claim as the contract shows it."""
    answer = {
        **row["body"],
        "number": row["number"],
        "facility": row["facility"],
        "state": row["state"],
        "version": row["version"],
        "scheme": row["scheme"],
        "submitted_at": row["submitted_at"],
        "updated_at": row["updated_at"],
        "batch": row["batch_number"],
        "remittance": row["remittance_number"],
        "held": row["held"],
        "awaiting": row["awaiting"],
        "deadlines": deadlines(standing_of(row), rules, calendar),
        "appeal": row["appeal"],
        "timeline": _timeline(row["timeline"] or ()),
        "outcome": _outcome(row),
    }
    if nssf:
        answer |= {name: row[name] for name in NSSF_FIELDS}
    return answer


def as_filed(
    columns: Mapping[str, Any], steps: Iterable[Mapping[str, Any]], *, at: datetime
) -> dict[str, Any]:
    """Return what reading a claim filed this moment would find, without reading it."""
    moment = at.strftime("%Y-%m-%dT%H:%M:%SZ")
    timeline = [{"state": step["state"], "action": step["action"], "at": moment} for step in steps]
    submitted = at if columns["state"] == ClaimState.SUBMITTED else None
    filed = {"version": 1, "held": False, "updated_at": at, "submitted_at": submitted}
    return {**dict.fromkeys(NOT_YET), **columns, **filed, "timeline": timeline}


def _outcome(row: Mapping[str, Any]) -> dict[str, Any]:
    judged = from_stored(row["outcome"] or {"lines": [], "findings": []})
    approved = row["approved"] or {}
    return {
        **_totals(row),
        "lines": [line | _approval(approved.get(str(line["line"]))) for line in judged["lines"]],
        "findings": judged["findings"],
    }


def _approval(line: Mapping[str, Any] | None) -> dict[str, Any]:
    if line is None:
        return {"approved_riel": None}
    return dict(line)


def _totals(row: Mapping[str, Any]) -> dict[str, Any]:
    names = ("claimed_riel", "payable_riel", "approved_riel", "paid_riel")
    return {name: row[name] for name in names}


def standing_of(row: Mapping[str, Any]) -> Standing:
    """Return where a claim stands on its clocks."""
    approved, claimed = row["approved_riel"], row["claimed_riel"]
    returned = row["updated_at"] if row["state"] == ClaimState.RETURNED else None
    return Standing(
        state=row["state"],
        service_to=max(row["service_from"], row["service_to"]),
        submitted_on=_day(row["submitted_at"]),
        decided_on=_day(row["decided_at"]),
        asked_on=_day(row["asked_at"] or returned),
        reduced=approved is not None and approved < claimed,
        held=row["held"],
        holds=_pauses(row, "hold"),
        questions=_pauses(row, "question"),
    )


def _pauses(row: Mapping[str, Any], kind: str) -> tuple[Pause, ...]:
    return tuple(
        Pause(
            clock.day_of(datetime.fromisoformat(since)),
            clock.day_of(datetime.fromisoformat(until)) if until else None,
        )
        for what, since, until in row["pauses"] or ()
        if what == kind
    )


def _day(moment: datetime | None) -> date | None:
    return clock.day_of(moment) if moment is not None else None


def _timeline(events: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the states in the order they were reached: steps that stay in one are left out."""
    steps: list[dict[str, Any]] = []
    for event in events:
        if not steps or steps[-1]["state"] != event["state"]:
            steps.append({"state": event["state"], "at": event["at"]})
    return steps


def to_item(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a claim as lists show it."""
    shown = (
        "number", "facility", "facility_reference", "type", "state", "version", "card_number",
        "visit_type", "service_from", "service_to", "scheme", "submitted_at", "updated_at", "held",
    )  # fmt: skip
    return {
        **{name: row[name] for name in shown},
        "batch": row["batch_number"],
        "remittance": row["remittance_number"],
        "outcome": _totals(row),
    }


def to_history(row: Mapping[str, Any], *, nssf: bool) -> dict[str, Any]:
    """Return one event; to a facility, NSSF's people are NSSF."""
    own = row["action"] in FACILITY_STEPS
    return {
        "at": row["at"],
        "action": row["action"],
        "state": row["state"],
        "by": row["by"] if nssf or own else "nssf",
        # A code of the catalogue: holds and reopenings keep their free words to NSSF.
        "reason": row["reason"],
    }


def to_messages(rows: Sequence[Mapping[str, Any]], *, nssf: bool) -> list[dict[str, Any]]:
    """Return the talk a side may see, numbered; an answer names the question it answers."""
    places = {row["id"]: place for place, row in enumerate(rows, 1)}
    return [
        {"number": places[row["id"]], "answers": places.get(row["answers"])}
        | to_message(row, nssf=nssf)
        for row in rows
        if nssf or not row["internal"]
    ]


def to_message(row: Mapping[str, Any], *, nssf: bool) -> dict[str, Any]:
    """Return one message; who wrote it is shown by side, by name only within NSSF."""
    answer = {
        "at": row["at"],
        "side": row["side"],
        "kind": row["kind"],
        "text": row["text"],
        "internal": row["internal"],
        "open": row["kind"] == "question" and row["answered_at"] is None,
    }
    return answer | {"by": row["by"]} if nssf else answer
