"""Statements of the hot path: run in one exchange with the server, prepared once a connection.

`config.db.fast()` lends the connection. The driver's own way converts every value by its type and
hands the interpreter back and forth several times a statement; here a statement is one call that
waits without holding it. Values go as text and come back as the server wrote them. `Work` sends
the statements of a transaction together, its beginning and its commit among them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from select import POLLIN, POLLOUT, poll
from typing import Any
from weakref import WeakKeyDictionary

from psycopg import Connection, DataError, OperationalError
from psycopg.errors import InvalidSqlStatementName, error_from_result
from psycopg.pq import ConnStatus, ExecStatus, TransactionStatus
from psycopg.pq.abc import PGconn, PGresult

Rows = list[list[Any]]

_PARAMETER = re.compile(r"%\((\w+)\)s")
_GOOD = (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK)


class _Learned:
    """The statements a connection's server knows, and what it calls them.

    Once it forgot some, nobody can tell which: all are learned anew, under other names.
    """

    def __init__(self) -> None:
        self.names: set[bytes] = set()
        self._turn = b""

    def called(self, name: bytes) -> bytes:
        """Return what the server calls a statement."""
        return name + self._turn

    def forget(self) -> None:
        """Learn everything anew from now on."""
        self.names.clear()
        self._turn = b".%d" % (int(self._turn[1:] or 0) + 1)


_known: WeakKeyDictionary[Connection[Any], _Learned] = WeakKeyDictionary()


class Prepared:
    """One statement with `%(named)s` values, each given as text, bytes, number, day or None."""

    def __init__(self, name: str, statement: str) -> None:
        """Number the values; the same name stands for one value however often it is used."""
        self.names = tuple(dict.fromkeys(_PARAMETER.findall(statement)))
        places = {name: f"${place}" for place, name in enumerate(self.names, 1)}
        self.text = _PARAMETER.sub(lambda found: places[found[1]], statement).strip()
        self.name, self._statement = name.encode(), statement

    def run(self, connection: Connection[Any], values: Mapping[str, Any]) -> Iterator[list[Any]]:
        """Run it and return its rows; each cell is bytes or None. Errors are the driver's own."""
        given = self.given(values)
        if connection.autocommit:
            result = self._run_prepared(connection, given)
        else:
            result = self._run_within(connection, given)
        return iter(_rows(result))

    def run_kept(self, connection: Connection[Any], values: Mapping[str, Any]) -> Rows:
        """Run it in the connection's transaction, for what costs more to plan than the driver does.

        The driver prepares it, and so knows when the server has forgotten it.
        """
        given = {name: _to_text(values[name]) for name in self.names}
        cursor = connection.execute(self._statement.encode(), given, prepare=True)
        return _rows(cursor.pgresult) if cursor.pgresult is not None else []

    def given(self, values: Mapping[str, Any]) -> list[bytes | None]:
        """Return the values in their order, as they are sent."""
        return [_to_bytes(values[name]) for name in self.names]

    def send(
        self, server: PGconn, given: list[bytes | None], *, called: bytes, prepare: bool
    ) -> None:
        """Send it without waiting, prepared before if asked to."""
        if prepare:
            server.send_prepare(called, self.text.encode())
        server.send_query_prepared(called, given)

    def _run_prepared(self, connection: Connection[Any], given: Any) -> PGresult:
        server, known = connection.pgconn, _known.setdefault(connection, _Learned())
        if self.name in known.names:
            try:
                return _checked(connection, server.exec_prepared(known.called(self.name), given))
            except InvalidSqlStatementName:
                # Somebody had the connection forget its statements (DEALLOCATE ALL, DISCARD ALL).
                known.forget()
        called = known.called(self.name)
        _checked(connection, server.prepare(called, self.text.encode()))
        known.names.add(self.name)
        return _checked(connection, server.exec_prepared(called, given))

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


@dataclass(frozen=True, slots=True)
class Step:
    """A statement and its values, to be sent together with others."""

    statement: Prepared
    values: Mapping[str, Any]


BEGIN, COMMIT = (Step(Prepared(word.lower(), word), {}) for word in ("BEGIN", "COMMIT"))


