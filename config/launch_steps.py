"""Run several of the product's commands one after another, in one process.

The launcher calls `python -m config.launch_steps "db upgrade" "demo show > FILE"`: building the
application is what takes the time, so it is built once. The first failure ends the process.
"""

from __future__ import annotations

import contextlib
import importlib
import sys
from collections.abc import Sequence
from pathlib import Path

import click
from flask.cli import cli


def run_steps(steps: Sequence[str]) -> int:
    """Run each command of the application; return the exit code of the first that fails, or 0."""
    # Flask would report an application that cannot be loaded as one that has no such command.
    importlib.import_module("wsgi")
    for step in steps:
        line, _, file = step.partition(" > ")
        with contextlib.ExitStack() as stack:
            if file:
                out = stack.enter_context(Path(file).open("w", encoding="utf-8"))
                stack.enter_context(contextlib.redirect_stdout(out))
            code = cli.main(["--app", "wsgi", *line.split()], "flask", standalone_mode=False)
        if code:
            return int(code)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(run_steps(sys.argv[1:]))
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
