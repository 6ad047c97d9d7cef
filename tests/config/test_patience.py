"""A client that falls silent in the middle of a request holds up nobody for long."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

from config import processes
from tests.config.test_launch import PROJECT, SITE, free_port

SERVE = "from config import patience; from gunicorn.app.wsgiapp import run; patience.SECONDS = 0.2; run()"
SILENT = (b"GET / HT", b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n1")


def _asked(port: int) -> int | None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status
    except OSError:
        return None
    finally:
        connection.close()


def test_the_only_thread_is_given_back_by_clients_that_fell_silent(tmp_path: Path) -> None:
    (tmp_path / "reading_site.py").write_text(
        SITE.replace("    start(", "    environ['wsgi.input'].read()\n    start(", 1)
    )
    port = free_port()
    one = {"PORT": str(port), "WEB_WORKERS": "1", "WEB_THREADS": "1"}
    with subprocess.Popen(
        [sys.executable, "-c", SERVE, "--pythonpath", str(tmp_path), "reading_site:app"],
        cwd=PROJECT, env=os.environ | one, stderr=subprocess.PIPE, text=True,
    ) as server:  # fmt: skip
        assert processes.wait_until(lambda: _asked(port) == 200, 20)
        silent = [socket.create_connection(("127.0.0.1", port)) for _ in SILENT]
        for client, said in zip(silent, SILENT, strict=True):
            client.sendall(said)

        answer = _asked(port)

        server.send_signal(signal.SIGQUIT)
        _, logged = server.communicate(timeout=20)
        for client in silent:
            client.close()
    assert answer == 200
    assert "Socket error" not in logged
