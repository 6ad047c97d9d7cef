"""`make run`: database, migrations, first data, web server and job worker, until told to stop.

Run as `python -m config.launch`. Whatever cannot work is said in one line on standard error, with
a non-zero exit; nothing it started outlives it, and what a killed run left is cleared first.
"""

from __future__ import annotations

import signal

if __name__ == "__main__":
    # Nothing is started yet, so until Signals listens a Ctrl-C simply ends this process.
    signal.signal(signal.SIGINT, signal.SIG_DFL)

import fcntl
import http.client
import math
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

try:
    from config import launch_checks, launch_children, postgres, processes
    from config.launch_checks import LaunchError
    from config.launch_children import BackOff, Child, python
    from config.postgres_account import PostgresError
    from config.settings import Settings, SettingsError, settings_from
except ImportError as error:
    sys.exit(f"nssf: a library is missing ({error.name or error}): delete .venv, then `make setup`")

STEPS = ("config.launch_steps", "db upgrade")
READY_SECONDS = 60
FIRST_USER = (
    "Create the first user: .venv/bin/flask --app wsgi user create NAME --role administrator\n"
)


@dataclass(frozen=True, slots=True)
class Commands:
    """What is run; a test may name other programs. `{summary}` stands for the file to print."""

    demo: Sequence[str] = field(
        default_factory=lambda: python(*STEPS, "demo load", "demo show > {summary}")
    )
    empty: Sequence[str] = field(default_factory=lambda: python(*STEPS, "defaults load"))
    web: Sequence[str] = field(
        default_factory=lambda: python("gunicorn", "--no-control-socket", "wsgi:app")
    )
    worker: Sequence[str] = field(
        default_factory=lambda: python("flask", "--app", "wsgi", "worker")
    )


class Signals:
    """Count the requests to stop; another one after a moment means at once."""

    def __init__(self) -> None:
        self.asked = 0
        self.last = -math.inf
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._note)

    def _note(self, _number: int, _frame: object) -> None:
        # make hands on a signal that the whole group got already: the same wish, heard twice.
        if time.monotonic() - self.last > 1:
            self.asked += 1
        self.last = time.monotonic()

    def hurry(self) -> bool:
        """Tell whether somebody asked again."""
        return self.asked > 1


class Stopping(Exception):
    """Somebody asked to stop before the product was up."""


