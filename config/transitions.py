"""What every table of states does alike: find the edge an action takes, refuse others, be drawn.

Pure. The states, the edges and who may take them stay with each table.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol, TypeVar

from config.errors import Conflict


class Edge(Protocol):
    """A way from a state, by an action, to a state."""

    @property
    def source(self) -> str:
        """Return the state it leaves."""

    @property
    def action(self) -> str:
        """Return what takes it."""

    @property
    def target(self) -> str:
        """Return the state it leads to."""


_E = TypeVar("_E", bound=Edge)


def edge_taken(
    edges: Sequence[_E], state: str, action: str, refusal: type[Conflict], detail: str | None = None
) -> _E:
    """Return the edge an action takes, or refuse naming the actions a person could take."""
    for edge in edges:
        if edge.action == action:
            return edge
    allowed = sorted({edge.action for edge in edges if getattr(edge, "button", True)})
    raise refusal(detail=detail, state=str(state), allowed=allowed)


def drawing(edges: Iterable[Edge], *starts: str) -> list[str]:
    """Return the lines that draw a table in Markdown, from the states everything starts in."""
    ways = sorted({f"    {edge.source} --> {edge.target}: {edge.action}" for edge in edges})
    begin = [f"    [*] --> {state}" for state in starts]
    return ["```mermaid", "stateDiagram-v2", *begin, *ways, "```"]
