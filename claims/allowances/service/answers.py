"""How an allowance is shown: one shape, with what only NSSF may see left out for facilities.

A wage is told by NSSF's approval and not by asking: until then a facility sees neither the wage nor
an amount made from it. The account is masked for everybody but NSSF's reviewers and finance.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from auth.permissions import Actor, Permission
from claims.allowances.models import Allowance, AllowanceEvent
from claims.allowances.queries import CLAIM_STANDS
from claims.allowances.rules.asking import WAGED
from claims.allowances.rules.deciding import masked
from claims.allowances.states import OWED

SHOWN = (
    "number", "kind", "event", "state", "version", "facility", "card_number", "event_on", "until",
    "delivery_on", "birth_order", "instalment", "claim", "proposed", "approved_riel", "awaiting",
    "paid_on", "created_at", "submitted_at", "decided_at", "updated_at",
)  # fmt: skip
NSSF_FIELDS = ("person", "first_approver", "proposed_riel", "created_by", "submitted_by")
TOLD = ("children", "outcome", "gestation_weeks", "born_in_contracted_facility", "leave_permitted",
        "care")  # fmt: skip
ACCOUNT_NEEDED = (
    Permission.CLAIM_REVIEW,
    Permission.CLAIM_APPROVE,
    Permission.BATCH_MANAGE,
    Permission.BATCH_AUTHORISE,
)


def to_answer(
    row: Allowance, steps: Iterable[AllowanceEvent], *, claim_state: str | None, by: Actor
) -> dict[str, Any]:
    """Return an allowance whole, as this actor may see it."""
    told = to_item(row, by=by)
    answer = told | {name: row.body.get(name) for name in TOLD} | {
        "claim_state": claim_state,
        "stopped": row.state in OWED
        and claim_state not in (None, *CLAIM_STANDS),
        "payee": _payee(row, by),
        "computation": _computation(row, by),
        "history": [_step(one, nssf=by.nssf) for one in steps],
    }  # fmt: skip
    return answer | {name: getattr(row, name) for name in NSSF_FIELDS} if by.nssf else answer


def to_item(row: Allowance, *, by: Actor) -> dict[str, Any]:
    """Return an allowance as lists show it."""
    told = {name: getattr(row, name) for name in SHOWN}
    open_to = _tells_amount(row, by)
    return told | {
        "batch": row.batch_number,
        "verdict": row.computation["verdict"],
        "assumed": row.computation["assumed"],
        "computed_riel": row.computed_riel if open_to else None,
    }


def _tells_amount(row: Allowance, by: Actor) -> bool:
    return by.nssf or row.kind not in WAGED or row.state in OWED


def _payee(row: Allowance, by: Actor) -> dict[str, Any] | None:
    if row.payee_method is None:
        return None
    clear = by.nssf and any(permission in by.permissions for permission in ACCOUNT_NEEDED)
    return {
        "method": row.payee_method,
        "account": row.payee_account if clear else masked(row.payee_account),
        "name": row.payee_name,
    }


def _computation(row: Allowance, by: Actor) -> dict[str, Any]:
    """Return how the amount came about; a facility reads of a wage once it is approved."""
    told: Mapping[str, Any] = row.computation
    if _tells_amount(row, by):
        return dict(told)
    open_steps = [step for step in told["steps"] if not step["private"]]
    return {**told, "steps": open_steps, "computed_riel": None}


def _step(one: AllowanceEvent, *, nssf: bool) -> dict[str, Any]:
    """Return one step; to a facility, NSSF's people are NSSF."""
    own = one.action in ("file", "submit", "withdraw")
    step = {
        "at": one.at,
        "action": one.action,
        "state": one.state,
        "by": one.by if nssf or own else "nssf",
        "reason": one.reason,
        "note": one.note,
    }
    return step | {"internal_note": one.internal_note, "riel": one.riel} if nssf else step
