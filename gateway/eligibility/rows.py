"""How does the statement's row become facts? Pure conversion, one place that knows the columns."""

from datetime import date
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from typing import Any

from gateway.coverage.months import parse_month, parse_months
from gateway.eligibility.rules.facts import Cover, FacilityFacts, Person

HOLDER, DEPENDENT, PRINCIPAL, FAMILY = 0, 1, 2, 3

_day = lru_cache(maxsize=20_000)(date.fromisoformat)
_months = lru_cache(maxsize=20_000)(parse_months)


def to_people(rows: list[list[Any]]) -> tuple[Person | None, tuple[Person, ...]]:
    """Make the card's holder (a dependent with the member) and the holder's family."""
    by_place: dict[int, list[list[Any]]] = {}
    for row in rows:
        by_place.setdefault(row[0], []).append(row)
    if HOLDER in by_place:
        member = to_person(by_place[HOLDER][0], None)
        family = tuple(to_person(row, member) for row in by_place.get(FAMILY, ()))
        return member, family
    if DEPENDENT in by_place:
        principal = next((to_person(row, None) for row in by_place.get(PRINCIPAL, ())), None)
        return to_person(by_place[DEPENDENT][0], principal), ()
    return None, ()


def to_person(row: list[Any], principal: Person | None) -> Person:
    """Make one person from a row of the statement."""
    return Person(
        card_key=row[1],
        card_number=row[2],
        name_km=row[3],
        name_latin=row[4],
        sex=row[5],
        date_of_birth=_maybe(row[6]),
        category=row[7],
        relationship=row[8],
        status=row[9],
        status_on=_maybe(row[10]),
        card_status=row[11],
        principal_key=row[12],
        valid_from=_maybe(row[13]),
        valid_to=_maybe(row[14]),
        disabled=row[15],
        chronically_ill=row[16],
        protected=row[17],
        two_active_cards=row[18],
        covers=_covers(row[19] or []),
        usage=tuple((scheme, benefit, _day(day)) for scheme, benefit, day in row[20] or ()),
        principal=principal,
    )


def to_facility(row: list[Any] | None) -> FacilityFacts | None:
    """Make the facility's facts; None when the registry does not describe it."""
    if row is None:
        return None
    return FacilityFacts(row[0], row[1], row[2], _maybe(row[3]), _maybe(row[4]))


def to_month(text: str | None) -> int | None:
    """Read the month through which contributions are complete."""
    return None if text is None else parse_month(text)


def _covers(rows: list[list[Any]]) -> tuple[Cover, ...]:
    covers = []
    for scheme, group in groupby(rows, key=itemgetter(0)):
        periods = list(group)
        covers.append(
            Cover(
                scheme,
                tuple((_day(start), _maybe(end)) for _, start, end, _ in periods),
                _months(periods[0][3]) if periods[0][3] else 0,
            )
        )
    return tuple(covers)


def _maybe(text: str | None) -> date | None:
    return None if text is None else _day(text)
