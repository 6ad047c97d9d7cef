"""The database: the declarative base, the one transaction, and the driver for the hot path.

`transaction()` holds the only commit and rollback of the product. `fast()` is its one named
exception: single statements that are atomic by themselves, on driver connections in autocommit.
`work()` is a transaction on such a connection, for the path of a claim.
"""

from __future__ import annotations

import select
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import TYPE_CHECKING, Any

from flask import Flask, current_app
from flask_sqlalchemy import SQLAlchemy
from psycopg import Connection, OperationalError
from psycopg_pool import ConnectionPool
from sqlalchemy import DateTime, MetaData, Text, event
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.orm import DeclarativeBase, Session, configure_mappers
from sqlalchemy.orm import registry as Registry  # noqa: N812 - a class under a module-like name

from config.ahead import ahead
from config.later import later
from config.prepared import Work
from config.settings import Settings

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
_at_work: ContextVar[bool] = ContextVar("at_work", default=False)
flask_migrate = later("flask_migrate")
POOL_KEY = "nssf.fast_pool"
# Longer than this nobody waits for a free connection: the caller is told to come back (503).
WAIT_SECONDS = 5.0


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
    if _at_work.get():
        raise RuntimeError("what is written within `work` is written by it")
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
def work() -> Iterator[Work]:
    """Run one unit of work of prepared statements alone; an open transaction is joined.

    The statements sent together wait once. Within it nothing else may write: it would be a
    transaction of its own.
    """
    if db.session.registry.has() and db.session().info.get("in_transaction"):
        session = db.session()
        session.flush()
        yield Work(driver(session), joins=True)
        return
    with fast() as connection:
        one = Work(connection)
        token = _at_work.set(True)
        try:
            yield one
            one.end()
        except BaseException:
            one.undo()
            raise
        finally:
            _at_work.reset(token)


@contextmanager
def fast() -> Iterator[Connection[Any]]:
    """Lend a driver connection in autocommit, for one statement that is atomic by itself."""
    pool: _LazyPool = current_app.extensions[POOL_KEY]
    connection = pool.lend()
    try:
        # In autocommit there is nothing to commit; what a block left open, the pool rolls back.
        yield connection
    finally:
        pool.take_back(connection)


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
            "pool_timeout": WAIT_SECONDS,
            "connect_args": {"options": settings.connection_options, "connect_timeout": 5},
        },
    )
    db.init_app(app)
    with app.app_context():
        event.listen(db.engine, "checkout", _refuse_dropped)
    if "gunicorn" not in sys.modules:
        # Alembic and its templates are for commands: a web process never migrates.
        flask_migrate.Migrate(app, db, directory="config/migrations")
    app.extensions[POOL_KEY] = _LazyPool(settings)
    ahead(app, configure_mappers)


def _is_dropped(connection: Connection[Any]) -> bool:
    """Tell whether the server has closed an idle connection, without asking the server.

    Nothing arrives unasked on a healthy one, so only a readable socket is looked into; the usual
    case costs one system call and no round trip.
    """
    try:
        idle = select.poll()
        idle.register(connection.fileno(), select.POLLIN | select.POLLPRI)
        if idle.poll(0):
            ConnectionPool.check_connection(connection)
    except OperationalError:
        return True
    return False


def _refuse_dropped(connection: Any, _record: Any, _proxy: Any) -> None:
    """Tell SQLAlchemy's pool to replace a connection that the server has closed meanwhile."""
    if _is_dropped(connection):
        raise DisconnectionError


class _LazyPool:
    """Open the driver pool on first use: gunicorn forks after the application is built."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._pool: ConnectionPool[Any] | None = None
        self._opening = threading.Lock()

    def lend(self) -> Connection[Any]:
        """Return a connection that works; after a restart of the server none of the old ones does."""
        if self._pool is None:
            with self._opening:
                self._pool = self._pool or self._open()
        connection: Connection[Any] = self._pool.getconn()
        if _is_dropped(connection):
            self._pool.putconn(connection)
            self._pool.check()
            connection = self._pool.getconn()
        return connection

    def take_back(self, connection: Connection[Any]) -> None:
        """Take a connection back; the pool replaces one that broke in the meantime."""
        if self._pool is not None:
            self._pool.putconn(connection)
        else:
            connection.close()

    def _open(self) -> ConnectionPool[Any]:
        pool: ConnectionPool[Any] = ConnectionPool(
            self._settings.app_database_url,
            min_size=1,
            max_size=self._settings.pool_size,
            timeout=WAIT_SECONDS,
            open=False,
            kwargs={
                "autocommit": True,
                "prepare_threshold": 0,
                "options": self._settings.connection_options,
                "connect_timeout": 5,
            },
        )
        pool.open()
        return pool

    def close(self) -> None:
        """Close every connection: tests replace the database between two of them."""
        if self._pool is not None:
            self._pool.close()
            self._pool = None
