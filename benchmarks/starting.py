"""Cold start: from starting gunicorn to the first answer of the product.

Python keeps its compiled modules, as it does wherever nobody forbids it; a run that had to compile
them first is not among the figures.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from http.client import HTTPConnection

from benchmarks.servers import ROOT, end, free_port
from benchmarks.store import Store

MOST_SECONDS = 30.0


def cold_starts(store: Store, runs: int) -> list[float]:
    """Return the seconds of so many starts, after one that may have modules to compile."""
    return [_cold_start(store) for _ in range(runs + 1)][1:]


def _cold_start(store: Store) -> float:
    """Start the web server and return the seconds until it answers."""
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "-c", "gunicorn.conf.py", "wsgi:app"]
    environ = os.environ | store.environ | {"HOST": "127.0.0.1", "PORT": str(port)}
    environ.pop("PYTHONDONTWRITEBYTECODE", None)
    begun = time.monotonic()
    with subprocess.Popen(command, cwd=ROOT, env=environ, stderr=subprocess.DEVNULL) as process:
        try:
            while time.monotonic() - begun < MOST_SECONDS:
                if _answers(port):
                    return time.monotonic() - begun
                time.sleep(0.01)
        finally:
            end(process)
    raise SystemExit("the web server did not answer")


def _answers(port: int) -> bool:
    line = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        line.request("GET", "/health/live")
        return line.getresponse().status == 200
    except OSError:
        return False
    finally:
        line.close()
