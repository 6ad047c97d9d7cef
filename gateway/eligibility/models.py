"""Recorded checks, which are never changed; corrections asked of NSSF; look-ups an auditor sees."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    DateTime,
    Identity,
    Index,
    PrimaryKeyConstraint,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from config.db import Base
from config.seals import Xid8


class EligibilityCheck(Base):
    """One decision as it was answered; the row is the audit record of the look-up.

    `body` is json, not jsonb, because its text stays as it was answered, to the byte.
    """

    __tablename__ = "eligibility_checks"
    __table_args__ = (
        CheckConstraint(
            "verdict IN ('eligible', 'emergency_only', 'not_eligible', 'unknown', 'not_found')",
            name="verdict",
        ),
        CheckConstraint(
            "NOT promise OR (verdict = 'eligible' AND facility IS NOT NULL)", name="promise"
        ),
        Index(
            "ix_eligibility_checks_not_found",
            "scanner",
            "checked_at",
            postgresql_where=text("verdict = 'not_found'"),
        ),
        Index("ix_eligibility_checks_card_key_service_date", "card_key", "service_date"),
        Index("ix_eligibility_checks_actor_checked_at", "actor", "checked_at"),
        Index("ix_eligibility_checks_facility_checked_at", "facility", "checked_at"),
        Index(
            "ix_eligibility_checks_checked_at",
            "checked_at",
            postgresql_using="brin",
            postgresql_with={"pages_per_range": 32},
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    number: Mapped[str] = mapped_column(Text)
    checked_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    valid_until: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    facility: Mapped[str | None] = mapped_column(Text)
    actor: Mapped[str] = mapped_column(Text)
    scanner: Mapped[str] = mapped_column(Text)
    card_key: Mapped[str | None] = mapped_column(Text)
    service_date: Mapped[date]
    verdict: Mapped[str] = mapped_column(Text)
    scheme: Mapped[str | None] = mapped_column(Text)
    promise: Mapped[bool]
    policy_version: Mapped[str] = mapped_column(Text)
    request: Mapped[dict[str, Any]] = mapped_column(JSONB)
    body: Mapped[dict[str, Any]] = mapped_column(JSON)
    xact: Mapped[int] = mapped_column(Xid8, server_default=func.pg_current_xact_id())


class CorrectionTask(Base):
    """What a facility says is wrong with a check; NSSF corrects the registry, never this product."""

    __tablename__ = "correction_tasks"
    __table_args__ = (
        UniqueConstraint("check_number", "kind", name="uq_correction_tasks_check_number_kind"),
        CheckConstraint(
            "kind IN ('paid_recently', 'wrong_name', 'wrong_birth_date', 'other')", name="kind"
        ),
        CheckConstraint("state IN ('open', 'closed')", name="state"),
        CheckConstraint(
            "num_nulls(answer, closed_by, closed_at) = CASE state WHEN 'closed' THEN 0 ELSE 3 END",
            name="closed_all",
        ),
        Index("ix_correction_tasks_state_id", "state", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    check_number: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    card_key: Mapped[str | None] = mapped_column(Text)
    card_number: Mapped[str | None] = mapped_column(Text)
    facility: Mapped[str | None] = mapped_column(Text)
    note: Mapped[str | None] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text, server_default="open")
    raised_by: Mapped[str] = mapped_column(Text)
    raised_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    answer: Mapped[str | None] = mapped_column(Text)
    closed_by: Mapped[str | None] = mapped_column(Text)
    closed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class WatchedLookup(Base):
    """One look-up on the auditor's list of its day, and why it is there."""

    __tablename__ = "watched_lookups"
    __table_args__ = (
        UniqueConstraint("check_number", "why", name="uq_watched_lookups_check_number_why"),
        CheckConstraint("why IN ('protected', 'unused')", name="why"),
        Index("ix_watched_lookups_day_id", "day", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    day: Mapped[date]
    check_number: Mapped[str] = mapped_column(Text)
    why: Mapped[str] = mapped_column(Text)
    actor: Mapped[str] = mapped_column(Text)
    facility: Mapped[str | None] = mapped_column(Text)
    listed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class WatchedDay(Base):
    """A day whose list is made, for one reason to be on it."""

    __tablename__ = "watched_days"
    __table_args__ = (
        PrimaryKeyConstraint("why", "day", name="pk_watched_days"),
        CheckConstraint("why IN ('protected', 'unused')", name="why"),
    )

    day: Mapped[date]
    why: Mapped[str] = mapped_column(Text)
    listed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
