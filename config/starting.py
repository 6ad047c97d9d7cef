"""A start leaves the garbage collector alone until all is built.

Imported by the application and by gunicorn's settings alone, before anything large: looking through
what stays, again and again while it grows, takes a third of a start.
"""

from __future__ import annotations

import gc
import os
import sys

gc.disable()
_TAKING_A_VALUE = ("-A", "--app", "-e", "--env-file")


def command() -> str | None:
    """Return the first word of the `flask` command this process runs; None for any other process."""
    if os.environ.get("FLASK_RUN_FROM_CLI") != "true":
        return None
    words = iter(sys.argv[1:])
    for word in words:
        if word in _TAKING_A_VALUE:
            next(words, None)
        elif not word.startswith("-"):
            return word
    return None


def started() -> None:
    """Set aside what the start made, so that no collection looks at it again, and collect from now."""
    gc.freeze()
    gc.enable()
