"""Real servers for a measurement: a throwaway PostgreSQL, and gunicorn as production runs it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parent.parent
TICKS = os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    """Return a port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def gunicorn(target: str, environ: dict[str, str]) -> Iterator[tuple[int, int]]:
    """Run an application under gthread 2 × 4; give its port and the master's process number.

    The configuration is the product's, for the floor as well.
    """
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "-c", "gunicorn.conf.py", target]
    where = {"HOST": "127.0.0.1", "PORT": str(port), "WEB_WORKERS": "2", "WEB_THREADS": "4"}
    with subprocess.Popen(
        command, cwd=ROOT, env=os.environ | environ | where, stderr=subprocess.DEVNULL
    ) as process:
        try:
            _wait(port, process)
            yield port, process.pid
        finally:
            end(process)


def end(process: subprocess.Popen[bytes]) -> None:
    """End a program: asked first, then killed (what it started ends with it)."""
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(25)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(200):
        if process.poll() is not None:
            raise SystemExit("the server ended before it listened")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise SystemExit("the server does not listen")


def cpu_seconds(root: int) -> float:
    """Return the processor time of a process and its children so far, from the process table.

    Children that have ended and been waited for are in their parent's own account.
    """
    own = _stat(root)
    ended = (int(own[13]) + int(own[14])) / TICKS if own else 0.0
    return ended + sum(_own_seconds(pid) for pid in (root, *workers(root)))


def workers(root: int) -> list[int]:
    """Return the living children of a process."""
    numbers = (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdecimal())
    return [pid for pid in numbers if _parent(pid) == root]


def megabytes(pid: int) -> float:
    """Return the memory a process holds (resident), what it shares with its master included."""
    return _kilobytes(pid, "status", "VmRSS:") / 1024


def fair_megabytes(pid: int) -> float:
    """Return the same, counting of each shared page only this process's part."""
    return _kilobytes(pid, "smaps_rollup", "Pss:") / 1024


def _kilobytes(pid: int, file: str, line: str) -> int:
    text = Path(f"/proc/{pid}/{file}").read_text(encoding="utf-8")
    return int(text.split(line, 1)[1].split()[0])


def note(what: str, seconds: float) -> None:
    """Say how far the run is."""
    print(f"{what}: {seconds:.1f} s", file=sys.stderr, flush=True)


def _stat(pid: int) -> list[str]:
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return []
    return text.rsplit(")", 1)[1].split()


def _parent(pid: int) -> int:
    fields = _stat(pid)
    return int(fields[1]) if fields else -1


def _own_seconds(pid: int) -> float:
    fields = _stat(pid)
    return (int(fields[11]) + int(fields[12])) / TICKS if fields else 0.0
