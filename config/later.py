"""Libraries that few processes need: named where they are used, loaded when they are first."""

from __future__ import annotations

from importlib import import_module
from typing import Any


class _Later:
    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        return getattr(import_module(self._name), attribute)


def later(library: str) -> Any:
    """Stand in for a library until something of it is asked for: it costs memory and a slow start."""
    return _Later(library)
