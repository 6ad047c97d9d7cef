"""How is a value read from a YAML document, and how is a fault in it named? Pure.

The document is composed, not loaded, so that every key still knows its line. Faults are collected,
so that one answer names them all. Used by policy_file only.
"""

import re
from collections.abc import Callable, Iterable
from datetime import date
from typing import TypeVar

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from gateway.coverage.policy import CONFIDENCES, STATUSES, Source

T = TypeVar("T")
WHOLE = re.compile("0|[1-9][0-9]{0,17}")
DAY = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
MAX_DEPTH = 20
"""The shipped files nest five deep; composing many thousand levels would end the process."""

SOURCED = {"source", "status", "confidence"}


class Reader:
    """Walk one composed YAML document, collecting faults with the line of each key."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.faults: list[str] = []

    def fault(self, node: Node, path: str, message: str) -> None:
        """Note a fault at a node."""
        self.faults.append(f"{self.name}:{node.start_mark.line + 1}: {path}: {message}")

    def mapping(
        self,
        node: Node,
        path: str,
        *,
        required: set[str],
        optional: set[str] | frozenset[str] = frozenset(),
    ) -> dict[str, Node]:
        """Read a mapping's keys: none twice, none unknown, none missing."""
        if not isinstance(node, MappingNode):
            self.fault(node, path, "must be a mapping")
            return {}
        found: dict[str, Node] = {}
        for key_node, value in node.value:
            if not isinstance(key_node, ScalarNode):
                self.fault(key_node, path or "file", "a key must be a word")
                continue
            key = str(key_node.value)
            here = f"{path}.{key}" if path else key
            if key in found:
                self.fault(key_node, here, "is written twice")
            elif key not in required and key not in optional:
                self.fault(key_node, here, "is not a key of this place")
            found[key] = value
        for key in sorted(required - set(found)):
            self.fault(node, f"{path}.{key}" if path else key, "is missing")
        return found

    def entries(self, node: Node, path: str) -> dict[str, Node]:
        """Read a mapping whose keys are free, each once."""
        if not isinstance(node, MappingNode):
            self.fault(node, path, "must be a mapping")
            return {}
        keys = {str(key.value) for key, _ in node.value}
        return self.mapping(node, path, required=set(), optional=keys)

    def items(self, node: Node, path: str) -> list[tuple[str, Node]]:
        """Read a list, each item with its own path."""
        if not isinstance(node, SequenceNode):
            self.fault(node, path, "must be a list")
            return []
        return [(f"{path}[{index}]", item) for index, item in enumerate(node.value)]

    def text(self, node: Node | None, path: str) -> str:
        """Read a text that is not empty."""
        if node is None:
            return ""
        if isinstance(node, ScalarNode) and node.value.strip() and node.tag.endswith(":str"):
            return str(node.value)
        self.fault(node, path, "must be a text")
        return ""

    def choice(self, node: Node | None, path: str, allowed: tuple[str, ...]) -> str:
        """Read one of a few words."""
        if node is None:
            return allowed[0]
        if isinstance(node, ScalarNode) and node.value in allowed:
            return str(node.value)
        self.fault(node, path, f"must be one of {', '.join(allowed)}")
        return allowed[0]

    def choices(self, node: Node | None, path: str, allowed: tuple[str, ...]) -> tuple[str, ...]:
        """Read a list of different words, at least one, or `all`."""
        if node is None:
            return ()
        if isinstance(node, ScalarNode) and node.value == "all":
            return allowed
        found: list[str] = []
        for here, item in self.filled(node, path):
            word = self.choice(item, here, allowed)
            if word in found:
                self.fault(item, here, "is written twice")
            found.append(word)
        return tuple(found)

    def filled(self, node: Node, path: str) -> list[tuple[str, Node]]:
        """Read a list that is not empty, each item with its own path."""
        found = self.items(node, path)
        if not found and isinstance(node, SequenceNode):
            self.fault(node, path, "must name at least one")
        return found

    def whole(self, node: Node | None, path: str, *, least: int = 0, most: int = 10**12) -> int:
        """Read a whole number within bounds."""
        if node is None:
            return least
        if isinstance(node, ScalarNode) and node.tag.endswith(":int"):
            digits = node.value.replace("_", "")
            if WHOLE.fullmatch(digits) and least <= int(digits) <= most:
                return int(digits)
        self.fault(node, path, f"must be a whole number from {least:,} to {most:,}")
        return least

    def day(self, node: Node | None, path: str) -> date:
        """Read an ISO day."""
        if isinstance(node, ScalarNode) and DAY.fullmatch(node.value):
            try:
                return date.fromisoformat(node.value)
            except ValueError:
                pass
        if node is not None:
            self.fault(node, path, "must be a day written YYYY-MM-DD")
        return date.min

    def optional_day(self, node: Node | None, path: str) -> date | None:
        """Read an ISO day or nothing."""
        return None if is_null(node) else self.day(node, path)

    def end_after(self, start: date | None, found: dict[str, Node], path: str) -> date | None:
        """Read `effective_to`, the first day after `effective_from` that no longer counts."""
        end = self.optional_day(found.get("effective_to"), f"{path}.effective_to")
        if start is not None and end is not None and end <= start:
            message = "must be after effective_from"
            self.fault(found["effective_to"], f"{path}.effective_to", message)
        return end


def first_odd(events: Iterable[yaml.Event]) -> str | None:
    """Name the first thing no policy needs, "line: file: what", before anything is built of it."""
    depth = 0
    for event in events:
        odd = None
        if isinstance(event, yaml.AliasEvent):
            odd = "must not use YAML aliases"
        elif getattr(event, "tag", None) is not None:
            odd = "must not use YAML tags"
        elif isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            odd = f"is nested more than {MAX_DEPTH} deep" if depth > MAX_DEPTH else None
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if odd is not None:
            mark = event.start_mark
            return f"{mark.line + 1 if mark else 1}: file: {odd}"
    return None


def is_null(node: Node | None) -> bool:
    """Tell whether a key is absent or empty."""
    return node is None or (isinstance(node, ScalarNode) and node.tag.endswith(":null"))


def read_source(reader: Reader, found: dict[str, Node], path: str) -> Source:
    """Read where a value comes from, its status and confidence."""
    return Source(
        reader.text(found.get("source"), f"{path}.source"),
        reader.choice(found.get("status"), f"{path}.status", STATUSES),
        reader.choice(found.get("confidence"), f"{path}.confidence", CONFIDENCES),
    )


def sourced(
    reader: Reader, node: Node | None, path: str, read: Callable[[Node | None, str], T]
) -> tuple[T, Source]:
    """Read `{value, source, status, confidence}`."""
    found = {} if node is None else reader.mapping(node, path, required={"value"} | SOURCED)
    return read(found.get("value"), f"{path}.value"), read_source(reader, found, path)
