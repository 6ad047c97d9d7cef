"""The command `ledger verify`: prove to the riel that the books balance."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from claims.reimbursement import service as reimbursement
from config.money import format_riel

ledger_group = AppGroup("ledger", help="The double-entry ledger.")


@ledger_group.command("verify")
def verify() -> None:
    """Check journals, claims, batches, remittances and seals; exit 0 only when all is well.

    Every journal is balanced; approved = unbatched + batched and batched = paid + pending + failed,
    per facility and in total; the ledger says the same as the claims; every seal holds.
    """
    books = reimbursement.verify_books()
    total = books.total
    figures = (
        ("approved", total.approved),
        ("unbatched", total.unbatched),
        ("batched, not authorised", total.opened),
        ("pending at the bank", total.pending),
        ("paid", total.paid),
        ("failed and given back", total.failed),
    )
    click.echo(f"ledger: {len(books.facilities)} facilities")
    for name, riel in figures:
        click.echo(f"  {name:<24}{format_riel(riel, 'en'):>24}")
    click.echo(
        f"  {books.sealed_rows} sealed rows, {books.unsealed_rows} rows of the tail not sealed yet"
    )
    for fault in books.faults:
        click.echo(f"  FAULT {fault}", err=True)
    if not books.ok:
        raise click.ClickException(f"the ledger does not hold: {len(books.faults)} faults")
    click.echo("  all is well")
