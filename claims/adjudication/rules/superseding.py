"""What loading prices does to the prices that are there: which rows end, which rows begin. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from claims.adjudication.rules.tariffs import Price


@dataclass(slots=True)
class Change:
    """Rows that stop to hold, rows to add, and how many were there already."""

    superseded: list[int] = field(default_factory=list)
    added: list[Price] = field(default_factory=list)
    unchanged: int = 0


def plan_change(live: Mapping[int, Price], loaded: Iterable[Price]) -> Change:
    """Let each loaded row supersede overlapping rows from its `valid_from` on.

    A row that began earlier is ended there and kept for the days before; a row that begins
    later is superseded whole.
    """
    change = Change()
    by_key: dict[tuple[str, str, str], dict[int, Price]] = {}
    for row, price in live.items():
        by_key.setdefault(price.key, {})[row] = price
    for new in sorted(loaded, key=lambda price: price.valid_from):
        there = by_key.get(new.key, {})
        if new in there.values():
            change.unchanged += 1
            continue
        for row in [row for row, old in there.items() if old.overlaps(new)]:
            old = there.pop(row)
            change.superseded.append(row)
            if old.valid_from < new.valid_from:
                change.added.append(replace(old, valid_to=new.valid_from))
        change.added.append(new)
    return change


def plan_defaults(live: Mapping[int, Price], shipped: Iterable[Price]) -> Change:
    """Add shipped rows only where no price stands: what somebody loaded is never superseded."""
    change = Change()
    keys: dict[tuple[str, str, str], list[Price]] = {}
    for price in live.values():
        keys.setdefault(price.key, []).append(price)
    for new in shipped:
        if any(old.overlaps(new) for old in keys.get(new.key, ())):
            change.unchanged += 1
        else:
            change.added.append(new)
    return change
