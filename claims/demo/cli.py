"""The commands `defaults load` and `demo load|show|reset`; `make run` and `make demo` call them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click
import psycopg
from flask.cli import AppGroup

from claims.demo import loading
from claims.demo.showing import summary
from config.errors import Problem
from gateway.cli import demo_group

defaults_group = AppGroup("defaults", help="The policies and tariffs the product ships with.")


@defaults_group.command("load")
def load_defaults_command() -> None:
    """Load the shipped policies and tariffs where none stand; silent when there is nothing to do."""
    with _one_line():
        added = loading.load_defaults()
    if added:
        click.echo(f"{added} default policies and prices loaded.")


@demo_group.command("load")
def load_command() -> None:
    """Load the demo month once; silent when it is there already."""
    with _one_line():
        loading.load(say=click.echo)


@demo_group.command("show")
def show_command() -> None:
    """Print a login per role and ten cards with ten different answers."""
    with _one_line():
        for line in summary(loading.find_places()):
            click.echo(line)


@demo_group.command("reset")
def reset_command() -> None:
    """Go back to the same synthetic month, as of today; whatever was done since is gone."""
    with _one_line():
        loading.reset(say=click.echo)


@contextmanager
def _one_line() -> Iterator[None]:
    """Tell what stopped a command in one line."""
    try:
        yield
    except Problem as problem:
        raise click.ClickException(problem.detail or problem.code) from None
    except psycopg.OperationalError as error:
        raise click.ClickException(str(error).splitlines()[0]) from None
