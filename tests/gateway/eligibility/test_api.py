"""The eligibility door over HTTP: shapes, refusals, formats, and what strangers do not see."""

from __future__ import annotations

from datetime import timedelta
from io import RawIOBase
from typing import Any

import psycopg
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from config import clock
from gateway.eligibility.reasons import CATALOGUE
from tests.factories import OTHER_HOSPITAL, WOMAN, make_client_token, make_dependent

# Importing the web server's own would make this process look like one.
BAD_CHUNK = type("InvalidChunkSize", (Exception,), {"__module__": "gunicorn.http.errors"})
PATH = "/api/v1/eligibility-checks"
Owner = psycopg.Connection[Any]


@pytest.fixture
def bearer(country: Owner, client: FlaskClient) -> dict[str, str]:
    return {"Authorization": make_client_token(client)}


def ask(client: FlaskClient, headers: dict[str, str], body: Any) -> TestResponse:
    return client.post(PATH, json=body, headers=headers)


def test_a_check_answers_200_with_the_documented_members_whatever_the_verdict(
    client: FlaskClient, bearer: dict[str, str]
) -> None:
    known = ask(client, bearer, {"card_number": WOMAN})
    unknown = ask(client, bearer, {"card_number": "9999999-9999999-9"})

    assert (known.status_code, known.json["verdict"]) == (200, "eligible")
    assert (unknown.status_code, unknown.json["verdict"]) == (200, "not_found")
    assert known.headers["Cache-Control"] == "no-store"
    assert set(known.json) >= {
        "number", "checked_at", "service_date", "valid_until", "facility", "verdict", "promise",
        "policy_version", "registry_as_of", "member", "coverages", "benefits", "reasons", "dependents",
    }  # fmt: skip
    assert set(unknown.json["reasons"][0]) == {
        "code", "text_en", "text_km", "next_step_en", "next_step_km", "source", "status",
    }  # fmt: skip


def test_every_bad_field_is_named_in_one_answer(
    client: FlaskClient, bearer: dict[str, str]
) -> None:
    answer = ask(
        client,
        bearer,
        {
            "card_number": WOMAN,
            "phone": "012345678",
            "service_date": "yesterday",
            "benefits": ["dental"],
            "cause": "boredom",
            "emergency": "no",
            "patient": {"newborn": False, "sex": "X"},
            "surprise": 1,
        },
    )

    assert answer.status_code == 422
    assert answer.content_type == "application/problem+json"
    pointers = {error["pointer"] for error in answer.json["errors"]}
    assert pointers >= {
        "", "/reason", "/service_date", "/benefits/0", "/cause", "/emergency", "/patient/newborn",
        "/patient/sex", "/patient/date_of_birth", "/surprise",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, ""),
        ({"national_id": "123"}, "/reason"),
        ({"name": "SOK TARA", "reason": "no card"}, "/date_of_birth"),
        ({"card_number": WOMAN, "date_of_birth": "1999-01-01"}, "/date_of_birth"),
        ({"card_number": "---"}, "/card_number"),
        ({"card_number": "1\u0000"}, "/card_number"),
        ({"candidate": "nonsense"}, "/candidate"),
        ({"card_number": WOMAN, "service_date": "0001-01-01"}, "/service_date"),
        ({"card_number": WOMAN, "patient": {"newborn": True, "sex": "F", "date_of_birth": "2026-01-01",
                                            "birth_order": 0}}, "/patient/birth_order"),
    ],
)  # fmt: skip
def test_a_question_that_cannot_be_understood_is_refused_by_its_pointer(
    client: FlaskClient, bearer: dict[str, str], body: Any, pointer: str
) -> None:
    answer = ask(client, bearer, body)

    assert answer.status_code == 422
    assert pointer in {error["pointer"] for error in answer.json["errors"]}


def test_what_is_no_json_object_is_refused_without_a_trace(
    client: FlaskClient, bearer: dict[str, str]
) -> None:
    assert (
        client.post(
            PATH, data="{", headers=bearer | {"Content-Type": "application/json"}
        ).status_code
        == 400
    )
    assert ask(client, bearer, []).status_code in (400, 422)
    assert ask(client, bearer, {"card_number": ["x"]}).status_code == 422


