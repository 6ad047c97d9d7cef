"""What Linux says about processes: who is alive, since when, what for; and how to end them.

Used by the embedded PostgreSQL and the launcher, so that a number in an old file is never
taken for the process that once had it. Standard library only.
"""

from __future__ import annotations

import ctypes
import os
import signal
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

PR_SET_PDEATHSIG = 1
M_ARENA_MAX = -8
_LIBC = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, slots=True)
class Mark:
    """A process told apart from every other one: its number, its start and the machine's boot."""

    pid: int
    started: str
    boot: str


def _read(path: str) -> bytes:
    """Return a file of /proc, empty when the process is gone or not ours to look at."""
    try:
        return Path(path).read_bytes()
    except OSError:
        return b""


def _fields(pid: int) -> list[str]:
    """Return /proc/PID/stat after the name, which may itself hold blanks and brackets."""
    return _read(f"/proc/{pid}/stat").decode("utf-8", "replace").rpartition(")")[2].split()


def is_alive(pid: int) -> bool:
    """Tell whether a process runs; one that ended and waits for its parent does not."""
    fields = _fields(pid)
    return bool(fields) and fields[0] not in "ZX"


def name_of(pid: int) -> str:
    """Return the name of a process, empty when there is none."""
    return _read(f"/proc/{pid}/comm").decode("utf-8", "replace").strip()


def arguments_of(pid: int) -> list[str]:
    """Return the command line of a process, empty when there is none."""
    text = _read(f"/proc/{pid}/cmdline").decode("utf-8", "surrogateescape")
    return text.rstrip("\0").split("\0") if text else []


def mark_of(pid: int) -> Mark | None:
    """Return what identifies a living process, or None."""
    fields = _fields(pid)
    if not fields or fields[0] in "ZX":
        return None
    boot = _read("/proc/sys/kernel/random/boot_id").decode().strip()
    return Mark(pid, fields[19], boot)


def working_in(folder: Path, name: str) -> list[int]:
    """List the living processes of a name whose working folder is the given one."""
    found = []
    for entry in os.scandir("/proc"):
        if entry.name.isdecimal() and name_of(int(entry.name)) == name:
            try:
                same = os.path.samefile(f"/proc/{entry.name}/cwd", folder)
            except OSError:
                continue
            if same and is_alive(int(entry.name)):
                found.append(int(entry.name))
    return found


def wait_until(condition: Callable[[], bool], seconds: float, step: float = 0.05) -> bool:
    """Wait for a condition; tell whether it came true in time."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() >= end:
            return False
        time.sleep(step)
    return True


def send(pid: int, number: signal.Signals, *, group: bool = False) -> None:
    """Send a signal to a process or its whole group; one that is gone is no error."""
    try:
        (os.killpg if group else os.kill)(pid, number)
    except ProcessLookupError:
        return


def gone(pids: Iterable[int], seconds: float) -> bool:
    """Wait for processes to end; tell whether all did in time."""
    left = list(pids)
    return wait_until(lambda: not any(is_alive(pid) for pid in left), seconds)


def end(pids: Iterable[int], steps: Iterable[tuple[signal.Signals, float]]) -> None:
    """End processes, more firmly with each step: a signal, then so many seconds of waiting."""
    left = [pid for pid in pids if is_alive(pid)]
    for number, seconds in steps:
        for pid in left:
            send(pid, number)
        if gone(left, seconds):
            return


def end_with_parent(number: signal.Signals) -> None:
    """Ask the kernel to send this process a signal when the one that started it is gone."""
    _LIBC.prctl(PR_SET_PDEATHSIG, int(number), 0, 0, 0)


def share_memory_among_threads() -> None:
    """Let glibc keep one reserve of freed memory for all threads of this process, not one for each.

    Another C library has no such setting and needs none.
    """
    if hasattr(_LIBC, "mallopt"):
        _LIBC.mallopt(M_ARENA_MAX, 1)
