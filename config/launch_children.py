"""The programs the launcher runs: started to die with it, recorded, stopped and cleaned up.

Each child leads a session of its own, so that a Ctrl-C in the terminal reaches the launcher alone
and its whole group can be ended. What a killed launcher left is found by its record.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO

from config import processes
from config.processes import Mark

PROJECT = Path(__file__).resolve().parent.parent
LARGEST_LOG = 50 * 1024 * 1024
STOP_SECONDS = 25.0
LEFT_OVER_SECONDS = 5.0
LONGEST_PAUSE = 60.0


@dataclass(slots=True)
class Child:
    """A program that runs beside the launcher: its command, its log, how it learns of our end."""

    name: str
    command: Sequence[str]
    environ: Mapping[str, str]
    log: Path
    # Sent by the kernel when the launcher is killed and can no longer ask politely.
    on_our_death: signal.Signals
    process: subprocess.Popen[bytes] | None = field(default=None)

    def start(self) -> None:
        """Start the program; its output is appended to its log."""
        with self.log.open("ab") as log:
            self.process = start(
                self.command, self.environ, out=log, error=log, on_our_death=self.on_our_death
            )

    @property
    def running(self) -> bool:
        """Tell whether the program runs."""
        return self.process is not None and self.process.poll() is None

    def ended(self) -> str:
        """Say in a few words how the program ended."""
        code = self.process.returncode if self.process is not None else 0
        return f"{f'exit code {code}; ' if code >= 0 else ''}{why_ended(code, self.log)}"


@dataclass(slots=True)
class BackOff:
    """When a program that keeps ending starts again: after 1, 2, 4 … 60 seconds."""

    pause: float = 1.0
    due: float | None = None
    started: float = 0.0

    def ended(self, now: float) -> float:
        """Note that the program ended; return how long to wait, long runs being forgiven."""
        self.pause = 1.0 if now - self.started > LONGEST_PAUSE else self.pause
        pause, self.due = self.pause, now + self.pause
        self.pause = min(2 * pause, LONGEST_PAUSE)
        return pause

    def begun(self, now: float) -> None:
        """Note that the program runs again."""
        self.started, self.due = now, None


def start(
    command: Sequence[str],
    environ: Mapping[str, str],
    *,
    out: IO[bytes] | None,
    error: IO[bytes] | None,
    on_our_death: signal.Signals = signal.SIGTERM,
) -> subprocess.Popen[bytes]:
    """Start a program in the project's folder that does not outlive this process."""
    return subprocess.Popen(
        command,
        cwd=PROJECT,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=out,
        stderr=error,
        start_new_session=True,
        # Safe: the launcher has one thread.
        preexec_fn=lambda: processes.end_with_parent(on_our_death),  # noqa: PLW1509
    )


def stop(children: Sequence[subprocess.Popen[bytes] | None], hurry: Callable[[], bool]) -> None:
    """Stop programs together: politely, then by force, with everything they started."""
    left = [child for child in children if child is not None]
    for child in left:
        if child.poll() is None:
            child.terminate()
    processes.wait_until(
        lambda: hurry() or all(child.poll() is not None for child in left), STOP_SECONDS
    )
    for child in left:
        processes.send(child.pid, signal.SIGKILL, group=True)
        child.wait()


def record(file: Path, children: Mapping[str, int]) -> None:
    """Write down who runs, so that the next start can tell them from strangers."""
    marks = {name: processes.mark_of(pid) for name, pid in children.items()}
    fresh = file.with_suffix(".new")
    fresh.write_text(json.dumps({n: asdict(m) for n, m in marks.items() if m}), encoding="utf-8")
    fresh.replace(file)


def recorded(file: Path) -> dict[str, Mark]:
    """Return the recorded programs that still run; a reused number is not one of them."""
    try:
        marks = {name: Mark(**mark) for name, mark in json.loads(file.read_bytes()).items()}
    except (OSError, ValueError, TypeError, AttributeError):
        # No record, or one cut short by a crash: then nobody is known to be left.
        return {}
    return {name: mark for name, mark in marks.items() if processes.mark_of(mark.pid) == mark}


def end_left_overs(file: Path) -> None:
    """End what a killed launcher left running."""
    left = [mark.pid for mark in recorded(file).values()]
    processes.end(left, [(signal.SIGTERM, LEFT_OVER_SECONDS)])
    for pid in left:
        processes.send(pid, signal.SIGKILL, group=True)
    processes.gone(left, 5)


def why_ended(code: int, log: Path) -> str:
    """Say why a program ended: the signal that killed it, else its last words."""
    return f"killed by {signal.Signals(-code).name}" if code < 0 else last_words(log)


def last_words(log: Path) -> str:
    """Return the line of a log that names the error: the last of its kind, else the last."""
    size = log.stat().st_size
    with log.open("rb") as file:
        file.seek(max(0, size - 8192))
        text = file.read().decode("utf-8", "replace")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith(" ")]
    missing = [line for line in lines if "No module named" in line]
    if missing:
        library = missing[-1].rpartition("No module named")[2].strip()
        return f"the library {library} is missing: delete .venv, then `make setup`"
    errors = [line for line in lines if line.partition(":")[0].endswith(("Error", "Exception"))]
    return ((errors or lines or ["it said nothing"])[-1]).strip()


def shorten(log: Path) -> None:
    """Keep one earlier piece of a log that has grown too long; its writers append to it."""
    if log.is_file() and log.stat().st_size > LARGEST_LOG:
        earlier = log.with_suffix(".log.1")
        with log.open("rb+") as source, earlier.open("wb") as target:
            while piece := source.read(1 << 20):
                target.write(piece)
            source.truncate(0)


def python(*arguments: str) -> list[str]:
    """Return the command that runs a module in this environment's Python."""
    return [sys.executable, "-m", *arguments]
