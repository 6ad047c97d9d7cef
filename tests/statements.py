"""What reaches PostgreSQL, for tests of how many statements an act takes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import psycopg

from config.prepared import Prepared


@contextmanager
def statements() -> Iterator[list[str]]:
    """Note every statement: the driver's, SQLAlchemy's (which go through it) and the prepared ones."""
    seen: list[str] = []
    run_on, run_prepared, send = psycopg.Cursor.execute, Prepared.run, Prepared.send

    def noted(self: Any, query: Any, *args: Any, **kw: Any) -> Any:
        seen.append(str(query))
        return run_on(self, query, *args, **kw)

    def noted_prepared(self: Prepared, *args: Any) -> Any:
        seen.append(self.text)
        return run_prepared(self, *args)

    def noted_sent(self: Prepared, *args: Any, **kw: Any) -> Any:
        seen.append(self.text)
        return send(self, *args, **kw)

    with (
        patch.object(psycopg.Cursor, "execute", noted),
        patch.object(Prepared, "run", noted_prepared),
        patch.object(Prepared, "send", noted_sent),
    ):
        yield seen
