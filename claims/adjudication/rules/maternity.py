"""Maternity: who may be a mother, when a birth is a delivery, how many visits are paid."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta

from claims.adjudication.reasons import Finding, found
from claims.adjudication.rules.diagnoses import CHILDBEARING_AGES
from claims.adjudication.rules.facts import ClaimFacts, Maternity, age_on
from claims.adjudication.rules.services import DELIVERIES, Work, limit_count
from gateway.coverage.policy import ClaimRules

DELIVERY_FROM_WEEKS = 26
DAYS_BETWEEN_DELIVERIES = 182
PREGNANCY = timedelta(days=280)
AFTER_BIRTH = timedelta(days=183)
ANTENATAL, POSTNATAL, MISCARRIAGE = "ANC-VISIT", "PNC-VISIT", "MISCARRIAGE"
# Visits paid unless the policy says otherwise, the finding, and how far back they count.
VISITS = {
    ANTENATAL: (4, "antenatal_limit", PREGNANCY),
    POSTNATAL: (3, "postnatal_limit", AFTER_BIRTH),
}
EVENT_OF = {
    ANTENATAL: "antenatal",
    POSTNATAL: "postnatal",
    MISCARRIAGE: "miscarriage",
    **dict.fromkeys(DELIVERIES, "delivery"),
}
MODE_OF = {
    "DELIVERY-NORMAL": "normal",
    "DELIVERY-ASSISTED": "assisted",
    "DELIVERY-CAESAREAN": "caesarean",
}
# ICD-10 Z37: how many were born, and how many of them live; O80-O84: one child or several.
OUTCOMES: dict[str, Callable[[int, int], bool]] = {
    "Z37.0": lambda births, live: (births, live) == (1, 1),
    "Z37.1": lambda births, live: (births, live) == (1, 0),
    "Z37.2": lambda births, live: (births, live) == (2, 2),
    "Z37.3": lambda births, live: (births, live) == (2, 1),
    "Z37.4": lambda births, live: (births, live) == (2, 0),
    "Z37.5": lambda births, live: births == live > 2,
    "Z37.6": lambda births, live: births > 2 and 0 < live < births,
    "Z37.7": lambda births, live: births > 2 and live == 0,
    "O80": lambda births, _: births == 1,
    "O81": lambda births, _: births == 1,
    "O82": lambda births, _: births == 1,
    "O83": lambda births, _: births == 1,
    "O84": lambda births, _: births > 1,
}


def maternity_findings(facts: ClaimFacts) -> Iterator[Finding]:
    """Judge the mother and the pregnancy of a claim that is about one (Prakas 184/2018)."""
    services = {line.service for line in facts.lines} & EVENT_OF.keys()
    if facts.maternity is None and not services:
        return
    if facts.patient.birth_order == 0:
        yield from _mother(facts)
    if facts.maternity is None:
        yield found("maternity_details_missing")
        return
    yield from _births(facts, facts.maternity)
    if facts.maternity.event == "delivery" and facts.maternity.gestation_weeks is None:
        yield found("gestation_missing")


def _mother(facts: ClaimFacts) -> Iterator[Finding]:
    patient, day = facts.patient, facts.service_from
    if patient.sex == "M":
        yield found("mother_sex")
    if patient.date_of_birth is not None and patient.date_of_birth <= day:
        age = age_on(day, patient.date_of_birth)
        if age not in CHILDBEARING_AGES:
            yield found("mother_age", age=age, day=day)


def _births(facts: ClaimFacts, maternity: Maternity) -> Iterator[Finding]:
    births, event = maternity.births, maternity.event
    if event == "delivery" and not births:
        yield found("births_missing")
    if event in ("antenatal", "miscarriage") and births:
        yield found("births_unexpected", event=event)
    live = sum(birth.outcome == "live" for birth in births)
    for diagnosis in dict.fromkeys(facts.diagnoses):
        fits = OUTCOMES.get(diagnosis.code) or OUTCOMES.get(diagnosis.code[:3])
        if fits is not None and births and not fits(len(births), live):
            yield found("births_differ", diagnosis=diagnosis.code, births=len(births), live=live)


def judge_maternity_lines(facts: ClaimFacts, works: list[Work], rules: ClaimRules) -> None:
    """Judge each maternity line: event, mode, weeks, one delivery in 26 weeks, counted visits."""
    mode = facts.maternity.delivery_mode if facts.maternity is not None else None
    for work in works:
        if facts.maternity is not None and work.line.service in EVENT_OF:
            _fits_event(facts.maternity, work)
    # Of two deliveries the one that fits the mode is the one that stays.
    deliveries = [work for work in works if work.line.service in DELIVERIES]
    deliveries.sort(key=lambda work: MODE_OF[work.line.service] != mode)
    for place, work in enumerate(deliveries):
        _one_delivery(facts, work, deliveries[:place], rules)
    for service in VISITS:
        _limit_visits(facts, [work for work in works if work.line.service == service], rules)


def _fits_event(maternity: Maternity, work: Work) -> None:
    service, weeks, mode = work.line.service, maternity.gestation_weeks, maternity.delivery_mode
    if EVENT_OF[service] != maternity.event:
        work.note("maternity_event_differs", service=service, event=maternity.event)
    if service not in DELIVERIES:
        return
    if weeks is not None and weeks < DELIVERY_FROM_WEEKS:
        work.note("delivery_too_early", weeks=weeks)
    if mode is not None and MODE_OF[service] != mode:
        work.note("delivery_mode_differs", service=service, mode=mode)


def _one_delivery(facts: ClaimFacts, work: Work, before: list[Work], rules: ClaimRules) -> None:
    """Same-day repeats in other claims are duplicates; another kind of delivery is not spared."""
    day, service = work.line.service_date, work.line.service
    others = [
        past.service_date
        for past in facts.own_history
        if past.service in DELIVERIES and (past.service_date, past.service) != (day, service)
    ]
    others += [other.line.service_date for other in before]
    limit = rules.service_limits.get(service)
    least = (limit and limit.min_days_between) or DAYS_BETWEEN_DELIVERIES
    gaps = [abs((day - other).days) for other in others]
    if gaps and min(gaps) < least:
        work.note("delivery_repeated", days=min(gaps), limit=least)


def _limit_visits(facts: ClaimFacts, works: list[Work], rules: ClaimRules) -> None:
    taken: list[tuple[date, int]] = []
    for work in works:
        service, day = work.line.service, work.line.service_date
        most, code, window = VISITS[service]
        limit = rules.service_limits.get(service)
        most = (limit and limit.per_year) or most
        since = max(day - window, _last_birth(facts, service, day))
        used = sum(
            past.quantity
            for past in facts.own_history
            if past.service == service and since < past.service_date <= day
        ) + sum(quantity for other, quantity in taken if since < other <= day)
        limit_count(work, used, most, code)
        taken.append((day, work.allowed))


def _last_birth(facts: ClaimFacts, service: str, day: date) -> date:
    """A delivery or miscarriage ends one pregnancy's antenatal count; a delivery starts postnatal."""
    ends = DELIVERIES | {MISCARRIAGE} if service == ANTENATAL else DELIVERIES
    days = [past.service_date for past in facts.own_history if past.service in ends]
    # A postnatal check on the day of birth belongs to that birth.
    shift = timedelta(days=1) if service == POSTNATAL else timedelta(0)
    return max((other - shift for other in days if other <= day), default=date.min)
