"""Alembic's entry: migrations run as the owner role, under a lock, with a lock time-out."""

from __future__ import annotations

from alembic import context
from flask import current_app
from sqlalchemy import create_engine, pool, text

from config.db import db, sqlalchemy_url
from config.settings import settings

OUTSIDE = ("procrastinate_", "alembic_version")


def include_name(name: str | None, kind: str, _parents: object) -> bool:
    """Leave Procrastinate's tables, and the scratch schemas of imports, to their owners."""
    if kind == "schema":
        return name in (None, "registry")
    return not (kind == "table" and name and name.startswith(OUTSIDE))


def run() -> None:
    """Apply what is missing in one transaction."""
    current_app.logger.disabled = True
    engine = create_engine(sqlalchemy_url(settings().database_url), poolclass=pool.NullPool)
    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=db.metadatas[None],
            include_schemas=True,
            include_name=include_name,
            compare_type=False,
        )
        with context.begin_transaction():
            connection.execute(text("SET LOCAL lock_timeout = '10s'"))
            connection.execute(text("SELECT pg_advisory_xact_lock(7271)"))
            context.run_migrations()
            # A product that stood still for months has its partitions before its first insert.
            if connection.scalar(text("SELECT to_regprocedure('make_months()')")):
                connection.execute(text("SELECT make_months()"))


run()
