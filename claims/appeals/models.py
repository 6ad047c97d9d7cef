"""An appeal of a facility against a decision: a record of its own beside the claim's state."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from config.db import Base

MOMENT = DateTime(timezone=True)


class Appeal(Base):
    """One claim's appeal: what is asked, what was decided before, who proposed and who decided."""

    __tablename__ = "appeals"
    __table_args__ = (
        CheckConstraint("state IN ('open', 'won', 'lost')", name="state"),
        CheckConstraint(
            "(state = 'open') = (decided_by IS NULL)"
            " AND (decided_by IS NULL) = (decided_at IS NULL)"
            " AND (state = 'open') = (granted_riel IS NULL)",
            name="decided",
        ),
        CheckConstraint(
            "(proposed_by IS NULL) = (proposed_at IS NULL)"
            " AND (proposed_by IS NULL) = (proposed_lines IS NULL)",
            name="proposed",
        ),
        CheckConstraint("proposed_by IS NULL OR decided_by <> proposed_by", name="other_person"),
        CheckConstraint(
            "earlier_riel >= 0 AND supplement_riel >= 0 AND granted_riel >= earlier_riel",
            name="amounts",
        ),
        Index("uq_appeals_claim_id", "claim_id", unique=True),
        Index("ix_appeals_open", "decide_by", "id", postgresql_where=text("state = 'open'")),
        Index("ix_appeals_facility", "facility", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    claim_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("claims.id", name="fk_appeals_claim_id")
    )
    claim_number: Mapped[str] = mapped_column(Text)
    facility: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text, server_default="open")
    reason: Mapped[str] = mapped_column(Text)
    note: Mapped[str | None] = mapped_column(Text)
    lines: Mapped[list[int]] = mapped_column(JSONB, server_default="[]")
    filed_by: Mapped[str] = mapped_column(Text)
    filed_at: Mapped[datetime] = mapped_column(MOMENT, server_default=func.clock_timestamp())
    decide_by: Mapped[date]
    # What was decided before and where the claim stood: kept as it was.
    claim_state: Mapped[str] = mapped_column(Text)
    earlier_riel: Mapped[int] = mapped_column(BigInteger)
    earlier_lines: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default="[]")
    proposed_by: Mapped[str | None] = mapped_column(Text)
    proposed_at: Mapped[datetime | None] = mapped_column(MOMENT)
    proposed_lines: Mapped[list[dict[str, Any]] | None] = mapped_column(JSONB(none_as_null=True))
    causes: Mapped[list[str]] = mapped_column(JSONB, server_default="[]")
    decided_by: Mapped[str | None] = mapped_column(Text)
    decided_at: Mapped[datetime | None] = mapped_column(MOMENT)
    granted_riel: Mapped[int | None] = mapped_column(BigInteger)
    granted_lines: Mapped[list[dict[str, Any]] | None] = mapped_column(JSONB(none_as_null=True))
    supplement_riel: Mapped[int] = mapped_column(BigInteger, server_default="0")
    answer: Mapped[str | None] = mapped_column(Text)
    internal_note: Mapped[str | None] = mapped_column(Text)
