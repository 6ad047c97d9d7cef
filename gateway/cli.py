"""Commands of this package: `registry import`, `registry accounts`, `demo generate`.

The groups `registry_group` and `demo_group` are made here; other slices may add to them.
"""

from __future__ import annotations

import sys
from contextlib import nullcontext
from datetime import date
from pathlib import Path

import click
from flask.cli import AppGroup

from auth.permissions import system_actor
from config import clock
from config.errors import Problem
from config.later import later
from gateway.facilities import service as facilities
from gateway.registry import service as registry
from gateway.registry.feed import KINDS, kind_of
from gateway.registry.generator.world import Scale, generate
from gateway.registry.models import ImportState

bars = later("rich.progress")
registry_group = AppGroup("registry", help="The registry of members and facilities.")
demo_group = AppGroup("demo", help="Synthetic data; nobody in it exists.")
_WORDS = {
    "read": "Reading", "check": "Checking", "build": "Building", "index": "Indexing",
    "commit": "Committing",
}  # fmt: skip


class ImportBar:
    """Shows how far an import is, on a terminal: rate and time left while reading."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._bar = bars.Progress(
            bars.TextColumn("{task.description}"), bars.BarColumn(), bars.DownloadColumn(),
            bars.TransferSpeedColumn(), bars.TimeRemainingColumn(), bars.TimeElapsedColumn(),
            console=bars.Console(stderr=True),
        )  # fmt: skip
        self._task: int | None = None

    def __enter__(self) -> ImportBar:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def stage(self, name: str, total: int | None = None) -> None:
        """Begin a stage: a bar of bytes for the reading, a pulse for the others."""
        words = f"{_WORDS[name]} {self._name}"
        if self._task is not None:
            self._bar.remove_task(self._task)
        self._task = self._bar.add_task(words, total=total)

    def advance(self, amount: int) -> None:
        """Move the bar of the reading on."""
        if self._task is not None:
            self._bar.advance(self._task, amount)


@registry_group.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--kind", type=click.Choice(KINDS), help="What the file holds, if its name does not say."
)
@click.option(
    "--delta", is_flag=True, help="Add and change rows; without it the file replaces all."
)
@click.option("--skip-bad-rows", is_flag=True, help="Load the file without its bad rows.")
@click.option("--accept-change", is_flag=True, help="Take a file that ends or removes many rows.")
@click.option("--complete-through", metavar="YYYY-MM", help="Last month known of contributions.")
def import_command(
    files: tuple[Path, ...], *, kind: str | None, delta: bool, skip_bad_rows: bool,
    accept_change: bool, complete_through: str | None,
) -> None:  # fmt: skip
    """Import feed FILES, in the order the feed needs whatever order they are named in."""
    for path in _in_order(files, kind):
        mine = complete_through if (kind or kind_of(path.name)) == "contributions" else None
        if complete_through and not mine and len(files) == 1:
            mine = complete_through
        options = registry.Options(kind, delta, skip_bad_rows, accept_change, mine)
        _import(path, options)


def _in_order(files: tuple[Path, ...], kind: str | None) -> list[Path]:
    def place(path: Path) -> int:
        found = kind or kind_of(path.name)
        return KINDS.index(found) if found else -1

    return sorted(files, key=place)


def _import(path: Path, options: registry.Options) -> None:
    try:
        with ImportBar(path.name) if sys.stderr.isatty() else nullcontext() as bar:
            job = registry.import_file(path, options, by=system_actor("cli"), progress=bar)
    except Problem as problem:
        raise click.ClickException(problem.detail or problem.code) from None
    if job.state == ImportState.SKIPPED:
        click.echo(f"{path.name}: skipped, {job.detail}")
        return
    report = registry.fault_report(job.number)
    where = f" All of them: {report}" if report else ""
    if job.state != ImportState.COMMITTED:
        raise click.ClickException(f"{job.detail or job.state}{where}")
    left_out = f", {job.bad_rows} bad rows left out.{where}" if job.bad_rows else ""
    click.echo(f"{path.name}: {job.rows - job.bad_rows} rows of {job.kind} committed{left_out}")
    held = job.report.get("held_accounts", ())
    if held:
        click.echo(f"{path.name}: {len(held)} changed bank accounts wait for a second person")


@registry_group.command("accounts")
def accounts_command() -> None:
    """List changed bank accounts that wait for a second person."""
    for held in facilities.list_held_accounts():
        click.echo(
            f"{held.facility}\t{held.confirmed_account or '-'} -> {held.account}\t{held.introduced_by}"
        )


@demo_group.command("generate")
@click.option("--members", type=click.IntRange(1, 50_000_000), default=3_120_208, show_default=True)
@click.option(
    "--facilities", "sites", type=click.IntRange(1, 50_000), default=1529, show_default=True
)
@click.option(
    "--enterprises", type=click.IntRange(1), help="Default 21,430; fewer for few members."
)
@click.option(
    "--seed", type=int, default=1, show_default=True, help="The same seed, the same files."
)
@click.option(
    "--as-of", type=click.DateTime(["%Y-%m-%d"]), help="The day of the feed; default today."
)
@click.option("--gzip", "packed", is_flag=True, help="Write .csv.gz files.")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def generate_command(
    *, members: int, sites: int, enterprises: int | None, seed: int, as_of: date | None,
    packed: bool, folder: Path,
) -> None:  # fmt: skip
    """Write a synthetic registry as feed files with manifests into FOLDER."""
    day = as_of.date() if as_of else clock.today()  # type: ignore[attr-defined]
    scale = Scale(members, sites, enterprises, seed, day)
    try:
        counts = generate(folder, scale, packed=packed)
    except OSError as error:
        raise click.ClickException(f"{folder}: {error.strerror}") from None
    for name, rows in counts.items():
        click.echo(f"{name}: {rows} rows")
