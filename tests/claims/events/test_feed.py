"""The feed of events: everything once and in order, nothing of others, nothing that is NSSF's own."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient

from claims.allowances.service import moving as allowances
from claims.events import rules
from claims.events.queries import FOR_FACILITY, FOR_NSSF, START
from claims.events.rules import state_after
from claims.events.service import events_after as events_now
from claims.review import service as review
from claims.submission.service import moving
from config import clock
from config.audit import record
from config.db import transaction
from tests.claims.complaints.people import forwarded
from tests.claims.payable import (
    APPROVER,
    FACILITY,
    OTHER_FACILITY,
    REVIEWER,
    biller,
    lease,
    queue_claim,
)
from tests.claims.test_statements import statements
from tests.factories import make_facility
from tests.horizon import let_others_finish
from tests.journeys.conftest import Machine

OLD_EVENT = """
INSERT INTO audit_events (recorded_at, actor, action, subject, facility)
VALUES (now() - %s::interval, 'user:x', 'claim.submitted', %s, %s)
"""


@pytest.fixture(autouse=True)
def places(app: Flask, owner: psycopg.Connection[Any]) -> None:
    make_facility(owner, FACILITY)
    make_facility(owner, OTHER_FACILITY)


def events_after(position: Any = START, *, by: Any, limit: int) -> Any:
    let_others_finish()
    return events_now(position, by=by, limit=limit)


def happened(subject: str, action: str = "claim.submitted", facility: str = FACILITY) -> None:
    record("user:x", action, subject=subject, facility=facility)


def numbers(by: Any, position: Any = START, limit: int = 50) -> list[str]:
    return [item["number"] for item in events_after(position, by=by, limit=limit)[0]]


def test_the_way_of_a_claim_is_told_with_its_states() -> None:
    number = lease(queue_claim())
    review.approve(number, by=REVIEWER)
    review.hold(number, by=APPROVER, reason="checking")

    items, _ = events_after(by=biller(), limit=50)

    assert [(i["type"], i["state"]) for i in items] == [
        ("claim.approved", "approved"), ("claim.held", "approved"),
    ]  # fmt: skip
    assert {i["number"] for i in items} == {number}
    assert all(set(i) == {"type", "number", "state", "at"} for i in items)


def test_a_facility_is_told_of_its_own_and_nssf_of_all() -> None:
    happened("C1")
    happened("C2", facility=OTHER_FACILITY)

    assert numbers(biller()) == ["C1"]
    assert numbers(biller(OTHER_FACILITY)) == ["C2"]
    assert numbers(APPROVER) == ["C1", "C2"]


def test_an_event_that_commits_late_is_told_and_in_its_place(
    owner: psycopg.Connection[Any],
) -> None:
    with psycopg.connect(owner.info.dsn, password=owner.info.password) as slow:
        slow.execute(OLD_EVENT, ["0", "C-LATE", FACILITY])
        happened("C-EARLY")

        meanwhile, reached = events_after(by=biller(), limit=50)
        slow.commit()
        then, _ = events_after(reached, by=biller(), limit=50)

    assert meanwhile == []
    assert [item["number"] for item in then] == ["C-LATE", "C-EARLY"]


def test_what_commits_between_two_pages_is_on_the_second(owner: psycopg.Connection[Any]) -> None:
    happened("C1")
    with psycopg.connect(owner.info.dsn, password=owner.info.password) as slow:
        slow.execute(OLD_EVENT, ["0", "C2", FACILITY])
        happened("C3")
        first, reached = events_after(by=biller(), limit=1)
        held_back, reached = events_after(reached, by=biller(), limit=1)
        slow.commit()

    assert [item["number"] for item in first] == ["C1"]
    assert held_back == []
    assert numbers(biller(), reached) == ["C2", "C3"]


def test_pages_of_any_size_tell_everything_once_and_in_order() -> None:
    told = [f"C{n}" for n in range(7)]
    with transaction():
        for number in told[:3]:
            happened(number)
    for number in told[3:]:
        happened(number)

    for limit in (1, 2, 3, 7, 50):
        seen: list[str] = []
        position = START
        for _ in range(9):
            items, position = events_after(position, by=biller(), limit=limit)
            seen += [item["number"] for item in items]
        assert seen == told, limit


def test_the_same_cursor_tells_the_same_again_and_what_is_new() -> None:
    happened("C1")
    _, reached = events_after(by=biller(), limit=50)
    happened("C2")

    assert numbers(biller(), reached) == ["C2"]
    assert numbers(biller(), reached) == ["C2"]


def test_thirty_days_back_and_no_further(owner: psycopg.Connection[Any]) -> None:
    for age in ("400 days", "40 days", "30 days 1 minute", "29 days 23 hours", "1 day"):
        owner.execute(OLD_EVENT, [age, f"C {age}", FACILITY])

    assert numbers(biller()) == ["C 29 days 23 hours", "C 1 day"]
    assert numbers(APPROVER) == ["C 29 days 23 hours", "C 1 day"]


@pytest.mark.parametrize(
    "action",
    ["claim.leased", "claim.lease_released", "claim.proposed", "claim.note_sent", "claim.previewed",
     "claim.payment_reported", "claim.selected", "facility.watched", "signal.noted", "visit.called",
     "complaint.filed", "complaint.assigned", "complaint.answered", "complaint.identity_read",
     "complaint.overdue", "complaint.closed", "complaint.reopened", "member.read", "audit.read"],
)  # fmt: skip
def test_what_is_nssfs_own_is_never_an_event(action: str) -> None:
    happened("C1", action)

    assert numbers(biller()) == []
    assert numbers(APPROVER) == []


def test_a_complaint_is_told_to_its_facility_when_it_is_forwarded() -> None:
    number = forwarded()

    items, _ = events_after(by=biller(), limit=50)

    assert [(i["type"], i["number"], i["state"]) for i in items] == [
        ("complaint.forwarded", number, "forwarded")
    ]
    assert numbers(biller(OTHER_FACILITY)) == []


def test_every_event_is_an_act_the_trail_really_records_and_indexes() -> None:
    assert {event.split(".")[0] for event in rules.TYPES} <= set(rules.FAMILIES)
    moves = {*moving.AUDITED.values(), *allowances.AUDITED.values()}
    assert moves <= set(rules.TYPES) | rules.KEPT
    assert rules.KEPT.isdisjoint(rules.TYPES)


@pytest.mark.parametrize(
    ("event", "noted", "now", "state"),
    [
        ("claim.approved", None, "paid", "approved"),
        ("claim.held", None, "approved", "approved"),
        ("claim.held", None, None, None),
        ("complaint.forwarded", "forwarded", None, "forwarded"),
        ("batch.settled", None, None, "settled"),
    ],
)
def test_an_events_state_is_the_one_it_led_to(
    event: str, noted: str | None, now: str | None, state: str | None
) -> None:
    assert state_after(event, noted=noted, now=now) == state


def test_over_http_the_cursor_is_always_there_and_leads_on(client: FlaskClient) -> None:
    machine = Machine(client, "claim.read", FACILITY)
    first = machine.get("/events")
    happened("C1")
    happened("C2")

    let_others_finish()
    page = machine.get(f"/events?after={first['next_cursor']}&limit=1")
    rest = machine.get(f"/events?after={page['next_cursor']}")
    nothing = machine.get(f"/events?after={rest['next_cursor']}")

    assert first["items"] == nothing["items"] == []
    assert [item["number"] for item in (*page["items"], *rest["items"])] == ["C1", "C2"]
    assert nothing["next_cursor"]


def test_over_http_a_cursor_nobody_made_is_a_bad_field(client: FlaskClient) -> None:
    machine = Machine(client, "claim.read", FACILITY)
    queue_claim()
    queue_claim()
    other = machine.get("/claims?limit=1")["next_cursor"]

    for cursor in ("nonsense", other):
        answer = machine.ask("GET", f"/api/v1/events?after={cursor}")
        assert answer.status_code == 422
        assert [e["pointer"] for e in answer.json["errors"]] == ["/after"]
    Machine(client, "claim.submit", FACILITY).get("/events", 403)


def test_a_page_of_fifty_is_one_statement_like_a_page_of_one() -> None:
    counts = []
    for events in (1, 49):
        for n in range(events):
            happened(f"C{n}")
        events_after(by=biller(), limit=50)
        with statements() as seen:
            assert len(events_now(by=biller(), limit=50)[0]) == {1: 1, 49: 50}[events]
        counts.append(len(seen))

    assert counts == [1, 1]


def test_a_small_facilitys_feed_is_found_by_index_among_many(
    owner: psycopg.Connection[Any],
) -> None:
    owner.execute(
        "INSERT INTO audit_events (actor, action, subject, facility)"
        " SELECT 'user:x', (ARRAY['claim.submitted', 'visit.called'])[1 + n % 2], 'C' || n,"
        "        'f' || n % 200 FROM generate_series(1, 40000) n"
    )
    owner.execute("ANALYZE audit_events")
    values = {"facility": "f7", "types": list(rules.TYPES), "limit": 50, "xact": "0", "id": 0}

    own, everything = (
        "\n".join(row[0] for row in owner.execute("EXPLAIN " + statement, values))
        for statement in (FOR_FACILITY, FOR_NSSF)
    )

    assert "facility_xact_id_idx" in own, own
    assert f"Seq Scan on audit_events_{clock.today():%Y_%m} " not in own + everything
