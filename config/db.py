"""The database: the declarative base, the one transaction, and the driver for the hot path.

`transaction()` holds the only commit and rollback of the product. `fast()` is its one named
exception: single statements that are atomic by themselves, on driver connections in autocommit.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

from flask import Flask, current_app
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from psycopg import Connection
from psycopg_pool import ConnectionPool
from sqlalchemy import DateTime, MetaData, Text
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.orm import registry as Registry  # noqa: N812 - a class under a module-like name

from config.settings import Settings

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
POOL_KEY = "nssf.fast_pool"


class _Base(DeclarativeBase):
    registry = Registry(
        metadata=MetaData(naming_convention=NAMING),
        type_annotation_map={datetime: DateTime(timezone=True), str: Text},
    )


db = SQLAlchemy(
    model_class=_Base, disable_autonaming=True, session_options={"expire_on_commit": False}
)
if TYPE_CHECKING:
    Base = _Base
else:
    Base = db.Model


@contextmanager
def transaction() -> Iterator[Session]:
    """Run one unit of work: the outermost block commits, any error undoes all of it."""
    session = db.session()
    if session.info.get("in_transaction"):
        yield session
        return
    session.info["in_transaction"] = True
    try:
        yield session
        session.commit()
    except BaseException:
        session.rollback()
        raise
    finally:
        session.info["in_transaction"] = False


def driver(session: Session) -> Connection[Any]:
    """Return the psycopg connection of an open transaction, for statements written by hand."""
    connection: Connection[Any] | None = session.connection().connection.driver_connection
    assert connection is not None  # noqa: S101 - only a closed pool entry has none
    return connection


@contextmanager
def fast() -> Iterator[Connection[Any]]:
    """Lend a driver connection in autocommit, for one statement that is atomic by itself."""
    pool: ConnectionPool[Any] = current_app.extensions[POOL_KEY]
    with pool.connection() as connection:
        yield connection


def sqlalchemy_url(url: str) -> str:
    """Return the same address with the driver SQLAlchemy shall use."""
    for prefix in ("postgresql://", "postgres://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url.removeprefix(prefix)
    return url


def init_db(app: Flask, settings: Settings) -> None:
    """Bind the session, the migrations and the fast pool (opened at first use, so after a fork)."""
    app.config.update(
        SQLALCHEMY_DATABASE_URI=sqlalchemy_url(settings.app_database_url),
        SQLALCHEMY_ENGINE_OPTIONS={
            "pool_size": settings.pool_size,
            "max_overflow": 4,
            "pool_pre_ping": True,
            "connect_args": {"options": settings.connection_options, "connect_timeout": 5},
        },
    )
    db.init_app(app)
    Migrate(app, db, directory="config/migrations")
    app.extensions[POOL_KEY] = _LazyPool(settings)


class _LazyPool:
    """Open the driver pool on first use: gunicorn forks after the application is built."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._pool: ConnectionPool[Any] | None = None

    def connection(self) -> Any:
        if self._pool is None:
            pool: ConnectionPool[Any] = ConnectionPool(
                self._settings.app_database_url,
                min_size=1,
                max_size=self._settings.pool_size,
                timeout=10,
                open=False,
                check=ConnectionPool.check_connection if self._settings.testing else None,
                kwargs={
                    "autocommit": True,
                    "prepare_threshold": 0,
                    "options": self._settings.connection_options,
                    "connect_timeout": 5,
                },
            )
            pool.open()
            self._pool = pool
        return self._pool.connection()

    def close(self) -> None:
        """Close every connection: tests replace the database between two of them."""
        if self._pool is not None:
            self._pool.close()
            self._pool = None
