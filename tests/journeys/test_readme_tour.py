"""The README's tour with curl is run as it stands, against a real server."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import pytest
from flask import Flask
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.serving import make_server

from tests.factories import HOSPITAL, WOMAN

README = Path(__file__).parents[2] / "README.md"
# The commands that make clients are asked of the process that serves: each start takes a second.
# What another process does to clients, tests/auth/test_hostile_tokens.py runs as an operator would.
FLASK = """#!/bin/sh
[ "$1" = client ] || exec "$PYTHON" -m flask --app wsgi "$@"
printf '%s\\n' "$@" | curl -sSf --data-binary @- "$URL/commands"
"""


def commands(app: Flask) -> WSGIApplication:
    """Run a command of the product for whoever posts its words, one a line."""

    def run(environ: WSGIEnvironment, start: StartResponse) -> list[bytes]:
        words = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])).decode().splitlines()
        done = app.test_cli_runner().invoke(args=words)
        start("200 OK" if done.exit_code == 0 else "500 Failed", [])
        return [done.output.encode()]

    return run


@pytest.mark.skipif(not shutil.which("curl"), reason="the tour needs curl")
def test_the_tour_goes_from_token_to_payment(world: None, app: Flask, tmp_path: Path) -> None:
    found = re.search(
        r"<!-- tour -->\n```sh\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL
    )
    assert found
    settings = app.extensions["nssf.settings"]
    flask = tmp_path / "flask"
    flask.write_text(FLASK)
    flask.chmod(0o700)
    both = DispatcherMiddleware(app, {"/commands": commands(app)})
    server = make_server("127.0.0.1", 0, both, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", found.group(1)],
            cwd=README.parent, capture_output=True, text=True, timeout=120, check=False,
            env=os.environ | {
                "URL": f"http://127.0.0.1:{server.port}", "CARD": WOMAN, "FACILITY": HOSPITAL,
                "PYTHON": sys.executable, "FLASK": str(flask),
                "DATABASE_URL": settings.database_url, "DATA_DIR": str(settings.data_dir),
                "KEYS_DIR": str(settings.keys_dir), "PUBLIC_URL": settings.public_url, "DEMO": "0",
            },
        )  # fmt: skip
    finally:
        server.shutdown()

    assert done.returncode == 0, done.stderr[-2000:]
    lines = done.stdout.split()
    assert lines[0] == "eligible"
    assert {"approved", "paid"} <= set(lines)
    assert "all is well" in done.stdout
