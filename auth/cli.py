"""Operators' commands: clients, users, keys. Answers are one line; `--json` puts JSON on the last."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from flask.cli import AppGroup
from sqlalchemy.exc import OperationalError

from auth import clients, keys, service
from auth.permissions import Role, system_actor
from config import audit
from config.errors import Problem
from config.json import dumps

CLI = system_actor("cli")
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON on the last line.")

client_group = AppGroup("client", help="Machine clients: create, rotate, revoke.")
user_group = AppGroup("user", help="People who sign in: create, disable, enable, reset.")
keys_group = AppGroup("keys", help="Signing keys: list, rotate, revoke.")


@client_group.command("create")
@click.argument("name")
@click.option(
    "--scope", "scopes", required=True, multiple=True, help='Scopes, as "a b" or repeated.'
)
@click.option(
    "--facility",
    "facilities",
    multiple=True,
    metavar="CODE",
    help="May be repeated; none: NSSF's own.",
)
@click.option(
    "--jwks",
    "jwks_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Public keys for private_key_jwt.",
)
@click.option(
    "--cidr", "cidrs", multiple=True, metavar="NET", help="Networks the client may call from."
)
@AS_JSON
def create_client(
    *, name: str, scopes: tuple[str, ...], facilities: tuple[str, ...], jwks_file: Path | None,
    cidrs: tuple[str, ...], as_json: bool,
) -> None:  # fmt: skip
    """Register a machine client NAME; its secret is printed once."""
    with _one_line():
        made = clients.create_client(
            name,
            scopes=scopes,
            facilities=facilities,
            jwks=_key_file(jwks_file),
            cidrs=cidrs,
            by=CLI,
        )
    _print_client(made, as_json=as_json)


@client_group.command("rotate")
@click.argument("client_id")
@click.option(
    "--jwks",
    "jwks_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="New public keys.",
)
@click.option("--end-old", is_flag=True, help="End the secret before at once.")
@AS_JSON
def rotate_client(client_id: str, jwks_file: Path | None, end_old: bool, as_json: bool) -> None:
    """Give a client a new secret; the one before stays good until the next rotation."""
    with _one_line():
        made = clients.rotate_client(client_id, by=CLI, end_old=end_old, jwks=_key_file(jwks_file))
    _print_client(made, as_json=as_json)


@client_group.command("revoke")
@click.argument("client_id")
def revoke_client(client_id: str) -> None:
    """End a client; its tokens are refused within a minute."""
    with _one_line():
        clients.revoke_client(client_id, by=CLI)
    click.echo(f"{client_id} is revoked.")


@user_group.command("create")
@click.argument("name")
@click.option(
    "--role",
    "roles",
    required=True,
    multiple=True,
    help=f"One of: {', '.join(Role)}; may be repeated.",
)
@click.option(
    "--facility", "facilities", multiple=True, metavar="CODE", help="Where the person works."
)
@click.option("--display-name", default="", help="How the person is shown on their own pages.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@AS_JSON
def create_user(
    *, name: str, roles: tuple[str, ...], facilities: tuple[str, ...], display_name: str,
    password_stdin: bool, as_json: bool,
) -> None:  # fmt: skip
    """Create a person NAME who signs in; without a password, a one-time code is printed."""
    password = sys.stdin.readline().rstrip("\r\n") if password_stdin else None
    with _one_line():
        made = service.create_user(
            name, roles=_roles(roles), facilities=facilities, display_name=display_name,
            password=password, by=CLI,
        )  # fmt: skip
    body = {"user": made.user.username}
    click.echo(f"{made.user.username} is created.")
    if made.code is not None:
        body["activation_code"] = made.code
        click.echo(f"One-time code for /activate, good for {service.CODE_DAYS} days: {made.code}")
    if as_json:
        _print_json(body)


@user_group.command("disable")
@click.argument("name")
def disable_user(name: str) -> None:
    """Keep a person out; their sessions end."""
    with _one_line():
        service.disable_user(name, by=CLI)
    click.echo(f"{name} is disabled.")


@user_group.command("enable")
@click.argument("name")
def enable_user(name: str) -> None:
    """Let a person in again."""
    with _one_line():
        service.enable_user(name, by=CLI)
    click.echo(f"{name} is enabled.")


@user_group.command("reset")
@click.argument("name")
def reset_user(name: str) -> None:
    """End a person's password and second factor; a new one-time code is printed."""
    with _one_line():
        made = service.reset_user(name, by=CLI)
    click.echo(f"One-time code for /activate, good for {service.CODE_DAYS} days: {made.code}")


@keys_group.command("list")
def list_keys() -> None:
    """List the keys, the oldest first; `signs` marks the one in use."""
    for purpose, kid, signs in keys.ring().list_keys():
        click.echo(f"{purpose:<8}{kid}{'  signs' if signs else ''}")


@keys_group.command("rotate")
@click.option("--purpose", type=click.Choice(keys.PURPOSES), help="Default: all.")
def rotate_keys(purpose: str | None) -> None:
    """Make new signing keys; the ones before still verify, older ones end."""
    for one in [purpose] if purpose else keys.PURPOSES:
        with _one_line():
            kid = keys.ring().rotate(one)
            audit.record(CLI, "key.rotated", subject=f"key:{kid}")
        click.echo(f"{kid} signs from now on.")


@keys_group.command("revoke")
@click.argument("kid")
def revoke_key(kid: str) -> None:
    """End the key KID at once: what it signed is refused from the next request on."""
    with _one_line():
        keys.ring().revoke(kid)
        audit.record(CLI, "key.revoked", subject=f"key:{kid}")
    click.echo(f"{kid} is revoked.")


@contextmanager
def _one_line() -> Iterator[None]:
    """Turn what the operator can do something about into one line and a non-zero exit."""
    try:
        yield
    except Problem as problem:
        raise click.ClickException(problem.detail or problem.title) from None
    except (LookupError, OSError) as error:
        raise click.ClickException(str(error.args[-1] if error.args else error)) from None
    except OperationalError:
        raise click.ClickException("the database cannot be reached") from None


def _roles(names: tuple[str, ...]) -> list[Role]:
    found = [one for name in names for one in name.replace(",", " ").split()]
    unknown = sorted(set(found) - set(Role))
    if unknown:
        raise click.ClickException(f"there is no role {unknown[0]}; roles are {', '.join(Role)}")
    return [Role(one) for one in found]


def _key_file(path: Path | None) -> Any:
    if path is None:
        return None
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise click.ClickException(f"{path} is not a JSON key set") from None


def _print_client(made: clients.Registered, *, as_json: bool) -> None:
    click.echo(f"client_id      {made.client.client_id}")
    click.echo(f"client_secret  {made.secret}   (shown once)")
    if as_json:
        _print_json({"client_id": made.client.client_id, "client_secret": made.secret})


def _print_json(body: dict[str, Any]) -> None:
    click.echo(dumps(body).decode())
