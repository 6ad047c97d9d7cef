"""From what was asked for to its computation: gathers the facts and asks the pure rules.

Called by the commands of `service`, the person's lock held; stores nothing.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from sqlalchemy.orm import Session

from claims.allowances import queries
from claims.allowances.models import Allowance
from claims.allowances.rules.asking import Wish
from claims.allowances.rules.compute import compute
from claims.allowances.rules.facts import (
    ANTENATAL,
    BIRTH,
    DELIVERY,
    MATERNITY,
    REFUND,
    SICKNESS,
    AllowanceFacts,
    Before,
    Claimant,
    Earnings,
    Event,
)
from claims.allowances.rules.policy import AllowanceRules
from claims.allowances.rules.pregnancies import SAME_DELIVERY
from claims.allowances.service.refunds import judge_refund
from claims.allowances.service.rulebook import rules_in_force
from gateway.coverage.months import months_before, parse_month
from gateway.coverage.service import policy_set
from gateway.eligibility.rules.facts import Judgement, Person
from gateway.eligibility.service import judge

MEMBERSHIPS = ("health_care", "hef", "occupational_risk")
LAST_VACCINATION = timedelta(days=731)
LONGEST_LEAVE = timedelta(days=366)
DUE_DAY = 15
DEFAULT_WINDOW = 12


def fill(session: Session, allowance: Allowance, wish: Wish) -> None:
    """Compute an allowance and write what was found on it; the caller stores it."""
    allowance.body, allowance.until = wish.data, wish.until
    allowance.event_on, allowance.claim = wish.on, wish.data["claim"]
    told = _told(session, allowance, wish)
    allowance.delivery_on = told.delivery_on
    judgement = judge(card_key=allowance.card_key, day=wish.on, facility=allowance.facility)
    before = _before(session, allowance)
    facts = AllowanceFacts(
        claimant=_claimant(judgement, wish.on),
        event=told,
        earnings=_earnings(session, allowance.card_key, judgement.person, wish.on),
        before=before,
    )
    rules = rules_in_force()
    allowance.person = _snapshot(judgement.person)
    allowance.instalment = before.instalments + 1
    allowance.computation = _computed(session, allowance, facts, rules)
    allowance.computed_riel = allowance.computation["computed_riel"]


def _computed(
    session: Session, allowance: Allowance, facts: AllowanceFacts, rules: AllowanceRules
) -> dict[str, Any]:
    if allowance.kind == REFUND:
        return judge_refund(session, allowance, facts, rules)
    return compute(facts, rules).as_json()


def _told(session: Session, allowance: Allowance, wish: Wish) -> Event:
    """Add to what was told what the claims say of the delivery."""
    delivery_on, contracted, checked = wish.delivery_on, None, False
    if allowance.kind in (BIRTH, MATERNITY) and wish.event != ANTENATAL:
        back = SAME_DELIVERY if wish.event == DELIVERY else LAST_VACCINATION
        born = queries.deliveries(session, allowance.card_key, wish.on - back, wish.on)
        delivery_on = delivery_on or (born[0].on if born else None)
        contracted = bool(born) or wish.data["born_in_contracted_facility"]
    if allowance.kind == MATERNITY and not contracted:
        checked = queries.has_postnatal_claim(
            session, allowance.card_key, wish.on, wish.on + SAME_DELIVERY
        )
    return wish.to_event(delivery_on=delivery_on, contracted=contracted, checked=checked)


def _claimant(judgement: Judgement, day: date) -> Claimant:
    person = judgement.person
    if person is None:
        return Claimant(found=False)
    covers = [cover for cover in person.covers if cover.scheme in MEMBERSHIPS]
    return Claimant(
        sex=person.sex,
        group=person.group,
        covered=any(cover.state_on(day) == "active" for cover in covers),
        died_on=person.status_on if person.status == "deceased" else None,
    )


def _earnings(session: Session, card_key: str, person: Person | None, day: date) -> Earnings:
    cover = person.cover("health_care") if person else None
    loaded, complete = queries.contributions_state(session)
    policy = policy_set().on("health_care", day)
    return Earnings(
        paid=cover.paid if cover else 0,
        wage_riel=queries.wage_of(session, card_key),
        loaded=loaded,
        complete_through=parse_month(complete) if complete else None,
        due_day=policy.due_day if policy else DUE_DAY,
    )


def _before(session: Session, allowance: Allowance) -> Before:
    """Look up what was asked for before, and whether the pregnancy was registered."""
    if allowance.kind == SICKNESS:
        since = months_before(allowance.event_on, _window(allowance.event_on))
        return Before(
            sick_days=queries.sick_days(session, allowance, since),
            other_leave=_leaves(session, allowance, MATERNITY),
        )
    if allowance.kind not in (BIRTH, MATERNITY):
        return Before()
    day = allowance.delivery_on or allowance.event_on
    registered = queries.registration_for(session, allowance.card_key, allowance.event, day)
    return Before(
        instalments=_instalments(session, allowance),
        other_leave=_leaves(session, allowance, SICKNESS) if allowance.kind == MATERNITY else (),
        registered_on=registered.registered_on if registered else None,
    )


def _leaves(
    session: Session, allowance: Allowance, kind: str
) -> tuple[tuple[date, date | None], ...]:
    return queries.leaves_of(session, allowance, kind, since=allowance.event_on - LONGEST_LEAVE)


def _instalments(session: Session, allowance: Allowance) -> int:
    if allowance.kind != BIRTH or allowance.event == DELIVERY:
        return 0
    since = None
    if allowance.event == ANTENATAL:
        since = queries.last_delivery_before(session, allowance.card_key, allowance.event_on)
    return queries.count_instalments(session, allowance, since=since)


def _window(day: date) -> int:
    """Return over how many months sickness is limited, by any group's rule of the day."""
    found = [
        rule.window_months
        for rule in rules_in_force().rules
        if rule.kind == SICKNESS and rule.window_months and rule.effective_from <= day
    ]
    return found[-1] if found else DEFAULT_WINDOW


def _snapshot(person: Person | None) -> dict[str, Any] | None:
    return None if person is None else {**person.as_kept(), "category": person.group}
