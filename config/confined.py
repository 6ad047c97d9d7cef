"""A child process that decodes what strangers sent: it can read, think and answer, nothing else.

The parent calls `run_confined`; the child's module calls `serve`. The child gets no environment, so
no address or secret, takes its own limits of time, memory and output before it reads a byte, and
can open neither file nor socket afterwards. What it says is still only an answer to be checked.
"""

from __future__ import annotations

import errno
import gc
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parent.parent
START = (
    "import sys; sys.path.append(sys.argv.pop(1));"
    " __import__('importlib').import_module(sys.argv.pop(1)).main()"
)
MEBIBYTE = 1024**2
OUT_OF_MEMORY = 9
SPENT = frozenset({OUT_OF_MEMORY, -signal.SIGXCPU, -signal.SIGKILL, -signal.SIGXFSZ})
# Above the processor's time: a child that waits for nothing uses little more than that.
WALL_FACTOR = 3


class Unreadable(Exception):
    """The child could not make sense of what it was given."""


class TooCostly(Exception):
    """The child needed more time, memory or output than it was allowed."""


def run_confined(
    module: str,
    *words: str,
    given: IO[bytes],
    answer: IO[bytes],
    seconds: int,
    memory_mb: int,
    output_mb: int,
) -> None:
    """Let `module.main()` read `given` and write into `answer` (both real files), within limits."""
    limits = [str(seconds), str(memory_mb), str(output_mb)]
    child = subprocess.Popen(
        [sys.executable, "-I", "-W", "ignore", "-c", START, str(ROOT), module, *limits, *words],
        stdin=given, stdout=answer, stderr=subprocess.DEVNULL, env={}, cwd="/",
        start_new_session=True,
    )  # fmt: skip
    try:
        code = child.wait(timeout=seconds * WALL_FACTOR)
    except subprocess.TimeoutExpired:
        raise TooCostly from None
    finally:
        child.kill()
        child.wait()
    if code in SPENT:
        raise TooCostly
    if code != 0:
        raise Unreadable
    answer.seek(0)


def serve(work: Callable[[IO[bytes], IO[bytes], list[str]], None]) -> None:
    """Confine this process, then do the work from standard input to standard output."""
    seconds, memory, output = map(int, sys.argv[1:4])
    _confine(seconds, memory * MEBIBYTE, output * MEBIBYTE)
    # Everything lives until the answer is given, and then at once no more.
    gc.disable()
    try:
        work(sys.stdin.buffer, sys.stdout.buffer, sys.argv[4:])
        sys.stdout.buffer.flush()
    except MemoryError:
        sys.exit(OUT_OF_MEMORY)
    except OSError as error:
        # Python answers the signal of a file grown too large with an error of its own.
        if error.errno == errno.EFBIG:
            os._exit(OUT_OF_MEMORY)
        raise


def _confine(seconds: int, memory: int, output: int) -> None:
    limits = {
        resource.RLIMIT_CPU: seconds,
        resource.RLIMIT_AS: memory,
        resource.RLIMIT_FSIZE: output,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NPROC: 0,
        # Three are open already and none comes after them: no file, no socket, no pipe.
        resource.RLIMIT_NOFILE: 3,
    }
    for what, most in limits.items():
        resource.setrlimit(what, (most, most))
