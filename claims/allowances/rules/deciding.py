"""What a reviewer may decide on an allowance, and when a second person must agree. Pure.

Never more than computed; a reduction has a reason. Above the policy's limit, where a price is
not agreed and where the same care was asked for before, the first approval only proposes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from claims.allowances.rules.compute import PAYABLE
from config.words import N_

AMOUNT, NO_TARIFF, AGAIN = "amount", "no_tariff", "duplicate_elsewhere"


def amount_of(
    computation: Mapping[str, Any], *, wish: int | None, reason: str | None, proposed: int | None
) -> tuple[int, list[dict[str, str]]]:
    """Return what would be approved and what is wrong with the request.

    A second person agrees to what the first proposed, or gives less.
    """
    ceiling = computation["computed_riel"] if proposed is None else proposed
    riel = ceiling if wish is None else wish
    if computation["verdict"] != PAYABLE:
        return 0, [_fault("", N_("The computation does not say payable."))]
    if not 0 < riel <= ceiling:
        return 0, [_fault("/approved_riel", N_("More than zero, and not more than computed."))]
    if riel < ceiling and reason is None:
        return riel, [_fault("/reason", N_("A reduction needs a reason."))]
    return riel, []


def causes_of(computation: Mapping[str, Any], riel: int, limit: int) -> list[str]:
    """Say why a second person must agree; empty when nobody need."""
    findings = (computation.get("outcome") or {}).get("findings", ())
    codes = {one["code"] for one in findings}
    found = {AMOUNT: riel > limit, NO_TARIFF: NO_TARIFF in codes, AGAIN: AGAIN in codes}
    return [cause for cause, true in found.items() if true]


def said_by(computation: Mapping[str, Any]) -> tuple[str, int, list[str]]:
    """Return what of a computation a decision rests on: verdict, amount, what the rules found."""
    findings = (computation.get("outcome") or {}).get("findings", ())
    codes = sorted(one["code"] for one in findings)
    return computation["verdict"], computation["computed_riel"], codes


def masked(account: str | None) -> str | None:
    """Return an account as those see it who need not know it: its last three characters."""
    if account is None:
        return None
    return "•••" + (account[-3:] if len(account) >= 6 else "")


def _fault(pointer: str, message: str) -> dict[str, str]:
    return {"pointer": pointer, "message": message}
