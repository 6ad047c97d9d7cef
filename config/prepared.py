"""Statements of the hot path: run in one exchange with the server, prepared once a connection.

`config.db.fast()` lends the connection. The driver's own way converts every value by its type and
hands the interpreter back and forth several times a statement; here a statement is one call that
waits without holding it. Values go as text and come back as the server wrote them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any
from weakref import WeakKeyDictionary

from psycopg import Connection, DataError, OperationalError
from psycopg.errors import InvalidSqlStatementName, error_from_result
from psycopg.pq import ConnStatus, ExecStatus, TransactionStatus
from psycopg.pq.abc import PGresult

_PARAMETER = re.compile(r"%\((\w+)\)s")
_GOOD = (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK)
_known: WeakKeyDictionary[Connection[Any], set[bytes]] = WeakKeyDictionary()


class Prepared:
    """One statement with `%(named)s` values, each given as text, bytes, number, day or None."""

    def __init__(self, name: str, statement: str) -> None:
        """Number the values; the same name stands for one value however often it is used."""
        self.names = tuple(dict.fromkeys(_PARAMETER.findall(statement)))
        places = {name: f"${place}" for place, name in enumerate(self.names, 1)}
        self.text = _PARAMETER.sub(lambda found: places[found[1]], statement).strip()
        self._name = name.encode()

    def run(self, connection: Connection[Any], values: Mapping[str, Any]) -> Iterator[list[Any]]:
        """Run it and return its rows; each cell is bytes or None. Errors are the driver's own."""
        given = [_to_bytes(values[name]) for name in self.names]
        if connection.autocommit:
            result = self._run_prepared(connection, given)
        else:
            result = self._run_within(connection, given)
        columns = range(result.nfields)
        return ([result.get_value(n, c) for c in columns] for n in range(result.ntuples))

    def _run_prepared(self, connection: Connection[Any], given: Any) -> PGresult:
        server, known = connection.pgconn, _known.setdefault(connection, set())
        if self._name in known:
            try:
                return _checked(connection, server.exec_prepared(self._name, given))
            except InvalidSqlStatementName:
                # Somebody had the connection forget its statements (DEALLOCATE ALL, DISCARD ALL).
                known.clear()
        _checked(connection, server.prepare(self._name, self.text.encode()))
        known.add(self._name)
        return _checked(connection, server.exec_prepared(self._name, given))

    def _run_within(self, connection: Connection[Any], given: Any) -> PGresult:
        """Run it in the connection's transaction, planned anew.

        A rollback of the driver's makes the server forget every prepared statement, and a
        transaction cannot try twice.
        """
        server = connection.pgconn
        if server.transaction_status == TransactionStatus.IDLE:
            # The driver begins a transaction with its first statement; this is not one of its own.
            _checked(connection, server.exec_(b"BEGIN"))
        return _checked(connection, server.exec_params(self.text.encode(), given))


def _checked(connection: Connection[Any], result: PGresult) -> PGresult:
    if result.status in _GOOD:
        return result
    if connection.pgconn.status != ConnStatus.OK:
        raise OperationalError("the connection to the server was lost")
    raise error_from_result(result)


def _to_bytes(value: Any) -> bytes | None:
    if value is None or isinstance(value, bytes):
        return value
    if isinstance(value, bool):
        return b"t" if value else b"f"
    text = value.isoformat() if isinstance(value, date) else str(value)
    if "\0" in text:
        # The protocol ends a value there: what follows would be lost without a word.
        raise DataError("PostgreSQL text fields cannot contain NUL (0x00) bytes")
    return text.encode()
