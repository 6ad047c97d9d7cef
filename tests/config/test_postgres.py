"""The embedded PostgreSQL: started, found, stopped, and recovered after every kind of kill."""

from __future__ import annotations

import ctypes
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from config import postgres, postgres_account, postgres_cluster, processes
from config.postgres_account import PostgresError
from tests.config.conftest import started_before

PROJECT = Path(__file__).parents[2]
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")


@pytest.fixture
def data_dir(first_start: Path, new_dir: Path) -> Path:
    """Give the test a data folder whose server ran before and is stopped."""
    return started_before(first_start, new_dir)


@pytest.fixture
def new_dir(tmp_path: Path) -> Iterator[Path]:
    """Give the test a data folder still to be made, whose server is stopped afterwards."""
    folder = tmp_path / "data"
    yield folder
    postgres.stop(folder)


def _pid(data_dir: Path) -> int:
    pid = postgres_cluster.postmaster(data_dir / "postgres" / "cluster")
    assert pid is not None
    return pid


def _value(url: str, statement: str) -> object:
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(statement).fetchone()
    assert row is not None
    return row[0]


def _run(code: str, *arguments: Path, **kwargs: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=PROJECT, check=False, capture_output=True, text=True, timeout=60, **kwargs,
    )  # fmt: skip


def test_a_first_start_makes_roles_database_and_extensions(new_dir: Path) -> None:
    above = [folder.stat().st_mode for folder in new_dir.parents]

    server = postgres.ensure_running(new_dir)

    assert server.started
    assert _value(server.owner_url, "SELECT current_user || ' ' || current_database()") == (
        "nssf_owner nssf"
    )
    assert _value(server.app_url, "SELECT current_user") == "nssf_app"
    with psycopg.connect(server.owner_url) as connection:
        names = {row[0] for row in connection.execute("SELECT extname FROM pg_extension")}
    assert {"pg_trgm", "btree_gist", "pg_prewarm", "pg_stat_statements"} <= names
    assert _value(server.owner_url, "SELECT cardinality(show_trgm('សុខ តារា')) > 0") is True
    assert _value(server.owner_url, "SHOW server_encoding") == "UTF8"
    assert _value(server.owner_url, "SHOW synchronous_commit") == "on"
    postgres.stop(new_dir)
    assert [folder.stat().st_mode for folder in new_dir.parents] == above


def _has_read_again(owner_url: str) -> bool:
    superuser = owner_url.replace("nssf_owner@", "postgres@", 1)
    with psycopg.connect(superuser, autocommit=True) as connection:
        try:
            connection.execute("SELECT autoprewarm_dump_now()")
        except psycopg.Error:
            return False
    return True


def test_what_lay_in_memory_is_written_down_for_the_next_start(data_dir: Path) -> None:
    server = postgres.ensure_running(data_dir)
    with psycopg.connect(server.owner_url, autocommit=True) as connection:
        connection.execute("CREATE TABLE warm AS SELECT generate_series(1, 1000) AS n")
        [(file,)] = connection.execute("SELECT pg_relation_filenode('warm')").fetchall()
    # A server stopped while it still reads what it remembered keeps that, and writes nothing new.
    assert processes.wait_until(lambda: _has_read_again(server.owner_url), 20)

    postgres.stop(data_dir)

    kept = (data_dir / "postgres" / "cluster" / "autoprewarm.blocks").read_text(encoding="ascii")
    assert any(line.split(",")[2] == str(file) for line in kept.splitlines()[1:])


def test_the_application_role_creates_nothing_and_becomes_nobody_else(data_dir: Path) -> None:
    server = postgres.ensure_running(data_dir)

    with psycopg.connect(server.app_url, autocommit=True) as connection:
        for statement in ("CREATE TABLE own (id int)", "SET ROLE nssf_owner", "CREATE ROLE other"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)


def test_it_listens_on_a_private_socket_and_no_port(data_dir: Path) -> None:
    server = postgres.ensure_running(data_dir)

    assert _value(server.owner_url, "SHOW listen_addresses") == ""
    socket = postgres_cluster.recorded_socket(data_dir / "postgres" / "cluster")
    assert socket.stat().st_mode & 0o777 == 0o700
    assert str(socket) in server.owner_url


