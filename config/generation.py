"""One number that grows when policies or tariffs change, so that caches notice at the next request."""

from __future__ import annotations

from sqlalchemy import BigInteger, SmallInteger, text
from sqlalchemy.orm import Mapped, mapped_column

from config.db import Base, db, transaction


class Generation(Base):
    """The single row that holds the number."""

    __tablename__ = "generation"

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    n: Mapped[int] = mapped_column(BigInteger)


def current() -> int:
    """Return the number; whoever caches dated data keeps it beside the copy."""
    value: int = db.session.scalar(text("SELECT n FROM generation WHERE id = 1")) or 0
    return value


def bump() -> None:
    """Make every cache of policies and tariffs stale once this transaction commits."""
    with transaction() as session:
        # The transaction's number never comes twice on a server, whichever database is asked.
        session.execute(
            text(
                "UPDATE generation SET n = greatest(n + 1, pg_current_xact_id()::text::bigint)"
                " WHERE id = 1"
            )
        )
