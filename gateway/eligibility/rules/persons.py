"""May this person use this card that day? Identity, status, dates and family, before any scheme.

Pure. Refusals end the matter, doubts make the verdict `unknown`.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from gateway.eligibility.reasons import Reason, reason
from gateway.eligibility.rules.facts import Facts, Newborn, Person

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


IN_ORDER = Standing()


def standing_of(facts: Facts, person: Person) -> Standing:
    """Judge the person and card on the service day (feed: status_on is a status's first day)."""
    refusals, doubts = _status(facts, person)
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
        refusals += _newborn(facts.newborn, person, facts.day)
    if not (refusals or doubts):
        return IN_ORDER
    return Standing(tuple(refusals), tuple(doubts))


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


def _status(facts: Facts, person: Person) -> tuple[list[Reason], list[Reason]]:
    status = status_on(person, facts.day)
    if status is None:
        return [], [reason("status_unknown")]
    if status == "active" or (status == "deceased" and _died_after_birth(facts, person)):
        return [], []
    return [reason(STATUS_REASONS[status], day=person.status_on)], []


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


def _newborn(child: Newborn, mother: Person, day: date) -> list[Reason]:
    """Refuse a card that is no mother's, and a day before the birth; each scheme judges the age."""
    if mother.sex != "F":
        return [reason("newborn_not_mother")]
    return [reason("newborn_not_born")] if day < child.date_of_birth else []
