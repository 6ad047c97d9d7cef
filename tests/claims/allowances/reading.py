"""Reads the cases of cases.yaml into facts: the words a policy officer writes, made values."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from claims.adjudication.rules.adjudicate import Outcome
from claims.allowances.rules.compute import Computation, compute
from claims.allowances.rules.facts import (
    EVENT_OF,
    REFUND,
    AllowanceFacts,
    Before,
    Claimant,
    Earnings,
    Event,
)
from claims.allowances.rules.policy import AllowanceRules
from claims.allowances.rules.policy_file import parse_rules
from claims.allowances.rules.refund import Care, compute_refund
from claims.allowances.service.rulebook import SHIPPED
from gateway.coverage.months import parse_month, parse_months

CASES = Path(__file__).parent / "cases.yaml"
YEAR = "2025-11..2026-10"


def read_cases() -> list[dict[str, Any]]:
    """Return every case of the file."""
    cases: list[dict[str, Any]] = yaml.safe_load(CASES.read_text(encoding="utf-8"))
    return cases


@lru_cache(maxsize=1)
def shipped_rules() -> AllowanceRules:
    """Return the rules the product ships."""
    texts = [path.read_text(encoding="utf-8") for path in sorted(SHIPPED.glob("*.yaml"))]
    return AllowanceRules(tuple(rule for text in texts for rule in parse_rules(text)[1]), "shipped")


def rules_for(given: dict[str, Any]) -> AllowanceRules:
    """Return the shipped rules, changed where a case turns a switch or sets an amount."""
    changes = given.get("rules", {})
    return AllowanceRules(
        tuple(
            replace(
                rule, **{name: _value(value) for name, value in changes.get(rule.id, {}).items()}
            )
            for rule in shipped_rules().rules
        ),
        "changed",
    )


def _value(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def facts_for(given: dict[str, Any]) -> AllowanceFacts:
    """Return the facts a case describes, defaults filled in."""
    kind, _, event = given["ask"].partition(" ")
    wage = given.get("wage", 800_000)
    complete = given.get("complete_through")
    return AllowanceFacts(
        claimant=Claimant(
            found=given.get("found", True),
            sex=given.get("sex", "F"),
            group=given.get("group", "private_worker"),
            covered=given.get("covered", True),
            died_on=given.get("died"),
        ),
        event=Event(
            kind=kind,
            event=event or EVENT_OF[kind],
            on=given["day"],
            until=given.get("until"),
            delivery_on=given.get("born"),
            birth_order=given.get("child", 0),
            children=given.get("children", 1),
            outcome=given.get("outcome", "live"),
            weeks=given.get("weeks", 39),
            contracted=given.get("contracted", True),
            checked_after=given.get("checked_after", False),
            leave=given.get("leave", True),
        ),
        earnings=Earnings(
            paid=parse_months(given.get("paid", YEAR)),
            wage_riel=wage,
            loaded=given.get("loaded", True),
            complete_through=parse_month(complete) if complete else None,
        ),
        before=Before(
            instalments=given.get("instalments", 0),
            sick_days=given.get("sick_days", 0),
            other_leave=tuple((first, last) for first, last in given.get("leaves", [])),
            registered_on=given.get("registered"),
        ),
    )


def compute_case(given: dict[str, Any]) -> Computation:
    """Compute a case."""
    facts, rules = facts_for(given), rules_for(given)
    if facts.event.kind != REFUND:
        return compute(facts, rules)
    allowed = given.get("allowed", 20_000)
    care = Care(
        outcome=Outcome(allowed, allowed, (), ()),
        paid_riel=given.get("cash", 20_000),
        emergency=given.get("emergency", True),
        contracted=given.get("contracted", False),
        in_registry=given.get("in_registry", True),
    )
    return compute_refund(facts, care, rules)
