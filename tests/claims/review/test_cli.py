"""Operators' commands: the list of holidays, outages, and whom a reviewer is tied to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask import Flask

from tests.claims.payable import FACILITY
from tests.factories import make_facility

LIST = "day,name_en,name_km,status,source\n2026-11-24,Water Festival,អុំទូក,law,Sub-Decree 1\n"


def run(app: Flask, *words: str) -> tuple[int, str]:
    result = app.test_cli_runner().invoke(args=list(words))
    return result.exit_code, result.output


def test_a_list_of_holidays_is_loaded_and_shown_with_its_source(app: Flask, tmp_path: Path) -> None:
    (tmp_path / "2026.csv").write_text(LIST, encoding="utf-8")

    loaded = run(app, "holiday", "load", str(tmp_path / "2026.csv"))
    shown = run(app, "holiday", "list", "--year", "2026")

    assert loaded == (0, "2026.csv: 1 days in force; deadlines are counted anew.\n")
    assert shown == (0, "2026-11-24  Water Festival / អុំទូក (law: Sub-Decree 1)\n")


def test_a_faulty_list_is_refused_in_words(app: Flask, tmp_path: Path) -> None:
    (tmp_path / "bad.csv").write_text(LIST.replace("law", "rumour"), encoding="utf-8")

    code, said = run(app, "holiday", "load", str(tmp_path / "bad.csv"))

    assert code == 1
    assert "bad.csv was not loaded:\n2: status: must be one of" in said


def test_an_outage_is_recorded_and_shown(app: Flask) -> None:
    recorded = run(app, "outage", "record", "2026-11-02", "2026-11-03", "--reason", "No power.")
    shown = run(app, "outage", "list")
    refused = run(app, "outage", "record", "2026-11-03", "2026-11-02", "--reason", "x")

    assert recorded == (0, "2026-11-02 to 2026-11-03: no deadline counts these days.\n")
    assert "No power. (system:cli)" in shown[1]
    assert refused == (1, "Error: Not before the first day, within a year.\n")


def test_ties_are_declared_shown_and_taken_back(app: Flask, owner: psycopg.Connection[Any]) -> None:
    make_facility(owner, FACILITY)

    tied = run(app, "reviewer", "tie", "user:dara", "--facility", FACILITY)
    acts = run(app, "reviewer", "tie", "client:x", "--person", "user:dara")
    shown = run(app, "reviewer", "list")[1]
    run(app, "reviewer", "untie", "user:dara", "--facility", FACILITY)

    assert (tied[0], acts[0]) == (0, 0)
    assert f"user:dara  facility {FACILITY} (by system:cli)" in shown
    assert "client:x  person user:dara" in shown
    assert FACILITY not in run(app, "reviewer", "list")[1]


@pytest.mark.parametrize(
    "words",
    [
        ("dara", "--facility", FACILITY),
        ("user:dara", "--facility", "999999"),
        ("user:dara", "--person", "sok"),
        ("user:dara",),
    ],
)
def test_a_tie_that_means_nothing_is_refused(app: Flask, words: tuple[str, ...]) -> None:
    assert run(app, "reviewer", "tie", *words)[0] != 0
