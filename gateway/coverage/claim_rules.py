"""What does a policy file say about claims? Its `claims:` section to `ClaimRules`, pure."""

from typing import Any

from yaml.nodes import Node

from gateway.coverage.policy import (
    ATTACHMENTS,
    DEADLINE_DAYS,
    ClaimRules,
    Exclusion,
    ServiceLimit,
    Source,
)
from gateway.coverage.policy_reader import SOURCED, Reader, is_null, read_source, sourced
from gateway.coverage.signal_rules import DEFAULT_SIGNALS, KEYS, Signals

NUMBERS = {
    "submit_within_days": (1, 3650),
    "review_within_days": (1, 3650),
    "pay_within_days": (1, 3650),
    "appeal_within_days": (1, 3650),
    "four_eyes_above_riel": (0, 10**12),
    "auto_approve_below_riel": (0, 10**12),
    "newborn_days": (0, 365),
}
# What a file may leave to the product's own number.
OPTIONAL_NUMBERS = {
    "four_eyes_day_above_riel": (0, 10**12),
    "bulk_sample_percent": (1, 100),
    "bulk_sample_least": (1, 100),
}
MAY_BE_EMPTY = {"auto_approve_below_riel", "four_eyes_day_above_riel"}
TABLES = {"service_limits", "exclusions", "checklists", "copay", "signals"}
LIMIT_KEYS = {"max_quantity", "min_days_between", "per_year"}


def read_claim_rules(reader: Reader, node: Node | None) -> ClaimRules:
    """Read the claims section; every number with its source, every table entry with its own."""
    if node is None:
        return ClaimRules()
    optional = TABLES | set(OPTIONAL_NUMBERS) | {"deadline_days"}
    found = reader.mapping(node, "claims", required=set(NUMBERS), optional=optional)
    values: dict[str, Any] = {}
    sources: dict[str, Source] = {}
    for name, (least, most) in (NUMBERS | OPTIONAL_NUMBERS).items():
        if name in found:
            values[name], sources[name] = _number(reader, found[name], name, least, most)
    if "deadline_days" in found:
        values["deadline_days"], sources["deadline_days"] = sourced(
            reader,
            found["deadline_days"],
            "claims.deadline_days",
            lambda value, path: reader.choice(value, path, DEADLINE_DAYS),
        )
    limits, limit_sources = _service_limits(reader, found.get("service_limits"))
    checklists, checklist_sources = _checklists(reader, found.get("checklists"))
    copay, copay_sources = _copay(reader, found.get("copay"))
    signals, signal_sources = _signals(reader, found.get("signals"))
    return ClaimRules(
        **values,
        service_limits=limits,
        exclusions=_exclusions(reader, found.get("exclusions")),
        checklists=checklists,
        copay=copay,
        signals=signals,
        sources=sources | limit_sources | checklist_sources | copay_sources | signal_sources,
    )


def _number(
    reader: Reader, node: Node, name: str, least: int, most: int
) -> tuple[int | None, Source]:
    def read(value: Node | None, path: str) -> int | None:
        if name in MAY_BE_EMPTY and is_null(value):
            return None
        return reader.whole(value, path, least=least, most=most)

    return sourced(reader, node, f"claims.{name}", read)


def _service_limits(
    reader: Reader, node: Node | None
) -> tuple[dict[str, ServiceLimit], dict[str, Source]]:
    limits, sources = {}, {}
    for service, value in _table(reader, node, "claims.service_limits").items():
        path = f"claims.service_limits.{service}"
        found = reader.mapping(value, path, required=SOURCED, optional=LIMIT_KEYS)
        numbers = {
            key: reader.whole(found[key], f"{path}.{key}", least=1, most=10_000)
            for key in LIMIT_KEYS & set(found)
        }
        if not numbers:
            reader.fault(value, path, f"must name one of {', '.join(sorted(LIMIT_KEYS))}")
        limits[service] = ServiceLimit(**numbers)
        sources[f"service_limits.{service}"] = read_source(reader, found, path)
    return limits, sources


def _exclusions(reader: Reader, node: Node | None) -> tuple[Exclusion, ...]:
    if node is None:
        return ()
    found: list[Exclusion] = []
    for path, item in reader.items(node, "claims.exclusions"):
        one = _exclusion(reader, item, path)
        if one.id in {other.id for other in found}:
            reader.fault(item, f"{path}.id", f"{one.id} is used twice")
        found.append(one)
    return tuple(found)


def _exclusion(reader: Reader, node: Node, path: str) -> Exclusion:
    found = reader.mapping(
        node,
        path,
        required={"id"} | SOURCED,
        optional={"services", "diagnoses", "effective_from", "effective_to"},
    )
    if not {"services", "diagnoses"} & set(found):
        reader.fault(node, path, "must name services or diagnoses")
    start = reader.optional_day(found.get("effective_from"), f"{path}.effective_from")
    return Exclusion(
        id=reader.text(found.get("id"), f"{path}.id"),
        source=read_source(reader, found, path),
        services=_texts(reader, found.get("services"), f"{path}.services"),
        diagnoses=_texts(reader, found.get("diagnoses"), f"{path}.diagnoses"),
        effective_from=start,
        effective_to=reader.end_after(start, found, path),
    )


def _checklists(
    reader: Reader, node: Node | None
) -> tuple[dict[str, tuple[str, ...]], dict[str, Source]]:
    lists, sources = {}, {}
    for service, value in _table(reader, node, "claims.checklists").items():
        path = f"claims.checklists.{service}"
        found = reader.mapping(value, path, required={"attachments"} | SOURCED)
        lists[service] = reader.choices(
            found.get("attachments"), f"{path}.attachments", ATTACHMENTS
        )
        sources[f"checklists.{service}"] = read_source(reader, found, path)
    return lists, sources


def _copay(reader: Reader, node: Node | None) -> tuple[dict[str, int], dict[str, Source]]:
    riel, sources = {}, {}
    for service, value in _table(reader, node, "claims.copay").items():
        path = f"claims.copay.{service}"
        riel[service], sources[f"copay.{service}"] = sourced(reader, value, path, reader.whole)
    return riel, sources


def _signals(reader: Reader, node: Node | None) -> tuple[Signals, dict[str, Source]]:
    """Read the signals a policy sets; those it leaves out keep the product's numbers."""
    signals, sources = dict(DEFAULT_SIGNALS), {}
    given = (
        {}
        if node is None
        else reader.mapping(node, "claims.signals", required=set(), optional=set(KEYS))
    )
    for name in KEYS.keys() & given.keys():
        path = f"claims.signals.{name}"
        found = reader.mapping(given[name], path, required=set(KEYS[name]) | SOURCED)
        signals[name] = {
            key: reader.whole(found.get(key), f"{path}.{key}", least=least, most=most)
            for key, (least, most) in KEYS[name].items()
        }
        sources[f"signals.{name}"] = read_source(reader, found, path)
    return signals, sources


def _table(reader: Reader, node: Node | None, path: str) -> dict[str, Node]:
    return {} if node is None else reader.entries(node, path)


def _texts(reader: Reader, node: Node | None, path: str) -> tuple[str, ...]:
    if node is None:
        return ()
    return tuple(reader.text(item, here) for here, item in reader.filled(node, path))
