"""Commands of review: `holiday load|list`, `outage record|list`, `reviewer tie|untie|list`."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click
from flask.cli import AppGroup

from auth.permissions import system_actor
from claims.review import service as review
from claims.submission.service import calendar
from config import clock
from config.errors import Problem

holiday_group = AppGroup("holiday", help="Public holidays that deadlines are counted by.")
outage_group = AppGroup(
    "outage", help="Days on which the service was out: no deadline counts them."
)
reviewer_group = AppGroup("reviewer", help="Whom a reviewer is tied to, and so never decides for.")
DAY = click.DateTime(["%Y-%m-%d"])


@holiday_group.command("load")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def load_holidays(file: Path) -> None:
    """Load FILE (CSV) whole or not at all; it takes the place of the years it names."""
    try:
        days = calendar.load_holidays(file.read_bytes(), by=system_actor("cli"))
    except Problem as problem:
        raise click.ClickException(f"{file.name} was not loaded:\n{problem.detail}") from None
    click.echo(f"{file.name}: {days} days in force; deadlines are counted anew.")


@holiday_group.command("list")
@click.option("--year", type=int, help="Default: this year.")
def list_holidays(year: int | None) -> None:
    """Show the holidays of a year with their status and source."""
    for day in calendar.list_holidays(year or clock.today().year):
        click.echo(f"{day.day}  {day.name_en} / {day.name_km} ({day.status}: {day.source})")


@outage_group.command("record")
@click.argument("first", metavar="FROM", type=DAY)
@click.argument("last", metavar="TO", type=DAY)
@click.option("--reason", required=True, help="What was out, for the record.")
def record_outage(first: datetime, last: datetime, reason: str) -> None:
    """Record that the service was out from the day FROM to the day TO, both included."""
    by = system_actor("cli")
    try:
        calendar.record_outage(first.date(), last.date(), reason=reason, by=by)
    except Problem as problem:
        errors = problem.extra.get("errors", [{"message": problem.detail}])
        raise click.ClickException("; ".join(str(one["message"]) for one in errors)) from None
    click.echo(f"{first.date()} to {last.date()}: no deadline counts these days.")


@outage_group.command("list")
def list_outages() -> None:
    """Show the recorded outages, newest first."""
    for one in calendar.list_outages():
        click.echo(f"{one.first_day} to {one.last_day}  {one.reason} ({one.recorded_by})")


def _tied(facility: str | None, person: str | None) -> tuple[str, str]:
    """Return the kind and the other end of a tie: a facility or a person, one of them."""
    if (facility is None) == (person is None):
        raise click.UsageError("Name --facility or --person, one of them.")
    return ("facility", facility) if facility is not None else ("person", person or "")


@reviewer_group.command("tie")
@click.argument("subject")
@click.option("--facility", help="SUBJECT never decides for this facility.")
@click.option("--person", help="This person acts through SUBJECT, a client: user:NAME.")
def tie(subject: str, facility: str | None, person: str | None) -> None:
    """Declare what SUBJECT (user:NAME or client:ID) is tied to."""
    kind, other = _tied(facility, person)
    try:
        review.declare_tie(subject, kind=kind, tied_to=other, by=system_actor("cli"))
    except Problem as problem:
        errors = problem.extra.get("errors", [{"message": problem.detail or problem.code}])
        raise click.ClickException("; ".join(str(one["message"]) for one in errors)) from None
    click.echo(f"{subject}: {kind} {other}")


@reviewer_group.command("untie")
@click.argument("subject")
@click.option("--facility")
@click.option("--person")
def untie(subject: str, facility: str | None, person: str | None) -> None:
    """Take a declaration back."""
    kind, other = _tied(facility, person)
    review.remove_tie(subject, kind=kind, tied_to=other, by=system_actor("cli"))


@reviewer_group.command("list")
def list_ties() -> None:
    """Show every declaration."""
    for one in review.list_ties():
        click.echo(f"{one.subject}  {one.kind} {one.tied_to} (by {one.declared_by})")
