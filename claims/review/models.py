"""What reviewers decided: one row a decision, never changed; a later one does not erase it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    SmallInteger,
    Text,
    func,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from config.db import Base


class ReviewDecision(Base):
    """One person's word on one claim: the first (step 1) or the second of four eyes (step 2).

    `final` tells a decision that took effect from a proposal that waits for a second person.
    """

    __tablename__ = "review_decisions"
    __table_args__ = (
        CheckConstraint(
            "decision IN ('approve', 'reject', 'return', 'reopen', 'hold', 'release')",
            name="decision",
        ),
        CheckConstraint("step IN (1, 2)", name="step"),
        CheckConstraint("decision = 'approve' OR reason IS NOT NULL", name="reason"),
        CheckConstraint(
            "approved_riel BETWEEN 0 AND claimed_riel AND payable_riel BETWEEN 0 AND claimed_riel",
            name="amounts",
        ),
        Index("ix_review_decisions_claim_id", "claim_id", "id"),
        Index("ix_review_decisions_decided_by", "decided_by", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    claim_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("claims.id"))
    claim_number: Mapped[str] = mapped_column(Text)
    decided_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.clock_timestamp()
    )
    decided_by: Mapped[str] = mapped_column(Text)
    step: Mapped[int] = mapped_column(SmallInteger)
    decision: Mapped[str] = mapped_column(Text)
    final: Mapped[bool]
    lines: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default="[]")
    reason: Mapped[str | None] = mapped_column(Text)
    note: Mapped[str | None] = mapped_column(Text)
    internal_note: Mapped[str | None] = mapped_column(Text)
    causes: Mapped[list[str]] = mapped_column(JSONB, server_default="[]")
    claimed_riel: Mapped[int] = mapped_column(BigInteger)
    payable_riel: Mapped[int | None] = mapped_column(BigInteger)
    approved_riel: Mapped[int | None] = mapped_column(BigInteger)
