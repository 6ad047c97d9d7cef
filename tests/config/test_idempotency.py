"""`Idempotency-Key` end to end: one ticket however often, at once, after refusals and crashes."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from config.jobs import run_now
from gateway.visits import service as visits
from tests.factories import HOSPITAL, OTHER_HOSPITAL, make_client_token

ARRIVAL = {"visit_type": "outpatient", "payer": "full_pay", "label": "SOK TARA"}
PATH = "/api/v1/visits"


class Caller:
    """A machine client that may check people in."""

    def __init__(self, http: FlaskClient, facility: Any = HOSPITAL) -> None:
        self.http = http
        token = make_client_token(http, scopes="visit.manage", facility=facility)
        self.headers = {"Authorization": token}

    def arrive(self, key: str, body: Any = ARRIVAL, **headers: str) -> TestResponse:
        sent = self.headers | {"Idempotency-Key": key} | headers
        return self.http.post(PATH, json=body, headers=sent)


@pytest.fixture
def caller(client: FlaskClient) -> Caller:
    return Caller(client)


def count(owner: psycopg.Connection, table: str = "visits") -> int:
    row = owner.execute(f"SELECT count(*) FROM {table}").fetchone()
    assert row is not None
    return int(row[0])


def test_the_second_answer_is_the_first_byte_for_byte(
    caller: Caller, owner: psycopg.Connection
) -> None:
    first, again = caller.arrive("a"), caller.arrive("a")

    assert first.status_code == again.status_code == 201
    assert first.data == again.data
    assert first.headers["Location"] == again.headers["Location"]
    assert first.content_type == again.content_type
    assert again.headers["Cache-Control"] == "no-store"
    assert first.headers["X-Request-ID"] != again.headers["X-Request-ID"]
    assert count(owner) == 1


def test_another_client_never_sees_the_answer_kept_for_this_one(client: FlaskClient) -> None:
    one, other = Caller(client), Caller(client, OTHER_HOSPITAL)
    mine = one.arrive("shared").json

    theirs = other.arrive("shared").json

    assert theirs["number"] != mine["number"]
    assert theirs["facility"] == OTHER_HOSPITAL


def test_a_client_of_two_facilities_gets_no_answer_of_the_other_one(client: FlaskClient) -> None:
    both = Caller(client, [HOSPITAL, OTHER_HOSPITAL])

    first = both.arrive("k", **{"X-Facility": HOSPITAL}).json
    second = both.arrive("k", **{"X-Facility": OTHER_HOSPITAL}).json

    assert (first["facility"], second["facility"]) == (HOSPITAL, OTHER_HOSPITAL)


def test_the_same_key_for_another_address_is_refused(caller: Caller) -> None:
    number = caller.arrive("k").json["number"]

    answer = caller.http.post(
        f"{PATH}/{number}/call", headers=caller.headers | {"Idempotency-Key": "k"}
    )

    assert (answer.status_code, answer.json["code"]) == (409, "idempotency_key_reused")


def test_ten_at_once_under_one_key_make_one_visit(
    app: Flask, caller: Caller, owner: psycopg.Connection
) -> None:
    together = threading.Barrier(10)

    def go(_: int) -> tuple[int, bytes]:
        together.wait(10)
        answer = FlaskClient(app, app.response_class).post(
            PATH, json=ARRIVAL, headers=caller.headers | {"Idempotency-Key": "x"}
        )
        return answer.status_code, answer.data

    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(go, range(10)))

    made = {body for status, body in answers if status == 201}
    assert len(made) == 1
    assert {status for status, _ in answers} <= {201, 409}
    assert count(owner) == 1


def test_a_refusal_is_kept_like_an_answer(caller: Caller, owner: psycopg.Connection) -> None:
    bad = {"visit_type": "outpatient"}

    first, again = caller.arrive("k", bad), caller.arrive("k", bad)

    assert first.status_code == again.status_code == 422
    assert first.data == again.data
    assert again.content_type == "application/problem+json"
    assert caller.arrive("k", ARRIVAL).status_code == 409


def test_a_failure_gives_the_key_back_and_is_never_answered_as_success(
    caller: Caller, owner: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("the disk is gone")

    with monkeypatch.context() as patch:
        patch.setattr(visits, "record", broken)
        failed = caller.arrive("k")
    assert failed.status_code == 500
    assert count(owner) == count(owner, "idempotency_keys") == 0

    assert caller.arrive("k").status_code == 201


def hold(owner: psycopg.Connection, age: str) -> None:
    """Leave a key behind as a process does that is killed within the request."""
    owner.execute("UPDATE idempotency_keys SET status = NULL, body = NULL, headers = NULL")
    owner.execute(f"UPDATE idempotency_keys SET created_at = now() - interval '{age}'")
    owner.execute("TRUNCATE visits CASCADE")


def test_the_key_of_a_killed_request_is_held_two_minutes_and_then_free(
    caller: Caller, owner: psycopg.Connection
) -> None:
    caller.arrive("k")
    hold(owner, "110 seconds")
    waiting = caller.arrive("k")
    hold(owner, "130 seconds")

    assert (waiting.status_code, waiting.json["code"]) == (409, "in_progress")
    assert int(waiting.headers["Retry-After"]) > 0
    assert caller.arrive("k").status_code == 201
    assert count(owner) == 1


def test_a_key_older_than_seven_days_starts_anew_and_forgets_the_old_answer(
    caller: Caller, owner: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = caller.arrive("k").json["number"]
    owner.execute("UPDATE idempotency_keys SET created_at = now() - interval '8 days'")
    during: list[TestResponse] = []

    take = visits._take_ticket

    def slowly(*args: Any) -> int:
        if not during:
            during.append(caller.arrive("k"))
        return take(*args)

    monkeypatch.setattr(visits, "_take_ticket", slowly)
    answer = caller.arrive("k")

    assert answer.status_code == 201
    assert answer.json["number"] != old
    assert (during[0].status_code, during[0].json["code"]) == (409, "in_progress")


def test_a_request_that_was_overtaken_does_not_replace_the_answer_of_the_later_one(
    app: Flask, caller: Caller, owner: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    take, overtaking = visits._take_ticket, []

    def slowly(*args: Any) -> int:
        if not overtaking:
            overtaking.append(None)
            owner.execute("UPDATE idempotency_keys SET created_at = now() - interval '3 minutes'")
            overtaking[0] = caller.arrive("k", ARRIVAL | {"ward": "OTHER"})
        return take(*args)

    monkeypatch.setattr(visits, "_take_ticket", slowly)
    caller.arrive("k", ARRIVAL | {"ward": "FIRST"})
    later = overtaking[0]

    assert later.status_code == 201
    assert caller.arrive("k", ARRIVAL | {"ward": "OTHER"}).data == later.data


def test_old_keys_and_what_they_answered_are_deleted(
    caller: Caller, owner: psycopg.Connection
) -> None:
    caller.arrive("old")
    owner.execute("UPDATE idempotency_keys SET created_at = now() - interval '8 days'")
    caller.arrive("new")

    run_now("config.forget_idempotency_keys")

    assert count(owner, "idempotency_keys") == 1


@pytest.mark.parametrize("key", ["x" * 129, "no\tbreaks", "ខ្មែរ"])
def test_a_key_that_cannot_be_kept_is_refused(caller: Caller, key: str) -> None:
    answer = caller.arrive(key.encode().decode("latin1"))

    assert (answer.status_code, answer.json["code"]) == (400, "bad_idempotency_key")


def test_a_call_that_only_reads_takes_no_key(caller: Caller, owner: psycopg.Connection) -> None:
    caller.http.get(PATH, headers=caller.headers | {"Idempotency-Key": "k"})

    assert count(owner, "idempotency_keys") == 0
