"""Does a file of allowance rules say something one can compute with? YAML text to rules, pure.

Every fault is named with file, line and key, all of them in one answer; nothing is guessed. Called
when a file is loaded and when the files in force are read back.
"""

from __future__ import annotations

from functools import lru_cache

from yaml.nodes import Node

from claims.allowances.rules.facts import (
    BIRTH,
    BIRTH_EVENTS,
    CREMATION,
    FUNERAL,
    MATERNITY,
    REFUND,
    SICKNESS,
)
from claims.allowances.rules.policy import (
    MATERNITY_PLACE,
    RULE_KINDS,
    AllowanceRule,
    Reading,
    WageBasis,
)
from gateway.coverage.policy import GROUPS, Source
from gateway.coverage.policy_file import PolicyError, compose
from gateway.coverage.policy_reader import SOURCED, Reader, is_null, read_source

NAMES = (MATERNITY, BIRTH, SICKNESS, "death", REFUND)
COMMON = {"id", "kind", "effective_from"} | SOURCED
MAYBE = {"groups", "effective_to"}
WAGED = {"percent", "days", "use", "readings", "wage"}
KEYS: dict[str, tuple[set[str], set[str]]] = {
    MATERNITY: (WAGED, {"min_weeks", "other_leave"}),
    SICKNESS: (WAGED | {"window_months"}, {"other_leave"}),
    BIRTH: (
        {"event", "riel"},
        {"most", "min_weeks", "under_years", "extra_children", "extra_riel"},
    ),
    CREMATION: ({"riel"}, set()),
    FUNERAL: ({"riel"}, set()),
    REFUND: (set(), set()),
    MATERNITY_PLACE: (set(), set()),
}


@lru_cache(maxsize=64)
def parse_rules(
    text: str, *, name: str = "allowances.yaml"
) -> tuple[str, tuple[AllowanceRule, ...]]:
    """Read one file: what it is called and its rules, or raise PolicyError naming every fault."""
    reader = Reader(name)
    found = reader.mapping(compose(text, name), "", required={"name", "title", "rules"})
    called = reader.choice(found.get("name"), "name", NAMES)
    reader.text(found.get("title"), "title")
    items = reader.items(found["rules"], "rules") if "rules" in found else []
    rules = tuple(_rule(reader, node, path) for path, node in items)
    ids = [rule.id for rule in rules]
    for (path, node), own in zip(items, ids, strict=True):
        if ids.count(own) > 1:
            reader.fault(node, f"{path}.id", f"{own} is used twice")
    if reader.faults:
        raise PolicyError(reader.faults)
    return called, rules


def _rule(reader: Reader, node: Node, path: str) -> AllowanceRule:
    kind, off = _kind_of(reader, node, path)
    required, optional = KEYS[kind]
    if off:
        required, optional = {"off"}, required | optional
    found = reader.mapping(
        node, path, required=COMMON | required, optional=MAYBE | optional | {"off"}
    )
    start = reader.day(found.get("effective_from"), f"{path}.effective_from")
    end = reader.optional_day(found.get("effective_to"), f"{path}.effective_to")
    if end is not None and end <= start:
        reader.fault(found["effective_to"], f"{path}.effective_to", "must be after effective_from")
    readings = _readings(reader, found.get("readings"), f"{path}.readings")
    return AllowanceRule(
        id=reader.text(found.get("id"), f"{path}.id"),
        kind=kind,
        source=read_source(reader, found, path),
        effective_from=start,
        effective_to=end,
        groups=_groups(reader, found.get("groups"), f"{path}.groups"),
        event=_event(reader, found.get("event"), f"{path}.event"),
        off=off,
        percent=_number(reader, found, "percent", path, most=100),
        days=_number(reader, found, "days", path, most=366),
        window_months=_number(reader, found, "window_months", path, most=24),
        readings=readings,
        use=_use(reader, found.get("use"), f"{path}.use", readings),
        wage=_wage(reader, found.get("wage"), f"{path}.wage"),
        riel=_number(reader, found, "riel", path, most=10**9),
        most=_number(reader, found, "most", path, most=50),
        min_weeks=_number(reader, found, "min_weeks", path, most=45),
        under_years=_number(reader, found, "under_years", path, most=18),
        extra_children=_number(reader, found, "extra_children", path, most=9),
        extra_riel=_number(reader, found, "extra_riel", path, most=10**9),
        other_leave=_sourced(reader, found.get("other_leave"), f"{path}.other_leave"),
    )


