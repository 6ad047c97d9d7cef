"""The product with one thing left out: a check is decided and answered but not written down."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from psycopg import Connection

from gateway.eligibility import queries
from wsgi import app

__all__ = ["app"]


def _forget(conn: Connection[Any], values: Mapping[str, Any]) -> None:
    """Record nothing."""


queries.record = _forget
