"""Commands of the platform: `audit verify`, which proves that sealed records are unchanged."""

from __future__ import annotations

import click
from flask import Flask
from flask.cli import AppGroup

from config import seals

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
    return report.ok


@audit_group.command("verify")
def verify_command() -> None:
    """Recompute every seal over the audit trail and the checks; exit 0 only when all hold."""
    results = [tell(seals.verify(chain)) for chain in ("audit", "checks")]
    if not all(results):
        raise SystemExit(1)


def init_commands(app: Flask) -> None:
    """Add the commands."""
    app.cli.add_command(audit_group)
