"""What the launcher checks before anything slow: the port, the data folder, a given database.

Each check raises LaunchError, whose message is the one line an operator sees.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict

CONNECT_SECONDS = 5
DATABASES = ("DATABASE_URL", "DATABASE_APP_URL")
WEB_SIZES = ("WEB_WORKERS", "WEB_THREADS")


class LaunchError(Exception):
    """The product cannot be started, or ended; the message is one line for the operator."""


def make_data_dir(folder: Path) -> None:
    """Create the data folder where it is missing; others may pass through it, never list it."""
    if not folder.is_dir():
        folder.mkdir(parents=True)
        folder.chmod(0o711)


def port_is_free(host: str, port: int) -> None:
    """Refuse an address that cannot be listened on."""
    if not 0 < port < 65536:
        raise LaunchError(f"PORT must be between 1 and 65535, not {port}")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            reason = error.strerror or str(error)
            raise LaunchError(
                f"cannot listen on {host} port {port}: {reason}; free it, or set HOST or PORT"
            ) from None


def web_sizes_are_numbers(environ: Mapping[str, str]) -> None:
    """Refuse a size of the web server that gunicorn would only trip over after everything else."""
    for name in WEB_SIZES:
        text = environ.get(name, "").strip()
        if text and not (text.isdecimal() and int(text) > 0):
            raise LaunchError(f"{name} must be a whole number above 0, not {text!r}")


def reachable(host: str) -> str:
    """Return the address at which this machine reaches a server listening on a host."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound


def databases_answer(environ: Mapping[str, str]) -> None:
    """Refuse a given database that does not answer; passwords are never shown."""
    for name in DATABASES:
        url = environ.get(name, "").strip()
        if url:
            _answers(name, url)


def _answers(name: str, url: str) -> None:
    try:
        parts = conninfo_to_dict(url)
    except psycopg.Error:
        raise LaunchError(f"{name} is not a PostgreSQL address") from None
    try:
        psycopg.connect(url, connect_timeout=CONNECT_SECONDS).close()
    except psycopg.Error as error:
        reason = " ".join(str(error).split())
        for secret in (parts.get("password"), url):
            if secret:
                reason = reason.replace(str(secret), "***")
        where = f"{parts.get('host', 'the default host')}, database {parts.get('dbname', '')}"
        raise LaunchError(f"{name} cannot be reached ({where}): {reason}") from None