def test_without_a_token_or_the_permission_nothing_is_told(
    country: Owner, client: FlaskClient
) -> None:
    other = {"Authorization": make_client_token(client, scopes=["claim.read"])}

    assert ask(client, {}, {"card_number": WOMAN}).status_code == 401
    assert ask(client, other, {"card_number": WOMAN}).status_code == 403
    assert country.execute("SELECT count(*) FROM eligibility_checks").fetchone() == (0,)


def test_a_recorded_check_and_its_slip_are_found_by_the_own_facility_only(
    client: FlaskClient, bearer: dict[str, str]
) -> None:
    answer = ask(client, bearer, {"card_number": WOMAN, "slip": True}).json
    stranger = {"Authorization": make_client_token(client, facility=OTHER_HOSPITAL)}
    path = f"{PATH}/{answer['number']}"

    assert client.get(path, headers=bearer).json == answer
    for address in (path, f"{path}/slip"):
        assert client.get(address, headers=stranger).status_code == 404
    refused = client.post(f"{path}/dispute", json={"kind": "other"}, headers=stranger)
    assert refused.status_code == 404


def test_a_slip_comes_as_token_qr_code_or_sheet_and_nothing_else(
    client: FlaskClient, bearer: dict[str, str]
) -> None:
    answer = ask(client, bearer, {"card_number": WOMAN, "slip": True}).json
    nobody = ask(client, bearer, {"card_number": "9999999-9999999-9"}).json

    def slip(number: str, accept: str | None = None) -> TestResponse:
        headers = bearer | ({"Accept": accept} if accept else {})
        return client.get(f"{PATH}/{number}/slip", headers=headers)

    assert slip(answer["number"]).text == answer["slip"]
    assert slip(answer["number"], "application/jose").content_type == "application/jose"
    drawn = slip(answer["number"], "image/svg+xml")
    assert (drawn.content_type, b"<svg" in drawn.data) == ("image/svg+xml", True)
    sheet = slip(answer["number"], "application/pdf")
    assert (sheet.content_type, sheet.data[:5]) == ("application/pdf", b"%PDF-")
    assert sheet.headers["Cache-Control"] == "no-store"
    word = slip(answer["number"], "application/msword")
    assert (word.status_code, "image/svg+xml" in word.json["detail"]) == (406, True)
    assert slip(nobody["number"]).status_code == 409


def test_a_dispute_becomes_a_task_and_bad_kinds_are_refused(
    client: FlaskClient, bearer: dict[str, str]
) -> None:
    number = ask(client, bearer, {"card_number": WOMAN}).json["number"]
    path = f"{PATH}/{number}/dispute"

    opened = client.post(path, json={"kind": "paid_recently", "note": "បង់ម្សិលមិញ"}, headers=bearer)
    bad = client.post(path, json={"kind": "rude", "extra": 1}, headers=bearer)

    assert opened.status_code == 201
    assert opened.json["eligibility_check"] == number
    assert opened.json["state"] == "open"
    assert {error["pointer"] for error in bad.json["errors"]} == {"/kind", "/extra"}


def test_a_member_is_shown_by_path_or_body_with_dependents(
    country: Owner, client: FlaskClient, bearer: dict[str, str]
) -> None:
    make_dependent(country, "1180505-0000003-គ", WOMAN)

    by_path = client.get(f"/api/v1/members/{WOMAN}", headers=bearer)
    by_body = client.post("/api/v1/members/search", json={"card_number": WOMAN}, headers=bearer)
    family = client.get(f"/api/v1/members/{WOMAN}/dependents", headers=bearer)

    assert by_path.status_code == 200
    assert by_path.json == by_body.json
    assert by_path.json["card_number"] == WOMAN
    assert by_path.json["coverages"][0]["scheme"] == "health_care"
    assert [one["verdict"] for one in family.json["items"]] == ["eligible"]
    assert client.get("/api/v1/members/9999999-9999999-9", headers=bearer).status_code == 404