def test_a_second_start_finds_the_running_server(data_dir: Path) -> None:
    first = postgres.ensure_running(data_dir)
    pid = _pid(data_dir)

    second = postgres.ensure_running(data_dir)

    assert (first.started, second.started) == (True, False)
    assert _pid(data_dir) == pid
    assert postgres.find_running(data_dir) == second


def test_two_starts_at_once_start_one_server(new_dir: Path) -> None:
    code = (
        "import sys, pathlib; from config import postgres;"
        "print(postgres.ensure_running(pathlib.Path(sys.argv[1])).started)"
    )

    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda _: _run(code, new_dir), range(2)))

    assert sorted(result.stdout.strip() for result in results) == ["False", "True"], results


def test_a_stopped_server_is_gone_and_is_not_found(data_dir: Path) -> None:
    postgres.ensure_running(data_dir)
    pid = _pid(data_dir)

    postgres.stop(data_dir)

    assert not processes.is_alive(pid)
    assert postgres.find_running(data_dir) is None
    assert not (data_dir / "postgres" / "cluster" / "postmaster.pid").exists()


def test_a_committed_row_survives_killing_the_server_outright(data_dir: Path) -> None:
    server = postgres.ensure_running(data_dir)
    with psycopg.connect(server.owner_url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS number")
    os.kill(_pid(data_dir), signal.SIGKILL)

    again = postgres.ensure_running(data_dir)

    assert again.started
    assert _value(again.owner_url, "SELECT number FROM kept") == 7


def test_a_pid_file_naming_a_living_stranger_fools_nobody(data_dir: Path) -> None:
    postgres.ensure_running(data_dir)
    file = data_dir / "postgres" / "cluster" / "postmaster.pid"
    text = file.read_text()
    killed = _pid(data_dir)
    os.kill(killed, signal.SIGKILL)
    assert processes.gone([killed], 10)
    file.write_text(text.replace(str(killed), str(os.getpid()), 1))
    lock = postgres_cluster.Place(data_dir / "postgres").socket_folder() / ".s.PGSQL.5432.lock"
    lock.write_text(text.replace(str(killed), str(os.getpid()), 1))

    assert postgres.find_running(data_dir) is None
    assert postgres.ensure_running(data_dir).started


def test_a_stranger_called_postgres_is_not_taken_for_ours(data_dir: Path, tmp_path: Path) -> None:
    postgres.ensure_running(data_dir)
    file = data_dir / "postgres" / "cluster" / "postmaster.pid"
    text = file.read_text()
    pid = _pid(data_dir)
    postgres.stop(data_dir)
    disguise = tmp_path / "postgres"
    shutil.copy(shutil.which("sleep") or "/bin/sleep", disguise)
    with subprocess.Popen([disguise, "60"]) as stranger:
        file.write_text(text.replace(str(pid), str(stranger.pid), 1))

        assert processes.wait_until(lambda: processes.name_of(stranger.pid) == "postgres", 5)
        assert postgres.ensure_running(data_dir).started
        assert stranger.poll() is None
        stranger.kill()


def test_a_half_made_cluster_is_thrown_away(new_dir: Path) -> None:
    half = new_dir / "postgres" / "cluster.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")

    assert postgres.ensure_running(new_dir).started
    assert not half.exists()


def test_a_long_data_path_gets_a_short_private_socket_folder(
    first_start: Path, tmp_path: Path
) -> None:
    data_dir = started_before(first_start, tmp_path / ("long" * 25))

    server = postgres.ensure_running(data_dir)
    folder = postgres_cluster.recorded_socket(data_dir / "postgres" / "cluster")

    assert _value(server.owner_url, "SELECT 1") == 1
    assert data_dir not in folder.parents
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (data_dir / "postgres" / "address").read_text().strip() == str(folder)
    postgres.stop(data_dir)
    assert not folder.exists()


