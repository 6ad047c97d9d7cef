"""Reads the price list, and the mark that tells a cached copy from a newer one."""

from __future__ import annotations

from typing import Any

from psycopg import Connection

from claims.adjudication.models import Tariff
from claims.adjudication.rules.tariffs import COLUMNS, Price

# The row's own transaction number tells apart two databases that count alike (tests, restores).
MARK = "SELECT n::text || ':' || xmin::text FROM generation WHERE id = 1"
LIVE = (
    f"SELECT {', '.join(COLUMNS)}, id FROM {Tariff.__tablename__}"  # noqa: S608 - our own names
    " WHERE superseded_at IS NULL"
)


def current_mark(connection: Connection[Any]) -> str:
    """Return the mark of what tariffs and policies hold now."""
    row = connection.execute(MARK).fetchone()
    return str(row[0]) if row else ""


def live_prices(connection: Connection[Any]) -> dict[int, Price]:
    """Return every price that is not superseded, by its row."""
    return {row[-1]: Price(*row[:-1]) for row in connection.execute(LIVE)}
