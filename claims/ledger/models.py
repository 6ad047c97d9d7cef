"""The journal: entries and their legs, append-only; and the adjustments of what is already paid.

The database itself refuses an entry that does not sum to zero at commit, and legs added to an entry
after its own transaction.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Text,
    UniqueConstraint,
    func,
)
from sqlalchemy.orm import Mapped, mapped_column

from config.db import Base
from config.seals import Xid8


class JournalEntry(Base):
    """One fact that moved money; `reverses_id` points at the entry it undoes."""

    __tablename__ = "journal_entries"
    __table_args__ = (
        UniqueConstraint("kind", "subject", "occasion"),
        UniqueConstraint("reverses_id"),
        CheckConstraint("occasion > 0", name="occasion_positive"),
        Index("ix_journal_entries_subject", "subject", "id"),
        Index("ix_journal_entries_xact", "xact", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)
    occasion: Mapped[int] = mapped_column(Integer, server_default="1")
    reverses_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("journal_entries.id"))
    recorded_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.now()
    )
    xact: Mapped[int] = mapped_column(Xid8, server_default=func.pg_current_xact_id())


class JournalLeg(Base):
    """One account's side of an entry: debit positive, credit negative, whole riel."""

    __tablename__ = "journal_legs"
    __table_args__ = (
        CheckConstraint("riel <> 0", name="riel_not_zero"),
        Index("ix_journal_legs_entry_id", "entry_id"),
        Index("ix_journal_legs_account", "account", postgresql_include=["riel"]),
        Index("ix_journal_legs_xact", "xact", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    entry_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("journal_entries.id"))
    account: Mapped[str] = mapped_column(Text)
    riel: Mapped[int] = mapped_column(BigInteger)
    xact: Mapped[int] = mapped_column(Xid8, server_default=func.pg_current_xact_id())


class Adjustment(Base):
    """Riel a facility is owed more (positive) or has to give back (negative) for a paid claim.

    Written once; which batches took how much of it is kept with the batches.
    """

    __tablename__ = "adjustments"
    __table_args__ = (
        CheckConstraint("riel <> 0", name="riel_not_zero"),
        Index("ix_adjustments_facility", "facility", "scheme", "id"),
        Index("ix_adjustments_claim", "claim", "id"),
        Index("ix_adjustments_xact", "xact", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    claim: Mapped[str] = mapped_column(Text)
    facility: Mapped[str] = mapped_column(Text)
    scheme: Mapped[str] = mapped_column(Text)
    riel: Mapped[int] = mapped_column(BigInteger)
    reason: Mapped[str] = mapped_column(Text)
    made_by: Mapped[str] = mapped_column(Text)
    made_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    xact: Mapped[int] = mapped_column(Xid8, server_default=func.pg_current_xact_id())
