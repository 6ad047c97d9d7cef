"""The database a measurement runs on: durable, with a registry of so many people, kept between runs.

Filling it takes a minute and a half per million, so it stays under DATA_DIR/bench until a migration
or the generator changes. Whatever earlier runs recorded is removed before each.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import psycopg

from benchmarks.servers import ROOT, note
from config.postgres import ensure_running, stop

# What a facility's own limits would refuse, and the limits on looking cards up, are switched off.
NO_LIMITS = {
    "DEMO": "0", "RATE_LIMIT_PER_SECOND": "0",
    "UNKNOWN_CARDS_PER_10_MINUTES": "1000000000", "UNKNOWN_SHARE_PERCENT": "0",
    "CARDS_PER_HOUR_CLIENT": "0", "CARDS_PER_HOUR_FACILITY": "0",
}  # fmt: skip
FILLED_BY = ("config/migrations/versions", "gateway/registry", "gateway/data", "claims/data")
HOSPITAL = """
SELECT code FROM registry.facilities
 WHERE level = 'cpa3' AND contract_to IS NULL ORDER BY code LIMIT 1
"""
CARDS = """
SELECT card_number FROM registry.members
 WHERE NOT protected AND status = 'active' ORDER BY hashtext(card_key) LIMIT %s
"""
# Everything a run leaves behind; the rights and triggers that forbid it are not the superuser's.
CLEAR = """
SET session_replication_role = replica;
TRUNCATE eligibility_checks, audit_events, seals, claims, procrastinate_jobs, benefit_usage,
         idempotency_keys, revoked_tokens RESTART IDENTITY CASCADE
"""


@dataclass(frozen=True, slots=True)
class Store:
    """A running database: the environment its programs need and where it lies."""

    environ: dict[str, str]
    folder: Path
    owner_url: str
    app_url: str

    @property
    def postmaster(self) -> int:
        """Return the number of the database server's first process."""
        file = self.folder / "postgres" / "cluster" / "postmaster.pid"
        return int(file.read_text(encoding="utf-8").splitlines()[0])

    def flask(self, *words: str) -> str:
        """Run one of the product's commands and return what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", "flask", "--app", "wsgi", *words], cwd=ROOT,
            env=os.environ | self.environ, check=True, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        return done.stdout

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Ask the database as its owner."""
        with psycopg.connect(self.owner_url, autocommit=True) as connection:
            return connection.execute(query, values).fetchall()  # type: ignore[arg-type]

    def analyse(self) -> None:
        """Let the server learn what was filed so far, as it does by itself within a minute."""
        with psycopg.connect(self.owner_url, autocommit=True) as connection:
            connection.execute("ANALYZE")

    def cards(self, number: int) -> list[str]:
        """Return cards from all over the registry."""
        return [row[0] for row in self.rows(CARDS, number)]

    def hospital(self) -> str:
        """Return a contracted provincial hospital."""
        return str(self.rows(HOSPITAL)[0][0])

    def client(self, name: str, *scopes: str, facility: str | None = None) -> tuple[str, str]:
        """Register a machine client; return its id and secret."""
        words = [word for scope in scopes for word in ("--scope", scope)]
        words += ["--facility", facility] if facility else []
        made = self.flask("client", "create", name, *words, "--json")
        client = json.loads(made.strip().splitlines()[-1])
        return client["client_id"], client["client_secret"]


@contextmanager
def store(members: int) -> Iterator[Store]:
    """Give a filled database with nothing recorded in it yet."""
    home = Path(os.environ.get("DATA_DIR") or ROOT / "var").absolute() / "bench"
    folder = home / f"people-{members}"
    mark, wanted = folder / "filled", _fingerprint()
    if not (mark.is_file() and mark.read_text(encoding="utf-8") == wanted):
        _fill(folder, members)
        mark.write_text(wanted, encoding="utf-8")
    try:
        made = _running(folder)
        _clear(made)
        yield made
    finally:
        stop(folder)


def token(port: int, client: tuple[str, str]) -> str:
    """Ask the running product for an access token."""
    line = HTTPConnection("127.0.0.1", port)
    asked = {"grant_type": "client_credentials", "client_id": client[0], "client_secret": client[1]}
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    line.request("POST", "/oauth/token", urlencode(asked), kind)
    return str(json.loads(line.getresponse().read())["access_token"])


def _running(folder: Path) -> Store:
    found = ensure_running(folder)
    # One issuer of tokens for every server of a run, whatever its port.
    environ = NO_LIMITS | {"PUBLIC_URL": "http://bench", "DATA_DIR": str(folder)}
    environ |= {"DATABASE_URL": "", "DATABASE_APP_URL": "", "KEYS_DIR": ""}
    return Store(environ, folder, found.owner_url, found.app_url)


def _fill(folder: Path, members: int) -> None:
    begun = time.monotonic()
    if folder.exists():
        stop(folder)
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    try:
        made = _running(folder)
        made.flask("db", "upgrade")
        made.flask("defaults", "load")
        feed = folder / "feed"
        made.flask("demo", "generate", "--members", str(members), "--seed", "7", str(feed))
        made.flask("registry", "import", *map(str, sorted(feed.glob("*.csv"))))
        shutil.rmtree(feed)
    except BaseException:
        stop(folder)
        raise
    note(f"filled with {members:,} members", time.monotonic() - begun)


def _clear(made: Store) -> None:
    superuser = made.owner_url.replace("nssf_owner@", "postgres@", 1)
    with psycopg.connect(superuser, autocommit=True) as connection:
        connection.execute("SET client_min_messages = warning")
        connection.execute(CLEAR)
        connection.execute("DELETE FROM api_clients")
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")


def _fingerprint() -> str:
    """Name the code that fills a database: another one has to be filled anew."""
    digest = hashlib.sha256()
    for place in FILLED_BY:
        for path in sorted((ROOT / place).rglob("*")):
            if path.is_file() and path.suffix != ".pyc":
                digest.update(path.read_bytes())
    return digest.hexdigest()
