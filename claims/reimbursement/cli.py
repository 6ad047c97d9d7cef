"""The command `ledger verify`: prove to the riel that the books balance."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from claims.reimbursement import service as reimbursement
from claims.reimbursement.rules import FacilityBooks
from config.money import format_riel

ledger_group = AppGroup("ledger", help="The double-entry ledger.")

COLUMNS = (
    "approved", "adjusted", "unbatched", "open", "pending", "paid", "failed",
)  # fmt: skip
WIDTH = 18


@ledger_group.command("verify")
def verify() -> None:
    """Check journals, claims, batches, remittances and seals; exit 0 only when all is well.

    Every journal is balanced; approved + adjusted = unbatched + batched and batched = paid +
    pending + failed, for each facility, for members and in total; the ledger says the same as the
    claims; every seal holds. Prints these figures to the riel.
    """
    books = reimbursement.verify_books()
    click.echo(f"ledger: {len(books.facilities)} payees, in riel")
    click.echo(_row("payee", COLUMNS))
    for one in (*books.facilities, books.total):
        click.echo(_row(one.facility, [f"{riel:,}" for riel in _figures(one)]))
    click.echo(f"paid in total: {format_riel(books.total.paid, 'en')}")
    click.echo(
        f"{books.sealed_rows} sealed rows, {books.unsealed_rows} rows of the tail not sealed yet"
    )
    for fault in books.faults:
        click.echo(f"FAULT {fault}", err=True)
    if not books.ok:
        raise click.ClickException(f"the ledger does not hold: {len(books.faults)} faults")
    click.echo("all is well")


def _figures(one: FacilityBooks) -> tuple[int, ...]:
    return (
        one.claims_approved, one.adjusted, one.waiting, one.opened, one.pending, one.paid,
        one.failed,
    )  # fmt: skip


def _row(name: str, cells: list[str] | tuple[str, ...]) -> str:
    return f"{name:<12}" + "".join(f"{cell:>{WIDTH}}" for cell in cells)
