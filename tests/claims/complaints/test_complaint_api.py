"""The JSON door to complaints: one happy path, each refusal, pages in both orders."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from flask.testing import FlaskClient

from tests.factories import HOSPITAL, make_facility
from tests.journeys.conftest import Machine

BODY = {"facility": HOSPITAL, "kind": "slow_service", "text": "We waited all day."}


@pytest.fixture
def manager(client: FlaskClient, owner: psycopg.Connection[Any]) -> Machine:
    make_facility(owner, HOSPITAL)
    return Machine(client, "complaint.manage complaint.file")


def test_a_complaint_is_filed_once_for_one_key_and_moved_to_its_end(manager: Machine) -> None:
    key = {"Idempotency-Key": "call-4711"}
    made = manager.ask("POST", "/api/v1/complaints", json=BODY, headers=key)
    again = manager.ask("POST", "/api/v1/complaints", json=BODY, headers=key)
    number = made.json["number"]

    assert (made.status_code, again.json) == (201, made.json)
    assert made.headers["Location"] == f"/api/v1/complaints/{number}"
    assert made.headers["Cache-Control"] == "no-store"
    assert manager.post(f"/complaints/{number}/assign")["assigned_to"].startswith("client:")
    assert manager.post(f"/complaints/{number}/answer", {"text": "Sorry."})["state"] == "answered"
    assert manager.post(f"/complaints/{number}/close")["state"] == "closed"
    assert manager.post(f"/complaints/{number}/reopen")["state"] == "open"
    closed = manager.post(f"/complaints/{number}/close", {"outcome": "upheld", "text": "Seen."})
    assert (closed["outcome"], closed["actions"]) == ("upheld", ["reopen"])
    steps = manager.get(f"/complaints/{number}/history")["items"]
    assert [step["action"] for step in steps] == [
        "file", "assign", "answer", "close", "reopen", "close",
    ]  # fmt: skip


def test_every_bad_field_is_named_at_once(manager: Machine) -> None:
    body = {
        "kind": "rude", "channel": "fax", "text": "", "amount_riel": 1.5, "happened_on": "soon",
        "complainant": {"phone": "ask my son", "age": 40}, "mood": "angry",
    }  # fmt: skip

    answer = manager.ask("POST", "/api/v1/complaints", json=body)

    assert answer.status_code == 422
    assert {error["pointer"] for error in answer.json["errors"]} == {
        "/kind", "/channel", "/text", "/amount_riel", "/happened_on", "/complainant/phone",
        "/complainant/age", "/mood",
    }  # fmt: skip
    assert "ask my son" not in answer.text


def test_a_step_the_state_does_not_allow_names_those_it_does(manager: Machine) -> None:
    number = manager.post("/complaints", BODY, 201)["number"]
    manager.post(f"/complaints/{number}/close")

    answer = manager.ask("POST", f"/api/v1/complaints/{number}/forward", json={"text": "Why?"})

    assert (answer.status_code, answer.json["code"]) == (409, "invalid_transition")
    assert answer.json["allowed"] == ["reopen"]


@pytest.mark.parametrize("order", ["newest", "deadline"])
def test_a_list_goes_on_by_its_cursor_and_by_no_other(manager: Machine, order: str) -> None:
    numbers = [manager.post("/complaints", BODY, 201)["number"] for _ in range(3)]

    first = manager.get(f"/complaints?order={order}&limit=2")
    rest = manager.get(f"/complaints?order={order}&limit=2&cursor={first['next_cursor']}")
    other = "newest" if order == "deadline" else "deadline"
    answer = manager.ask("GET", f"/api/v1/complaints?order={other}&cursor={first['next_cursor']}")

    seen = [item["number"] for item in (*first["items"], *rest["items"])]
    assert seen == (numbers if order == "deadline" else numbers[::-1])
    assert rest["next_cursor"] is None
    assert answer.status_code == 422


def test_the_list_is_narrowed_by_what_a_manager_asks_for(manager: Machine) -> None:
    slow = manager.post("/complaints", BODY, 201)["number"]
    other = manager.post("/complaints", BODY | {"kind": "other", "channel": "1297"}, 201)["number"]
    manager.post(f"/complaints/{other}/close")

    for query, found in (
        ("kind=slow_service", [slow]), ("channel=1297", [other]), ("state=closed", [other]),
        ("overdue=true", []), ("overdue=false&state=open", [slow]), ("facility=999999", []),
        ("assigned_to=user:nobody", []),
    ):  # fmt: skip
        items = manager.get(f"/complaints?{query}")["items"]
        assert [item["number"] for item in items] == found, query
