"""One real PostgreSQL for the run, one database a test: cloned from a migrated template.

`TEST_DATABASE_URL` names a server (superuser) to use; without it an embedded one is started in a
temporary folder and removed at the end. Each xdist process has a database of its own.
"""

from __future__ import annotations

import contextlib
import contextvars
import gc
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import settings
from psycopg import sql

from auth import passwords
from config.db import POOL_KEY, db
from config.postgres import start_throwaway, stop
from config.settings import Settings
from wsgi import create_app

ROOT = Path(__file__).parent.parent
SERVER = "NSSF_TEST_SERVER"
TEMPLATE = "NSSF_TEST_TEMPLATE"
_own: dict[str, Path] = {}

# How long an example takes is no property: a busy machine must not fail a test.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
# Tens of thousands of objects are made to stay: the collector need not walk through them often.
gc.set_threshold(20_000, 20, 50)


def pytest_configure(config: pytest.Config) -> None:
    """Start the server before xdist forks its processes, so that all share it."""
    parallel = getattr(config.option, "numprocesses", None)
    if parallel and not hasattr(config, "workerinput"):
        _provide()


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Run one process more than there are cores: many tests wait for a database or a process."""
    return (os.cpu_count() or 1) + 1


# Modules with tests of many seconds: begun last, one of them would have all processes but one idle.
FIRST = {"test_demo", "test_launch", "test_openapi", "test_postgres", "test_scale", "test_crash"}


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run what takes longest first, the rest in its random order."""
    items.sort(key=lambda item: item.path.stem not in FIRST)


def pytest_collection_finish() -> None:
    """Let the collector pass over what was imported and collected from now on."""
    gc.freeze()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove what this process made."""
    if hasattr(config, "workerinput") or TEMPLATE not in os.environ:
        return
    with contextlib.suppress(psycopg.Error), _admin() as admin:
        for (name,) in admin.execute(
            "SELECT datname FROM pg_database WHERE datname LIKE %s",
            (f"test_{os.environ[TEMPLATE].removeprefix('template_')}%",),
        ).fetchall():
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
        admin.execute(
            sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(
                sql.Identifier(os.environ[TEMPLATE])
            )
        )
    if "data" in _own:
        shutil.rmtree(_own["data"], ignore_errors=True)
    if "server" in _own:
        stop(_own["server"])
        shutil.rmtree(_own["server"], ignore_errors=True)


def _provide() -> None:
    """Make the server and the template database once, named in the environment."""
    if TEMPLATE in os.environ:
        return
    given = os.environ.get("TEST_DATABASE_URL")
    if not given:
        folder = Path(tempfile.mkdtemp(prefix="nssf-test-"))
        _own["server"] = folder
        given = start_throwaway(folder)
    os.environ[SERVER] = given
    name = f"template_{os.getpid()}"
    os.environ[TEMPLATE] = name
    with _admin() as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    url = _address(name)
    _own["data"] = Path(tempfile.mkdtemp(prefix="nssf-test-data-"))
    subprocess.run(
        [sys.executable, "-m", "flask", "--app", "wsgi", "db", "upgrade"],
        cwd=ROOT, check=True, capture_output=True,
        env=os.environ | {"DATABASE_URL": url, "DATA_DIR": str(_own["data"])},
    )  # fmt: skip


def _address(database: str) -> str:
    parts = urlsplit(os.environ[SERVER])
    # urlunsplit drops the "//" of a URL without a host, which the driver needs.
    made = urlunsplit((parts.scheme, parts.netloc or "@", f"/{database}", parts.query, ""))
    return made.replace("postgresql://@/", "postgresql:///") if not parts.netloc else made


def _admin() -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(os.environ[SERVER], autocommit=True)


@pytest.fixture(scope="session")
def app_for_all(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[Flask]:
    """Build the application once a process, on this process's database."""
    _provide()
    name = f"test_{os.environ[TEMPLATE].removeprefix('template_')}_{worker_id}"
    folder = tmp_path_factory.mktemp("data")
    made = create_app(
        Settings(
            data_dir=folder,
            keys_dir=folder / "keys",
            database_url=_address(name),
            app_database_url=_address(name),
            connection_options="-c role=nssf_app",
            testing=True,
            rate_limit_per_second=0,
            pool_size=8,
            public_url="http://localhost",
        )
    )
    # A password costs its 20 ms on purpose; tests/auth asks for them, the others need not.
    passwords._hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    gc.freeze()
    yield made
    with made.app_context():
        _close(made)
    for connection in (*_owners.values(), *(kept for _, _, kept in _shapes.values())):
        connection.close()


