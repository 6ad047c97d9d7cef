"""No address asks the database more often because there is more to show: 1 row and 50 cost the same.

Every GET address of the API and the desks is asked, whatever slice it is of, first with one of
everything, then with fifty.
"""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from auth.permissions import Permission
from claims.reimbursement import service as reimbursement
from claims.review import service as review
from config import clock
from tests.claims.payable import AUTHORISER, FINANCE, REVIEWER, lease, line, queue_claim
from tests.factories import HOSPITAL, MAN, WOMAN, make_dependent, make_user, sign_in
from tests.house.test_routes import is_public, rules
from tests.journeys.conftest import Machine, hospital, treatment, world  # noqa: F401
from tests.multiply import multiply
from tests.statements import statements

COPIES = 49
# As many as one client may hold, and the auditor's beside them.
APART = {Permission.AUDIT_READ, Permission.BATCH_AUTHORISE, Permission.USER_MANAGE}
EVERYTHING = " ".join(sorted(set(Permission) - APART))
LISTS = {
    "/api/v1/claims", "/api/v1/visits?state=waiting", "/api/v1/batches", "/api/v1/payment-runs",
    "/api/v1/remittances", "/api/v1/review/queue", "/api/v1/audit",
}  # fmt: skip
MUST_GROW = {
    "claims", "claim_lines", "claim_events", "visits", "batches", "payment_runs", "remittances",
    "audit_events", "api_clients",
}  # fmt: skip
DESKS = (
    (("facility_manager",), HOSPITAL), (("reviewer", "approver"), None), (("finance",), None),
    (("auditor",), None), (("administrator",), None),
)  # fmt: skip
LINE = {"visit_type": "outpatient", "payer": "nssf", "priority": "none", "ward": "OPD",
        "identity": {"seen": "national_id", "name_differs": False}}  # fmt: skip


@pytest.fixture
def country(hospital: Machine, owner: psycopg.Connection[Any]) -> dict[str, str]:  # noqa: F811
    """Make one of everything the services make easily; return the numbers addresses name."""
    make_dependent(owner, "1180505-0000003-គ", WOMAN)
    visit = hospital.post("/visits", LINE | {"card_number": MAN}, 201)["number"]
    check = hospital.post("/eligibility-checks", {"card_number": WOMAN})["number"]
    claim = hospital.post("/claims", treatment("INV-1"), 201)["number"]
    hospital.post(f"/claims/{claim}/messages", {"text": "Is a scan needed?"}, 201)
    review.approve(lease(queue_claim(line(), facility=HOSPITAL)), by=REVIEWER)
    batch = reimbursement.open_run(by=FINANCE, period_to=clock.today())["number"]
    reimbursement.authorise(batch, by=AUTHORISER)
    reimbursement.export(batch, "csv", by=FINANCE)
    reimbursement.settle(batch, by=FINANCE, bank_reference="ACL-1", paid_on=clock.today())
    queue_claim(line(), facility=HOSPITAL)
    [remittance] = [item["number"] for item in hospital.get("/remittances")["items"]]
    return {
        "visits": visit, "eligibility-checks": check, "checks": check, "claims": claim,
        "payment-runs": batch, "runs": batch, "remittances": remittance, "members": WOMAN,
        "line": visit,
    }  # fmt: skip


def paths(app: Flask, numbers: dict[str, str], *, api: bool) -> list[str]:
    """Return the addresses of every list, and of every page about one thing that is there."""
    found = set(LISTS) if api else set()
    for rule in rules(app):
        if is_public(app, rule) or "GET" not in (rule.methods or ()):
            continue
        path = _filled(rule, numbers)
        if path is not None and path.startswith("/api/") == api:
            found.add(path)
    return sorted(found)


def _filled(rule: Rule, numbers: dict[str, str]) -> str | None:
    head, found, tail = rule.rule.partition("<")
    if not found:
        return rule.rule
    number = numbers.get(head.rstrip("/").rpartition("/")[2])
    rest = tail.partition(">")[2]
    return None if number is None or "<" in rest else head + number + rest


def counted(client: FlaskClient, path: str, headers: dict[str, str]) -> tuple[int, int]:
    """Ask twice, so that caches are warm; return statements and items of the second answer."""
    if client.get(path, headers=headers).status_code != 200:
        return -1, 0
    with statements() as seen:
        answer = client.get(path, headers=headers)
    body = answer.json if answer.is_json else None
    items = body.get("items", ()) if isinstance(body, dict) else ()
    return len(seen), len(items)


def asked_by(http: FlaskClient, paths: list[str]) -> dict[str, tuple[int, int]]:
    """Count the statements of every page that opens for whoever is signed in."""
    found = {path: counted(http, path, {}) for path in paths}
    return {path: seen for path, seen in found.items() if seen[0] >= 0}


def test_no_list_and_no_page_asks_more_often_for_fifty_rows_than_for_one(
    app: Flask, client: FlaskClient, country: dict[str, str], owner: psycopg.Connection[Any],
    hospital: Machine,  # noqa: F811
) -> None:  # fmt: skip
    special = {"/api/v1/audit": Machine(client, "audit.read"), "/api/v1/visits": hospital}
    nssf = Machine(client, EVERYTHING)
    place = {
        path: next((who for head, who in special.items() if path.startswith(head)), nssf).headers
        for path in paths(app, country, api=True)
    }
    pages = paths(app, country, api=False)
    people = {roles: app.test_client() for roles, _ in DESKS}
    for roles, facility in DESKS:
        sign_in(people[roles], make_user(roles=roles, facilities=[facility] if facility else []))
    few = {path: counted(client, path, headers) for path, headers in place.items()}
    few_of = {roles: asked_by(http, pages) for roles, http in people.items()}

    gained = multiply(owner, COPIES)
    many = {path: counted(client, path, headers) for path, headers in place.items()}
    many_of = {roles: asked_by(http, list(few_of[roles])) for roles, http in people.items()}

    assert {table for table in MUST_GROW if gained.get(table, 0) < COPIES} == set()
    assert {path: many[path][1] for path in LISTS if many[path][1] < COPIES} == {}
    assert {path: (few[path], many[path]) for path in place if many[path][0] > few[path][0]} == {}
    assert sum(count > 0 for count, _ in few.values()) > 30
    for roles, first in few_of.items():
        then = many_of[roles]
        assert first.keys() == then.keys(), roles
        assert {p: (first[p], then[p]) for p in first if then[p][0] > first[p][0]} == {}, roles
        assert first, roles
