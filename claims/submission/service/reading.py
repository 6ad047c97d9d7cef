"""Reading claims as an actor may see them: facilities their own, NSSF all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from auth.permissions import Actor
from claims.submission import queries
from claims.submission.service import answers
from claims.submission.service.calendar import calendar_at
from config import generation
from config.errors import Forbidden, NotFound
from config.text import fold_card
from gateway.coverage.policy import ClaimRules
from gateway.coverage.service import policy_set


def find_claim(number: str, *, by: Actor) -> dict[str, Any]:
    """Return a claim as this actor may see it, or NotFound."""
    row, now = find_row(number, by=by), generation.current()
    return answers.to_claim(row, rules=rules_of(row, now), calendar=calendar_at(now), nssf=by.nssf)


def find_row(number: str, *, by: Actor) -> queries.Row:
    """Return a claim's row with timeline and approvals, or NotFound."""
    row = queries.find_row(number, facility=None if by.nssf else own_facility(by))
    if row is None:
        raise NotFound
    return row


def list_claims(
    *, by: Actor, limit: int, key: Sequence[Any] | None = None, **filters: Any
) -> list[dict[str, Any]]:
    """List claims as rows, newest first; facilities see their own whatever they ask for."""
    card_number = filters.pop("card_number", None)
    if card_number is not None:
        filters["card_key"] = fold_card(card_number)
    if not by.nssf:
        if filters.get("facility") not in (None, by.facility):
            return []
        filters["facility"] = by.facility
    return queries.list_rows(filters, key=key, limit=limit)


def list_history(number: str, *, by: Actor) -> list[dict[str, Any]]:
    """Return every event of a claim, oldest first."""
    find_row(number, by=by)
    return [answers.to_history(row, nssf=by.nssf) for row in queries.history_rows(number)]


def own_facility(by: Actor) -> str:
    """Return the facility this call is made for, or refuse a call made for none."""
    if by.facility is None:
        raise Forbidden("no_facility", detail="This call is made for a facility.")
    return by.facility


def rules_of(row: Mapping[str, Any], at_generation: int | None = None) -> ClaimRules:
    """Return the claim rules of the policy in force on the claim's service day."""
    return policy_set(at_generation).claim_rules(row["scheme"], row["service_from"])
