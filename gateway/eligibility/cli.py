"""Commands on eligibility slips: `slip verify`."""

from __future__ import annotations

from typing import TextIO

import click
from flask.cli import AppGroup

from gateway.eligibility import service as eligibility
from gateway.eligibility.slip import BadSlip, read_keys

slip_group = AppGroup("slip", help="Printed eligibility slips.")


@slip_group.command("verify")
@click.argument("file", type=click.File("r"), default="-")
@click.option(
    "--keys",
    type=click.File("r", encoding="utf-8"),
    help="Public keys to trust instead of this installation's: a copy of /.well-known/jwks.json.",
)
def verify_command(file: TextIO, keys: TextIO | None) -> None:
    """Verify the slip in FILE or standard input; exit 0 only when genuine and still valid.

    No network and no database is asked: with --keys a copy of the public keys is all it needs.
    """
    try:
        trusted = None if keys is None else read_keys(keys.read())
    except ValueError as error:
        raise click.ClickException(f"{keys and keys.name}: {error}") from None
    try:
        found = eligibility.verify_slip(file.read().strip(), keys=trusted)
    except BadSlip as error:
        raise click.ClickException(f"not a genuine slip: {error}") from None
    claims = found.claims
    benefits = ", ".join(claims["benefits"]) or "none"
    click.echo(f"{claims['jti']}: {claims['verdict']} on {claims['service_date']}")
    click.echo(f"card {claims['card']}, {claims['initials']} born {claims['birth_year']}")
    click.echo(f"facility {claims['aud']}, benefits: {benefits}")
    if found.expired:
        raise click.ClickException("genuine, but no longer valid: check again")
