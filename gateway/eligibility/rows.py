"""How does the statement's row become facts? Pure conversion, one place that knows the columns."""

from datetime import date, datetime
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from typing import Any

import orjson

from config.values import dataclass
from gateway.coverage.months import parse_month, parse_months
from gateway.eligibility.rules.facts import Cover, FacilityFacts, Person

HOLDER, DEPENDENT, PRINCIPAL, FAMILY = 0, 1, 2, 3
WITHOUT_COUNTS, WITH_UNKNOWN = 7, 8  # cells

_day = lru_cache(maxsize=20_000)(date.fromisoformat)
_months = lru_cache(maxsize=20_000)(parse_months)


@dataclass(frozen=True, slots=True)
class Unknown:
    """How many different unknown cards a caller has tried in ten minutes."""

    cards: int
    frees_in: int
    """Seconds until the oldest of them is ten minutes old."""


@dataclass(frozen=True, slots=True)
class Tally:
    """What a caller or a facility looked up in the last hour."""

    cards: int
    lookups: int
    unknown: int
    frees_in: int
    """Seconds until the oldest look-up leaves the hour."""


@dataclass(frozen=True, slots=True)
class Row:
    """What the one statement answered, JSON parsed."""

    at: datetime
    as_of: datetime | None
    contributions_loaded: bool
    complete_through: str | None
    generation: int
    facility: list[Any] | None
    people: list[list[Any]]
    unknown: Unknown | None = None
    of_actor: Tally | None = None
    of_facility: Tally | None = None


def to_row(found: list[Any]) -> Row:
    """Read what the statement answered, cell by cell; what it counted comes last."""
    return Row(
        at=datetime.fromisoformat(found[0].decode()),
        as_of=datetime.fromisoformat(found[1].decode()) if found[1] else None,
        contributions_loaded=found[2] == b"t",
        complete_through=found[3].decode() if found[3] else None,
        generation=int(found[4]),
        facility=orjson.loads(found[5]) if found[5] else None,
        people=orjson.loads(found[6]) if found[6] else [],
        unknown=to_unknown(found[7]) if len(found) > WITHOUT_COUNTS else None,
        of_actor=_tally(found[8]) if len(found) > WITH_UNKNOWN else None,
        of_facility=_tally(found[9]) if len(found) > WITH_UNKNOWN else None,
    )


def to_unknown(text: bytes) -> Unknown:
    """Read the count of unknown cards."""
    cards, frees_in = orjson.loads(text)
    return Unknown(cards, max(frees_in or 0, 1))


def _tally(text: bytes) -> Tally:
    cards, lookups, unknown, frees_in = orjson.loads(text)
    return Tally(cards, int(lookups), int(unknown), max(frees_in or 0, 1))


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
