"""Libraries that few processes need: named where they are used, loaded when they are first."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any


class _Later:
    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        return getattr(import_module(self._name), attribute)


def later(library: str) -> Any:
    """Stand in for a library until something of it is asked for: it costs memory and a slow start.

    One that is not installed is refused at once, not when somebody first needs it.
    """
    package = library.partition(".")[0]
    if find_spec(package) is None:
        raise ModuleNotFoundError(f"No module named {package!r}", name=package)
    return _Later(library)
