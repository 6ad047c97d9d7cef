"""Reads the cases of cases.yaml into facts: the words a policy officer writes, made values."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from claims.adjudication.rules.adjudicate import Outcome, adjudicate
from claims.adjudication.rules.facts import (
    Birth,
    ClaimFacts,
    Grant,
    Line,
    Maternity,
    Past,
    Patient,
    Place,
    Standing,
)
from claims.adjudication.rules.tariffs import Price, Tariffs, read_tariffs, tariffs_of
from claims.adjudication.service import SHIPPED, classify
from gateway.coverage.policy import (
    BENEFITS,
    Exclusion,
    Policy,
    ServiceLimit,
    Source,
    policy_set_of,
)
from gateway.coverage.policy_file import parse_policy
from gateway.coverage.service import DEFAULTS

CASES = Path(__file__).parent / "cases.yaml"
LINE = re.compile(r"(\S+) (\d+) x (\d+)(?: @ (\S+))?")
PAST = re.compile(
    r"(own|other) (\S+) (\S+)(?: x(\d+))? @ (\S+)(?: inpatient (\S+?)\.\.(\S+))?(?: child (\d))?"
)
TESTED = Source("a test", "assumption", "L")


def read_cases() -> list[dict[str, Any]]:
    """Return every case of the file."""
    cases: list[dict[str, Any]] = yaml.safe_load(CASES.read_text(encoding="utf-8"))
    return cases


@lru_cache(maxsize=1)
def shipped_prices() -> tuple[Price, ...]:
    """Return the prices the product ships."""
    return tuple(
        p for path in sorted(SHIPPED.glob("*.csv")) for p in read_tariffs(path.read_bytes())
    )


@lru_cache(maxsize=1)
def _policies() -> Any:
    return policy_set_of(
        tuple(
            parse_policy(path.read_text(encoding="utf-8"), name=path.name)
            for path in sorted(DEFAULTS.glob("*.yaml"))
        ),
        "shipped",
    )


def tariffs_for(given: dict[str, Any]) -> Tariffs:
    """Return the shipped prices, without those a case takes away (the service stays known)."""
    nowhere, level = given.get("priced_nowhere", ()), given.get("level", "health_centre")
    return _tariffs_without(frozenset(nowhere), level if nowhere else "")


@lru_cache
def _tariffs_without(nowhere: frozenset[str], level: str) -> Tariffs:
    return tariffs_of(
        p for p in shipped_prices() if not (p.service in nowhere and p.level == level)
    )


def policy_for(given: dict[str, Any]) -> Policy:
    """Return the shipped policy of the day, with what the case changes about claims."""
    day = _day(given, "day", date(2026, 11, 20))
    policy: Policy = _policies().on(given.get("scheme", "health_care"), day) or _policies().on(
        "health_care", date(2026, 11, 20)
    )
    rules = policy.claims
    if "limits" in given:
        limits = {name: ServiceLimit(**limit) for name, limit in given["limits"].items()}
        rules = replace(rules, service_limits=dict(rules.service_limits) | limits)
    if "exclude" in given:
        told = given["exclude"]
        rules = replace(
            rules,
            exclusions=(
                Exclusion(
                    "X", TESTED, tuple(told.get("services", ())), tuple(told.get("diagnoses", ())),
                    told.get("from"), told.get("to"),
                ),
            ),
        )  # fmt: skip
    if "checklist" in given:
        rules = replace(
            rules, checklists={name: tuple(kinds) for name, kinds in given["checklist"].items()}
        )
    if "copay" in given:
        cited = {f"copay.{name}": TESTED for name in given["copay"]}
        rules = replace(rules, copay=given["copay"], sources={**rules.sources, **cited})
    rules = replace(rules, **given.get("rules", {}))
    return replace(policy, claims=rules)


def facts_for(given: dict[str, Any]) -> ClaimFacts:
    """Return the facts a case describes, defaults filled in."""
    given = _expand(given)
    day = _day(given, "day", date(2026, 11, 20))
    last = _day(given, "to", day)
    newborn = given.get("newborn")
    sex = given.get("sex", "F")
    return ClaimFacts(
        type=given.get("type", "treatment"),
        visit_type=given.get("visit", "outpatient"),
        cause=given.get("cause", "illness"),
        emergency=given.get("emergency", False),
        service_from=day,
        service_to=last,
        submitted_on=_day(given, "submitted", last),
        today=_day(given, "today", date(2026, 11, 22)),
        patient=Patient(
            sex=newborn["sex"] if newborn else sex,
            date_of_birth=newborn["born"] if newborn else _day(given, "born", date(1990, 5, 5)),
            birth_order=newborn["order"] if newborn else 0,
            holder_sex=sex,
            died_on=given.get("died"),
            card_lost=given.get("card_lost", False),
        ),
        place=Place(
            "120101", given.get("level", "health_centre"), given.get("kind", "public"),
            _day(given, "contract_from", date(2018, 1, 1)), given.get("contract_to"),
        ),
        standing=_standing(given),
        lines=tuple(
            _line(number, text, day)
            for number, text in enumerate(given.get("lines", ["OPD-CONSULTATION 1 x 6000"]), 1)
        ),
        diagnoses=tuple(classify(code) for code in given.get("diagnoses", ["J18.9"])),
        maternity=_maternity(given.get("maternity")),
        history=tuple(_past(text) for text in given.get("history", ())),
        attachments=frozenset(given.get("attached", ())),
        submit_by=given.get("submit_by"),
    )  # fmt: skip


def judge_case(given: dict[str, Any]) -> Outcome:
    """Adjudicate a case."""
    return adjudicate(facts_for(given), tariffs_for(given), policy_for(given))


def _expand(given: dict[str, Any]) -> dict[str, Any]:
    """Spell out the short forms `delivery`, `antenatal` and `postnatal`."""
    if "delivery" in given:
        births = given.get("births", ["live"])
        return {
            "type": "maternity", "cause": "maternity", "diagnoses": ["O80.0"],
            "lines": [given["delivery"], *given.get("more", ())],
            "maternity": {
                "event": "delivery", "mode": given.get("mode", "normal"),
                "weeks": given.get("weeks", 39), "births": births,
            },
        } | given  # fmt: skip
    for event, service in (("antenatal", "ANC-VISIT"), ("postnatal", "PNC-VISIT")):
        if event in given:
            return {
                "type": "maternity", "cause": "maternity", "diagnoses": ["Z39.2"],
                "lines": [f"{service} {given[event]} x 6000"], "maternity": {"event": event},
            } | given  # fmt: skip
    return given


def _day(given: dict[str, Any], name: str, default: date) -> date:
    found: date = given.get(name, default)
    return found


def _line(number: int, text: str, day: date) -> Line:
    match = LINE.fullmatch(text)
    assert match, f"not a line: {text}"
    service, quantity, price, on = match.groups()
    return Line(number, service, date.fromisoformat(on) if on else day, int(quantity), int(price))


def _past(text: str) -> Past:
    match = PAST.fullmatch(text)
    assert match, f"not a line of history: {text}"
    whose, claim, service, quantity, on, start, end, child = match.groups()
    day = date.fromisoformat(on)
    return Past(
        claim=claim,
        own=whose == "own",
        service=service,
        service_date=day,
        quantity=int(quantity or 1),
        visit_type="inpatient" if start else "outpatient",
        service_from=date.fromisoformat(start) if start else day,
        service_to=date.fromisoformat(end) if end else day,
        birth_order=int(child or 0),
    )


def _maternity(told: dict[str, Any] | None) -> Maternity | None:
    if told is None:
        return None
    births = tuple(Birth(outcome, "F") for outcome in told.get("births", ()))
    return Maternity(told["event"], told.get("mode"), told.get("weeks"), births)


def _standing(given: dict[str, Any]) -> Standing:
    refused, left = given.get("not_covered", ()), given.get("left", {})
    uses = given.get("uses_left", {})
    return Standing(
        found=given.get("found", True),
        verdict=given.get("verdict", "eligible"),
        scheme=given.get("scheme", "health_care"),
        grants={
            name: Grant(name not in refused, left.get(name), uses.get(name)) for name in BENEFITS
        },
        why=((given.get("why", "because"), "ដោយសារ"),),
        used=frozenset(
            (date.fromisoformat(day), benefit)
            for benefit, day in map(str.split, given.get("used", ()))
        ),
        promised=given.get("promised", False),
        check="E26K000000000" if given.get("promised") else None,
        check_problem=given.get("check_problem"),
    )
