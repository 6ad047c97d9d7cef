"""Seals over append-only tables: every minute a hash over the new rows, chained and signed.

A seal covers the rows whose transaction lies in [from_xact, to_xact). `to_xact` is the oldest
transaction still running, so no row can appear in a sealed range later: an edited, missing or
inserted row changes the range's hash. Signing keys come from whoever registers them (`sign_with`),
because this package knows nothing of keys.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Connection, LargeBinary, Text, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql.base import ischema_names
from sqlalchemy.orm import Mapped, Session, mapped_column
from sqlalchemy.types import UserDefinedType

from config.db import Base, db, transaction
from config.jobs import periodic
from config.logs import log


class Xid8(UserDefinedType[int]):
    """PostgreSQL's 64-bit transaction number."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        """Return the type's name in SQL."""
        return "xid8"


# SQLAlchemy reads the type back from the database under this name.
ischema_names["xid8"] = Xid8


# What is hashed is named column by column, so that a column added later breaks no old seal.
CHAINS: dict[str, dict[str, str]] = {
    "audit": {
        "audit_events": "id, recorded_at, actor, action, subject, facility, request_id, details, xact"
    },
    "checks": {
        "eligibility_checks": "id, number, checked_at, facility, actor, card_key, service_date,"
        " verdict, promise, body, request, policy_version, xact"
    },
    "ledger": {
        "journal_entries": "id, kind, subject, occasion, reverses_id, recorded_at, xact",
        "journal_legs": "id, entry_id, account, riel, xact",
        "adjustments": "id, claim, facility, scheme, riel, reason, made_by, made_at, xact",
    },
}
GENESIS = b"\0" * 32
SEALS = text(
    "SELECT position, from_xact::text, to_xact::text, rows, digest, previous, kid, signature,"
    " sealed_at FROM seals WHERE chain = :chain ORDER BY position"
)


Signer = Callable[[bytes], tuple[str, bytes]]
Verifier = Callable[[str, bytes, bytes], bool]
_keys: dict[str, Any] = {}


class Seal(Base):
    """One sealed range of one chain."""

    __tablename__ = "seals"
    __table_args__ = (UniqueConstraint("chain", "position"),)

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    chain: Mapped[str] = mapped_column(Text)
    position: Mapped[int] = mapped_column(BigInteger)
    from_xact: Mapped[int] = mapped_column(Xid8)
    to_xact: Mapped[int] = mapped_column(Xid8)
    rows: Mapped[int] = mapped_column(BigInteger)
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    previous: Mapped[bytes] = mapped_column(LargeBinary)
    kid: Mapped[str] = mapped_column(Text)
    signature: Mapped[bytes] = mapped_column(LargeBinary)
    sealed_at: Mapped[datetime] = mapped_column(server_default=func.now())


@dataclass(slots=True)
class Report:
    """What verification found; `unsealed_rows` is the tail the next minute seals.

    `head` is the newest seal's position and digest, worth writing down outside the database.
    """

    chain: str
    sealed_rows: int = 0
    unsealed_rows: int = 0
    head: tuple[int, str] | None = None
    faults: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Tell whether every seal holds."""
        return not self.faults


def sign_with(signer: Signer, verifier: Verifier) -> None:
    """Take the functions that sign a digest and check a signature by key id."""
    _keys.update(sign=signer, verify=verifier)


def _digest(
    session: Session | Connection, chain: str, start: str, end: str, previous: bytes
) -> tuple[int, bytes]:
    """Hash the rows of a range in order, streaming; return how many there were and the hash."""
    running, rows = hashlib.sha256(previous), 0
    for table, columns in CHAINS[chain].items():
        running.update(table.encode())
        lines = session.execute(
            text(
                f"SELECT row_to_json(t)::text FROM (SELECT {columns} FROM {table}"  # noqa: S608
                " WHERE xact >= CAST(CAST(:start AS text) AS xid8)"
                " AND xact < CAST(CAST(:end AS text) AS xid8) ORDER BY xact, id) t"
            ).execution_options(stream_results=True, yield_per=2000),
            {"start": start, "end": end},
        )
        for (line,) in lines:
            running.update(line.encode())
            running.update(b"\n")
            rows += 1
    return rows, running.digest()


def _statement(chain: str, position: int, start: str, end: str, digest: bytes) -> bytes:
    return f"{chain}|{position}|{start}|{end}|".encode() + digest


