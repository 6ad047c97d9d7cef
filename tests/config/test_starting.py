"""What a start leaves for later, and what is done ahead of the first request."""

from __future__ import annotations

import gc
import json

import pytest
from flask import Flask

from config.ahead import ahead, prepare_ahead
from config.later import later
from config.logs import log
from config.starting import command, started


def test_a_library_that_is_not_installed_is_refused_at_the_start() -> None:
    with pytest.raises(ModuleNotFoundError, match="No module named 'no_such_library'"):
        later("no_such_library.part")


def test_a_library_left_for_later_is_there_when_it_is_asked_for() -> None:
    assert later("colorsys").rgb_to_hsv(0, 0, 0) == (0.0, 0, 0)


def test_what_is_asked_for_ahead_is_done_in_order() -> None:
    app, done = Flask("ahead"), []
    ahead(app, lambda: done.append("first"))
    ahead(app, lambda: done.append("second"))

    prepare_ahead(app)

    assert done == ["first", "second"]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["--app", "wsgi", "registry", "import", "x.csv"], "registry"),
        (["-A", "wsgi", "-e", "local.env", "--debug", "worker"], "worker"),
        (["--app=wsgi", "db", "upgrade"], "db"),
        (["--app", "wsgi", "--help"], None),
        (["--app"], None),
    ],
)
def test_a_process_knows_which_command_it_runs(
    words: list[str], found: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["flask", *words])
    monkeypatch.setenv("FLASK_RUN_FROM_CLI", "true")

    assert command() == found


def test_a_process_that_is_no_command_runs_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["gunicorn", "registry"])
    monkeypatch.delenv("FLASK_RUN_FROM_CLI", raising=False)

    assert command() is None


def test_after_a_start_garbage_is_collected_again() -> None:
    gc.disable()

    started()

    assert gc.isenabled()


def test_an_event_is_one_line_of_json_with_its_facts(capsys: pytest.CaptureFixture[str]) -> None:
    log.warning("job.given_up", task="claims.close", job=7)

    [line] = capsys.readouterr().err.splitlines()
    said = json.loads(line)
    assert said.pop("timestamp").endswith("Z")
    assert said == {"event": "job.given_up", "level": "warning", "task": "claims.close", "job": 7}
