"""A sealed range cannot be edited, shortened or added to without `verify` naming it."""

from __future__ import annotations

import hmac
import json
import threading
import tracemalloc

import psycopg
import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import text

from config import seals
from config.audit import record
from config.db import transaction
from tests.horizon import let_others_finish

SECRET = b"only for this test"


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    # Given back afterwards: other tests verify with the real keys.
    monkeypatch.setattr(seals, "_keys", {})
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
    let_others_finish()
    return seals.seal("audit")


def seal_all() -> None:
    """Seal until no row of the tail is left."""
    assert seal_now()
    assert not seals.verify("audit").unsealed_rows


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


def cut_the_end_off(owner: psycopg.Connection) -> None:
    """Remove the newest seal together with the rows it covers, as an owner could."""
    for table in ("audit_events", "seals"):
        owner.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
    row = owner.execute("SELECT max(position) FROM seals WHERE chain = 'audit'").fetchone()
    owner.execute(
        "DELETE FROM audit_events WHERE xact >= (SELECT from_xact FROM seals"
        " WHERE chain = 'audit' AND position = %s)",
        row,
    )
    owner.execute("DELETE FROM seals WHERE chain = 'audit' AND position = %s", row)


def test_a_chain_cut_short_is_found_by_the_head_noted_elsewhere(
    app: Flask, owner: psycopg.Connection
) -> None:
    write(2)
    seal_all()
    write(2)
    seal_all()
    head = seals.verify("audit").head
    assert seals.verify("audit", noted=head).ok

    cut_the_end_off(owner)

    assert seals.verify("audit").ok
    assert any("noted" in fault for fault in seals.verify("audit", noted=head).faults)


def test_an_older_head_still_holds_after_more_was_sealed(app: Flask) -> None:
    write(1)
    seal_all()
    head = seals.verify("audit").head
    write(3)
    seal_all()

    assert seals.verify("audit", noted=head).ok
    assert seals.verify("audit").head != head


def test_every_seal_leaves_its_head_in_the_log(
    app: Flask, capfd: pytest.CaptureFixture[str]
) -> None:
    write(1)
    seal_all()
    head = seals.verify("audit").head

    assert head is not None
    assert any(
        line["event"] == "sealed" and (line["position"], line["digest"]) == head
        for line in map(json.loads, capfd.readouterr().err.splitlines())
    )


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM seals WHERE position = 1",
        "UPDATE seals SET rows = rows + 1",
        "UPDATE seals SET digest = previous WHERE position = 2",
        "UPDATE seals SET previous = digest WHERE position = 2",
        "UPDATE seals SET to_xact = from_xact WHERE position = 2",
        "UPDATE seals SET position = position + 5",
    ],
)
def test_a_seal_that_was_changed_or_removed_is_found(
    app: Flask, owner: psycopg.Connection, statement: str
) -> None:
    write(2)
    seal_all()
    write(2)
    seal_all()
    owner.execute("ALTER TABLE seals DISABLE TRIGGER ALL")

    owner.execute(statement)

    assert not seals.verify("audit").ok


def test_a_row_of_a_transaction_that_has_not_been_is_found(app: Flask) -> None:
    """The application may insert: a row far ahead would stay in the tail for ever, never sealed."""
    write(1)
    seal_all()
    with transaction() as session:
        session.execute(
            text(
                "INSERT INTO audit_events (actor, action, subject, xact)"
                " VALUES ('user:z', 'thing.done', 'T', '9000000000000000000')"
            )
        )

    assert any("has not been" in fault for fault in seals.verify("audit").faults)


def run(app: Flask, *words: str) -> Result:
    return app.test_cli_runner().invoke(args=["audit", "verify", *words])


def test_the_command_ends_with_0_only_when_all_holds_and_names_the_tail(
    app: Flask, owner: psycopg.Connection
) -> None:
    write(2)
    seal_all()
    write(1)

    good = run(app)
    head = good.output.split("head ")[1].split()[0]
    noted = run(app, "--noted", head)
    garbled = run(app, "--noted", "audit:x")
    cut_the_end_off(owner)
    cut = run(app, "--noted", head)

    assert (good.exit_code, noted.exit_code, garbled.exit_code, cut.exit_code) == (0, 0, 2, 1)
    assert "1 rows of the tail not sealed yet" in good.output
    assert "FAULT" in cut.output


def test_the_command_ends_with_1_when_a_row_was_edited(
    app: Flask, owner: psycopg.Connection
) -> None:
    write(2)
    seal_all()
    tamper(owner, "UPDATE audit_events SET actor = 'user:b' WHERE subject = 'T1'")

    answer = run(app)

    assert answer.exit_code == 1
    assert "FAULT  audit seal 1" in answer.output


def test_verifying_streams_and_keeps_no_rows(app: Flask, owner: psycopg.Connection) -> None:
    """Twenty thousand rows of 1 kB in one seal: memory grows by far less than they take."""
    owner.execute(
        "INSERT INTO audit_events (actor, action, subject, details) SELECT 'user:a', 'x', 'T' || n,"
        " jsonb_build_object('t', repeat('x', 1000)) FROM generate_series(1, 20000) n"
    )
    seal_all()
    tracemalloc.start()
    report = seals.verify("audit")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert (report.ok, report.sealed_rows) == (True, 20_000)
    assert peak < 8_000_000
