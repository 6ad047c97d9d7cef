"""The general rules of every answer: problem members, request id, languages, limits, methods."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from auth import guard
from config.settings import SETTINGS_KEY
from tests.factories import make_client_token

MEMBERS = {"type", "title", "status", "detail", "instance", "code", "request_id"}
ARRIVAL = {"visit_type": "outpatient", "payer": "full_pay"}
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def bearer(client: FlaskClient) -> dict[str, str]:
    return {"Authorization": make_client_token(client, scopes="visit.manage")}


def assert_problem(answer: TestResponse, status: int, code: str) -> dict[str, Any]:
    assert (answer.status_code, answer.content_type) == (status, "application/problem+json"), (
        answer.text
    )
    body: dict[str, Any] = answer.json
    assert body.keys() >= MEMBERS
    assert (body["status"], body["code"]) == (status, code)
    assert body["type"] == f"urn:nssf:problem:{code}"
    assert all(isinstance(body[name], str) and body[name] for name in MEMBERS - {"status"})
    assert body["request_id"] == answer.headers["X-Request-ID"]
    assert answer.headers["Cache-Control"] == "no-store"
    return body


def test_every_kind_of_refusal_has_all_members(client: FlaskClient, bearer: dict[str, str]) -> None:
    visits = "/api/v1/visits"
    post = client.post
    assert_problem(post(visits, data="{", headers=bearer | JSON), 400, "unreadable_json")
    assert_problem(client.get(visits), 401, "unauthorized")
    assert_problem(client.get("/api/v1/claims", headers=bearer), 403, "insufficient_scope")
    assert_problem(client.get(f"{visits}/V1", headers=bearer), 404, "not_found")
    assert_problem(client.get("/api/v1/none", headers=bearer), 404, "not_found")
    assert_problem(client.delete(visits, headers=bearer), 405, "method_not_allowed")
    assert_problem(post(visits, data="a=1", headers=bearer), 415, "unsupported_media_type")
    bad = assert_problem(post(visits, json={"x": 1}, headers=bearer), 422, "invalid")
    assert {one["pointer"] for one in bad["errors"]} == {"/x", "/visit_type", "/payer"}
    assert all(one["message"] for one in bad["errors"])


def test_bad_fields_are_pointed_at_as_rfc_6901_says(
    client: FlaskClient, bearer: dict[str, str]
) -> None:
    body = ARRIVAL | {"a/b": 1, "c~d": 1, "identity": {"seen": "none", "x": 1}}

    answer = assert_problem(
        client.post("/api/v1/visits", json=body, headers=bearer), 422, "invalid"
    )

    assert {one["pointer"] for one in answer["errors"]} == {"/a~1b", "/c~0d", "/identity/x"}


@pytest.mark.parametrize("body", ["[]", "1", '"x"', "null", "true"])
def test_a_body_that_is_no_object_is_a_bad_field_of_the_whole(
    client: FlaskClient, bearer: dict[str, str], body: str
) -> None:
    answer = client.post("/api/v1/visits", data=body, headers=bearer | JSON)

    assert_problem(answer, 422, "invalid")


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"\xff", b'{"a":1}x', b"NaN", b'{"a":Infinity}', b"[" * 100_000, b'"\\ud800"', b"\x00"],
    ids=lambda body: body[:8],
)  # fmt: skip
def test_json_that_cannot_be_read_is_400_and_an_empty_body_names_its_fields(
    client: FlaskClient, bearer: dict[str, str], body: bytes
) -> None:
    answer = client.post("/api/v1/visits", data=body, headers=bearer | JSON)

    if body:
        assert_problem(answer, 400, "unreadable_json")
    else:
        assert_problem(answer, 422, "invalid")


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/xml", "multipart/form-data; boundary=x", ""]
)
def test_a_body_of_another_kind_is_415(
    client: FlaskClient, bearer: dict[str, str], kind: str
) -> None:
    answer = client.post("/api/v1/visits", data=b"{}", headers=bearer | {"Content-Type": kind})

    assert_problem(answer, 415, "unsupported_media_type")


def test_a_body_too_large_is_413_and_names_the_limit(
    app: Flask, client: FlaskClient, bearer: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "MAX_CONTENT_LENGTH", 1000)

    for headers in (bearer, bearer | {"Idempotency-Key": "k"}):
        answer = client.post(
            "/api/v1/visits", json=ARRIVAL | {"label": "x" * 2000}, headers=headers
        )
        assert assert_problem(answer, 413, "too_large")["limit_bytes"] == 1000


def test_a_form_too_large_names_the_limit_that_was_met(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "MAX_FORM_MEMORY_SIZE", 1000)
    form = {"grant_type": "x" * 2000}
    answer = client.post("/oauth/token", data=form, content_type="multipart/form-data")

    assert assert_problem(answer, 413, "too_large")["limit_bytes"] == 1000


@pytest.mark.parametrize("limit", ["0", "-1", "201", "x", "1.5", "", "9" * 5000])
def test_a_list_is_asked_for_1_to_200(
    client: FlaskClient, bearer: dict[str, str], limit: str
) -> None:
    answer = client.get(f"/api/v1/visits?limit={limit}", headers=bearer)

    assert assert_problem(answer, 422, "invalid")["errors"][0]["pointer"] == "/limit"


def test_200_is_a_limit(client: FlaskClient, bearer: dict[str, str]) -> None:
    answer = client.get("/api/v1/visits?limit=200", headers=bearer)

    assert answer.json == {"items": [], "next_cursor": None}


@pytest.mark.parametrize(
    ("asked", "khmer"),
    [("km", True), ("en", False), ("en;q=0.5, km", True), ("fr", True), ("", True)],
)
def test_accept_language_picks_the_language_of_the_title(
    client: FlaskClient, asked: str, khmer: bool
) -> None:
    from tests import desks

    desks.compile_catalogue()
    answer = client.get("/api/v1/visits", headers={"Accept-Language": asked})

    assert bool(re.search("[\u1780-\u17ff]", answer.json["title"])) == khmer


@pytest.mark.parametrize("given", ["own-id.123456", "A" * 64])
def test_a_request_id_of_the_caller_is_kept(client: FlaskClient, given: str) -> None:
    answer = client.get("/health/live", headers={"X-Request-ID": given})

    assert answer.headers["X-Request-ID"] == given


@pytest.mark.parametrize(
    "given", ["short", "A" * 65, "with space 123", "<script>alert", "ខ្មែរខ្មែរ"]
)
def test_a_request_id_of_another_form_is_replaced(client: FlaskClient, given: str) -> None:
    answer = client.get("/health/live", headers={"X-Request-ID": given.encode().decode("latin1")})

    assert re.fullmatch("[0-9a-f]{24}", answer.headers["X-Request-ID"])


def test_every_answer_carries_a_request_id_and_is_kept_by_nobody(client: FlaskClient) -> None:
    for path in ("/", "/login", "/api/v1/none", "/health/live", "/health/ready", "/version",
                 "/metrics", "/nowhere", "/oauth/token"):  # fmt: skip
        answer = client.get(path)
        assert answer.headers["X-Request-ID"], path
        assert answer.headers["Cache-Control"] == "no-store", path


def test_a_client_beyond_its_rate_is_told_when_to_come_back(
    app: Flask, client: FlaskClient, bearer: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import dataclasses

    given = app.extensions[SETTINGS_KEY]
    monkeypatch.setitem(
        app.extensions, SETTINGS_KEY, dataclasses.replace(given, rate_limit_per_second=2)
    )
    monkeypatch.setattr(guard, "_buckets", {})

    answers = [client.get("/api/v1/visits", headers=bearer) for _ in range(20)]

    refused = [one for one in answers if one.status_code == 429]
    assert refused
    assert_problem(refused[0], 429, "too_many_requests")
    assert int(refused[0].headers["Retry-After"]) > 0


def test_a_head_and_an_options_request_need_no_special_care(
    client: FlaskClient, bearer: dict[str, str]
) -> None:
    assert client.head("/api/v1/visits", headers=bearer).status_code == 200
    assert client.head("/api/v1/visits").status_code == 401
    assert "GET" in client.options("/api/v1/visits").headers["Allow"]