class Launcher:
    """One run on one data folder."""

    def __init__(self, settings: Settings, environ: Mapping[str, str], commands: Commands) -> None:
        self.settings = settings
        self.commands = commands
        self.embedded = not environ.get("DATABASE_URL", "").strip()
        self.signals = Signals()
        self.runtime = settings.data_dir / "run"
        self.logs = settings.data_dir / "log"
        self.record = self.runtime / "children"
        self.summary = self.runtime / "summary"
        self.environ = _environment(environ, settings)
        shared = self.environ | {"PROMETHEUS_MULTIPROC_DIR": str(self.runtime / "metrics")}
        # The web server ends at once when we are killed, so that its port is free again.
        self.web = self._child("web", commands.web, shared, signal.SIGQUIT)
        self.worker = self._child("worker", commands.worker, shared, signal.SIGTERM)
        self.back_off = BackOff()

    def _child(
        self, name: str, command: Sequence[str], environ: Mapping[str, str], end: signal.Signals
    ) -> Child:
        return Child(name, command, environ, self.logs / f"{name}.log", end)

    def run(self) -> None:
        """Start everything, stay until told to stop, stop everything."""
        with self._only_run():
            launch_children.end_left_overs(self.record)
            launch_checks.port_is_free(self.settings.host, self.settings.port)
            launch_checks.web_sizes_are_numbers(self.environ)
            self._prepare_folders()
            try:
                self._start()
                self._supervise()
            except Stopping:
                pass
            finally:
                self._stop()

    @contextmanager
    def _only_run(self) -> Iterator[None]:
        """Hold the data folder locked: the lock is the kernel's and dies with its holder."""
        launch_checks.make_data_dir(self.settings.data_dir)
        handle = os.open(self.settings.data_dir, os.O_RDONLY | os.O_DIRECTORY)
        try:
            self._lock(handle)
            yield
        finally:
            os.close(handle)

    def _lock(self, handle: int) -> None:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            other = launch_children.recorded(self.record).get("launcher")
            raise LaunchError(
                f"already running on {self.settings.data_dir}"
                f"{f' (process {other.pid})' if other else ''}: stop it, or set another DATA_DIR"
            ) from None

    def _prepare_folders(self) -> None:
        shutil.rmtree(self.runtime, ignore_errors=True)
        for folder in (self.logs, self.runtime, self.runtime / "metrics"):
            folder.mkdir(mode=0o700, exist_ok=True)
        self._write_record()

    def _write_record(self) -> None:
        running = {c.name: c.process.pid for c in (self.web, self.worker) if c.process}
        launch_children.record(self.record, {"launcher": os.getpid()} | running)

    def _start(self) -> None:
        if self.embedded:
            postgres.ensure_running(self.settings.data_dir)
        else:
            launch_checks.databases_answer(self.environ)
        self._prepare_data(self.commands.demo if self.settings.demo else self.commands.empty)
        self.web.start()
        self.worker.start()
        self._write_record()
        self._wait_until_ready()
        summary = self.summary.read_text("utf-8") if self.summary.is_file() else FIRST_USER
        print(f"The gateway is running at {self.settings.public_url}\n\n{summary}", flush=True)
        print(f"Logs are in {self.logs}. Stop with Ctrl-C.", flush=True)

    def _prepare_data(self, command: Sequence[str]) -> None:
        """Migrate and load what a start needs; errors are kept in a log and told in one line."""
        log_file = self.logs / "start.log"
        with log_file.open("wb") as log:
            words = [word.replace("{summary}", str(self.summary)) for word in command]
            process = launch_children.start(words, self.environ, out=None, error=log)
            self._wait_for(process)
        if process.returncode != 0:
            reason = launch_children.why_ended(process.returncode, log_file)
            if self.embedded and postgres.out_of_space(self.settings.data_dir):
                reason = f"no space left on the device of {self.settings.data_dir}"
            raise LaunchError(f"preparing the database failed: {reason} (see {log_file})")

    def _wait_for(self, process: subprocess.Popen[bytes]) -> None:
        processes.wait_until(
            lambda: process.poll() is not None or self.signals.asked > 0, math.inf, 0.02
        )
        if self.signals.asked:
            launch_children.stop([process], self.signals.hurry)
            raise Stopping

    def _wait_until_ready(self) -> None:
        end = time.monotonic() + READY_SECONDS
        while not self._ready():
            for child in (self.web, self.worker):
                if not child.running:
                    raise LaunchError(f"the {child.name} process ended: {child.ended()}")
            if self.signals.asked:
                raise Stopping
            if time.monotonic() > end:
                raise LaunchError(f"not ready after {READY_SECONDS} seconds: see {self.logs}")
            time.sleep(0.1)

    def _ready(self) -> bool:
        host = launch_checks.reachable(self.settings.host)
        connection = http.client.HTTPConnection(host, self.settings.port, timeout=5)
        try:
            connection.request("GET", "/health/ready")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _supervise(self) -> None:
        """Keep everything running: the worker and PostgreSQL are started again, the web is not."""
        while not self.signals.asked:
            if not self.web.running:
                raise LaunchError(f"the web server ended: {self.web.ended()}")
            self._keep_worker()
            if self.embedded and postgres.find_running(self.settings.data_dir) is None:
                _say("PostgreSQL ended; starting it again")
                postgres.ensure_running(self.settings.data_dir)
            for child in (self.web, self.worker):
                launch_children.shorten(child.log)
            processes.wait_until(lambda: self.signals.asked > 0, 0.5, 0.1)

    def _keep_worker(self) -> None:
        now = time.monotonic()
        if self.worker.running:
            return
        if self.back_off.due is None:
            how, pause = self.worker.ended(), self.back_off.ended(now)
            _say(f"the job worker ended ({how}); starting it again in {pause:.0f} s")
        elif now >= self.back_off.due:
            self.worker.start()
            self.back_off.begun(now)
            self._write_record()

    def _stop(self) -> None:
        """Stop web server and worker together, PostgreSQL last, also when one of them resists."""
        try:
            launch_children.stop([self.web.process, self.worker.process], self.signals.hurry)
        finally:
            if self.embedded:
                postgres.stop(self.settings.data_dir)
            shutil.rmtree(self.runtime, ignore_errors=True)


def _environment(environ: Mapping[str, str], settings: Settings) -> dict[str, str]:
    """Return the children's environment: ours, without what would redirect PostgreSQL's client."""
    kept = {name: value for name, value in environ.items() if not name.startswith("PG")}
    return kept | {
        "DATA_DIR": str(settings.data_dir),
        "KEYS_DIR": str(settings.keys_dir),
        "PYTHONUNBUFFERED": "1",
    }


def _say(message: str) -> None:
    print(f"nssf: {message}", file=sys.stderr, flush=True)


def main(environ: Mapping[str, str] = os.environ, commands: Commands | None = None) -> int:
    """Run the product; return 0 after an orderly stop, 1 after one line that says why not."""
    # What is written here concerns people: nobody else on the machine reads it.
    os.umask(0o077)
    if "MAKELEVEL" in environ:
        processes.end_with_parent(signal.SIGTERM)
    try:
        settings = settings_from(environ)
        Launcher(settings, environ, commands or Commands()).run()
    except (LaunchError, PostgresError, SettingsError) as error:
        _say(str(error))
    except PermissionError as error:
        _say(f"{error.filename or 'DATA_DIR'} is not open to this user: set another DATA_DIR")
    except OSError as error:
        where = error.filename or environ.get("DATA_DIR") or "var"
        _say(f"{where}: {error.strerror or error}")
    else:
        return 0
    return 1


if __name__ == "__main__":
    sys.exit(main())
