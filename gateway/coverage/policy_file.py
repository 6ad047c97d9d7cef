"""Does a policy file say something we can decide on? YAML text to `Policy`, pure.

Every fault is named with file, line and key, all of them in one answer; nothing is guessed. Called
when a file is loaded and when stored files are read back.
"""

import hashlib
import re
from datetime import date
from functools import lru_cache

import yaml
from yaml.nodes import MappingNode, Node

from gateway.coverage.claim_rules import read_claim_rules
from gateway.coverage.policy import (
    BENEFITS,
    CAUSES,
    GROUPS,
    KINDS,
    LEVELS,
    PROCEDURES,
    SCHEMES,
    Benefit,
    Condition,
    Limit,
    Policy,
    Rule,
)
from gateway.coverage.policy_reader import (
    SOURCED,
    Reader,
    first_odd,
    is_null,
    read_source,
    sourced,
)

# libyaml reads ten times faster; without it the same grammar in Python does.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
MAX_BYTES = 200_000
MAX_WINDOW_MONTHS = 24
"""Limits look back at most this far: the check's statement reads that much usage."""

RULE_KINDS = ("months", "entitled", "lapse", "age", "principal", "limit")
RULE_KEYS: dict[str, tuple[set[str], set[str]]] = {
    "months": ({"any"}, {"contribution_riel"}),
    "entitled": (set(), set()),
    "lapse": ({"months"}, set()),
    "age": ({"relationship", "under", "effect"}, {"waived_by"}),
    "principal": (set(), set()),
    "limit": ({"benefits", "window_months"}, {"days", "count"}),
}
ALONE = {"months": "months", "entitled": "months", "lapse": "lapse", "principal": "principal"}
"""Kinds of which one rule holds for a group on a day; ages and limits hold side by side."""

RELATIONSHIPS = ("child", "spouse")
WAIVERS = ("disabled", "chronically_ill")
EFFECTS = ("refuse", "warn")
TOP_LEVEL = {
    "scheme", "effective_from", "title", "order", "due_day", "causes", "facility_kinds", "rules",
    "benefits", "claims",
}  # fmt: skip

FAULT = re.compile(r"(?P<where>.*?:\d+): (?P<key>[^ ]*): (?P<what>.*)", re.DOTALL)


class PolicyError(ValueError):
    """A file that cannot be used; `faults` lists every "file:line: key: what is wrong"."""

    def __init__(self, faults: list[str]) -> None:
        self.faults = faults
        super().__init__("\n".join(faults))

    def as_errors(self) -> list[dict[str, str]]:
        """Return each fault with its key as an RFC 6901 pointer into the file."""
        return [{"pointer": _pointer(fault), "message": fault} for fault in self.faults]


def _pointer(fault: str) -> str:
    """Turn `rules[0].any[1].paid` into `/rules/0/any/1/paid`; the whole file has no pointer."""
    found = FAULT.fullmatch(fault)
    key = found["key"] if found else ""
    if key in ("", "file"):
        return ""
    parts = key.replace("[", ".").replace("]", "").split(".")
    return "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in parts)


@lru_cache(maxsize=64)
def parse_policy(text: str, *, name: str = "policy.yaml") -> Policy:
    """Read one policy file, or raise PolicyError naming every fault with file, line and key."""
    root = compose(text, name)
    reader = Reader(name)
    found = reader.mapping(root, "", required=TOP_LEVEL)
    policy = _policy(reader, found, sha256=hashlib.sha256(text.encode()).hexdigest())
    if reader.faults:
        raise PolicyError(reader.faults)
    return policy


