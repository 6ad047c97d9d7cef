"""What a transaction of prepared statements promises: whole or absent, joined, and never mixed up."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from flask import Flask

from config.audit import RECORD, act_of, record
from config.db import fast, transaction, work
from config.prepared import Prepared, Step, Work

pytestmark = pytest.mark.usefixtures("app")
_RECORD, _ECHO = Prepared("test_record", RECORD), Prepared("test_echo", "SELECT %(text)s::text")
_DIVIDE = Prepared("test_divide", "SELECT 1 / %(n)s::integer")
_WHO = Prepared("test_who", "SELECT pg_backend_pid()")


def act(subject: str) -> Step:
    return Step(_RECORD, act_of("user:a", "thing.done", subject=subject))


def echo(text: str) -> Step:
    return Step(_ECHO, {"text": text})


def divide(n: int) -> Step:
    return Step(_DIVIDE, {"n": n})


def recorded() -> list[str]:
    with fast() as connection:
        return [
            row[0] for row in connection.execute("SELECT subject FROM audit_events ORDER BY id")
        ]


def test_what_is_sent_together_is_answered_in_its_order() -> None:
    with work() as unit:
        found = unit.run(echo("one"), act("T1"), echo("two"))
        again = unit.run(echo("three"), last=True)

    assert found == [[[b"one"]], [], [[b"two"]]]
    assert again == [[[b"three"]]]
    assert recorded() == ["T1"]


def test_a_unit_that_ends_well_is_committed_without_being_asked() -> None:
    with work() as unit:
        unit.run(act("T1"))

    assert recorded() == ["T1"]


@pytest.mark.parametrize("last", [False, True])
def test_an_error_among_statements_undoes_all_of_them(last: bool) -> None:
    with pytest.raises(psycopg.errors.DivisionByZero), work() as unit:
        unit.run(act("T1"))
        unit.run(act("T2"), divide(0), act("T3"), last=last)

    assert recorded() == []
    with work() as unit:
        assert unit.run(divide(1)) == [[[b"1"]]]


def test_an_error_of_the_caller_undoes_what_was_sent() -> None:
    with pytest.raises(RuntimeError), work() as unit:
        unit.run(act("T1"))
        raise RuntimeError

    assert recorded() == []


def test_an_open_transaction_is_joined_and_ends_it() -> None:
    with pytest.raises(RuntimeError), transaction():
        record("user:a", "thing.done", subject="T1")
        with work() as unit:
            assert unit.run(echo("x"), act("T2"), last=True)[0] == [[b"x"]]
        raise RuntimeError

    assert recorded() == []


def test_another_transaction_within_is_refused() -> None:
    with pytest.raises(RuntimeError, match="within"), work() as unit:
        unit.run(act("T1"))
        record("user:a", "thing.done", subject="T2")

    assert recorded() == []
    record("user:a", "thing.done", subject="T3")
    assert recorded() == ["T3"]


@pytest.mark.parametrize("forget", ["DEALLOCATE ALL", "DISCARD ALL"])
def test_statements_the_server_forgot_are_prepared_again(forget: str) -> None:
    with fast() as connection:
        Work(connection).run(act("T1"), last=True)
        connection.execute(forget)
        Work(connection).run(act("T2"), last=True)

    assert recorded() == ["T1", "T2"]


def test_a_server_that_forgot_all_but_what_it_learned_since_is_no_trouble() -> None:
    with fast() as connection:
        Work(connection).run(act("T1"), last=True)
        connection.execute("DEALLOCATE ALL")
        assert list(_ECHO.run(connection, {"text": "x"})) == [[b"x"]]
        Work(connection).run(act("T2"), echo("y"), last=True)
        assert list(_ECHO.run(connection, {"text": "z"})) == [[b"z"]]

    assert recorded() == ["T1", "T2"]


def test_a_statement_that_failed_while_it_was_first_sent_is_sent_again() -> None:
    fresh = Prepared("test_fresh", "SELECT %(text)s::text")
    with pytest.raises(psycopg.errors.DivisionByZero), work() as unit:
        unit.run(divide(0), Step(fresh, {"text": "x"}))

    with work() as unit:
        assert unit.run(Step(fresh, {"text": "x"})) == [[[b"x"]]]


def test_a_lost_connection_is_an_error_and_the_next_one_works(owner: psycopg.Connection) -> None:
    with pytest.raises(psycopg.OperationalError), work() as unit:
        [[[number]], _] = unit.run(Step(_WHO, {}), act("T1"))
        owner.execute("SELECT pg_terminate_backend(%s, 5000)", [int(number)])
        unit.run(echo("x"))

    with work() as unit:
        unit.run(act("T2"))
    assert recorded() == ["T2"]


def test_after_a_refused_value_the_rest_is_still_one_transaction() -> None:
    with pytest.raises(RuntimeError), work() as unit:
        with pytest.raises(psycopg.DataError):
            unit.run(echo("a\0b"))
        unit.run(act("T1"))
        raise RuntimeError

    assert recorded() == []


def test_a_value_the_server_cannot_hold_is_refused_before_anything_is_sent() -> None:
    with work() as unit:
        with pytest.raises(psycopg.DataError):
            unit.run(act("T1"), echo("a\0b"))
        unit.run(act("T2"))

    assert recorded() == ["T2"]


def test_values_larger_than_any_buffer_go_both_ways(app: Flask) -> None:
    large = ["x" * 3_000_000, "y" * 3_000_000]

    with work() as unit:
        found: list[Any] = unit.run(*map(echo, large))

    assert [rows[0][0].decode() for rows in found] == large
