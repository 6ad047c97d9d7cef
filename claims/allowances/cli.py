"""Commands of allowances: `allowance load FILE`, which puts a file of rules in force."""

from __future__ import annotations

from pathlib import Path

import click
from flask.cli import AppGroup

from auth.permissions import system_actor
from claims.allowances import service as allowances
from config.errors import Invalid

allowance_group = AppGroup("allowance", help="Cash to members: the rules and amounts.")


@allowance_group.command("load")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def load_command(file: Path) -> None:
    """Put rule FILE in force in place of the one of its name; faults name file, line and key."""
    try:
        text = file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise click.ClickException(f"{file.name}: is not UTF-8 at byte {error.start}") from None
    try:
        called = allowances.load_rules(text, name=file.name, by=system_actor("cli"))
    except Invalid as invalid:
        raise click.ClickException(invalid.detail or invalid.code) from None
    click.echo(f"{called} is in force ({allowances.rules_in_force().version})")
