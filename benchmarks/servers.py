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
    """Run an application under gthread 2 × 4; give its port and the master's process number."""
    port = free_port()
    command = [
        sys.executable, "-m", "gunicorn", "--no-control-socket", "-c", "/dev/null", "-k", "gthread",
        "-w", "2", "--threads", "4", "-b", f"127.0.0.1:{port}", "--log-level", "error", target,
    ]  # fmt: skip
    with subprocess.Popen(
        command, cwd=ROOT, env=os.environ | environ, stderr=subprocess.DEVNULL
    ) as process:
        try:
            _wait(port, process)
            yield port, process.pid
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(20)


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
    """Return the processor time of a process and its children so far, from the process table."""
    return sum(_own_seconds(pid) for pid in _family(root))


def cpu_of_named(name: str) -> float:
    """Return the processor time of every living process of this name."""
    total = 0.0
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and _name(int(entry.name)) == name:
            total += _own_seconds(int(entry.name))
    return total


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text(encoding="utf-8").strip()
    except OSError:
        return ""


def _family(root: int) -> list[int]:
    found = [root]
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and _parent(int(entry.name)) == root:
            found.append(int(entry.name))
    return found


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
