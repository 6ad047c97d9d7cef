"""What reviewers decided, one row a decision, never changed; and what review keeps beside it.

Claims taken by name, ties of reviewers, facilities whose payments are held, bulk approvals.
"""

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
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from config.db import Base

MOMENT = DateTime(timezone=True)


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
        Index("ix_review_decisions_decided_by_facility", "decided_by", "facility", "decided_at"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    claim_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("claims.id"))
    claim_number: Mapped[str] = mapped_column(Text)
    facility: Mapped[str] = mapped_column(Text)
    decided_at: Mapped[datetime] = mapped_column(MOMENT, server_default=func.clock_timestamp())
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
    # The bulk approval this decision was part of.
    bulk: Mapped[str | None] = mapped_column(Text)


class NamedLease(Base):
    """A claim somebody asked for by its number instead of taking the next one, and why."""

    __tablename__ = "named_leases"
    __table_args__ = (Index("ix_named_leases_taken_by", "taken_by", "id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    claim_number: Mapped[str] = mapped_column(Text)
    facility: Mapped[str] = mapped_column(Text)
    taken_by: Mapped[str] = mapped_column(Text)
    taken_at: Mapped[datetime] = mapped_column(MOMENT, server_default=func.clock_timestamp())
    reason: Mapped[str] = mapped_column(Text)


class ReviewerTie(Base):
    """Why somebody may not decide: a facility of their own, or the person behind a program."""

    __tablename__ = "reviewer_ties"
    __table_args__ = (CheckConstraint("kind IN ('facility', 'person')", name="kind"),)

    subject: Mapped[str] = mapped_column(Text, primary_key=True)
    kind: Mapped[str] = mapped_column(Text, primary_key=True)
    tied_to: Mapped[str] = mapped_column(Text, primary_key=True)
    declared_by: Mapped[str] = mapped_column(Text)
    declared_at: Mapped[datetime] = mapped_column(MOMENT, server_default=func.now())


class FacilityHold(Base):
    """A facility whose payments are held; released rows stay as its history."""

    __tablename__ = "facility_holds"
    __table_args__ = (
        CheckConstraint(
            "(released_at IS NULL) = (released_by IS NULL)"
            " AND (released_at IS NULL) = (release_reason IS NULL)",
            name="release",
        ),
        Index(
            "uq_facility_holds_live", "facility", unique=True,
            postgresql_where=text("released_at IS NULL"),
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    facility: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    held_by: Mapped[str] = mapped_column(Text)
    held_at: Mapped[datetime] = mapped_column(MOMENT, server_default=func.clock_timestamp())
    release_reason: Mapped[str | None] = mapped_column(Text)
    released_by: Mapped[str | None] = mapped_column(Text)
    released_at: Mapped[datetime | None] = mapped_column(MOMENT)


class BulkReview(Base):
    """Clean claims for the same services: a sample is read first, then the rest is approved."""

    __tablename__ = "bulk_reviews"
    __table_args__ = (
        UniqueConstraint("number", name="uq_bulk_reviews_number"),
        CheckConstraint("state IN ('open', 'approved', 'abandoned')", name="state"),
        CheckConstraint("(state = 'open') = (closed_at IS NULL)", name="closed"),
        Index("ix_bulk_reviews_opened_by", "opened_by", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    number: Mapped[str] = mapped_column(Text)
    package: Mapped[str] = mapped_column(Text)
    scheme: Mapped[str] = mapped_column(Text)
    facility_level: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text, server_default="open")
    opened_by: Mapped[str] = mapped_column(Text)
    opened_at: Mapped[datetime] = mapped_column(MOMENT, server_default=func.clock_timestamp())
    closed_at: Mapped[datetime | None] = mapped_column(MOMENT)


class BulkReviewClaim(Base):
    """One claim of a bulk approval: whether it was in the sample, and what became of it."""

    __tablename__ = "bulk_review_claims"
    __table_args__ = (
        CheckConstraint("result IN ('approved', 'skipped', 'second_person')", name="result"),
    )

    bulk_id: Mapped[int] = mapped_column(
        BigInteger,
        ForeignKey("bulk_reviews.id", name="fk_bulk_review_claims_bulk_id"),
        primary_key=True,
    )
    claim_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("claims.id", name="fk_bulk_review_claims_claim_id"), primary_key=True
    )
    claim_number: Mapped[str] = mapped_column(Text)
    version: Mapped[int]
    sampled: Mapped[bool]
    result: Mapped[str | None] = mapped_column(Text)


class Correction(Base):
    """Too much was paid on a claim: who says so, who confirmed it, and what it was worth."""

    __tablename__ = "corrections"
    __table_args__ = (
        CheckConstraint("state IN ('proposed', 'confirmed', 'refused')", name="state"),
        CheckConstraint("to_riel >= 0 AND to_riel < from_riel", name="amounts"),
        CheckConstraint(
            "(state = 'proposed') = (decided_by IS NULL)"
            " AND (decided_by IS NULL) = (decided_at IS NULL)",
            name="decided",
        ),
        CheckConstraint("decided_by <> proposed_by", name="other_person"),
        Index("ix_corrections_claim_id", "claim_id", "id"),
        Index(
            "uq_corrections_proposed",
            "claim_id",
            unique=True,
            postgresql_where=text("state = 'proposed'"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    claim_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("claims.id", name="fk_corrections_claim_id")
    )
    claim_number: Mapped[str] = mapped_column(Text)
    facility: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text, server_default="proposed")
    from_riel: Mapped[int] = mapped_column(BigInteger)
    to_riel: Mapped[int] = mapped_column(BigInteger)
    reason: Mapped[str] = mapped_column(Text)
    proposed_by: Mapped[str] = mapped_column(Text)
    proposed_at: Mapped[datetime] = mapped_column(MOMENT, server_default=func.clock_timestamp())
    decided_by: Mapped[str | None] = mapped_column(Text)
    decided_at: Mapped[datetime | None] = mapped_column(MOMENT)
