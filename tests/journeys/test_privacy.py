"""What leaves the product beside its answers: logs and the audit trail hold numbers, never persons."""

from __future__ import annotations

import psycopg
import pytest
from flask.testing import FlaskClient

from tests.factories import WOMAN, make_member
from tests.journeys.conftest import Machine, treatment

PERSONAL = (
    "SOK",
    "TARA",
    "តារា",
    "1999-01-01",
    "J18",
    "012345678",
    "J18.9",
    "SECRETNAME",
    "2990101",
)


def personal_words(text: str) -> list[str]:
    return [word for word in PERSONAL if word in text]


def test_no_log_line_names_a_person_a_card_or_a_diagnosis(
    hospital: Machine, capfd: pytest.CaptureFixture[str], owner: psycopg.Connection
) -> None:
    make_member(owner, "2990101-0000077-ក", national_id="012345678", name_latin="SECRETNAME")
    capfd.readouterr()

    hospital.post("/eligibility-checks", {"card_number": WOMAN})
    hospital.post("/eligibility-checks", {"national_id": "012345678", "reason": "no card yet"})
    hospital.ask("GET", f"/api/v1/members/{WOMAN}")
    hospital.ask("GET", f"/api/v1/members/{WOMAN}/dependents")
    hospital.post("/claims", treatment("INV-1"), 201)
    hospital.ask("POST", "/api/v1/claims", json=treatment("INV-2", lines=[]) | {"SECRETNAME": 1})
    hospital.ask(
        "POST", "/api/v1/claims", data=b'{"card_number": "2990101', content_type="application/json"
    )
    hospital.ask("GET", f"/api/v1/no/such/{WOMAN}")

    captured = capfd.readouterr()
    assert '"route"' in captured.err
    assert personal_words(captured.err + captured.out) == []


def test_the_audit_trail_names_no_person_and_no_diagnosis(
    hospital: Machine, owner: psycopg.Connection
) -> None:
    hospital.post("/eligibility-checks", {"card_number": WOMAN})
    hospital.ask("GET", f"/api/v1/members/{WOMAN}")
    hospital.post("/claims", treatment("INV-1"), 201)

    rows = owner.execute("SELECT row_to_json(a)::text FROM audit_events a").fetchall()
    text = "\n".join(str(row[0]) for row in rows)
    assert rows
    assert [w for w in ("SOK", "TARA", "តារា", "J18", "1999-01-01") if w in text] == []


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b'"text"', b'{"card_number": 5}', b'{"card_number": "\\u0000"}',
     b'{"card_number": ""}', b'{"card_number": "   "}', b'{"nonsense": 1}', b"\xff\xfe", b'{"a":' * 5000],
)  # fmt: skip
def test_bad_input_is_refused_with_its_fields_and_stores_nothing(
    hospital: Machine, owner: psycopg.Connection, body: bytes
) -> None:
    for path in ("/api/v1/eligibility-checks", "/api/v1/claims", "/api/v1/visits"):
        answer = hospital.ask("POST", path, data=body, content_type="application/json")

        assert answer.status_code in (400, 422), (path, answer.status_code, answer.text)
        assert answer.content_type == "application/problem+json"
        if answer.status_code == 422:
            assert answer.json["errors"]
            assert all(entry["message"] for entry in answer.json["errors"])
    for table in ("eligibility_checks", "claims", "visits"):
        assert owner.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)


def test_an_answer_about_a_person_is_never_kept_by_a_browser_or_proxy(
    hospital: Machine, client: FlaskClient
) -> None:
    check = hospital.ask("POST", "/api/v1/eligibility-checks", json={"card_number": WOMAN})
    member = hospital.ask("GET", f"/api/v1/members/{WOMAN}")
    claims = hospital.ask("GET", "/api/v1/claims")

    for answer in (check, member, claims):
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Request-ID"]
