"""Who asks for claims changed since the last one seen misses none that was committed late."""

from __future__ import annotations

from datetime import datetime, timedelta

import psycopg
import pytest
from flask import Flask

from claims.submission import queries
from claims.submission import service as submission
from config import clock
from config.db import db
from config.settings import settings
from tests.claims.submission.filing import file, nssf

pytestmark = pytest.mark.usefixtures("world")
TOUCH = "UPDATE claims SET updated_at = now(), version = version + 1 WHERE number = %s"


def changed_since(moment: datetime) -> list[str]:
    # Each request begins with no transaction of its own.
    db.session.remove()
    rows = submission.list_claims(by=nssf(), limit=9, updated_after=moment)
    return [row["number"] for row in rows]


def test_a_change_is_told_only_when_every_older_transaction_has_ended(app: Flask) -> None:
    since = clock.now() - timedelta(minutes=1)
    late, early = file("LATE")["number"], file("EARLY")["number"]
    assert changed_since(since) == [late, early]

    with psycopg.connect(settings().app_database_url) as slow:
        slow.execute(TOUCH, [late])
        other = file("OTHER")["number"]
        assert changed_since(since) == [late, early]
        slow.commit()

    assert changed_since(since) == [early, late, other]


def test_a_simulation_that_reads_for_long_holds_no_list_up(app: Flask) -> None:
    since = clock.now() - timedelta(minutes=1)

    with psycopg.connect(
        settings().app_database_url, application_name=queries.READS_ONLY
    ) as reader:
        reader.execute("SELECT 1")
        number = file("OTHER")["number"]

        assert changed_since(since) == [number]
