"""A file is decoded where nothing can be reached: no secrets, no files, no network, no end of time."""

from __future__ import annotations

import tempfile
import time

import pytest

from config.confined import TooCostly, Unreadable, run_confined


def child(deed: str, *, seconds: int = 2) -> bytes:
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as answer:
        given.write(b"hello")
        given.seek(0)
        run_confined(
            "tests.config.child_at_work", deed, given=given, answer=answer,
            seconds=seconds, memory_mb=256, output_mb=1,
        )  # fmt: skip
        return answer.read()


def test_the_child_answers_what_it_made_of_its_input() -> None:
    assert child("echo") == b"hello"


def test_the_child_inherits_no_address_and_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://secret")

    assert b"secret" not in child("environ")


@pytest.mark.parametrize("deed", ["read", "connect", "crash"])
def test_the_child_reaches_neither_files_nor_the_network(deed: str) -> None:
    with pytest.raises(Unreadable):
        child(deed)


@pytest.mark.parametrize("deed", ["memory", "output", "think"])
def test_the_child_is_ended_when_it_takes_too_much(deed: str) -> None:
    with pytest.raises(TooCostly):
        child(deed, seconds=1)


def test_a_child_that_waits_for_ever_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("config.confined.WALL_FACTOR", 1)
    started = time.monotonic()

    with pytest.raises(TooCostly):
        child("sleep", seconds=1)

    assert time.monotonic() - started < 10
