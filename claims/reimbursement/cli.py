"""Commands `ledger verify`, and `payment list|export|form|settle`: the bank's files without a browser.

Nothing is opened or authorised here: two people do that at the desk, each under their own name.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from flask.cli import AppGroup

from auth.permissions import system_actor
from claims.reimbursement import service as reimbursement
from claims.reimbursement.rules import FacilityBooks
from claims.reimbursement.states import BatchState
from config.errors import Problem
from config.money import format_riel

ledger_group = AppGroup("ledger", help="The double-entry ledger.")
payment_group = AppGroup(
    "payment", help="Files to and from the bank, of batches (B…) and runs (P…)."
)
NEW_FILE = click.Path(dir_okay=False, path_type=Path)
OLD_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
CLERK = system_actor("cli")
MOST_LISTED = 200

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


@payment_group.command("list")
@click.option("--state", type=click.Choice([str(state) for state in BatchState]))
def list_payments(state: str | None) -> None:
    """Show the newest runs and batches with state and amount."""
    with _told():
        found = [
            *reimbursement.list_runs(by=CLERK, limit=MOST_LISTED),
            *reimbursement.list_batches(by=CLERK, limit=MOST_LISTED, state=state),
        ]
    for _key, one in found:
        if state in (None, one["state"]):
            payee = one.get("facility") or one.get("payees") or ""
            riel = format_riel(one["total_riel"], "en")
            click.echo(f"{one['number']}  {one['state']:<10}  {riel:>20}  {payee}")


@payment_group.command("export")
@click.argument("number")
@click.argument("file", type=NEW_FILE)
@click.option(
    "--format", "kind", type=click.Choice(reimbursement.FORMATS), default=reimbursement.FORMATS[0],
    show_default=True,
)  # fmt: skip
def export_file(number: str, file: Path, kind: str) -> None:
    """Write the bank's file of an authorised payment to a new FILE; asked again, the same bytes."""
    with _told():
        content = reimbursement.export(number, kind, by=CLERK).content
    _write(file, content)


@payment_group.command("form")
@click.argument("number")
@click.argument("file", type=NEW_FILE)
def write_form(number: str, file: Path) -> None:
    """Write the transfers that still wait to a new FILE, for the bank's answers to be filled in."""
    with _told():
        content = reimbursement.answer_form(number, by=CLERK)
    _write(file, content)


@payment_group.command("settle")
@click.argument("number")
@click.argument("file", type=OLD_FILE)
def settle_by_file(number: str, file: Path) -> None:
    """Settle, fail or report as returned what the bank's CSV FILE says, row by row.

    Exits 1 when a row changed nothing; the same file again changes nothing and says so.
    """
    with _told():
        report = reimbursement.read_answers(number, file.read_bytes(), file.name, by=CLERK)
    counts = ", ".join(f"{count} {name}" for name, count in report["counts"].items()) or "no rows"
    click.echo(f"{number}: {counts}" + (" (read before)" if report["repeated"] else ""))
    left = [one for one in report["results"] if one["result"] not in reimbursement.CHANGES]
    for one in left:
        fault = f": {one['fault']}" if one["fault"] else ""
        click.echo(f"row {one['row']} {one['end_to_end_id']} {one['result']}{fault}", err=True)
    if left:
        raise click.ClickException(f"{len(left)} rows changed nothing")


def _figures(one: FacilityBooks) -> tuple[int, ...]:
    return (
        one.claims_approved, one.adjusted, one.waiting, one.opened, one.pending, one.paid,
        one.failed,
    )  # fmt: skip


def _row(name: str, cells: list[str] | tuple[str, ...]) -> str:
    return f"{name:<12}" + "".join(f"{cell:>{WIDTH}}" for cell in cells)


@contextmanager
def _told() -> Iterator[None]:
    """Tell a refusal as the desk would."""
    try:
        yield
    except Problem as problem:
        errors = problem.extra.get("errors") or [{"message": problem.detail or problem.title}]
        raise click.ClickException("; ".join(str(one["message"]) for one in errors)) from None


def _write(file: Path, content: bytes) -> None:
    """Write accounts and names where only this login may read them; never over another file."""
    try:
        place = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise click.ClickException(f"{file} is there already") from None
    with os.fdopen(place, "wb") as out:
        out.write(content)
    click.echo(f"{file}: {len(content):,} bytes")
