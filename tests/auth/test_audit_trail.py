"""Reading the trail: only who may, by any of its columns, and never without a trace."""

from datetime import timedelta

import pytest

from auth.permissions import system_actor
from auth.trail import Question, list_events
from config import audit, clock
from config.errors import Forbidden
from tests.factories import make_client_token, make_user, sign_in

TESTS = system_actor("tests")


@pytest.fixture
def bearer(client):
    return {"Authorization": make_client_token(client, scopes="audit.read", facility=None)}


@pytest.fixture
def events(app):
    audit.record(
        "user:dara", "claim.submitted", subject="C26KAAAAAAAAA", facility="120101", lines=3
    )
    audit.record("user:sok", "claim.approved", subject="C26KAAAAAAAAA", facility="120101")
    audit.record("user:dara", "claim.submitted", subject="C26KBBBBBBBBB", facility="030201")


def found(client, bearer, query):
    answer = client.get("/api/v1/audit" + query, headers=bearer)
    assert answer.status_code == 200, answer.text
    return [(item["actor"], item["subject"]) for item in answer.json["items"]]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?subject=C26KAAAAAAAAA", [("user:sok", "C26KAAAAAAAAA"), ("user:dara", "C26KAAAAAAAAA")]),
        ("?actor=user:sok", [("user:sok", "C26KAAAAAAAAA")]),
        ("?facility=030201", [("user:dara", "C26KBBBBBBBBB")]),
        ("?actor=user:dara&facility=120101", [("user:dara", "C26KAAAAAAAAA")]),
        ("?subject=nothing", []),
    ],
)
def test_the_trail_is_searched_by_each_of_its_columns(client, bearer, events, query, expected):
    assert found(client, bearer, query) == expected


def test_days_are_phnom_penhs_and_both_included(client, bearer, events):
    today, day = clock.today(), timedelta(days=1)

    assert len(found(client, bearer, f"?actor=user:dara&from={today}&to={today}")) == 2
    assert found(client, bearer, f"?actor=user:dara&from={today + day}") == []
    assert found(client, bearer, f"?actor=user:dara&to={today - day}") == []


def test_an_entry_has_its_moment_in_utc_and_its_details(client, bearer, events):
    answer = client.get("/api/v1/audit?subject=C26KAAAAAAAAA&actor=user:dara", headers=bearer)

    (entry,) = answer.json["items"]
    assert entry["at"].endswith("Z")
    assert entry["details"] == {"lines": 3}
    assert entry.keys() == {"at", "actor", "action", "subject", "facility", "request_id", "details"}


def test_pages_follow_each_other_without_gap_or_repetition(client, bearer, app):
    for number in range(7):
        audit.record("user:pager", "x.y", subject=f"S{number}")

    seen, cursor = [], ""
    while cursor is not None:
        answer = client.get(
            f"/api/v1/audit?actor=user:pager&limit=3&cursor={cursor}", headers=bearer
        )
        seen += [item["subject"] for item in answer.json["items"]]
        cursor = answer.json["next_cursor"]

    assert seen == [f"S{number}" for number in reversed(range(7))]


def test_reading_the_trail_is_recorded_too(client, bearer, events, owner):
    found(client, bearer, "?subject=C26KAAAAAAAAA&facility=120101&actor=user:sok")

    row = owner.execute(
        "SELECT actor, subject, facility, details FROM audit_events WHERE action = 'audit.read'"
    ).fetchone()
    assert row[0].startswith("client:")
    assert row[1:] == ("C26KAAAAAAAAA", "120101", {"actor": "user:sok"})


@pytest.mark.parametrize(
    ("query", "pointers"),
    [
        ("?from=yesterday&limit=0", {"/from", "/limit"}),
        ("?from=0001-01-01&to=9999-12-31", {"/from", "/to"}),
        ("?cursor=WyJ4Il0", {"/cursor"}),
        ("?cursor=%00", {"/cursor"}),
        ("?limit=500", {"/limit"}),
        ("?subject=%00", {"/subject"}),
        ("?colour=red", {"/colour"}),
    ],
)
def test_bad_questions_are_answered_with_every_bad_field(client, bearer, query, pointers):
    answer = client.get("/api/v1/audit" + query, headers=bearer)

    assert answer.status_code == 422
    assert {error["pointer"] for error in answer.json["errors"]} == pointers


def test_nobody_else_reads_the_trail(client, app):
    with pytest.raises(Forbidden):
        list_events(Question(), by=audit_less())
    bearer = make_client_token(client, scopes="claim.read", facility=None)
    assert client.get("/api/v1/audit", headers={"Authorization": bearer}).status_code == 403


def audit_less():
    from auth.permissions import Actor

    return Actor("user:x", frozenset(), nssf=True)


def test_the_auditor_reads_the_trail_at_a_desk(client, events):
    sign_in(client, make_user(roles=["auditor"]))

    page = client.get(f"/audit?subject=C26KAAAAAAAAA&from={clock.today()}")

    assert page.status_code == 200
    assert "claim.approved" in page.text
    assert "C26KBBBBBBBBB" not in page.text
    assert client.get("/audit?from=yesterday").status_code == 422
    assert client.get("/audit?cursor=nonsense").status_code == 422
