"""Web processes that share the clients among themselves."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

import pytest

from config import processes
from tests.config.test_launch import PROJECT, free_port

SITE = """
import os
def app(environ, start):
    body = str(os.getpid()).encode()
    start("200 OK", [("Content-Length", str(len(body)))])
    return [body]
app.extensions = {}
"""


@contextmanager
def served(folder: Path, processes_: int) -> Iterator[int]:
    """Serve an application that answers with its process's number, by the product's settings."""
    (folder / "telling_site.py").write_text(SITE, encoding="utf-8")
    port = free_port()
    environ = {"PORT": str(port), "WEB_WORKERS": str(processes_), "WEB_THREADS": "4"}
    command = [sys.executable, "-m", "gunicorn", "--pythonpath", str(folder), "telling_site:app"]
    with subprocess.Popen(command, cwd=PROJECT, env=os.environ | environ) as server:
        try:
            assert processes.wait_until(lambda: len(answers(port, 64)) == processes_, 20)
            yield port
        finally:
            server.terminate()


def answers(port: int, clients: int) -> Counter[bytes]:
    """Connect all at once, stay, and then ask: which process answers how many?"""
    lines = [HTTPConnection("127.0.0.1", port, timeout=10) for _ in range(clients)]
    try:
        for line in lines:
            line.connect()
        for line in lines:
            line.request("GET", "/")
        return Counter(line.getresponse().read() for line in lines)
    except ConnectionError:
        return Counter()
    finally:
        for line in lines:
            line.close()


@pytest.mark.parametrize("clients", [16, 40])
def test_clients_that_come_all_at_once_are_shared_among_the_processes(
    tmp_path: Path, clients: int
) -> None:
    smaller = 0
    with served(tmp_path, 2) as port:
        for _ in range(10):
            shares = answers(port, clients)
            assert sum(shares.values()) == clients
            smaller += clients - max(shares.values())

    assert smaller / (10 * clients) > 1 / 3


def test_one_process_alone_takes_them_all(tmp_path: Path) -> None:
    with served(tmp_path, 1) as port:
        assert list(answers(port, 16).values()) == [16]
