"""A sealed range cannot be edited, shortened or added to without `verify` naming it."""

from __future__ import annotations

import hmac
import threading
import time

import psycopg
import pytest
from flask import Flask

from config import seals
from config.audit import record
from config.db import transaction

SECRET = b"only for this test"


@pytest.fixture(autouse=True)
def keys() -> None:
    seals.sign_with(
        lambda data: ("k1", hmac.digest(SECRET, data, "sha256")),
        lambda kid, data, mark: (
            kid == "k1" and hmac.compare_digest(mark, hmac.digest(SECRET, data, "sha256"))
        ),
    )


def write(number: int) -> None:
    for n in range(number):
        record("user:a", "thing.done", subject=f"T{n}")


def seal_now() -> int:
    """Seal once no transaction of another test on this server is older than our rows."""
    for _ in range(200):
        rows = seals.seal("audit")
        if rows:
            return rows
        time.sleep(0.05)
    raise AssertionError("some transaction on this server never ends")


def seal_all() -> None:
    """Seal until no row of the tail is left."""
    seal_now()
    while seals.verify("audit").unsealed_rows:
        seal_now()


def tamper(owner: psycopg.Connection, statement: str) -> None:
    owner.execute("ALTER TABLE audit_events DISABLE TRIGGER ALL")
    owner.execute(statement)


def test_untouched_rows_verify_and_the_tail_is_named(app: Flask) -> None:
    write(3)
    seal_all()
    write(2)

    report = seals.verify("audit")

    assert report.ok
    assert (report.sealed_rows, report.unsealed_rows) == (3, 2)


def test_sealing_again_without_new_rows_adds_nothing(app: Flask) -> None:
    write(1)
    seal_all()

    assert seals.seal("audit") == 0


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_events SET actor = 'user:b' WHERE subject = 'T1'",
        "DELETE FROM audit_events WHERE subject = 'T1'",
        "INSERT INTO audit_events (actor, action, subject, xact) "
        "SELECT 'user:z', 'thing.done', 'T9', xact FROM audit_events LIMIT 1",
    ],
)
def test_an_edited_missing_or_inserted_row_is_found(
    app: Flask, owner: psycopg.Connection, statement: str
) -> None:
    write(3)
    seal_all()

    tamper(owner, statement)

    assert not seals.verify("audit").ok


def test_a_seal_made_without_the_key_is_found(app: Flask, owner: psycopg.Connection) -> None:
    write(1)
    seal_now()
    owner.execute("ALTER TABLE seals DISABLE TRIGGER ALL")
    owner.execute("UPDATE seals SET signature = 'forged'")

    assert any("signature" in fault for fault in seals.verify("audit").faults)


def test_a_row_of_a_transaction_still_running_is_sealed_later_not_lost(app: Flask) -> None:
    started, go_on = threading.Event(), threading.Event()

    def slow() -> None:
        with app.app_context(), transaction():
            record("user:slow", "thing.done", subject="SLOW")
            started.set()
            go_on.wait(10)

    worker = threading.Thread(target=slow)
    worker.start()
    started.wait(10)
    write(2)
    before = seals.seal("audit")
    go_on.set()
    worker.join()
    after = 0
    while after < 3 - before:
        after += seal_now()

    assert (before, after) == (0, 3)
    assert seals.verify("audit").ok
