"""When PostgreSQL goes away, is full, or refuses a value: the right answer, and back at once."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.exc import TimeoutError as PoolExhausted

from config import db as platform
from config.db import db, fast
from tests.factories import make_client_token, make_user, sign_in

PATH = "/api/v1/codes/provinces"


def end_every_connection(owner: psycopg.Connection) -> None:
    """Do to the application's connections what a restart of PostgreSQL does."""
    owner.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    for _ in range(200):
        row = owner.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        ).fetchone()
        if row == (0,):
            return
        time.sleep(0.02)
    raise AssertionError("some connection does not end")


@pytest.fixture
def token(client: FlaskClient) -> dict[str, str]:
    return {"Authorization": make_client_token(client, scopes="visit.manage")}


def fill_pool(size: int = 4) -> None:
    """Open several connections of the fast pool, so that more than one is broken later."""
    with ExitStack() as held:
        for _ in range(size):
            held.enter_context(fast()).execute("SELECT 1")


def test_the_fast_path_survives_a_restart_of_the_database(
    app: Flask, owner: psycopg.Connection
) -> None:
    fill_pool()
    end_every_connection(owner)

    for _ in range(6):
        with fast() as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_machine_is_answered_again_right_after_a_restart_of_the_database(
    client: FlaskClient, owner: psycopg.Connection, token: dict[str, str]
) -> None:
    fill_pool()
    assert client.get("/api/v1/visits", headers=token).status_code == 200
    end_every_connection(owner)

    first, *later = [client.get("/api/v1/visits", headers=token) for _ in range(6)]

    if first.status_code != 200:
        assert (first.status_code, first.json["code"]) == (503, "unavailable")
        assert int(first.headers["Retry-After"]) > 0
    assert [answer.status_code for answer in later] == [200] * 5


def test_a_person_is_answered_again_right_after_a_restart_of_the_database(
    client: FlaskClient, owner: psycopg.Connection
) -> None:
    sign_in(client, make_user(roles=["reception"]))
    fill_pool()
    assert client.get("/account").status_code == 200
    end_every_connection(owner)

    statuses = [client.get("/account").status_code for _ in range(4)]

    assert statuses[0] in (200, 503)
    assert statuses[1:] == [200] * 3


@pytest.fixture
def impatient(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let callers wait for a connection a moment only."""
    monkeypatch.setattr(platform, "WAIT_SECONDS", 0.2)
    monkeypatch.setattr(db.engine.pool, "_timeout", 0.2)
    yield
    app.extensions[platform.POOL_KEY].close()


def test_a_full_fast_pool_answers_503_with_a_time_to_come_back(
    app: Flask, client: FlaskClient, token: dict[str, str], impatient: None
) -> None:
    from auth.bearers import forget_bearers

    with ExitStack() as held:
        app.extensions[platform.POOL_KEY].close()
        for _ in range(8):
            held.enter_context(fast())
        forget_bearers()
        answer = client.get(PATH, headers=token)

    assert (answer.status_code, answer.json["code"]) == (503, "unavailable")
    assert int(answer.headers["Retry-After"]) > 0
    assert client.get(PATH, headers=token).status_code == 200


def test_a_full_session_pool_answers_503_with_a_time_to_come_back(
    client: FlaskClient, token: dict[str, str], impatient: None
) -> None:
    with ExitStack() as held:
        with pytest.raises(PoolExhausted):
            while True:
                held.enter_context(db.engine.connect())
        answer = client.get("/api/v1/visits", headers=token)

    assert (answer.status_code, answer.json["code"]) == (503, "unavailable")
    assert int(answer.headers["Retry-After"]) > 0
    assert client.get("/api/v1/visits", headers=token).status_code == 200


def test_readiness_without_a_database_says_so_and_when_to_ask_again(
    client: FlaskClient, impatient: None
) -> None:
    with ExitStack() as held:
        with pytest.raises(PoolExhausted):
            while True:
                held.enter_context(db.engine.connect())
        answer = client.get("/health/ready")

    assert answer.status_code == 503
    assert answer.json["checks"]["database"] is False
    assert int(answer.headers["Retry-After"]) > 0


@pytest.mark.parametrize(
    "path", ["/api/v1/visits/%00", "/api/v1/members/%00?reason=x", "/board/%00", "/board/a%00b"]
)
def test_a_nul_in_an_address_is_never_a_server_error(
    client: FlaskClient, token: dict[str, str], path: str
) -> None:
    assert 400 <= client.get(path, headers=token).status_code < 500


def test_a_nul_in_a_desks_query_is_never_a_server_error(client: FlaskClient) -> None:
    sign_in(client, make_user(roles=["reception"]))

    assert 400 <= client.get("/reception/line?ward=%00").status_code < 500


def test_a_failure_while_the_answer_is_finished_is_a_problem_too(
    app: Flask, client: FlaskClient, owner: psycopg.Connection, token: dict[str, str],
    capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """The idempotency key cannot be kept: no trace with the address reaches the log."""
    owner.execute("REVOKE UPDATE, DELETE ON idempotency_keys FROM nssf_app")

    answer = client.post(
        "/api/v1/visits/V26KSECRETPATH/call", headers=token | {"Idempotency-Key": "k"}
    )

    assert answer.status_code == 500
    assert answer.content_type == "application/problem+json"
    assert answer.json["code"] == "internal_error"
    assert "SECRETPATH" not in capfd.readouterr().err
