"""The figures of complaints, for NSSF only: a facility would learn of complaints it was not asked about.

How many stand where is told as of now; kinds, channels, places and the informal payments per 1,000
visits are told of a period. Counts under five are not shown.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import astuple, dataclass, fields
from datetime import date, datetime, timedelta
from typing import Any

from auth.permissions import Actor, Permission
from claims.complaints import queries
from claims.complaints.rules import Kind, age_group, per_thousand, shown
from config import clock
from config.errors import Forbidden, Invalid
from config.words import N_

PERIOD = timedelta(days=89)
LONGEST = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the figures; counts of a few are `<5`."""

    dimension: str
    key: str
    complaints: int | str
    informal_payments: int | str | None = None
    visits: int | None = None
    per_1000_visits: str | None = None


def count_complaints(
    *, by: Actor, from_day: date | None = None, to_day: date | None = None
) -> dict[str, Any]:
    """Count complaints: where they stand now, and what a period brought (default: 90 days)."""
    if not by.nssf or not (
        by.may(Permission.COMPLAINT_MANAGE) or by.may(Permission.STATISTICS_READ)
    ):
        raise Forbidden
    last = to_day or clock.today()
    first = from_day or last - PERIOD
    if last == date.max or not timedelta(0) <= last - first <= LONGEST:
        message = N_("A period has a beginning, an end after it, and at most a year between them.")
        raise Invalid(errors=[{"pointer": "/from", "message": message}])
    figures = [
        *_standing(queries.count_standing(clock.today())),
        *_brought(queries.count_brought(first, last), queries.count_visits(first, last)),
    ]
    as_of: datetime = queries.moment()
    return {"as_of": as_of, "from": first, "to": last, "figures": figures}


def figures_table(found: dict[str, Any]) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Return the figures as the header and rows of a sheet; every row states its moment."""
    header = [*(field.name for field in fields(Figure)), "from", "to", "as_of"]
    told = (found["from"], found["to"], found["as_of"])
    return header, [(*astuple(figure), *told) for figure in found["figures"]]


def _standing(rows: list[Any]) -> Iterator[Figure]:
    """Yield how many stand where, and how old the unanswered are."""
    counts: Counter[tuple[str, str]] = Counter()
    for dimension, key, count in sorted(rows, key=_place):
        counts[dimension, age_group(int(key)) if dimension == "age" else key] += count
    for (dimension, key), count in counts.items():
        yield Figure(dimension, key, shown(count))


def _place(row: Any) -> tuple[str, int, str]:
    """Order by what is counted, then by age in days or by name."""
    dimension, key, _count = row
    return dimension, int(key) if dimension == "age" else 0, key


def _brought(rows: list[Any], seen: list[Any]) -> Iterator[Figure]:
    """Yield what the period brought, with visits where a rate can be told."""
    visits: Counter[tuple[str, str]] = Counter()
    for province, facility, count in seen:
        for place in (("total", "all"), ("province", province or ""), ("facility", facility)):
            visits[place] += count
    complaints: Counter[tuple[str, str]] = Counter()
    informal: Counter[tuple[str, str]] = Counter()
    for kind, channel, province, facility, count in rows:
        named = {"kind": kind, "channel": channel, "province": province, "facility": facility}
        for cell in (("total", "all"), *named.items()):
            complaints[cell] += count
            informal[cell] += count if kind == Kind.INFORMAL_PAYMENT else 0
    for cell, count in sorted(complaints.items(), key=_order):
        yield _with_rate(cell, count, informal[cell], visits)


def _order(item: tuple[tuple[str, str], int]) -> tuple[int, str]:
    dimensions = ("total", "kind", "channel", "province", "facility")
    (dimension, key), _count = item
    return dimensions.index(dimension), key


def _with_rate(
    cell: tuple[str, str], count: int, informal: int, visits: Counter[tuple[str, str]]
) -> Figure:
    dimension, key = cell
    if dimension not in ("total", "province", "facility"):
        return Figure(dimension, key, shown(count))
    rate = per_thousand(informal, visits[cell])
    return Figure(dimension, key, shown(count), shown(informal), visits[cell], rate)
