"""Transaction numbers are the server's: a test's feed waits for what other processes still write."""

from __future__ import annotations

import time

import psycopg
from flask import current_app

# Another database's transaction that is older than everything written here so far.
OLDER = """
SELECT count(*) FROM pg_stat_activity
 WHERE backend_xid IS NOT NULL AND datname <> current_database()
   AND backend_xid::text::bigint < %s
"""


def let_others_finish(seconds: float = 60) -> None:
    """Wait until no other test process on this server holds the horizon back."""
    url = current_app.extensions["nssf.settings"].database_url
    with psycopg.connect(url, autocommit=True) as watcher:
        row = watcher.execute("SELECT pg_current_xact_id()::text::bigint").fetchone()
        assert row is not None
        give_up = time.monotonic() + seconds
        while watcher.execute(OLDER, row).fetchone() != (0,):
            assert time.monotonic() < give_up, "another test process never ends its transaction"
            time.sleep(0.02)
