"""Reading allowances as an actor may see them: facilities their own, NSSF all."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from auth.permissions import Actor, Permission
from claims.allowances import queries
from claims.allowances.service import answers
from config.db import transaction
from config.errors import Forbidden, NotFound
from config.text import fold_card

NOWHERE = ""
"""The facility of a call made for none: it has no allowances."""


def find_allowance(number: str, *, by: Actor) -> dict[str, Any]:
    """Return an allowance with its computation and history, or NotFound."""
    with transaction() as session:
        row = queries.find(session, number, facility=scope_of(by))
        if row is None:
            raise NotFound
        steps = queries.history(session, row.id)
        claim_state = queries.state_of_claim(session, row.claim)
        return answers.to_answer(row, steps, claim_state=claim_state, by=by)


def list_allowances(
    *, by: Actor, limit: int, after: int | None = None, **filters: Any
) -> list[tuple[int, dict[str, Any]]]:
    """List allowances with their keys, newest first; a facility sees its own."""
    card_number = filters.pop("card_number", None)
    if card_number is not None:
        filters["card_key"] = fold_card(card_number)
    with transaction() as session:
        rows = queries.list_allowances(
            session, facility=scope_of(by), after=after, limit=limit, **filters
        )
        return [(row.id, answers.to_item(row, by=by)) for row in rows]


def list_waiting(
    *, by: Actor, limit: int, after: tuple[datetime, int] | None = None
) -> list[tuple[int, dict[str, Any]]]:
    """List what waits for NSSF's decision, oldest first."""
    if not by.nssf or not {Permission.CLAIM_REVIEW, Permission.CLAIM_APPROVE} & by.permissions:
        raise Forbidden
    with transaction() as session:
        rows = queries.list_waiting(session, after=after, limit=limit)
        return [
            (row.id, answers.to_item(row, by=by) | {"first_approver": row.first_approver})
            for row in rows
        ]


def list_stopped(*, by: Actor, limit: int) -> list[dict[str, Any]]:
    """List what was approved on a claim that no longer stands, paid or not, oldest first."""
    if not by.nssf or not {Permission.CLAIM_REVIEW, Permission.CLAIM_APPROVE} & by.permissions:
        raise Forbidden
    with transaction() as session:
        return [answers.to_item(row, by=by) for row in queries.list_stopped(session, limit=limit)]


def scope_of(by: Actor) -> str | None:
    """Return the facility whose records an actor may see; None for NSSF, who sees all."""
    return None if by.nssf else by.facility or NOWHERE