def test_a_socket_folder_open_to_others_is_refused(first_start: Path, tmp_path: Path) -> None:
    data_dir = started_before(first_start, tmp_path / ("long" * 25))
    folder = postgres_cluster.Place(data_dir / "postgres").socket_folder()
    folder.mkdir()
    folder.chmod(0o777)

    with pytest.raises(PostgresError, match="not a private folder"):
        postgres.ensure_running(data_dir)

    folder.rmdir()


def test_a_cluster_of_another_release_is_named_in_one_line(data_dir: Path) -> None:
    (data_dir / "postgres" / "cluster" / "PG_VERSION").write_text("14\n")

    with pytest.raises(PostgresError, match=r"made by PostgreSQL 14, the installed one is 18"):
        postgres.ensure_running(data_dir)


def test_a_first_start_hears_the_operator_and_no_variable_for_other_servers(
    new_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (new_dir / "postgres").mkdir(parents=True, mode=0o700)
    (new_dir / "postgres" / "local.conf").write_text("work_mem = '5MB'\n")
    monkeypatch.setenv("PGPORT", "1")
    monkeypatch.setenv("PGDATA", "/nowhere")

    server = postgres.ensure_running(new_dir)

    assert _value(server.app_url, "SHOW work_mem") == "5MB"


def test_a_disk_found_full_since_the_last_start_is_told_apart(tmp_path: Path) -> None:
    log = tmp_path / "postgres" / "postgres.log"
    assert not postgres.out_of_space(tmp_path)
    log.parent.mkdir()

    log.write_text("LOG: starting PostgreSQL 18\nPANIC: could not write: No space left on device\n")
    assert postgres.out_of_space(tmp_path)

    log.write_text(f"{log.read_text()}LOG: starting PostgreSQL 18\nLOG: ready\n")
    assert not postgres.out_of_space(tmp_path)


def test_a_wrong_setting_is_told_in_one_line(data_dir: Path) -> None:
    (data_dir / "postgres" / "local.conf").write_text("no_such_setting = 1\n")

    with pytest.raises(PostgresError) as raised:
        postgres.ensure_running(data_dir)

    assert "\n" not in str(raised.value)
    assert "FATAL" in str(raised.value)


def test_a_throwaway_server_ends_with_its_killed_starter(tmp_path: Path) -> None:
    code = (
        "import sys, time, pathlib; from config import postgres;"
        "print(postgres.start_throwaway(pathlib.Path(sys.argv[1])), flush=True); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, tmp_path], cwd=PROJECT, stdout=subprocess.PIPE, text=True
    ) as starter:
        assert starter.stdout is not None
        url = starter.stdout.readline().strip()
        pid = _pid(tmp_path)
        assert _value(url, "SHOW fsync") == "off"

        starter.kill()

    assert processes.gone([pid], 10)
    postgres.stop(tmp_path)


def test_a_throwaway_server_is_stopped_like_any_other(tmp_path: Path) -> None:
    url = postgres.start_throwaway(tmp_path)
    pid = _pid(tmp_path)
    assert _value(url, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") is True

    postgres.stop(tmp_path)

    assert not processes.is_alive(pid)


def test_a_closed_folder_on_the_way_is_named(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    (closed / "data").mkdir(parents=True)
    closed.chmod(0o750)
    stranger = 12345
    open_up_to = postgres_account.first_closed(tmp_path, uid=stranger, gids=frozenset())

    found = postgres_account.first_closed(closed / "data", uid=stranger, gids=frozenset())

    assert found == (open_up_to or closed)
    owner = closed.stat()
    assert postgres_account.first_closed(closed, uid=owner.st_uid, gids=frozenset()) is None


def test_a_folder_of_somebody_else_is_refused_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: tmp_path.stat().st_uid + 4242)

    with pytest.raises(PostgresError, match=r"belongs to .*: run as that user or set DATA_DIR"):
        postgres_account.choose(tmp_path, postgres_cluster.program("postgres"))


@as_root
def test_root_keeps_its_files_and_postgresql_keeps_to_its_owner(
    first_start: Path, data_dir: Path
) -> None:
    postgres.ensure_running(data_dir)
    status = Path(f"/proc/{_pid(data_dir)}/status").read_text()

    assert (first_start / "postgres" / "cluster").stat().st_uid == 0
    assert "CapEff:\t0000000000000000" in status


@pytest.fixture
def passable(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Give the test a folder that every account can walk to; pytest's own are closed."""
    folder = Path(tempfile.mkdtemp(prefix="nssf-test-"))
    folder.chmod(0o711)
    yield folder
    postgres.stop(folder / "data")
    shutil.rmtree(folder)


@as_root
def test_a_cluster_of_an_ordinary_user_stays_theirs_under_root(passable: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    home = passable / "data" / "postgres"
    home.mkdir(parents=True, mode=0o700)
    (passable / "data").chmod(0o711)
    os.chown(home, nobody.pw_uid, nobody.pw_gid)
    _skip_unless_reachable(nobody.pw_uid)

    server = postgres.ensure_running(passable / "data")

    assert _value(server.owner_url, "SELECT 1") == 1
    assert (home / "cluster").stat().st_uid == nobody.pw_uid
    assert f"Uid:\t{nobody.pw_uid}\t" in Path(f"/proc/{_pid(passable / 'data')}/status").read_text()


def _skip_unless_reachable(uid: int) -> None:
    program = postgres_cluster.program("postgres")
    closed = postgres_account.first_closed(program, uid=uid, gids=frozenset())
    if closed is not None:
        pytest.skip(f"{closed} is closed to the account")


START = """
import sys, pathlib
from config import postgres
try:
    postgres.ensure_running(pathlib.Path(sys.argv[1]))
    print(pathlib.Path(sys.argv[1], "postgres", "cluster").stat().st_uid)
    postgres.stop(pathlib.Path(sys.argv[1]))
except postgres.PostgresError as error:
    print(error)
"""


def _forbid_namespaces() -> None:
    """Put this process (a child before its exec) where root may make no user namespaces."""
    read, write = os.pipe()
    me = os.getpid()
    outside = os.fork()
    if outside == 0:
        os.read(read, 1)
        for name in ("uid_map", "gid_map"):
            Path(f"/proc/{me}/{name}").write_text("0 0 65536")
        os._exit(0)
    if ctypes.CDLL(None).unshare(postgres_account.CLONE_NEWUSER) != 0:
        raise OSError("unshare")
    os.write(write, b"x")
    os.waitpid(outside, 0)
    Path("/proc/sys/user/max_user_namespaces").write_text("0")


def _start_without_namespaces(data_dir: Path) -> str:
    if not postgres_account.namespaces_work(postgres_cluster.program("postgres")):
        pytest.skip("this machine has no user namespaces to forbid: the fallback is all there is")
    result = _run(START, data_dir, preexec_fn=_forbid_namespaces)
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


@as_root
def test_root_without_namespaces_falls_back_to_nobody(passable: Path) -> None:
    nobody = pwd.getpwnam("nobody").pw_uid
    _skip_unless_reachable(nobody)

    assert _start_without_namespaces(passable / "data") == str(nobody)


@as_root
def test_root_without_namespaces_names_the_folder_nobody_cannot_enter(passable: Path) -> None:
    _skip_unless_reachable(pwd.getpwnam("nobody").pw_uid)
    closed = passable / "closed"
    closed.mkdir(mode=0o700)

    said = _start_without_namespaces(closed / "data")

    assert said.startswith(f"{closed} cannot be entered by nobody")
    assert "\n" not in said
    assert closed.stat().st_mode & 0o777 == 0o700


def test_a_server_still_starting_is_waited_for(data_dir: Path) -> None:
    server = postgres.ensure_running(data_dir)
    with psycopg.connect(server.owner_url) as connection:
        connection.execute("CREATE TABLE t AS SELECT generate_series(1, 1000)")
    os.kill(_pid(data_dir), signal.SIGINT)
    time.sleep(0.02)

    again = postgres.ensure_running(data_dir)

    assert _value(again.owner_url, "SELECT count(*) FROM t") == 1000
