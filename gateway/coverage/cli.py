"""Commands on benefit policies: `policy load FILE`, `policy show --on DAY`."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from flask.cli import AppGroup

from auth.permissions import system_actor
from config import clock
from config.errors import Invalid
from gateway.coverage import service as coverage
from gateway.coverage.policy_view import policies_on

HEAD = {
    "id", "kind", "groups", "effective_from", "effective_to", "source", "status", "confidence",
}  # fmt: skip

policy_group = AppGroup("policy", help="Benefit policies: dated rules with their sources.")


@policy_group.command("load")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def load_command(file: Path) -> None:
    """Put policy FILE in force from the next request on; faults name file, line and key."""
    try:
        text = file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise click.ClickException(f"{file.name}: is not UTF-8 at byte {error.start}") from None
    try:
        policy = coverage.load_policy(text, name=file.name, by=system_actor("cli"))
    except Invalid as invalid:
        raise click.ClickException(invalid.detail or invalid.code) from None
    version = coverage.policy_set().version
    click.echo(f"{policy.scheme} from {policy.effective_from} is in force ({version})")


@policy_group.command("show")
@click.option("--on", "day", type=click.DateTime(["%Y-%m-%d"]), help="Service day, default today.")
@click.option("--json", "as_json", is_flag=True, help="Everything, as JSON.")
def show_command(day: datetime | None, as_json: bool) -> None:
    """Show the policies in force on a day, every rule with its source and status."""
    on = day.date() if day else clock.today()
    shown = policies_on(coverage.policy_set(), on, nssf=True)
    if as_json:
        click.echo(json.dumps(shown, default=str, ensure_ascii=False, indent=2))
        return
    click.echo(f"{shown['version']} on {shown['on']}")
    for policy in shown["items"]:
        click.echo(f"\n{policy['scheme']} from {policy['effective_from']}: {policy['title']}")
        for name in ("due_day", "causes", "facility_kinds"):
            told = policy[name]
            value = json.dumps(told["value"])
            click.echo(f"  {name}: {value} ({told['source']}; {told['status']})")
        for rule in policy["rules"]:
            groups = ", ".join(rule["groups"] or ("everybody",))
            until = f" until {rule['effective_to']}" if rule["effective_to"] else ""
            click.echo(f"  {rule['id']}: {rule['kind']} for {groups}")
            click.echo(f"      from {rule['effective_from']}{until}{_numbers(rule)}")
            click.echo(f"      {rule['source']} ({rule['status']}, {rule['confidence']})")


def _numbers(rule: dict[str, Any]) -> str:
    """Write what a rule asks or allows beside whom it is for, as its file has it."""
    own = {name: value for name, value in rule.items() if name not in HEAD}
    return f": {json.dumps(own, default=str)}" if own else ""
