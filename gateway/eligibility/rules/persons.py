"""May this person use this card that day? Identity, status, dates and family, before any scheme.

Pure. Refusals end the matter, doubts make the verdict `unknown`, notes go along with any verdict.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from gateway.coverage.policy import PolicySet
from gateway.eligibility.reasons import Reason, reason
from gateway.eligibility.rules.facts import Facts, Person

STATUS_REASONS = {
    "deceased": "deceased",
    "suspended": "suspended",
    "ended": "membership_ended",
}
CARD_REASONS = {"lost": "card_lost", "replaced": "card_replaced"}


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known against or about the person, whatever the scheme."""

    refusals: tuple[Reason, ...] = ()
    doubts: tuple[Reason, ...] = ()
    notes: tuple[Reason, ...] = ()


IN_ORDER = Standing()


def standing_of(facts: Facts, person: Person, policies: PolicySet) -> Standing:
    """Judge the person and card on the service day (feed: status_on is a status's first day)."""
    refusals, doubts, notes = _status(facts, person)
    if person.card_status in CARD_REASONS:
        refusals.append(reason(CARD_REASONS[person.card_status]))
    if person.two_active_cards and not refusals:
        doubts.append(reason("two_active_cards"))
    born = person.date_of_birth
    if born is not None and facts.day < born:
        refusals.append(reason("before_birth", day=born))
    if person.is_dependent:
        refusals += _registration(person, facts.day)
    if facts.newborn is not None:
        _newborn(facts, person, policies, refusals, notes)
    if not (refusals or doubts or notes):
        return IN_ORDER
    return Standing(tuple(refusals), tuple(doubts), tuple(notes))


def status_on(person: Person, day: date) -> str | None:
    """Say the person's status on a day: active before `status_on`; None when it is not known."""
    if person.status == "active":
        return "active"
    if person.status not in STATUS_REASONS or person.status_on is None:
        return None
    return person.status if person.status_on <= day else "active"


def age_on(born: date, day: date) -> int:
    """Count whole years; the birthday itself counts, 29 February becomes 1 March."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def _status(facts: Facts, person: Person) -> tuple[list[Reason], list[Reason], list[Reason]]:
    status = status_on(person, facts.day)
    if status == "active":
        return [], [], []
    if status is None:
        return [], [reason("status_unknown")], []
    if status == "deceased" and _died_after_birth(facts, person):
        return [], [], []
    return [reason(STATUS_REASONS[status], day=person.status_on)], [], []


def _died_after_birth(facts: Facts, mother: Person) -> bool:
    """A mother's death at or after the birth does not end her newborn's cover."""
    child = facts.newborn
    return (
        child is not None
        and mother.status_on is not None
        and mother.status_on >= child.date_of_birth
    )


def _registration(person: Person, day: date) -> list[Reason]:
    if person.valid_from is not None and day < person.valid_from:
        return [reason("dependent_not_begun", day=person.valid_from)]
    if person.valid_to is not None and day >= person.valid_to:
        return [reason("dependent_ended", day=person.valid_to - timedelta(days=1))]
    return []


def _newborn(
    facts: Facts, mother: Person, policies: PolicySet, refusals: list[Reason], notes: list[Reason]
) -> None:
    child = facts.newborn
    if child is None:
        return
    rules = policies.claim_rules(None, facts.day)
    source, days = rules.source_of("newborn_days"), rules.newborn_days
    if mother.sex != "F":
        refusals.append(reason("newborn_not_mother", source))
    elif facts.day < child.date_of_birth:
        refusals.append(reason("newborn_not_born"))
    elif (facts.day - child.date_of_birth).days > days:
        refusals.append(reason("newborn_too_old", source, days=days))
    else:
        last = child.date_of_birth + timedelta(days=days)
        notes.append(reason("newborn_covered", source, day=last))
