"""`registry import` at the command line: one line when it refuses, and never exit code 0 then."""

from __future__ import annotations

import gzip
import os
import re
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from config.settings import SETTINGS_KEY
from gateway.cli import ImportBar
from gateway.registry import service as registry
from gateway.registry.loading import source
from gateway.registry.loading.terms import Silence
from gateway.registry.service import Options
from tests.gateway.registry.conftest import GOOD, Feed, good

ROOT = Path(__file__).parents[3]


def run(app: Flask, *args: Any) -> Any:
    return app.test_cli_runner().invoke(args=["registry", *map(str, args)])


def test_files_are_imported_in_the_order_the_feed_needs(app: Flask, feed: Feed) -> None:
    paths = [feed.write(kind, [good(kind)]) for kind in reversed(GOOD)]

    result = run(app, "import", *paths, "--complete-through", "2026-09")

    assert result.exit_code == 0, result.output
    assert [line.split(":")[0] for line in result.output.splitlines()] == [f"{k}.csv" for k in GOOD]
    assert registry.freshness().complete_through == "2026-09"


def test_an_import_at_the_command_line_starts_without_doors_and_claims(
    app: Flask, feed: Feed
) -> None:
    path, given = feed.write("facilities", [good("facilities")]), app.extensions[SETTINGS_KEY]
    environ = {"DATABASE_URL": given.database_url, "DATA_DIR": str(given.data_dir)}

    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "flask", "--app", "wsgi", "registry", "import",
         str(path)],
        env=os.environ | environ, cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip

    assert done.stdout == "facilities.csv: 1 rows of facilities committed\n"
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "gateway.registry.service" in loaded
    assert not {name for name in loaded if name.partition(".")[0] in ("claims", "marshmallow")}


def test_a_refused_file_is_one_line_and_a_failure(app: Flask, feed: Feed) -> None:
    feed.load("enterprises")
    path = feed.write("members", [good("members", sex="X")])

    result = run(app, "import", path)

    assert result.exit_code == 1
    [line] = result.output.splitlines()
    assert line.startswith("Error: members.csv: 1 of 1 rows are bad. All of them: ")
    assert Path(line.rsplit(": ", 1)[1]).exists()


def test_a_missing_file_and_an_unknown_kind_are_one_line(app: Flask, tmp_path: Path) -> None:
    (tmp_path / "november.csv").write_bytes(b"x")

    missing = run(app, "import", tmp_path / "members.csv")
    nameless = run(app, "import", tmp_path / "november.csv")

    assert (missing.exit_code, len(missing.output.splitlines())) == (1, 1)
    assert (nameless.exit_code, len(nameless.output.splitlines())) == (1, 1)
    assert "facilities, enterprises" in nameless.output


def test_a_committed_file_is_said_to_be_skipped(app: Flask, feed: Feed) -> None:
    path = feed.write("enterprises", [good("enterprises")])

    run(app, "import", path)
    again = run(app, "import", path)

    assert (again.exit_code, again.output) == (0, "enterprises.csv: skipped, committed before\n")


def test_bad_rows_left_out_are_counted_and_held_accounts_listed(app: Flask, feed: Feed) -> None:
    feed.load("facilities")
    path = feed.write(
        "facilities",
        [good("facilities", bank_account="9"), good("facilities", code="120102", kind="x")],
        name="facilities-2.csv",
    )

    result = run(app, "import", path, "--skip-bad-rows")
    accounts = run(app, "accounts")

    assert result.exit_code == 0, result.output
    assert "1 rows of facilities committed, 1 bad rows left out." in result.output
    assert "1 changed bank accounts wait for a second person" in result.output
    assert accounts.output == "120101\t001-1 -> 9\tsystem:cli\n"


def test_help_names_every_option(app: Flask) -> None:
    text = run(app, "import", "--help").output

    for option in ("--kind", "--delta", "--skip-bad-rows", "--accept-change", "--complete-through"):
        assert option in text
    assert Options().delta is False


def test_a_terminal_is_shown_how_far_the_reading_is_its_rate_and_time_left(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    monkeypatch.setenv("COLUMNS", "160")

    with ImportBar("members.csv") as bar:
        bar.stage("read", 50_000_000)
        for _ in range(4):
            bar.advance(10_000_000)
            time.sleep(0.12)
        bar.stage("index")

    shown = re.sub("\x1b\\[[0-9;?]*[A-Za-z]", "", capsys.readouterr().err)
    assert "Reading members.csv" in shown
    assert re.search(r"[1-4]0\.0/50\.0 MB .*[MG]B/s.* 0:00:0\d", shown)
    assert "Indexing members.csv" in shown


def test_a_packed_file_is_unpacked_piece_by_piece(tmp_path: Path) -> None:
    path = tmp_path / "members.csv.gz"
    path.write_bytes(gzip.compress(b"x,y\n" * 10_000_000, 1))

    tracemalloc.start()
    with source.opened(path, Silence()) as stream:
        size = sum(len(chunk) for chunk in iter(lambda: stream.read(source.CHUNK), b""))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert size == 40_000_000
    assert peak < size / 4
