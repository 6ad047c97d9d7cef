"""Tables partitioned by month: each partition refuses change, and is there before it is needed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from flask import Flask
from psycopg import sql

from config import clock, months, seals
from config.audit import record
from config.db import fast, transaction
from config.numbers import new_number
from config.settings import settings
from tests.horizon import let_others_finish

pytestmark = pytest.mark.usefixtures("app")
Owner = psycopg.Connection[Any]
TABLES = ("audit_events", "eligibility_checks")
PARTITIONS = """
SELECT i.inhrelid::regclass::text FROM pg_inherits i
 WHERE i.inhparent IN ('audit_events'::regclass, 'eligibility_checks'::regclass) ORDER BY 1
"""
CHANGES = (
    "UPDATE {} SET actor = 'user:b'", "DELETE FROM {}", "TRUNCATE {}",
    "INSERT INTO {} (actor) VALUES ('user:b')", "SELECT * FROM {}", "DROP TABLE {}",
    "ALTER TABLE {} DISABLE TRIGGER ALL",
)  # fmt: skip
CHECK = """
INSERT INTO eligibility_checks (number, checked_at, valid_until, actor, scanner, service_date,
    verdict, promise, policy_version, request, body)
VALUES (%s, %s, now(), 'user:a', 'user:a', current_date, 'unknown', false, 'P', '{}', '{}')
"""


def partitions(owner: Owner) -> list[str]:
    return [row[0] for row in owner.execute(PARTITIONS)]


def quoted(name: str) -> sql.Identifier:
    return sql.Identifier(*name.split("."))


def test_the_partitions_of_this_month_and_the_next_two_are_there(owner: Owner) -> None:
    first = clock.today().replace(day=1)
    second = (first + timedelta(days=31)).replace(day=1)
    third = (second + timedelta(days=31)).replace(day=1)

    for table in TABLES:
        wanted = {f"months.{table}_{day:%Y_%m}" for day in (first, second, third)}
        assert wanted | {f"months.{table}_rest"} == {
            one for one in partitions(owner) if table in one
        }


@pytest.mark.parametrize("change", CHANGES)
def test_the_application_can_do_nothing_to_any_partition(owner: Owner, change: str) -> None:
    found = partitions(owner)
    assert len(found) == 8

    for name in found:
        with fast() as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(sql.SQL(change).format(quoted(name)))  # type: ignore[arg-type]


@pytest.mark.parametrize("change", CHANGES[:3])
def test_each_partition_refuses_change_even_to_its_owner(owner: Owner, change: str) -> None:
    for name in partitions(owner):
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"):
            owner.execute(sql.SQL(change).format(quoted(name)))  # type: ignore[arg-type]


def test_the_application_may_have_months_made_but_makes_none_itself() -> None:
    months.make_months()

    for statement in (
        "SELECT make_month('audit_events', '2040-01-01')",
        "CREATE TABLE months.audit_events_2040_01 (LIKE audit_events)",
        "ALTER TABLE audit_events DETACH PARTITION months.audit_events_rest",
    ):
        with fast() as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement)


def test_a_month_is_made_where_it_is_missing_and_only_once(owner: Owner) -> None:
    [last] = [one for one in partitions(owner) if "audit" in one][2:3]
    owner.execute(sql.SQL("DROP TABLE {}").format(quoted(last)))

    assert owner.execute("SELECT make_months()").fetchone() == (1,)
    assert owner.execute("SELECT make_months()").fetchone() == (0,)
    assert last in partitions(owner)
    with fast() as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(sql.SQL("DELETE FROM {}").format(quoted(last)))
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"):
        owner.execute(sql.SQL("TRUNCATE {}").format(quoted(last)))


def test_a_row_of_a_month_nobody_made_is_kept_and_its_month_stays_with_it(owner: Owner) -> None:
    this = f"months.eligibility_checks_{clock.today():%Y_%m}"
    owner.execute(sql.SQL("DROP TABLE {}").format(quoted(this)))
    number = new_number("E", datetime.now(UTC))

    owner.execute(CHECK, [number, datetime.now(UTC)])
    made = owner.execute("SELECT make_months()").fetchone()

    assert made == (0,)
    assert owner.execute("SELECT number FROM months.eligibility_checks_rest").fetchall() == [
        (number,)
    ]
    with pytest.raises(psycopg.errors.UniqueViolation):
        owner.execute(CHECK, [number, datetime.now(UTC)])
    with pytest.raises(psycopg.errors.CheckViolation):
        owner.execute(CHECK, [new_number("E", datetime(2040, 1, 2, tzinfo=UTC)), datetime.now(UTC)])


def test_a_number_is_unique_because_it_names_the_month_it_lies_in(owner: Owner) -> None:
    now = datetime.now(UTC)
    number, later = new_number("E", now), now + timedelta(days=40)

    owner.execute(CHECK, [number, now])

    with pytest.raises(psycopg.errors.UniqueViolation):
        owner.execute(CHECK, [number, now])
    with pytest.raises(psycopg.errors.CheckViolation):
        owner.execute(CHECK, [number, later])
    owner.execute(CHECK, [new_number("E", later), later])


@pytest.mark.parametrize("moment", ["2026-12-31T16:59:59Z", "2026-12-31T17:00:00Z"])
def test_the_database_and_the_numbers_agree_on_where_a_month_ends(
    owner: Owner, moment: str
) -> None:
    at = datetime.fromisoformat(moment)

    [(mark,)] = owner.execute("SELECT month_mark(%s)", [at]).fetchall()

    number = new_number("E", at)
    assert number[1:4] == mark
    bounds = months.month_of(number)
    assert bounds is not None
    assert bounds[0] <= at < bounds[1]
    assert months.month_of("E26Z0") is None


def test_seals_hold_across_months_and_find_what_was_changed_in_one(owner: Owner) -> None:
    with transaction():
        record("user:a", "thing.done", subject="T1")
    later = clock.start_of(clock.today().replace(day=1) + timedelta(days=40))
    owner.execute(
        "INSERT INTO audit_events (actor, action, subject, recorded_at)"
        " VALUES ('user:a', 'thing.done', 'T2', %s)", [later],
    )  # fmt: skip
    let_others_finish()
    assert seals.seal("audit") == 2
    assert seals.verify("audit").ok
    [(place,)] = owner.execute(
        "SELECT tableoid::regclass::text FROM audit_events WHERE subject = 'T2'"
    ).fetchall()

    owner.execute(sql.SQL("ALTER TABLE {} DISABLE TRIGGER ALL").format(quoted(place)))
    owner.execute(sql.SQL("DELETE FROM {}").format(quoted(place)))

    assert not seals.verify("audit").ok


def test_a_month_put_away_is_left_out_of_verifying_and_nothing_else_is(
    app: Flask, owner: Owner
) -> None:
    assert settings().check_kept_years == 10
    for subject in ("T1", "T2"):
        with transaction():
            record("user:a", "thing.done", subject=subject)
        let_others_finish()
        assert seals.seal("audit") == 1
    [(since,)] = owner.execute("SELECT sealed_at FROM seals WHERE position = 2").fetchall()
    owner.execute("SET session_replication_role = replica")
    owner.execute("DELETE FROM audit_events WHERE subject = 'T1'")

    assert not seals.verify("audit").ok
    assert seals.verify("audit", kept_since=since).ok

    owner.execute("DELETE FROM audit_events WHERE subject = 'T2'")
    assert not seals.verify("audit", kept_since=since).ok