def compose(text: str, name: str) -> Node:
    """Compose one document: bounded, without aliases or tags, every fault with its line."""
    try:
        size = len(text.encode())
    except UnicodeEncodeError as error:
        line = text.count("\n", 0, error.start) + 1
        raise PolicyError([f"{name}:{line}: file: is not UTF-8"]) from None
    if size > MAX_BYTES:
        raise PolicyError([f"{name}:1: file: is larger than {MAX_BYTES:,} bytes"])
    try:
        odd = first_odd(yaml.parse(text, LOADER))
        if odd is not None:
            raise PolicyError([f"{name}:{odd}"])
        root = yaml.compose(text, LOADER)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        problem = getattr(error, "problem", None) or "is not YAML"
        raise PolicyError([f"{name}:{line}: file: {problem}"]) from None
    if root is None:
        raise PolicyError([f"{name}:1: file: is empty"])
    return root


def _policy(reader: Reader, found: dict[str, Node], *, sha256: str) -> Policy:
    due_day, due_source = sourced(
        reader, found.get("due_day"), "due_day", lambda n, p: reader.whole(n, p, least=1, most=28)
    )
    causes, causes_source = sourced(
        reader, found.get("causes"), "causes", lambda n, p: reader.choices(n, p, CAUSES)
    )
    kinds, kinds_source = sourced(
        reader,
        found.get("facility_kinds"),
        "facility_kinds",
        lambda n, p: reader.choices(n, p, KINDS),
    )
    return Policy(
        scheme=reader.choice(found.get("scheme"), "scheme", SCHEMES),
        effective_from=reader.day(found.get("effective_from"), "effective_from"),
        title=reader.text(found.get("title"), "title"),
        order=reader.whole(found.get("order"), "order", least=1, most=99),
        due_day=due_day,
        due_day_source=due_source,
        causes=causes,
        causes_source=causes_source,
        facility_kinds=kinds,
        facility_kinds_source=kinds_source,
        rules=_rules(reader, found.get("rules")),
        benefits=_benefits(reader, found.get("benefits")),
        claims=read_claim_rules(reader, found.get("claims")),
        sha256=sha256,
    )


def _rules(reader: Reader, node: Node | None) -> tuple[Rule, ...]:
    if node is None:
        return ()
    rules: list[Rule] = []
    for path, item in reader.items(node, "rules"):
        faults = len(reader.faults)
        rule = _rule(reader, item, path)
        if len(reader.faults) > faults:
            continue
        if rule.id in {other.id for other in rules}:
            reader.fault(item, f"{path}.id", f"{rule.id} is used twice")
        for other in rules:
            if _speak_of_the_same(rule, other):
                reader.fault(item, path, f"speaks of the same group on the same day as {other.id}")
        rules.append(rule)
    return tuple(rules)


def _speak_of_the_same(one: Rule, other: Rule) -> bool:
    """Tell whether two rules of which only one can hold would both hold."""
    if ALONE.get(one.kind, one.id) != ALONE.get(other.kind):
        return False
    groups = {*(one.groups or GROUPS)} & {*(other.groups or GROUPS)}
    one_ends, other_ends = one.effective_to or date.max, other.effective_to or date.max
    return bool(groups) and one.effective_from < other_ends and other.effective_from < one_ends


def _rule(reader: Reader, node: Node, path: str) -> Rule:
    kind = _kind_of(reader, node, path)
    required, optional = RULE_KEYS[kind]
    found = reader.mapping(
        node,
        path,
        required={"id", "kind", "effective_from"} | SOURCED | required,
        optional={"groups", "effective_to"} | optional,
    )
    start = reader.day(found.get("effective_from"), f"{path}.effective_from")
    return Rule(
        id=reader.text(found.get("id"), f"{path}.id"),
        kind=kind,
        source=read_source(reader, found, path),
        effective_from=start,
        effective_to=reader.end_after(start, found, path),
        groups=_groups(reader, found.get("groups"), f"{path}.groups"),
        any=_conditions(reader, found.get("any"), f"{path}.any"),
        months=_number(reader, found.get("months"), f"{path}.months", most=120),
        contribution_riel=_number(
            reader, found.get("contribution_riel"), f"{path}.contribution_riel"
        ),
        relationship=_word(reader, found.get("relationship"), f"{path}.relationship"),
        under=_number(reader, found.get("under"), f"{path}.under", most=150),
        waived_by=reader.choices(found.get("waived_by"), f"{path}.waived_by", WAIVERS),
        effect=reader.choice(found.get("effect"), f"{path}.effect", EFFECTS),
        limit=_limit(reader, node, found, path) if kind == "limit" else None,
    )