def test_scanning_is_refused_with_retry_after(client: FlaskClient, bearer: dict[str, str]) -> None:
    statuses = [
        ask(client, bearer, {"card_number": f"9999999-{serial:07d}-1"}) for serial in range(51)
    ]

    assert {answer.status_code for answer in statuses[:50]} == {200}
    assert statuses[50].status_code == 429
    assert statuses[50].json["code"] == "too_many_unknown_cards"
    assert int(statuses[50].headers["Retry-After"]) > 0


def test_policies_of_a_day_are_listed_and_cached_by_etag(
    client: FlaskClient, bearer: dict[str, str]
) -> None:
    today = client.get("/api/v1/policies", headers=bearer)
    old = client.get("/api/v1/policies?on=2017-01-01", headers=bearer)

    assert [one["scheme"] for one in today.json["items"]] == [
        "health_care",
        "occupational_risk",
        "hef",
    ]
    assert [one["effective_from"] for one in old.json["items"]] == ["2016-03-17", "2016-03-17"]
    again = client.get(
        "/api/v1/policies", headers=bearer | {"If-None-Match": today.headers["ETag"]}
    )
    assert again.status_code == 304
    assert client.get("/api/v1/policies?on=soon", headers=bearer).status_code == 422


def test_reason_codes_are_listed_in_both_languages(
    client: FlaskClient, bearer: dict[str, str]
) -> None:
    everything = client.get("/api/v1/codes/reasons", headers=bearer)
    found = client.get("/api/v1/codes/reasons?q=lapsed", headers=bearer)

    assert {one["code"] for one in everything.json["items"]} >= set(CATALOGUE)
    assert all(one["text_km"] and one["text_en"] for one in everything.json["items"])
    assert "lapsed" in {one["code"] for one in found.json["items"]}
    again = client.get(
        "/api/v1/codes/reasons", headers=bearer | {"If-None-Match": everything.headers["ETag"]}
    )
    assert again.status_code == 304


def test_a_check_for_a_future_day_is_an_estimate(
    client: FlaskClient, bearer: dict[str, str]
) -> None:
    tomorrow = (clock.today() + timedelta(days=1)).isoformat()

    answer = ask(client, bearer, {"card_number": WOMAN, "service_date": tomorrow}).json

    assert answer["promise"] is False
    assert "estimate" in [reason["code"] for reason in answer["reasons"]]


def test_the_commands_load_show_and_verify(country: Owner, app: Any, tmp_path: Any) -> None:
    run = app.test_cli_runner().invoke
    bad = tmp_path / "bad.yaml"
    bad.write_text("scheme: dental\n")

    shown = run(args=["policy", "show", "--on", "2026-11-22"])
    refused = run(args=["policy", "load", str(bad)])
    forged = run(args=["slip", "verify"], input="a.b.c")

    assert (shown.exit_code, "W-MED" in shown.output) == (0, True)
    assert '{"any": [{"consecutive": 2}, {"paid": 6, "window": 12}]}' in shown.output
    assert "due_day: 15 (" in shown.output
    assert (refused.exit_code, "bad.yaml:1: scheme:" in refused.output) == (1, True)
    assert forged.exit_code == 1


def test_a_genuine_slip_verifies_on_the_command_line(
    app: Any, client: FlaskClient, bearer: dict[str, str]
) -> None:
    slip = ask(client, bearer, {"card_number": WOMAN, "slip": True}).json["slip"]

    verified = app.test_cli_runner().invoke(args=["slip", "verify"], input=slip + "\n")

    assert verified.exit_code == 0, verified.output
    assert "eligible" in verified.output


def test_a_body_in_pieces_without_a_length_is_the_callers_fault(
    client: FlaskClient, bearer: dict[str, str]
) -> None:
    class Broken(RawIOBase):
        def readable(self) -> bool:
            return True

        def readinto(self, _buffer: object) -> int:
            raise BAD_CHUNK

    answer = client.post(
        PATH, headers=bearer, content_type="application/json",
        environ_overrides={"wsgi.input": Broken(), "CONTENT_LENGTH": "50"},
    )  # fmt: skip

    assert (answer.status_code, answer.json["code"]) == (400, "unreadable_body")


def test_a_number_no_record_can_have_is_not_found(
    client: FlaskClient, bearer: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    answer = client.get(f"{PATH}/E%00", headers=bearer)

    assert answer.status_code == 404
    assert "error" not in capsys.readouterr().err