def seal(chain: str) -> int:
    """Seal what is new in a chain; return the number of rows sealed (0 when nothing is new)."""
    with transaction() as session:
        session.execute(text("SELECT pg_advisory_xact_lock(hashtext(:k))"), {"k": f"seal:{chain}"})
        # One time zone for the rows' text, whatever the connection was given.
        session.execute(text("SET LOCAL timezone = 'UTC'"))
        last = _last(session, chain)
        position, start, previous = (last[0] + 1, last[1], last[2]) if last else (1, "3", GENESIS)
        end = session.scalar(text("SELECT pg_snapshot_xmin(pg_current_snapshot())::text"))
        rows, digest = _digest(session, chain, start, end, previous)
        if not rows:
            return 0
        kid, signature = _keys["sign"](_statement(chain, position, start, end, digest))
        session.execute(
            text(
                "INSERT INTO seals (chain, position, from_xact, to_xact, rows, digest, previous,"
                " kid, signature) VALUES (:chain, :position, CAST(CAST(:s AS text) AS xid8),"
                " CAST(CAST(:e AS text) AS xid8), :rows, :digest, :previous, :kid, :signature)"
            ),
            {
                "chain": chain, "position": position, "s": start, "e": end, "rows": rows,
                "digest": digest, "previous": previous, "kid": kid, "signature": signature,
            },
        )  # fmt: skip
    # A log that is kept elsewhere is the witness against somebody who cuts the chain's end off.
    log.info("sealed", chain=chain, position=position, digest=digest.hex(), rows=rows)
    return rows


def _last(session: Session, chain: str) -> Any:
    return session.execute(
        text(
            "SELECT position, to_xact::text, digest FROM seals WHERE chain = :chain"
            " ORDER BY position DESC LIMIT 1"
        ),
        {"chain": chain},
    ).first()


def verify(
    chain: str, *, noted: tuple[int, str] | None = None, kept_since: datetime | None = None
) -> Report:
    """Recompute every seal of a chain; name each range that no longer matches.

    Of seals older than `kept_since`, whose rows have been put away, only the chain and the signature
    are looked at.

    A chain whose newest seals and rows were both removed still holds by itself. `noted` is the head
    (position and digest) somebody wrote down before, outside this database: it must still be there.
    """
    report = Report(chain)
    # A connection of its own: one unchanging view of the tables, whatever the caller has open.
    with db.engine.connect().execution_options(isolation_level="REPEATABLE READ") as session:
        session.execute(text("SET LOCAL timezone = 'UTC'"))
        end, missing = "3", noted
        before: Any = None
        for one in session.execute(
            SEALS.execution_options(stream_results=True, yield_per=500), {"chain": chain}
        ):
            _verify_one(session, report, one, before, kept_since)
            if noted and (one.position, one.digest.hex()) == noted:
                missing = None
            before, end = one, one.to_xact
            report.sealed_rows += one.rows
        if before is not None:
            report.head = before.position, before.digest.hex()
        if missing:
            report.faults.append(
                f"{chain} seal {missing[0]}: what was noted of it is not there;"
                " the end of the chain was removed or made anew"
            )
        _look_at_tail(session, report, end)
    return report


def _verify_one(
    session: Connection, report: Report, one: Any, before: Any, kept_since: datetime | None
) -> None:
    where = f"{report.chain} seal {one.position}"
    expected = (before.position + 1, before.to_xact, before.digest) if before else (1, "3", GENESIS)
    if (one.position, one.from_xact, one.previous) != expected:
        report.faults.append(f"{where}: the chain is broken before it")
    if kept_since is None or one.sealed_at >= kept_since:
        rows, digest = _digest(session, report.chain, one.from_xact, one.to_xact, one.previous)
        if digest != one.digest or rows != one.rows:
            report.faults.append(f"{where}: {one.rows} rows were sealed, {rows} rows differ now")
    statement = _statement(report.chain, one.position, one.from_xact, one.to_xact, one.digest)
    if not _keys["verify"](one.kid, statement, one.signature):
        report.faults.append(f"{where}: the signature does not hold (key {one.kid})")


def _look_at_tail(session: Connection, report: Report, end: str) -> None:
    """Count the rows after the last seal; none may name a transaction that has not been yet."""
    for table in CHAINS[report.chain]:
        tail, ahead = session.execute(
            text(
                "SELECT count(*), count(*) FILTER (WHERE xact >="  # noqa: S608 - names from CHAINS
                f" pg_snapshot_xmax(pg_current_snapshot())) FROM {table}"
                " WHERE xact >= CAST(CAST(:end AS text) AS xid8)"
            ),
            {"end": end},
        ).one()
        report.unsealed_rows += tail
        if ahead:
            report.faults.append(
                f"{report.chain}: {ahead} rows of {table} name a transaction that has not been"
            )


@periodic("config.seal", "* * * * *")
def seal_everything() -> None:
    """Seal what every chain gained since the last minute."""
    for chain in CHAINS:
        seal(chain)
