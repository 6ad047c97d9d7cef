"""`policy simulate FILE…`: what changed policies or prices would have paid, before they are loaded."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click

from claims.simulation import service as simulation
from claims.simulation.service import ChangedFile
from config import clock
from config.errors import Conflict, Invalid
from config.later import later

bars = later("rich.progress")

DAY = click.DateTime(["%Y-%m-%d"])
COLUMNS = ("claims", "payable_riel", "changed_payable_riel", "difference_riel", "changed_claims")


@click.command("simulate")
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option("--from", "first", type=DAY, help="First service day; default: of all claims.")
@click.option("--to", "last", type=DAY, help="Last service day; default: of all claims.")
@click.option("--processes", type=click.IntRange(1, 64), help="Default: one a core, at most two.")
@click.option("--json", "as_json", is_flag=True, help="Everything, as JSON.")
def simulate_command(
    files: tuple[Path, ...],
    first: datetime | None,
    last: datetime | None,
    processes: int | None,
    as_json: bool,
) -> None:
    """Judge past claims under policy FILEs (YAML) or price lists (CSV) that are not loaded.

    Nothing is changed: the claims are read as of one moment, in a transaction that cannot write.
    A file of a day still to come is tried on the whole period.
    """
    day_from, day_to = _day(first), _day(last)
    try:
        change = simulation.read_change(
            [_read(file) for file in files], day_from=day_from, day_to=day_to, today=clock.today()
        )
    except (Invalid, Conflict) as problem:
        raise click.ClickException(problem.detail or problem.code) from None
    columns = [bars.TextColumn("judged"), bars.BarColumn(), bars.MofNCompleteColumn()]
    columns.append(bars.TimeRemainingColumn())
    with bars.Progress(*columns, disable=as_json) as bar:
        shown = bar.add_task("", total=None)
        result = simulation.simulate(
            change, day_from=day_from, day_to=day_to, processes=processes,
            progress=lambda done, total: bar.update(shown, completed=done, total=total),
        )  # fmt: skip
    if as_json:
        click.echo(json.dumps(result, ensure_ascii=False))
    else:
        _tell(result)


def _read(file: Path) -> ChangedFile:
    try:
        return ChangedFile(file.name, file.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError as error:
        raise click.ClickException(f"{file.name}: is not UTF-8 at byte {error.start}") from None


def _day(moment: datetime | None) -> date | None:
    return moment.date() if moment is not None else None


def _tell(result: dict[str, Any]) -> None:
    seconds = result["milliseconds"] / 1000
    click.echo(
        f"{result['claims']:,} claims: {result['payable_riel']:,} riel now,"
        f" {result['changed_payable_riel']:,} changed ({result['difference_riel']:+,});"
        f" {seconds:.1f} s"
    )
    if result["applied_from"]:
        click.echo(f"Tried as if in force from {result['applied_from']} on.")
    click.echo(
        f"{result['changed_claims']:,} claims change: {result['changed_to_more']:,} to more,"
        f" {result['changed_to_less']:,} to less, {result['changed_same_amount']:,} to the same."
    )
    for dimension in ("scheme", "category", "level"):
        click.echo(f"\n{dimension:<22}" + "".join(f"{name:>22}" for name in COLUMNS))
        for row in result[f"by_{dimension}"]:
            click.echo(f"{row[dimension]:<22}" + "".join(f"{row[name]:>22,}" for name in COLUMNS))
    click.echo("\nWhy (a claim with several reasons counts under each):")
    for one in result["why"]:
        click.echo(
            f"  {one['code']}: appears {one['appears']:,}, disappears {one['disappears']:,},"
            f" differs {one['differs']:,}; {one['difference_riel']:+,} riel"
        )
    _tell_limits(result)


def _tell_limits(result: dict[str, Any]) -> None:
    drift = result["not_reproduced"]
    click.echo(
        f"\nNot reproduced: {drift['claims']:,} claims are judged otherwise today than when they"
        f" were submitted ({drift['difference_riel']:+,} riel), whatever the change:"
    )
    for limit in result["limits"]:
        click.echo(f"  - {limit['text_en']}")
