"""`make run` with a small product: up, told to stop, killed in every order, and refused in a line."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask import Flask

from config import launch_checks, launch_children, postgres, postgres_cluster, processes
from config.launch_children import BackOff
from tests.config.conftest import started_before

PROJECT = Path(__file__).parents[2]
START = (
    "import sys, json; from config import launch, launch_children;"
    "launch_children.LEFT_OVER_SECONDS = 1.0;"
    "sys.exit(launch.main(commands=launch.Commands(**json.loads(sys.argv[1]))))"
)
START_WITH_EACH = (
    "import sys, json, os; from config import launch;"
    "print([launch.main(os.environ | given) for given in json.loads(sys.argv[1])])"
)
SITE = """
def app(environ, start):
    start("200 OK", [("Content-Length", "2")])
    return [b"ok"]

app.extensions = {}
"""
MIGRATE = """
import psycopg
from config.settings import settings_from
with psycopg.connect(settings_from().database_url) as connection:
    connection.execute("CREATE TABLE IF NOT EXISTS starts (at timestamptz DEFAULT now())")
    connection.execute("INSERT INTO starts DEFAULT VALUES")
"""
DEMO = """
import sys, pathlib
print("loading demo")
pathlib.Path(sys.argv[1]).write_text("ten cards")
"""


def _python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def free_port() -> int:
    """Find a port below those the system gives to whoever connects: nobody takes it meanwhile."""
    while True:
        port = 20_000 + secrets.randbelow(12_000)
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port


@dataclass
class Product:
    """A small product in the place of the real one, and the runs of it a test starts."""

    folder: Path
    port: int
    runs: list[subprocess.Popen[str]]

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def environ(self) -> dict[str, str]:
        ours = ("DATABASE_URL", "DEMO", "MAKELEVEL")
        kept = {name: value for name, value in os.environ.items() if name not in ours}
        return kept | {"DATA_DIR": str(self.data), "PORT": str(self.port)}

    def start(
        self, commands: dict[str, list[str]] | None = None, **environ: str
    ) -> subprocess.Popen[str]:
        (self.folder / "site").mkdir(exist_ok=True)
        (self.folder / "site" / "small_product.py").write_text(SITE)
        web = [sys.executable, "-m", "gunicorn", "--pythonpath", str(self.folder / "site")]
        small = {
            "demo": [*_python(MIGRATE + DEMO), "{summary}"],
            "empty": _python(MIGRATE + "print('loading defaults')"),
            "web": [*web, "--no-control-socket", "small_product:app"],
            "worker": _python("import time; time.sleep(600)"),
        }
        run = subprocess.Popen(
            [*_python(START), json.dumps(small | (commands or {}))],
            cwd=PROJECT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=self.environ() | environ, start_new_session=True,
        )  # fmt: skip
        self.runs.append(run)
        return run

    def up(
        self, commands: dict[str, list[str]] | None = None, **environ: str
    ) -> subprocess.Popen[str]:
        run = self.start(commands, **environ)
        assert run.stdout is not None
        self.said = ""
        for line in run.stdout:
            self.said += line
            if line.startswith("Logs are in"):
                return run
        pytest.fail(f"did not come up: {self.said} {run.communicate()[1]}")

    def pids(self) -> dict[str, int]:
        marks = launch_children.recorded(self.data / "run" / "children")
        pids = {name: mark.pid for name, mark in marks.items()}
        postmaster = postgres_cluster.postmaster(self.data / "postgres" / "cluster")
        return pids | ({"postgres": postmaster} if postmaster else {})

    def left(self) -> list[str]:
        """List every living process whose environment or folder names this data folder."""
        found = []
        for entry in os.scandir("/proc"):
            with contextlib.suppress(OSError):
                environ = (
                    Path(f"/proc/{entry.name}/environ").read_bytes()
                    if entry.name.isdecimal()
                    else b""
                )
                cwd = os.readlink(f"/proc/{entry.name}/cwd") if environ else ""
                ours = f"DATA_DIR={self.data}".encode() in environ or cwd.startswith(str(self.data))
                if ours and processes.is_alive(int(entry.name)):
                    found.append(" ".join(processes.arguments_of(int(entry.name)))[:200])
        return found


def _ended(run: subprocess.Popen[str], seconds: float = 40) -> tuple[int, str]:
    _, error = run.communicate(timeout=seconds)
    return run.returncode, error.strip()


def _refused(run: subprocess.Popen[str]) -> str:
    code, error = _ended(run)
    assert code != 0
    assert error.startswith("nssf: ")
    assert "\n" not in error, error
    return error


@pytest.fixture
def product(tmp_path: Path) -> Iterator[Product]:
    """Give the test a small product; whatever it leaves running is ended and fails the test."""
    made = Product(tmp_path, free_port(), [])
    yield made
    for run in made.runs:
        if run.poll() is None:
            run.terminate()
        run.communicate(timeout=40)
    processes.wait_until(lambda: not made.left() or made.pids().keys() == {"postgres"}, 10)
    postgres.stop(made.data)
    assert made.left() == []


@pytest.fixture
def used(first_start: Path, product: Product) -> Product:
    """Give the test a product that has run before on its data."""
    started_before(first_start, product.data)
    return product


def test_a_first_run_comes_up_and_a_request_to_end_stops_everything(product: Product) -> None:
    run = product.up()
    assert f"http://127.0.0.1:{product.port}" in product.said
    assert "loading demo" in product.said
    assert "ten cards" in product.said
    assert set(product.pids()) == {"launcher", "web", "worker", "postgres"}

    run.terminate()

    assert _ended(run) == (0, "")
    assert product.left() == []
    assert not (product.data / "run").exists()
    launch_checks.port_is_free("127.0.0.1", product.port)


def test_an_empty_start_tells_the_first_user_and_ctrl_c_stops_everything(used: Product) -> None:
    run = used.up(DEMO="0")

    assert "loading defaults" in used.said
    assert "user create NAME --role administrator" in used.said
    assert "demo" not in used.said
    assert set(used.pids()) == {"launcher", "web", "worker", "postgres"}

    run.send_signal(signal.SIGINT)

    assert _ended(run) == (0, "")
    assert used.left() == []
    assert not (used.data / "run").exists()
    launch_checks.port_is_free("127.0.0.1", used.port)


def test_a_second_run_on_the_same_data_is_refused(used: Product) -> None:
    first = used.up()

    error = _refused(used.start(PORT=str(free_port())))

    assert f"already running on {used.data} (process {first.pid})" in error
    assert set(used.pids()) == {"launcher", "web", "worker", "postgres"}


def test_a_port_in_use_is_told_before_anything_is_made(product: Product) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", product.port))
        taken.listen()

        error = _refused(product.start())

    assert f"cannot listen on 127.0.0.1 port {product.port}: Address already in use" in error
    assert not (product.data / "postgres").exists()


WRONG = (
    ("PORT", "99999", "PORT must be between 1 and 65535"),
    ("PORT", "http", "PORT must be a whole number"),
    ("HOST", "203.0.113.9", "cannot listen on 203.0.113.9"),
    ("WEB_WORKERS", "many", "WEB_WORKERS must be a whole number above 0, not 'many'"),
    ("WEB_THREADS", "0", "WEB_THREADS must be a whole number above 0, not '0'"),
    ("DATABASE_URL", "mysql://root:hush@db/x", "DATABASE_URL must start with postgresql://"),
    (
        "DATABASE_URL",
        "postgresql://u:hush@[h/db",
        "DATABASE_URL is not an address that can be read",
    ),
    ("DATABASE_URL", "postgresql://u:hush@h/db?no=1", "DATABASE_URL is not a PostgreSQL addr"),
)


def test_a_setting_that_cannot_be_used_is_named(product: Product) -> None:
    given = json.dumps([{name: value} for name, value, _ in WRONG])

    done = subprocess.run(
        [*_python(START_WITH_EACH), given],
        cwd=PROJECT, check=True, capture_output=True, text=True, timeout=60, env=product.environ(),
    )  # fmt: skip

    assert json.loads(done.stdout) == [1] * len(WRONG)
    for error, (*_, told) in zip(done.stderr.splitlines(), WRONG, strict=True):
        assert error.startswith("nssf: ")
        assert told in error
        assert "hush" not in error


def test_an_unreachable_database_is_told_without_its_password(product: Product) -> None:
    port = free_port()

    error = _refused(
        product.start(DATABASE_URL=f"postgresql://nssf:s3cr3t@127.0.0.1:{port}/claims")
    )

    assert "DATABASE_URL cannot be reached (127.0.0.1, database claims)" in error
    assert "s3cr3t" not in error
    assert not (product.data / "postgres").exists()


def test_a_given_database_is_used_and_left_running(
    product: Product, app: Flask, owner: psycopg.Connection[Any]
) -> None:
    ours = owner.info.dbname
    owner.execute(f"CREATE DATABASE {ours}_given")
    url = app.extensions["nssf.settings"].database_url.replace(f"/{ours}", f"/{ours}_given")

    run = product.up(DATABASE_URL=url)
    run.terminate()

    assert _ended(run) == (0, "")
    assert not (product.data / "postgres").exists()
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT count(*) FROM starts").fetchone() == (1,)
    owner.execute(f"DROP DATABASE {ours}_given WITH (FORCE)")


def test_a_missing_library_is_named_without_a_trace() -> None:
    code = (
        "import sys, runpy; sys.modules['psycopg'] = None;"
        "runpy.run_module('config.launch', run_name='__main__')"
    )

    result = subprocess.run(
        _python(code), check=False, cwd=PROJECT, capture_output=True, text=True, timeout=30
    )

    assert result.returncode == 1
    assert (
        result.stderr.strip()
        == "nssf: a library is missing (psycopg): delete .venv, then `make setup`"
    )


def test_ctrl_c_before_anything_is_started_leaves_no_trace(tmp_path: Path) -> None:
    (tmp_path / "psycopg.py").write_text("import os, signal; os.kill(os.getpid(), signal.SIGINT)")

    result = subprocess.run(
        [sys.executable, "-m", "config.launch"],
        check=False, cwd=PROJECT, capture_output=True, text=True, timeout=30,
        env=os.environ | {"PYTHONPATH": str(tmp_path), "DATA_DIR": str(tmp_path / "data")},
    )  # fmt: skip

    assert (result.returncode, result.stderr) == (-signal.SIGINT, "")
    assert not (tmp_path / "data").exists()


def test_a_failing_step_is_told_by_its_last_error(used: Product) -> None:
    error = _refused(used.start({"demo": _python("raise ValueError('no such revision')")}))

    assert "preparing the database failed: ValueError: no such revision (see " in error
    assert used.left() == []


def test_a_library_missing_in_a_step_says_what_to_do(used: Product) -> None:
    error = _refused(used.start({"demo": _python("import no_such_library")}))

    assert "the library 'no_such_library' is missing: delete .venv, then `make setup`" in error


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (
            "import no_such_library",
            "the library 'no_such_library' is missing: delete .venv, then `make setup`",
        ),
        ("raise ImportError('libqr.so.1: cannot open')", "ImportError: libqr.so.1: cannot open"),
    ],
)
def test_what_keeps_the_application_from_loading_is_named(
    tmp_path: Path, fault: str, told: str
) -> None:
    (tmp_path / "segno.py").write_text(fault)
    log = tmp_path / "start.log"

    with log.open("wb") as file:
        run = [sys.executable, "-m", "config.launch_steps", "db upgrade"]
        env = os.environ | {"PYTHONPATH": str(tmp_path)}
        result = subprocess.run(run, check=False, cwd=PROJECT, env=env, stderr=file, timeout=30)

    assert result.returncode != 0
    assert launch_children.last_words(log) == told


def test_a_web_server_that_cannot_start_is_told(used: Product) -> None:
    error = _refused(used.start({"web": _python("raise OSError('no site')")}))

    assert "the web process ended: exit code 1; OSError: no site" in error
    assert used.left() == []


def test_a_stop_while_data_is_loading_leaves_nothing(used: Product) -> None:
    run = used.start({"demo": _python("print('busy', flush=True); import time; time.sleep(600)")})
    assert run.stdout is not None
    assert run.stdout.readline() == "busy\n"

    run.send_signal(signal.SIGINT)

    assert _ended(run) == (0, "")
    assert used.left() == []


def test_a_data_folder_that_is_a_file_is_named(product: Product) -> None:
    product.data.write_text("not a folder")

    assert str(product.data) in _refused(product.start())
    product.data.unlink()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small disk")
@pytest.mark.parametrize("size", ["16k", "30m"])
def test_a_full_disk_is_told_in_one_line(product: Product, size: str) -> None:
    product.data.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(product.data)]
    if subprocess.run(mount, check=False, capture_output=True).returncode != 0:
        pytest.skip("this machine lets nobody mount")
    try:
        error = _refused(product.start())
    finally:
        subprocess.run(["umount", str(product.data)], check=True)

    assert "no space left on" in error.lower()


def test_a_killed_web_server_ends_the_run_with_one_line(used: Product) -> None:
    run = used.up()
    os.kill(used.pids()["web"], signal.SIGKILL)

    code, error = _ended(run)

    assert (code, error) == (1, "nssf: the web server ended: killed by SIGKILL")
    assert used.left() == []


def _kill(product: Product, names: list[str]) -> None:
    pids = product.pids()
    for name in names:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pids[name], signal.SIGKILL)


def test_a_killed_worker_and_a_killed_database_are_started_again(used: Product) -> None:
    run = used.up()
    killed = used.pids()
    names = ["worker", "postgres"]
    _kill(used, names)

    assert processes.wait_until(
        lambda: all(used.pids().get(name, killed[name]) != killed[name] for name in names), 20
    )
    run.terminate()
    code, error = _ended(run)
    assert "the job worker ended (killed by SIGKILL); starting it again in 1 s" in error
    assert code == 0
    assert used.left() == []


@pytest.mark.parametrize(
    "names",
    [
        ["launcher"],
        ["launcher", "web", "worker"],
        ["postgres", "launcher", "web", "worker"],
    ],
    ids="+".join,
)
def test_after_a_kill_the_next_run_recovers_and_leaves_nothing(
    used: Product, names: list[str]
) -> None:
    used.up()
    _kill(used, names)
    used.runs[0].wait(10)

    run = used.up()
    with psycopg.connect(postgres.find_running(used.data).owner_url) as connection:  # type: ignore[union-attr]
        starts = connection.execute("SELECT count(*) FROM starts").fetchone()
    run.terminate()

    assert starts == (2,)
    assert _ended(run) == (0, "")
    assert used.left() == []


def test_children_do_not_outlive_a_killed_launcher(used: Product) -> None:
    run = used.up()
    pids = used.pids()

    run.kill()

    # A web process that is only just starting may not hear the signal: gunicorn gives it 20 s.
    assert processes.gone([pids["web"], pids["worker"]], 30)
    launch_checks.port_is_free("127.0.0.1", used.port)


def test_a_worker_deaf_to_signals_is_ended_by_the_next_run(used: Product) -> None:
    deaf = "import signal, time; signal.signal(15, signal.SIG_IGN); time.sleep(600)"
    run = used.up({"worker": _python(deaf)})
    worker = used.pids()["worker"]
    run.kill()
    run.wait(10)
    time.sleep(0.5)
    assert processes.is_alive(worker)

    used.up()

    assert not processes.is_alive(worker)


def test_a_record_naming_a_stranger_harms_nobody(tmp_path: Path) -> None:
    with subprocess.Popen(_python("import time; time.sleep(600)")) as stranger:
        file = tmp_path / "children"
        launch_children.record(file, {"web": stranger.pid})
        marks = json.loads(file.read_text())
        marks["web"]["started"] = "1"
        file.write_text(json.dumps(marks))

        launch_children.end_left_overs(file)

        assert stranger.poll() is None
        stranger.kill()


def test_a_record_cut_short_by_a_crash_is_no_obstacle(tmp_path: Path) -> None:
    file = tmp_path / "children"
    for text in ("", '{"web": ', "[]", '{"web": {"pid": 1}}'):
        file.write_text(text)

        assert launch_children.recorded(file) == {}


def test_a_program_that_was_killed_is_said_to_have_been(tmp_path: Path) -> None:
    log = tmp_path / "start.log"
    log.write_text("INFO: migrating\n")

    assert launch_children.why_ended(-signal.SIGKILL, log) == "killed by SIGKILL"
    assert launch_children.why_ended(1, log) == "INFO: migrating"


def test_the_pause_before_a_restart_grows_and_is_forgiven() -> None:
    back_off = BackOff()
    now = 0.0
    pauses = []
    for _ in range(8):
        pauses.append(back_off.ended(now))
        now += pauses[-1]
        back_off.begun(now)

    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60]
    assert back_off.ended(now + 61) == 1


def test_a_long_log_is_shortened_while_it_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launch_children, "LARGEST_LOG", 10)
    log = tmp_path / "web.log"
    with log.open("ab", buffering=0) as writer:
        writer.write(b"first piece\n")

        launch_children.shorten(log)
        writer.write(b"second\n")

    assert (tmp_path / "web.log.1").read_text() == "first piece\n"
    assert log.read_text() == "second\n"
