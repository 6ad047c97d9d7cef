"""Every address says who may call it, and nobody reaches another facility's records through any."""

from __future__ import annotations

import io
import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from auth.permissions import FACILITY_ROLES, permissions_of
from config import clock
from tests.claims.allowances.asked import birth
from tests.factories import HOSPITAL, OTHER_HOSPITAL, WOMAN, make_user, sign_in
from tests.journeys.conftest import REVIEW_SCOPES, Machine, hospital, treatment, world  # noqa: F401

PUBLIC = {
    "/", "/language", "/login", "/login/code", "/activate", "/benefits", "/board/<facility>", "/version", "/metrics",
    "/health/live", "/health/ready", "/oauth/token", "/oauth/revoke", "/api/v1/docs",
    "/api/v1/openapi.json", "/.well-known/jwks.json", "/.well-known/oauth-authorization-server",
    "/static/<path:filename>", "/slip",
}  # fmt: skip
EVERYTHING_A_FACILITY_MAY = " ".join(sorted(permissions_of(FACILITY_ROLES)))


def rules(app: Flask) -> list[Rule]:
    return sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule)


def is_public(app: Flask, rule: Rule) -> bool:
    return hasattr(app.view_functions[rule.endpoint], "__public__") or rule.endpoint == "static"


def filled(rule: Rule, number: str) -> str:
    """Return a path of the rule: the first of named words, the hospital, and this number."""
    path = re.sub(r"<any\((\w+)[^)]*\):\w+>", r"\1", rule.rule)
    path = path.replace("<facility>", HOSPITAL)
    return re.sub(r"<[^>]+>", number, path)


def test_only_the_addresses_listed_here_are_open_to_strangers(app_for_all: Flask) -> None:
    found = {rule.rule for rule in rules(app_for_all) if is_public(app_for_all, rule)}

    assert found - PUBLIC == set()


def test_a_stranger_gets_401_or_the_sign_in_everywhere_else(
    app: Flask, client: FlaskClient
) -> None:
    for rule in rules(app):
        if is_public(app, rule):
            continue
        path = filled(rule, "1")
        for method in sorted((rule.methods or set()) & {"GET", "POST", "PUT", "DELETE"}):
            answer = client.open(path, method=method)
            if rule.rule.startswith("/api/"):
                assert answer.status_code == 401, (method, rule.rule, answer.status_code)
                assert answer.headers["WWW-Authenticate"].startswith("Bearer")
            else:
                assert answer.status_code in (302, 303, 400, 401), (method, rule.rule)


@pytest.fixture
def secrets_of_one_hospital(hospital: Machine, client: FlaskClient) -> dict[str, str]:  # noqa: F811
    """Make one record of every kind at the first hospital; return their numbers by kind."""
    check = hospital.post("/eligibility-checks", {"card_number": WOMAN, "slip": True})
    visit = hospital.post(
        "/visits",
        {"card_number": WOMAN, "eligibility_check": check["number"], "visit_type": "outpatient",
         "payer": "nssf", "priority": "none", "identity": {"seen": "none", "name_differs": False}},
        201,
    )  # fmt: skip
    claim = hospital.post("/claims", treatment("SECRET-REF-1"), 201)
    Machine(client, REVIEW_SCOPES).decide_all()
    asker = Machine(client, "allowance.file", HOSPITAL)
    allowance = asker.post("/allowances", birth(), 201)
    due_date = (clock.today() + timedelta(days=30)).isoformat()
    pregnancy = asker.post("/pregnancies", {"card_number": WOMAN, "due_date": due_date}, 201)
    file = (io.BytesIO(b'{"facility_reference": "SECRET-REF-1"}'), "claims.ndjson")
    sent = hospital.ask("POST", "/api/v1/claims/import", data={"file": file})
    maker = Machine(client, "batch.manage claim.read")
    [batch] = maker.post("/batches", {"period_to": clock.today().isoformat()}, 201)["items"]
    Machine(client, "batch.authorise claim.read").post(f"/batches/{batch['number']}/authorise")
    maker.post(f"/batches/{batch['number']}/export?format=csv")
    paid = maker.post(
        f"/batches/{batch['number']}/settle",
        {"bank_reference": "SECRET-BANK", "paid_on": clock.today().isoformat()},
    )
    complaints = Machine(client, "complaint.file complaint.manage")
    complaint = complaints.post(
        "/complaints",
        {"facility": HOSPITAL, "subject": visit["number"], "kind": "slow_service", "text": "Slow."},
        201,
    )["number"]
    complaints.post(f"/complaints/{complaint}/forward", {"text": "How long do people wait?"})
    return {
        "E": check["number"], "V": visit["number"], "C": claim["number"], "B": batch["number"],
        "A": allowance["number"], "G": pregnancy["number"],
        "I": sent.json["number"], "R": paid["remittance"], "Q": complaint, "reference": "SECRET-REF-1", "facility": HOSPITAL,
    }  # fmt: skip


def leaks(answer: Any, secrets: dict[str, str], path: str) -> list[str]:
    body = answer.get_data(as_text=True).replace(path, "")
    return [value for kind, value in secrets.items() if kind != "facility" and value in body]


def test_no_client_of_another_facility_reaches_a_record_by_any_route(
    app: Flask, client: FlaskClient, secrets_of_one_hospital: dict[str, str]
) -> None:
    stranger = Machine(client, EVERYTHING_A_FACILITY_MAY, OTHER_HOSPITAL)
    tried = 0
    for rule in rules(app):
        if not rule.rule.startswith("/api/v1/") or is_public(app, rule):
            continue
        numbers = [
            v for k, v in secrets_of_one_hospital.items() if k not in ("reference", "facility")
        ]
        for number in numbers if "<" in rule.rule else [""]:
            path = filled(rule, number)
            for method in sorted((rule.methods or set()) & {"GET", "POST", "PUT", "DELETE"}):
                kw: dict[str, Any] = {} if method == "GET" else {"json": {}}
                answer = stranger.ask(method, path, **kw)
                tried += 1
                assert leaks(answer, secrets_of_one_hospital, path) == [], (method, path)
                if "<" in rule.rule:
                    assert answer.status_code >= 400 or rule.rule.startswith("/api/v1/codes"), (
                        method, path, answer.status_code, answer.text[:200],
                    )  # fmt: skip
                assert answer.status_code < 500, (method, path, answer.text[:300])
    assert tried > 50


def test_no_person_of_another_facility_reaches_a_record_by_any_page(
    app: Flask, client: FlaskClient, secrets_of_one_hospital: dict[str, str]
) -> None:
    user = make_user(roles=["facility_manager"], facilities=[OTHER_HOSPITAL])
    sign_in(client, user)
    tried = 0
    for rule in rules(app):
        if rule.rule.startswith(("/api/", "/oauth/", "/.well-known", "/static", "/health")):
            continue
        if is_public(app, rule) or "GET" not in (rule.methods or set()):
            continue
        numbers = [
            v for k, v in secrets_of_one_hospital.items() if k not in ("reference", "facility")
        ]
        for number in numbers if "<" in rule.rule else [""]:
            path = filled(rule, number)
            answer = client.get(path)
            tried += 1
            assert leaks(answer, secrets_of_one_hospital, path) == [], path
            assert answer.status_code < 500, (path, answer.status_code)
    assert tried >= 10
