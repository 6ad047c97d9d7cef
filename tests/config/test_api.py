"""Every error has one shape, and a retried call with a key is carried out once."""

from __future__ import annotations

import pytest
from flask import Flask, Response
from flask.testing import FlaskClient
from marshmallow import ValidationError, fields

from config.api import Riel, Schema, Text
from config.cursors import make_cursor, read_cursor
from config.errors import Conflict, Invalid
from config.idempotency import once
from config.problems import pointers


class Line(Schema):
    price = Riel(required=True)


class Body(Schema):
    name = Text(required=True, max_length=5)
    lines = fields.List(fields.Nested(Line), required=True)


def test_pointers_name_each_bad_field_by_its_place() -> None:
    with pytest.raises(ValidationError) as caught:
        Body().load({"lines": [{"price": 1}, {"price": "2"}, {}], "x/y": 1})

    assert {entry["pointer"] for entry in pointers(caught.value.normalized_messages())} == {
        "/name", "/lines/1/price", "/lines/2/price", "/x~1y",
    }  # fmt: skip


@pytest.mark.parametrize("bad", ["a\x00b", "a\x07b", "toolong", 5])
def test_text_at_the_door_is_bounded_and_free_of_controls(bad: object) -> None:
    with pytest.raises(Exception, match="name"):
        Body().load({"name": bad, "lines": []})


@pytest.mark.parametrize("bad", [1.5, "10", True, -1, 10**13])
def test_riel_is_a_whole_number_and_nothing_else(bad: object) -> None:
    with pytest.raises(Exception, match="price"):
        Line().load({"price": bad})


def test_a_cursor_reads_back_as_the_key_it_was_made_of(app: Flask) -> None:
    assert read_cursor(make_cursor(["2026-11-22", 7])) == ["2026-11-22", 7]


@pytest.mark.parametrize("cursor", ["!!!", "eyJhIjoxfQ", "bm90IGpzb24", "WyJcdTAwMDAiXQ", "W10.x"])
def test_a_cursor_nobody_made_is_a_bad_field(app: Flask, cursor: str) -> None:
    with pytest.raises(Invalid):
        read_cursor(cursor)


def take(app: Flask, caller: str, key: str, body: bytes) -> Response:
    with app.test_request_context(
        "/api/v1/things", method="POST", data=body, headers={"Idempotency-Key": key}
    ):
        answer = once(caller)
        if answer is None:
            response = app.response_class('{"n": 1}', 201, content_type="application/json")
            response.headers["Location"] = "/api/v1/things/1"
            from config.idempotency import _keep

            return _keep(response)
        return answer


def test_the_same_call_with_the_same_key_gets_the_first_answer(app: Flask) -> None:
    first = take(app, "client:a", "k1", b"{}")
    again = take(app, "client:a", "k1", b"{}")

    assert (again.status_code, again.data) == (first.status_code, first.data) == (201, b'{"n": 1}')
    assert again.headers["Location"] == "/api/v1/things/1"


def test_another_body_under_the_same_key_is_refused(app: Flask) -> None:
    take(app, "client:a", "k1", b"{}")

    with pytest.raises(Conflict) as caught:
        take(app, "client:a", "k1", b'{"other": 1}')
    assert caught.value.code == "idempotency_key_reused"


def test_a_key_belongs_to_its_caller(app: Flask) -> None:
    take(app, "client:a", "k1", b"{}")

    assert take(app, "client:b", "k1", b'{"other": 1}').status_code == 201


def test_a_call_still_running_is_not_started_twice(app: Flask) -> None:
    with app.test_request_context("/x", method="POST", headers={"Idempotency-Key": "k"}):
        assert once("client:a") is None
        with pytest.raises(Conflict) as caught:
            once("client:a")
    assert caught.value.code == "in_progress"


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/api/v1/nothing", 404, "not_found"),
        ("/api/v1/claims", 401, "unauthorized"),
    ],
)
def test_an_error_under_the_api_is_problem_json(
    client: FlaskClient, path: str, status: int, code: str
) -> None:
    response = client.get(path)

    assert response.status_code == status
    assert response.content_type == "application/problem+json"
    assert response.json["code"] == code
    assert response.json["request_id"] == response.headers["X-Request-ID"]


def test_a_405_names_the_methods_that_exist(client: FlaskClient) -> None:
    response = client.delete("/health/live")

    assert response.status_code == 405
    assert "GET" in response.headers["Allow"]


def test_the_description_and_its_page_load_nothing_from_elsewhere(client: FlaskClient) -> None:
    document = client.get("/api/v1/openapi.json")
    page = client.get("/api/v1/docs").text

    assert document.json["openapi"] == "3.1.0"
    assert "http" not in page.replace("http-equiv", "")


def test_health_names_what_is_missing(client: FlaskClient) -> None:
    assert client.get("/health/live").status_code == 200
    response = client.get("/health/ready")
    assert response.status_code == 503
    assert response.json["checks"] == {"database": True, "migrations": True, "worker": False}
