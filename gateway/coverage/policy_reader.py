"""How is a value read from a YAML document, and how is a fault in it named? Pure.

The document is composed, not loaded, so that every key still knows its line. Faults are collected,
so that one answer names them all. Used by policy_file only.
"""

from collections.abc import Callable
from datetime import date
from typing import TypeVar

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from gateway.coverage.policy import CONFIDENCES, STATUSES, Source

T = TypeVar("T")
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
        """Read a list of words, or `all`."""
        if node is None:
            return ()
        if isinstance(node, ScalarNode) and node.value == "all":
            return allowed
        return tuple(self.choice(item, here, allowed) for here, item in self.items(node, path))

    def whole(self, node: Node | None, path: str, *, least: int = 0, most: int = 10**12) -> int:
        """Read a whole number within bounds."""
        if node is None:
            return least
        if isinstance(node, ScalarNode) and node.tag.endswith(":int"):
            digits = node.value.replace("_", "")
            if digits.isascii() and digits.isdigit() and least <= int(digits) <= most:
                return int(digits)
        self.fault(node, path, f"must be a whole number from {least:,} to {most:,}")
        return least

    def day(self, node: Node | None, path: str) -> date:
        """Read an ISO day."""
        if isinstance(node, ScalarNode):
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
