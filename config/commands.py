"""Commands of the platform: `audit verify`, which proves that sealed records are unchanged."""

from __future__ import annotations

from datetime import datetime

import click
from flask import Flask
from flask.cli import AppGroup

from config import clock, months, seals

TASKS = (months.make_months, seals.seal_everything)
CHAINS = ("audit", "checks")
DIGEST_DIGITS = 64

audit_group = AppGroup("audit", help="The audit trail and the recorded checks.")


def tell(report: seals.Report) -> bool:
    """Print what a verification found, every fault on its own line; return whether all is well."""
    for fault in report.faults:
        click.echo(f"FAULT  {fault}")
    state = "intact" if report.ok else "NOT intact"
    click.echo(
        f"{report.chain}: {report.sealed_rows} sealed rows {state};"
        f" {report.unsealed_rows} rows of the tail not sealed yet"
    )
    if report.head:
        click.echo(f"  head {report.chain}:{report.head[0]}:{report.head[1]}")
    return report.ok


@audit_group.command("verify")
@click.option(
    "--noted",
    "notes",
    multiple=True,
    metavar="CHAIN:POSITION:DIGEST",
    callback=lambda _context, _option, given: dict(map(_read_note, given)),
    help="A head this command printed before: it must still be part of the chain. May be repeated.",
)
@click.option(
    "--kept-since",
    type=click.DateTime(["%Y-%m"]),
    help="The first month whose rows are still here: older ones have been put away.",
)
def verify_command(notes: dict[str, tuple[int, str]], kept_since: datetime | None) -> None:
    """Recompute every seal over the audit trail and the checks; exit 0 only when all hold.

    Write the printed heads down outside this system, or keep its log elsewhere: only then a chain
    whose end was cut off, seals and rows together, can be told from a shorter one.
    """
    since = clock.start_of(kept_since.date()) if kept_since else None
    results = [
        tell(seals.verify(chain, noted=notes.get(chain), kept_since=since)) for chain in CHAINS
    ]
    if not all(results):
        raise SystemExit(1)


def _read_note(note: str) -> tuple[str, tuple[int, str]]:
    chain, _, rest = note.partition(":")
    position, _, digest = rest.partition(":")
    if chain not in CHAINS or not position.isdecimal() or len(digest) != DIGEST_DIGITS:
        raise click.BadParameter(f"{note} is not a head as this command prints it")
    return chain, (int(position), digest.lower())


def init_commands(app: Flask) -> None:
    """Add the commands."""
    app.cli.add_command(audit_group)
