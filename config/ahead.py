"""What a web server does once before it forks, instead of each process in somebody's request."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask

AHEAD = "nssf.ahead"


def ahead(app: Flask, prepare: Callable[[], object]) -> None:
    """Have this done before the web processes fork; commands do it when they need it."""
    app.extensions.setdefault(AHEAD, []).append(prepare)


def prepare_ahead(app: Flask) -> None:
    """Do what was asked for ahead of the first request."""
    for prepare in app.extensions.get(AHEAD, ()):
        prepare()