def _kind_of(reader: Reader, node: Node, path: str) -> str:
    """Find a rule's kind first: it says which other keys belong there."""
    for key, value in node.value if isinstance(node, MappingNode) else ():
        if key.value == "kind":
            return reader.choice(value, f"{path}.kind", RULE_KINDS)
    return "entitled"


def _number(reader: Reader, node: Node | None, path: str, *, most: int = 10**9) -> int | None:
    return None if is_null(node) else reader.whole(node, path, least=1, most=most)


def _word(reader: Reader, node: Node | None, path: str) -> str | None:
    return None if node is None else reader.choice(node, path, RELATIONSHIPS)


def _groups(reader: Reader, node: Node | None, path: str) -> tuple[str, ...] | None:
    return None if is_null(node) else reader.choices(node, path, GROUPS)


def _conditions(reader: Reader, node: Node | None, path: str) -> tuple[Condition, ...]:
    if node is None:
        return ()
    found = tuple(_condition(reader, item, here) for here, item in reader.items(node, path))
    if not found:
        reader.fault(node, path, "must name at least one condition")
    return found


def _condition(reader: Reader, node: Node, path: str) -> Condition:
    found = reader.mapping(node, path, required=set(), optional={"consecutive", "paid", "window"})
    if set(found) == {"consecutive"}:
        return Condition(
            consecutive=reader.whole(found["consecutive"], f"{path}.consecutive", least=1, most=60)
        )
    if set(found) != {"paid", "window"}:
        reader.fault(node, path, "must be {consecutive: N} or {paid: N, window: M}")
        return Condition(consecutive=1)
    paid = reader.whole(found["paid"], f"{path}.paid", least=1, most=60)
    window = reader.whole(found["window"], f"{path}.window", least=1, most=60)
    if paid > window:
        reader.fault(found["paid"], f"{path}.paid", "must not be more than the window")
    return Condition(paid=paid, window=window)


def _limit(reader: Reader, node: Node, found: dict[str, Node], path: str) -> Limit:
    units = [unit for unit in ("days", "count") if unit in found]
    if len(units) != 1:
        reader.fault(node, path, "must name days or count, one of them")
        units = ["days"]
    unit = units[0]
    return Limit(
        unit="day" if unit == "days" else "count",
        value=reader.whole(found.get(unit), f"{path}.{unit}", least=1, most=10_000),
        window_months=reader.whole(
            found.get("window_months"),
            f"{path}.window_months",
            least=1,
            most=MAX_WINDOW_MONTHS,
        ),
        benefits=reader.choices(found.get("benefits"), f"{path}.benefits", BENEFITS),
    )


def _benefits(reader: Reader, node: Node | None) -> dict[str, Benefit]:
    benefits: dict[str, Benefit] = {}
    if node is None:
        return benefits
    for name, value in reader.entries(node, "benefits").items():
        path = f"benefits.{name}"
        if name not in BENEFITS and name not in PROCEDURES:
            reader.fault(value, path, f"must be one of {', '.join((*BENEFITS, *PROCEDURES))}")
        found = reader.mapping(
            value, path, required={"levels"} | SOURCED, optional={"patient_pays_riel"}
        )
        benefits[name] = Benefit(
            benefit=name,
            levels=reader.choices(found.get("levels"), f"{path}.levels", LEVELS),
            patient_pays_riel=reader.whole(
                found.get("patient_pays_riel"), f"{path}.patient_pays_riel"
            ),
            source=read_source(reader, found, path),
        )
    return benefits
