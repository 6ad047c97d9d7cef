"""Flask with one SELECT: what it costs to ask PostgreSQL for one row by key, and nothing else."""

from __future__ import annotations

import os

from flask import Flask, Response, request
from psycopg_pool import ConnectionPool

app = Flask(__name__)
FIND = "SELECT card_number, name_latin, status FROM registry.members WHERE card_key = %s"
_pools: list[ConnectionPool] = []


@app.post("/api/v1/eligibility-checks")
def check() -> Response:
    """Find the card's holder and answer."""
    if not _pools:
        address, options = os.environ["BENCH_APP_URL"], {"autocommit": True}
        _pools.append(ConnectionPool(address, min_size=1, max_size=8, kwargs=options, open=True))
    key = request.get_json()["card_number"].replace("-", "")
    with _pools[0].connection() as connection:
        found = connection.execute(FIND, [key], prepare=True).fetchone()
    return Response(b'{"found": %d}' % (found is not None), content_type="application/json")
