"""Policies over HTTP: loading one, every fault by its pointer, and what only NSSF is shown."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from config import clock
from config.db import db
from gateway.coverage import service as coverage
from gateway.coverage.service import DEFAULTS, load_default_policies
from tests.factories import HOSPITAL, make_client_token

SHIPPED = (DEFAULTS / "health_care-2023-11-14.yaml").read_text(encoding="utf-8")
PATH = "/api/v1/policies"


@pytest.fixture
def officer(client: FlaskClient) -> dict[str, str]:
    load_default_policies()
    token = make_client_token(client, scopes="policy.manage", facility=None)
    return {"Authorization": token}


def changed(day: date, **values: str) -> str:
    """Return the shipped file from another day on, some `key: value` lines changed."""
    text_of_file = SHIPPED.replace(
        "effective_from: 2023-11-14\ntitle", f"effective_from: {day}\ntitle"
    )
    for old, new in values.items():
        text_of_file = text_of_file.replace(old.replace("__", ": "), new)
    return text_of_file


def test_a_loaded_policy_is_in_force_from_the_next_request_on(
    client: FlaskClient, officer: dict[str, str]
) -> None:
    day = clock.today() + timedelta(days=40)
    before = client.get(PATH, headers=officer).json["version"]

    answer = client.post(PATH, json={"name": "next.yaml", "text": changed(day)}, headers=officer)

    assert answer.status_code == 201, answer.text
    assert answer.json["effective_from"] == day.isoformat()
    assert answer.headers["Location"] == f"{PATH}?on={day}"
    shown = client.get(answer.headers["Location"], headers=officer).json
    assert shown["version"] == answer.json["version"] != before
    assert shown["items"][0]["effective_from"] == day.isoformat()
    assert coverage.policy_set().on("health_care", clock.today()).effective_from == date(
        2023, 11, 14
    )
    action = db.session.scalar(
        text("SELECT actor FROM audit_events WHERE subject = :s"), {"s": f"health_care@{day}"}
    )
    assert action.startswith("client:")


def test_the_same_file_again_changes_nothing(client: FlaskClient, officer: dict[str, str]) -> None:
    body = {"name": "health_care-2023-11-14.yaml", "text": SHIPPED}

    answer = client.post(PATH, json=body, headers=officer)

    assert answer.status_code == 200
    assert db.session.scalar(text("SELECT count(*) FROM policies")) == 5


def test_every_fault_is_named_with_file_line_and_key_and_nothing_is_stored(
    client: FlaskClient, officer: dict[str, str]
) -> None:
    wrong = (
        SHIPPED.replace("order: 1", "order: first")
        .replace("{paid: 6, window: 12}", "{paid: 13, window: 12}", 1)
        .replace(" per_mille: 50", " per_mille: 5000")
        .replace("checklists: {}", "checklists: {IPD-CASE: {attachments: [photo], source: x, status: law, confidence: H}}")
    )  # fmt: skip

    answer = client.post(PATH, json={"name": "wrong.yaml", "text": wrong}, headers=officer)

    assert answer.status_code == 422
    assert answer.json["code"] == "policy_invalid"
    errors: dict[str, str] = {e["pointer"]: e["message"] for e in answer.json["errors"]}
    assert set(errors) == {
        "/order", "/rules/0/any/1/paid", "/claims/signals/sample/per_mille",
        "/claims/checklists/IPD-CASE/attachments/0",
    }  # fmt: skip
    assert errors["/order"].startswith("wrong.yaml:5: order: must be a whole number")
    assert db.session.scalar(text("SELECT count(*) FROM policies")) == 5


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({}, {"/text"}),
        ({"text": ""}, {"/text"}),
        ({"text": 5, "name": "x" * 201, "colour": "red"}, {"/text", "/name", "/colour"}),
        ({"text": "- a list"}, {""}),
        ({"text": "a: [1"}, {""}),
    ],
)
def test_a_body_that_is_no_policy_is_refused(
    client: FlaskClient, officer: dict[str, str], body: dict[str, Any], pointers: set[str]
) -> None:
    answer = client.post(PATH, json=body, headers=officer)

    assert answer.status_code == 422
    assert {error["pointer"] for error in answer.json["errors"]} >= pointers


def test_only_who_manages_policies_may_load_one(client: FlaskClient) -> None:
    token = make_client_token(client, scopes="claim.read eligibility.check", facility=HOSPITAL)

    answer = client.post(PATH, json={"text": SHIPPED}, headers={"Authorization": token})

    assert answer.status_code == 403


def test_how_claims_are_sampled_and_marked_is_shown_to_nssf_only(
    client: FlaskClient, officer: dict[str, str]
) -> None:
    token = make_client_token(client, scopes="eligibility.check", facility=HOSPITAL)

    nssf = client.get(PATH, headers=officer)
    facility = client.get(PATH, headers={"Authorization": token})

    [shown, *_] = nssf.json["items"]
    assert shown["claims"]["signals"]["sample"]["per_mille"] == 50
    assert shown["claims"]["signals"]["sample"]["status"] == "assumption"
    assert "signals" not in facility.text
    assert "sample" not in facility.text
    assert nssf.headers["ETag"] != facility.headers["ETag"]
