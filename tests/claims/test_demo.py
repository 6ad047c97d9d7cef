"""The demo month: loaded once, the same every time, never beside real members, books in balance."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from random import Random
from typing import Any

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient

from auth.permissions import Role
from auth.service import create_user
from claims.allowances.states import AllowanceState
from claims.complaints.states import ComplaintState
from claims.demo import loading
from claims.demo.cases import FATES, draw_cases
from claims.demo.cast import DEMO, LOGINS, MACHINES
from claims.demo.diary import STAMPS
from claims.demo.showcase import CARDS, last_due
from claims.demo.showing import answers
from claims.demo.world import Size
from claims.reimbursement.service import verify_books
from claims.reimbursement.states import BatchState
from claims.submission.states import ClaimState
from config import clock
from config.db import db
from config.errors import Conflict
from config.settings import SETTINGS_KEY
from gateway.visits.states import VisitState
from tests.factories import make_member

SMALL = Size(people=300, visits=50, claims=90)
Owner = psycopg.Connection[Any]


@pytest.fixture
def demo(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """Give the test an empty store that may hold the demo."""
    monkeypatch.setitem(
        app.extensions, SETTINGS_KEY, replace(app.extensions[SETTINGS_KEY], demo=True)
    )
    return app


def quiet(_: str) -> None:
    """Say nothing."""


def values(owner: Owner, statement: str) -> list[Any]:
    return [row[0] for row in owner.execute(statement).fetchall()]


def fingerprint(owner: Owner) -> list[Any]:
    """Return what must be the same after every load: numbers and moments are drawn anew."""
    queries = (
        "SELECT card_key FROM registry.members ORDER BY 1",
        "SELECT code FROM registry.facilities ORDER BY 1",
        "SELECT facility_reference || card_key || claimed_riel || coalesce(payable_riel, 0)"
        " FROM claims ORDER BY 1",
        "SELECT facility_reference || state || coalesce(approved_riel, 0) FROM claims"
        " WHERE state NOT IN ('submitted', 'in_review') ORDER BY 1",
        "SELECT state || ' ' || count(*) FROM claims GROUP BY state ORDER BY 1",
        "SELECT state || facility || scheme || claims || total_riel FROM batches ORDER BY 1",
        "SELECT facility || day || ward || ticket || state || payer FROM visits ORDER BY 1",
        "SELECT username FROM staff_users ORDER BY 1",
        "SELECT verdict || count(*) FROM eligibility_checks GROUP BY verdict ORDER BY 1",
        "SELECT account || sum(riel) FROM journal_legs WHERE account NOT LIKE 'in_payment:B%'"
        " GROUP BY account ORDER BY 1",
    )
    return [values(owner, query) for query in queries]


def test_a_load_cut_off_begins_again_shows_every_state_and_reset_gives_the_same_month(
    demo: Flask, owner: Owner, client: FlaskClient
) -> None:
    def cut_off(line: str) -> None:
        if "login" in line:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        loading.load(SMALL, say=cut_off)
    said: list[str] = []
    assert loading.load(SMALL, say=said.append)
    assert said[0].startswith("An earlier load was cut off")
    first = fingerprint(owner)
    a_second_load_changes_nothing(owner, first)
    every_state_is_in_it(owner)
    everybody_may_come_in(client)
    ten_cards_show_ten_answers()
    moments_lie_in_the_past(owner)
    create_user("visitor", roles=[Role.HOTLINE], by=DEMO, password="once-only-here")

    loading.reset(SMALL, say=quiet)

    assert fingerprint(owner) == first
    assert verify_books().faults == ()
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        owner.execute("DELETE FROM audit_events")


def a_second_load_changes_nothing(owner: Owner, once: list[Any]) -> None:
    said: list[str] = []

    again = loading.load(SMALL, say=said.append)

    assert (again, said) == (False, [])
    assert fingerprint(owner) == once


def every_state_is_in_it(owner: Owner) -> None:
    assert set(values(owner, "SELECT state FROM claims")) == set(ClaimState)
    assert set(values(owner, "SELECT state FROM complaints")) == set(ComplaintState)
    assert values(owner, "SELECT count(*) FROM complaints WHERE overdue_at IS NOT NULL") == [2]
    assert set(values(owner, "SELECT state FROM batches")) == set(BatchState)
    assert set(values(owner, "SELECT state FROM visits WHERE day >= current_date - 1")) == set(
        VisitState
    )
    # What claims propose is the worker's to do, once the month is there.
    assert set(values(owner, "SELECT state FROM allowances")) == set(AllowanceState) - {"proposed"}
    assert set(values(owner, "SELECT type FROM claims")) == {"treatment", "maternity"}
    assert values(owner, "SELECT DISTINCT awaiting FROM claims WHERE awaiting IS NOT NULL") == [
        "second_approval"
    ]
    assert values(owner, "SELECT count(*) FROM claims WHERE lease_until > now()") == [2]
    assert values(
        owner, "SELECT count(*) > 0 FROM remittances WHERE received_riel = total_riel"
    ) == [True]
    books = verify_books()
    assert books.faults == ()
    assert books.total.paid > 0


def everybody_may_come_in(client: FlaskClient) -> None:
    assert {login.role for login in LOGINS} == set(Role)
    for machine in MACHINES:
        answer = client.post(
            "/oauth/token",
            data={"grant_type": "client_credentials"},
            auth=(machine.client_id, machine.secret),
        )
        assert answer.status_code == 200, answer.text
        assert answer.json["scope"].split() == list(machine.scopes)


def ten_cards_show_ten_answers() -> None:
    places = loading.find_places()

    shown = answers(places["hospital"], clock.today())

    pairs = [(one.verdict, one.code) for one in shown]
    assert len(set(pairs)) == len(CARDS) == 10
    assert pairs[0] == ("eligible", None)
    assert {verdict for verdict, _ in pairs} == {"eligible", "not_eligible", "unknown", "not_found"}


def moments_lie_in_the_past(owner: Owner) -> None:
    for table, columns in STAMPS.items():
        for column in columns:
            wrong = f"SELECT count(*) FROM {table} WHERE {column} > now()"
            assert values(owner, wrong) == [0], f"{table}.{column}"
    for wrong in (
        "SELECT number FROM visits WHERE called_at < arrived_at OR started_at < called_at",
        "SELECT number FROM visits WHERE (arrived_at AT TIME ZONE 'Asia/Phnom_Penh')::date <> day",
        "SELECT number FROM claims WHERE decided_at <= submitted_at",
        "SELECT number FROM claims WHERE (submitted_at AT TIME ZONE 'Asia/Phnom_Penh')::date"
        " < service_to",
        "SELECT number FROM batches WHERE authorised_at < opened_at",
    ):
        assert values(owner, wrong) == []
    assert values(owner, "SELECT min(submitted_at) < now() - interval '20 days' FROM claims") == [
        True
    ]


def test_without_demo_every_command_refuses_in_one_line(app: Flask) -> None:
    run = app.test_cli_runner()

    for command in ("load", "reset"):
        answer = run.invoke(args=["demo", command])
        assert answer.exit_code == 1
        assert answer.stderr == "Error: DEMO=0: this store is not for demo data.\n"
    shown = run.invoke(args=["demo", "show"])
    assert (shown.exit_code, shown.stderr) == (1, "Error: The demo month is not loaded here.\n")


def test_the_demo_never_loads_beside_real_members(demo: Flask, owner: Owner) -> None:
    make_member(owner)

    for command in (loading.load, loading.reset):
        with pytest.raises(Conflict, match="members that are not the demo's"):
            command(SMALL, say=quiet)
    assert values(owner, "SELECT count(*) FROM registry.members") == [1]


def test_the_demo_never_loads_where_people_already_work(demo: Flask) -> None:
    create_user("dara", roles=[Role.HOTLINE], by=DEMO, password="once-only-here")

    with pytest.raises(Conflict, match="users that are not the demo's"):
        loading.load(SMALL, say=quiet)


def test_reset_refuses_once_somebody_imported_members(demo: Flask, owner: Owner) -> None:
    owner.execute(
        "INSERT INTO audit_events (actor, action, subject) VALUES"
        " ('system:demo', 'demo.started', 'demo'), ('system:demo', 'demo.loaded', 'demo')"
    )
    owner.execute(
        "INSERT INTO registry_imports (number, kind, file_name, path, state, requested_by)"
        " VALUES ('I26L000000001', 'members', 'members.csv', '/x', 'committed', 'system:cli')"
    )

    with pytest.raises(Conflict, match="imported members"):
        loading.reset(SMALL, say=quiet)
    assert loading.load(SMALL, say=quiet) is False


def test_default_policies_and_prices_are_loaded_once(app: Flask, owner: Owner) -> None:
    run = app.test_cli_runner()

    first = run.invoke(args=["defaults", "load"])
    second = run.invoke(args=["defaults", "load"])

    assert (first.exit_code, second.exit_code) == (0, 0)
    assert first.stdout
    assert second.output == ""
    assert values(owner, "SELECT count(*) > 0 FROM policies") == [True]
    assert values(owner, "SELECT count(*) > 0 FROM tariffs") == [True]


def test_two_demo_commands_do_not_run_at_once(demo: Flask, owner: Owner) -> None:
    owner.execute("SELECT pg_advisory_lock(hashtextextended('demo month', 0))")

    with pytest.raises(Conflict, match="Another demo command is running"):
        loading.load(SMALL, say=quiet)
    db.session.remove()


def test_the_seed_draws_the_same_month_with_every_fate() -> None:
    today = date(2026, 11, 22)

    first, second = (draw_cases(400, 230, today, Random(7)) for _ in range(2))

    assert first == second
    assert {case.fate for case in first} == {*FATES, "fresh", "draft"}
    assert len({case.reference for case in first}) == 400
    for case in first:
        assert case.first <= case.last <= case.filed < today
        assert case.filed - case.last <= timedelta(days=34)


@pytest.mark.parametrize(
    ("day", "month"),
    [(date(2026, 11, 15), date(2026, 9, 1)), (date(2026, 11, 16), date(2026, 10, 1)),
     (date(2026, 1, 10), date(2025, 11, 1))],
)  # fmt: skip
def test_the_last_due_month_follows_the_fifteenth(day: date, month: date) -> None:
    assert last_due(day) == month