@pytest.fixture
def app(app_for_all: Flask) -> Iterator[Flask]:
    """Give the test a database as migrated, and an application context.

    Connections are kept from test to test: a new one has to learn all its plans anew.
    """
    url = app_for_all.extensions["nssf.settings"].database_url
    with app_for_all.app_context():
        if not _swept(url):
            _close(app_for_all)
            _cloned(url)
        yield app_for_all
        db.session.remove()


# What tells that a test changed more than rows: tables made, swapped or granted, triggers off.
SHAPE = """
SELECT (SELECT string_agg(concat_ws(' ', CASE WHEN n.nspname <> 'registry' THEN c.oid END,
                                    n.nspname, c.relname, c.relacl), ',' ORDER BY nspname, relname)
          FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE c.relkind IN ('r', 'p') AND n.nspname IN ('public', 'registry', 'registry_next')),
       (SELECT count(*) FROM pg_trigger WHERE tgenabled <> 'O' AND NOT tgisinternal),
       (SELECT count(*) FROM pg_index), (SELECT count(*) FROM pg_attribute WHERE attisdropped)
"""
LARGE = 1_000_000
SEEDED = {"alembic_version", "generation", "registry_state"}
_shapes: dict[str, tuple[Any, str, psycopg.Connection[Any]]] = {}
_owners: dict[str, psycopg.Connection[Any]] = {}
AS_NEW = "RESET ROLE; RESET ALL; SELECT pg_advisory_unlock_all()"


def _swept(url: str) -> bool:
    """Empty the tables the last test wrote to; False when only a new copy will do.

    A copy costs about ten times as much, and most tests write to a handful of tables.
    """
    if url not in _shapes:
        return False
    shape, written, connection = _shapes[url]
    try:
        if connection.execute(SHAPE, prepare=True).fetchone() != shape:
            return False
        found = connection.execute(written, prepare=True).fetchall()
        if found:
            # Deleting a test's few rows is ten times as quick as making every file anew; what has
            # grown large would be walked through, dead, by every test to come.
            connection.execute(
                ";".join(
                    f"TRUNCATE {table} CASCADE" if size > LARGE else f"DELETE FROM {table}"
                    for table, size in found
                )
            )
        connection.execute(
            "UPDATE generation SET n = pg_current_xact_id()::text::bigint;"
            " UPDATE registry_state SET as_of = NULL, contributions_loaded = false,"
            " complete_through = NULL"
        )
    except psycopg.Error:
        return False
    return True


def _cloned(url: str) -> None:
    """Replace the database by a fresh copy of the migrated template."""
    if url in _shapes:
        _shapes.pop(url)[2].close()
    if url in _owners:
        _owners.pop(url).close()
    name = sql.Identifier(urlsplit(url).path.removeprefix("/"))
    template = sql.Identifier(os.environ[TEMPLATE])
    with _admin() as admin:
        admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
        admin.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY").format(name, template)
        )
    # Kept for the sweeps: planning the look into every table costs ten times the look.
    connection = psycopg.connect(url, autocommit=True)
    tables = connection.execute(
        "SELECT c.oid::regclass::text FROM pg_class c WHERE c.relkind IN ('r', 'p')"
        " AND NOT c.relispartition AND c.relnamespace::regnamespace::text"
        " IN ('public', 'registry', 'registry_next')"
    ).fetchall()
    shape = connection.execute(SHAPE).fetchone()
    connection.execute("SET session_replication_role = replica; SET lock_timeout = '2s'")
    written = " UNION ALL ".join(
        f"(SELECT '{table}', pg_relation_size('{table}') FROM {table} LIMIT 1)"
        for (table,) in tables
        if table not in SEEDED
    )
    _shapes[url] = (shape, written, connection)


def _close(app: Flask) -> None:
    db.session.remove()
    db.engine.dispose()
    app.extensions[POOL_KEY].close()


class Browser(FlaskClient):
    """A client whose requests share nothing with the test: each has its own context, as in life."""

    def open(self, *args: Any, **kw: Any) -> Any:
        """Send a request outside the test's application context, so that `g` starts empty."""
        answer = contextvars.Context().run(super().open, *args, **kw)
        # What the test had read may be stale now; a rollback alone forgets nothing between transactions.
        db.session.rollback()
        db.session.expire_all()
        return answer


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """Give the test a browser or machine that calls the application."""
    app.test_client_class = Browser
    return app.test_client()


@pytest.fixture
def owner(app: Flask) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """Give the test the owner's connection in autocommit: for feeds, and for tampering."""
    url = app.extensions["nssf.settings"].database_url
    if url not in _owners:
        _owners[url] = psycopg.connect(url, autocommit=True)
    yield _owners[url]
    try:
        _owners[url].rollback()
        _owners[url].execute(AS_NEW)
    except psycopg.Error:
        _owners.pop(url).close()