class Work:
    """One transaction of prepared statements, which waits once for everything sent together.

    Its first exchange begins it and the last may commit it. Each statement still sees what others
    committed before that statement began. `config.db.work` lends it and ends it.
    """

    def __init__(self, connection: Connection[Any], *, joins: bool = False) -> None:
        """With `joins`, somebody else began the transaction and will end it."""
        self.connection, self._joins = connection, joins
        self._begun = self._ended = False

    def run(self, *steps: Step, last: bool = False) -> list[Rows]:
        """Run statements in their order; return each one's rows. `last` commits with them."""
        if self._joins:
            return [step.statement.run_kept(self.connection, step.values) for step in steps]
        first = not self._begun
        sent = [*([BEGIN] if first else []), *steps, *([COMMIT] if last else [])]
        given = [step.statement.given(step.values) for step in sent]
        # A value that cannot be sent was refused above: then nothing is begun.
        self._begun = True
        try:
            found = exchange(self.connection, sent, given)
        except InvalidSqlStatementName:
            # Somebody had the connection forget its statements (DEALLOCATE ALL, DISCARD ALL).
            _known[self.connection].forget()
            if not first:
                raise
            self.undo()
            found = exchange(self.connection, sent, given)
        self._ended = last
        return found[first : len(steps) + first]

    def end(self) -> None:
        """Commit, unless that is done or others will do it."""
        if self._begun and not self._ended:
            self.run(last=True)

    def undo(self) -> None:
        """Take everything back."""
        server = self.connection.pgconn
        if server.status == ConnStatus.OK and server.transaction_status != TransactionStatus.IDLE:
            # The driver's own way would have the server forget every prepared statement.
            _checked(self.connection, server.exec_(b"ROLLBACK"))


def exchange(
    connection: Connection[Any], steps: Sequence[Step], given: Sequence[list[bytes | None]]
) -> list[Rows]:
    """Send every step with its values, wait once, and return the rows of each; raise the first error."""
    server, known = connection.pgconn, _known.setdefault(connection, _Learned())
    places: list[int] = []
    fresh: dict[bytes, int] = {}
    server.enter_pipeline_mode()
    try:
        for step, values in zip(steps, given, strict=True):
            name = step.statement.name
            prepare = name not in known.names and name not in fresh
            if prepare:
                fresh[name] = len(places) + len(fresh)
            step.statement.send(server, values, called=known.called(name), prepare=prepare)
            places.append(len(places) + len(fresh))
        server.pipeline_sync()
        results = list(_arriving(server))
    except BaseException:
        # What was sent may still be answered: nobody else may get those answers.
        connection.close()
        raise
    server.exit_pipeline_mode()
    # What was prepared stays so, whatever becomes of the transaction.
    known.names.update(name for name, place in fresh.items() if results[place].status in _GOOD)
    for result in results:
        _checked(connection, result)
    return [_rows(results[place]) for place in places]


def _arriving(server: PGconn) -> Iterable[PGresult]:
    """Return the results of what was sent, up to the mark at its end."""
    socket = poll()
    socket.register(server.socket, POLLIN | POLLOUT)
    while server.flush():
        socket.poll()
        server.consume_input()
    socket.modify(server.socket, POLLIN)
    while True:
        while server.is_busy():
            socket.poll()
            server.consume_input()
        result = server.get_result()
        if result is None:
            # The end of one statement's results; a lost connection has nothing but ends.
            if server.status != ConnStatus.OK:
                raise OperationalError("the connection to the server was lost")
        elif result.status == ExecStatus.PIPELINE_SYNC:
            return
        else:
            yield result


def _rows(result: PGresult) -> Rows:
    columns = range(result.nfields)
    return [[result.get_value(n, c) for c in columns] for n in range(result.ntuples)]


def _checked(connection: Connection[Any], result: PGresult) -> PGresult:
    if result.status in _GOOD:
        return result
    if connection.pgconn.status != ConnStatus.OK:
        raise OperationalError("the connection to the server was lost")
    raise error_from_result(result)


def _to_text(value: Any) -> str | None:
    given = _to_bytes(value)
    return None if given is None else given.decode()


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
