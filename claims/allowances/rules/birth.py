"""What the state pays for a birth: checks before it, the delivery, checks and vaccinations after.

Pure. Each event is one payment; a delivery counts from 26 weeks at a facility (Prakas 184/2018).
"""

from __future__ import annotations

from datetime import date

from claims.allowances.reasons import Step, step
from claims.allowances.rules.facts import ANTENATAL, DELIVERY, VACCINATION, AllowanceFacts
from claims.allowances.rules.policy import AllowanceRule, AllowanceRules
from gateway.coverage.policy import PRODUCT_DEFAULT, Source

PRAKAS_184 = Source(
    "Prakas 184/2018: a delivery is a birth from 26 weeks at a facility", "law", "M"
)
NOTICE = Source(
    "NSSF 2018 and 2021: registration from 26 weeks; else the facility tells NSSF", "reported", "H"
)
STILLBIRTH = Source("AKP 2023 pays for each child; stillbirths are not named", "assumption", "L")


def compute_birth(
    facts: AllowanceFacts, rule: AllowanceRule, rules: AllowanceRules
) -> tuple[int, list[Step]]:
    """Compute one payment of the birth package: the first rule of its event and day."""
    del rules
    event = facts.event
    steps = mother(facts)
    if event.event == DELIVERY:
        steps += [*long_enough(facts, rule), *_child(facts)]
    elif event.event != ANTENATAL:
        steps += _after(facts, rule)
    steps += [*_instalment(facts, rule), *_registration(facts)]
    riel, paid = _amount(facts, rule)
    return riel, [*steps, *paid]


def mother(facts: AllowanceFacts) -> list[Step]:
    """Judge that the card is a woman's."""
    sex = facts.claimant.sex
    if sex is None:
        return [step("sex_unknown")]
    return [] if sex == "F" else [step("not_a_woman")]


def long_enough(facts: AllowanceFacts, rule: AllowanceRule) -> list[Step]:
    """Judge that the pregnancy lasted long enough to be a delivery."""
    needed, weeks = rule.min_weeks, facts.event.weeks
    if needed is None:
        return []
    if weeks is None:
        return [step("weeks_not_told", PRAKAS_184, needed=needed)]
    return [step("weeks_too_few", PRAKAS_184, weeks=weeks, needed=needed)] if weeks < needed else []


def place(facts: AllowanceFacts, rule: AllowanceRule | None) -> list[Step]:
    """Ask for a check at a contracted facility when the birth was elsewhere (notice 668/17)."""
    event = facts.event
    if rule is None or event.contracted:
        return []
    if event.contracted is None and not event.checked_after:
        return [step("place_not_told", rule.source)]
    return [
        step("checked_after_birth" if event.checked_after else "check_after_birth", rule.source)
    ]


def _child(facts: AllowanceFacts) -> list[Step]:
    return [] if facts.event.outcome == "live" else [step("not_live", STILLBIRTH)]


def _after(facts: AllowanceFacts, rule: AllowanceRule) -> list[Step]:
    """Judge that the event follows the delivery and the child is young enough."""
    event = facts.event
    if event.delivery_on is None:
        return [step("delivery_needed", rule.source)]
    if event.on < event.delivery_on:
        return [step("before_delivery", day=event.delivery_on)]
    steps = []
    if rule.under_years is not None:
        last = birthday(event.delivery_on, rule.under_years)
        if event.on >= last:
            steps.append(step("child_too_old", rule.source, years=rule.under_years, day=last))
    if event.event == VACCINATION and event.children > 1:
        steps.append(step("child_by_child", PRODUCT_DEFAULT))
    return steps


def birthday(born: date, years: int) -> date:
    """Return the day a child is so many years old; born on 29 February, 1 March otherwise."""
    try:
        return born.replace(year=born.year + years)
    except ValueError:
        return date(born.year + years, 3, 1)


def _instalment(facts: AllowanceFacts, rule: AllowanceRule) -> list[Step]:
    if rule.most is None:
        return []
    used = facts.before.instalments
    if used >= rule.most:
        return [step("instalments_used", rule.source, most=rule.most)]
    return [step("instalment", rule.source, number=used + 1, most=rule.most)]


def _registration(facts: AllowanceFacts) -> list[Step]:
    told = facts.before.registered_on
    if told is not None:
        return [step("registered", NOTICE, day=told)]
    return [step("not_registered", NOTICE)] if facts.event.event == DELIVERY else []


def _amount(facts: AllowanceFacts, rule: AllowanceRule) -> tuple[int, list[Step]]:
    event, riel = facts.event, rule.riel
    if riel is None:
        return 0, [step("amount_not_set", rule.source)]
    if event.event != DELIVERY:
        return riel, [step("fixed_amount", rule.source, riel=riel)]
    order = max(event.birth_order, 1)
    children = max(event.children, order)
    steps = [step("per_child", rule.source, riel=riel, order=order, children=children)]
    if rule.extra_children is not None and rule.extra_children == order:
        extra = rule.extra_riel or 0
        riel += extra
        steps.append(step("triplets", rule.source, riel=extra, children=children))
    elif rule.extra_children is None and order == 3:
        steps.append(step("triplets_not_known", rule.source))
    return riel, steps
