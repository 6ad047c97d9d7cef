"""What the one transaction, the audit trail and the application's rights promise."""

from __future__ import annotations

import psycopg
import pytest
from flask import Flask
from sqlalchemy import text

from config.audit import record
from config.db import db, fast, transaction


def count(table: str) -> int:
    return db.session.scalar(text(f"SELECT count(*) FROM {table}"))


def test_an_error_in_a_block_undoes_all_of_it(app: Flask) -> None:
    with pytest.raises(RuntimeError), transaction():
        record("user:a", "thing.done", subject="T1")
        raise RuntimeError

    assert count("audit_events") == 0


def test_an_inner_command_joins_the_outer_transaction(app: Flask) -> None:
    with pytest.raises(RuntimeError), transaction():
        with transaction():
            record("user:a", "thing.done", subject="T1")
        raise RuntimeError

    assert count("audit_events") == 0


def test_a_block_that_ends_well_is_committed(app: Flask) -> None:
    record("user:a", "thing.done", subject="T1", facility="120101", count=3)

    with fast() as connection:
        row = connection.execute(
            "SELECT actor, action, subject, facility, details FROM audit_events"
        ).fetchone()
    assert row == ("user:a", "thing.done", "T1", "120101", {"count": 3})


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_events SET actor = 'user:b'",
        "DELETE FROM audit_events",
        "TRUNCATE audit_events",
        "DROP TABLE audit_events",
        "ALTER TABLE audit_events DISABLE TRIGGER ALL",
        "CREATE TABLE mine (id int)",
    ],
)
def test_the_application_cannot_change_the_audit_trail(app: Flask, statement: str) -> None:
    record("user:a", "thing.done", subject="T1")

    with fast() as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement)


def test_even_the_owner_cannot_change_the_audit_trail_by_accident(
    app: Flask, owner: psycopg.Connection
) -> None:
    record("user:a", "thing.done", subject="T1")

    for statement in ("UPDATE audit_events SET actor = 'x'", "TRUNCATE audit_events"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            owner.execute(statement)
