"""At a million rows no address and no minute's job reads a large table from end to end.

Not part of `make test`, because it takes minutes: `make bench-scale` runs it. Whatever a request
reads is what the server counts: rows of tables and entries of indexes, of every statement alike.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from config.db import POOL_KEY, db
from config.jobs import run_now
from tests.factories import make_user, sign_in
from tests.house.test_statements import DESKS, EVERYTHING, Machine, country, paths  # noqa: F401
from tests.journeys.conftest import hospital, world  # noqa: F401
from tests.multiply import multiply

pytestmark = pytest.mark.scale
ROWS = int(os.environ.get("SCALE_ROWS", "1000000"))
# Lists show 50 rows and queues choose among some hundreds; a day's claims are 22,000.
MOST = 25_000
# Kept for a week: some wards of 1,500 facilities.
SMALL = {"table visit_tickets"}
# Statistics count a period's visits, whoever came where. NSSF's own clients, who see every facility's
# events, sort thirty days of them: an index for that would cost every writer of the trail.
READ_MUCH = ("/statistics", "nssf /api/v1/events")
OFTEN = (
    "review.put_back_expired", "review.escalate", "claims.import_again", "config.revive_jobs",
    "visits.close_unanswered", "complaints.mark_overdue",
)  # fmt: skip
# Most claims are decided long ago; some wait for review, for a batch, or for their facility.
SETTLE = """
UPDATE claims SET state = CASE id / 1000000 % 50 WHEN 1 THEN 'approved' WHEN 2 THEN 'returned'
                                                ELSE 'rejected' END,
                  approved_riel = payable_riel, lease_by = NULL, lease_until = NULL,
                  awaiting = NULL, asked = false, review_by = NULL, package = NULL
 WHERE state IN ('submitted', 'in_review') AND id / 1000000 % 50 > 0
"""
READ = """
SELECT 'table ' || relname, seq_tup_read FROM pg_stat_user_tables
 UNION ALL
SELECT 'index ' || indexrelname, idx_tup_read FROM pg_stat_user_indexes
"""
CONNECTIONS = """
SELECT pid FROM pg_stat_activity
 WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> ALL(%s)
"""
SEEN = """
UPDATE visits SET state = 'finished', ended_at = now(), started_at = coalesce(started_at, now()),
                  called_at = coalesce(called_at, now())
 WHERE state IN ('waiting', 'called', 'in_service') AND id / 1000000 % 1000 > 0
"""
Owner = psycopg.Connection[Any]


class Meter:
    """Tells what an act read: a connection hands its counters in by ending."""

    def __init__(self, app: Flask, owner: Owner) -> None:
        self.app, self.owner = app, owner
        self.end_connections()
        self.fixtures = [pid for (pid,) in owner.execute(CONNECTIONS, ([],)).fetchall()]
        self.before = self.counters()

    def end_connections(self) -> None:
        db.session.remove()
        db.engine.dispose()
        self.app.extensions[POOL_KEY].close()

    def counters(self) -> dict[str, int]:
        self.end_connections()
        while self.owner.execute(CONNECTIONS, (self.fixtures,)).fetchone() is not None:
            time.sleep(0.005)
        return dict(self.owner.execute(READ).fetchall())

    def read_by(self, act: Callable[[], Any]) -> dict[str, int]:
        """Return how many rows and entries an act read, by table and index, where they are many."""
        act()
        now, before = self.counters(), self.before
        self.before = now
        return {name: n - before.get(name, 0) for name, n in now.items()
                if n - before.get(name, 0) > MOST and name not in SMALL}  # fmt: skip


def _shown(answer: TestResponse) -> None:
    assert answer.status_code < 500, answer.text


def test_no_address_and_no_job_reads_a_large_table_whole(
    app: Flask, client: FlaskClient, country: dict[str, str], owner: Owner,  # noqa: F811
    hospital: Machine,  # noqa: F811
) -> None:  # fmt: skip
    owner.execute(
        "SELECT make_month(parent, (date_trunc('month', now()) - n * interval '1 month')::date)"
        " FROM generate_series(1, 12) n, unnest(ARRAY['audit_events', 'eligibility_checks']) parent"
    )
    gained = multiply(owner, ROWS, country=True)
    for statement in (SETTLE, SEEN, "VACUUM ANALYZE"):
        owner.execute(statement)
    assert min(gained[t] for t in ("claims", "audit_events", "eligibility_checks")) > ROWS / 2
    found: dict[str, dict[str, int]] = {}
    meter = Meter(app, owner)
    nssf, auditor = Machine(client, EVERYTHING), Machine(client, "audit.read")
    for path in paths(app, country, api=True):
        asking = {"nssf": nssf, "hospital": hospital, "auditor": auditor}
        for name, who in asking.items():
            found[f"{name} {path}"] = meter.read_by(lambda p=path, w=who: _shown(w.ask("GET", p)))
    for roles, facility in DESKS:
        sign_in(client, make_user(roles=roles, facilities=[facility] if facility else []))
        for path in paths(app, country, api=False):
            found[f"{roles[0]} {path}"] = meter.read_by(lambda p=path: _shown(client.get(p)))
    for job in OFTEN:
        found[job] = meter.read_by(lambda j=job: run_now(j))

    whole = {path: much for path, much in found.items() if much}
    assert {path: much for path, much in whole.items() if not path.endswith(READ_MUCH)} == {}
