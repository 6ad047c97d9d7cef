"""The README's tour with curl is run as it stands, against a real server."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.serving import make_server

from tests.factories import HOSPITAL, WOMAN

README = Path(__file__).parents[2] / "README.md"


@pytest.mark.skipif(not shutil.which("curl"), reason="the tour needs curl")
def test_the_tour_goes_from_token_to_payment(world: None, app: Flask) -> None:
    found = re.search(
        r"<!-- tour -->\n```sh\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL
    )
    assert found
    settings = app.extensions["nssf.settings"]
    server = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", found.group(1)],
            cwd=README.parent, capture_output=True, text=True, timeout=120, check=False,
            env=os.environ | {
                "URL": f"http://127.0.0.1:{server.port}", "CARD": WOMAN, "FACILITY": HOSPITAL,
                "PYTHON": sys.executable, "FLASK": f"{sys.executable} -m flask --app wsgi",
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