def _kind_of(reader: Reader, node: Node, path: str) -> tuple[str, bool]:
    """Look at a rule's kind first: it says which other keys the rule must have."""
    peek = Reader(reader.name)
    found = peek.entries(node, path)
    kind = reader.choice(found.get("kind"), f"{path}.kind", RULE_KINDS)
    off = found.get("off")
    switched_off = off is not None and reader.choice(off, f"{path}.off", ("true", "false"))
    return kind, switched_off == "true"


def _groups(reader: Reader, node: Node | None, path: str) -> tuple[str, ...] | None:
    return None if is_null(node) else reader.choices(node, path, GROUPS)


def _event(reader: Reader, node: Node | None, path: str) -> str | None:
    return None if node is None else reader.choice(node, path, BIRTH_EVENTS)


def _number(
    reader: Reader, found: dict[str, Node], key: str, path: str, *, most: int
) -> int | None:
    """Read a whole number; an empty one is not known, which is not zero."""
    node = found.get(key)
    return None if is_null(node) else reader.whole(node, f"{path}.{key}", least=1, most=most)


def _sourced(reader: Reader, node: Node | None, path: str) -> Source | None:
    if node is None or is_null(node):
        return None
    return read_source(reader, reader.mapping(node, path, required=set(SOURCED)), path)


def _readings(reader: Reader, node: Node | None, path: str) -> tuple[Reading, ...]:
    if node is None:
        return ()
    return tuple(_reading(reader, item, here) for here, item in reader.items(node, path))


def _reading(reader: Reader, node: Node, path: str) -> Reading:
    found = reader.mapping(
        node, path, required={"id"} | SOURCED, optional={"paid", "window", "consecutive"}
    )
    reading = Reading(
        id=reader.text(found.get("id"), f"{path}.id"),
        source=read_source(reader, found, path),
        paid=_number(reader, found, "paid", path, most=24),
        window=_number(reader, found, "window", path, most=24),
        consecutive=_number(reader, found, "consecutive", path, most=24),
    )
    in_a_row = reading.consecutive is not None
    if in_a_row == (reading.paid is not None) or (reading.paid is None) != (reading.window is None):
        reader.fault(node, path, "is either consecutive, or paid and window")
    elif reading.paid is not None and reading.window is not None and reading.paid > reading.window:
        reader.fault(node, path, "cannot ask for more months than the window has")
    return reading


def _use(
    reader: Reader, node: Node | None, path: str, readings: tuple[Reading, ...]
) -> tuple[str, ...]:
    if node is None:
        return ()
    known = tuple(reading.id for reading in readings)
    used = reader.choices(node, path, known) if known else ()
    if not used:
        reader.fault(node, path, "must name at least one of the readings")
    return used


def _wage(reader: Reader, node: Node | None, path: str) -> WageBasis | None:
    if node is None:
        return None
    keys = {"months", "month_days", "floor_riel", "ceiling_riel"}
    found = reader.mapping(node, path, required=keys | SOURCED)
    basis = WageBasis(
        months=reader.whole(found.get("months"), f"{path}.months", least=1, most=24),
        month_days=reader.whole(found.get("month_days"), f"{path}.month_days", least=1, most=31),
        floor_riel=reader.whole(found.get("floor_riel"), f"{path}.floor_riel"),
        ceiling_riel=reader.whole(found.get("ceiling_riel"), f"{path}.ceiling_riel", least=1),
        source=read_source(reader, found, path),
    )
    if basis.floor_riel > basis.ceiling_riel:
        reader.fault(node, path, "the floor lies above the ceiling")
    return basis
