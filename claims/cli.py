"""Commands of the claims side: `tariff load`, `claim states`."""

from __future__ import annotations

from pathlib import Path

import click
from flask.cli import AppGroup

from auth.permissions import system_actor
from claims.adjudication import service as adjudication
from claims.adjudication.rules.tariffs import TariffFileError
from claims.submission.states import describe

tariff = AppGroup("tariff", help="Prices of services.")
claim = AppGroup("claim", help="Claims.")


@tariff.command("load")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def load_tariff_file(file: Path) -> None:
    """Load FILE (CSV) whole or not at all; its rows supersede overlapping ones."""
    try:
        report = adjudication.load_tariffs(file.read_bytes(), by=system_actor("cli"))
    except TariffFileError as error:
        raise click.ClickException(f"{file.name} was not loaded:\n{error}") from None
    click.echo(
        f"{file.name}: {report.added} rows added, {report.superseded} superseded,"
        f" {report.unchanged} unchanged."
    )


@claim.command("states")
def print_states() -> None:
    """Print the table of claim states as docs/states.md holds it."""
    click.echo(describe(), nl=False)
