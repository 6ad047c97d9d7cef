"""What is stored of a claim: the claim, its lines, its timeline, and the talk about it.

Written by `submission.service` with statements of its own (the hot path) and read through
`submission.queries`; review and reimbursement change a claim only through `service.move`.
Nothing here points into the registry: person and facility are a snapshot.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Computed,
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

from claims.submission.states import ClaimState
from config.db import Base

MOMENT = DateTime(timezone=True)
DOUBTFUL = (
    "coalesce(jsonb_path_exists("
    'outcome, \'$.**.severity ? (@ == "review" || @ == "deny")\'), false)'
)


class Claim(Base):
    """One claim of one facility; `body` is what the facility sent, `outcome` what we found."""

    __tablename__ = "claims"
    __table_args__ = (
        UniqueConstraint("number", name="uq_claims_number"),
        UniqueConstraint(
            "facility", "facility_reference", name="uq_claims_facility_facility_reference"
        ),
        CheckConstraint(
            "state IN ({})".format(", ".join(f"'{state}'" for state in ClaimState)), name="state"
        ),
        CheckConstraint("type IN ('treatment', 'maternity')", name="type"),
        CheckConstraint(
            "claimed_riel >= 0 AND payable_riel BETWEEN 0 AND claimed_riel"
            " AND approved_riel BETWEEN 0 AND claimed_riel AND paid_riel >= 0",
            name="amounts",
        ),
        CheckConstraint("(lease_by IS NULL) = (lease_until IS NULL)", name="lease_pair"),
        CheckConstraint(
            "awaiting IS NULL OR (awaiting = 'second_approval' AND state = 'in_review'"
            " AND first_approver IS NOT NULL)",
            name="awaiting",
        ),
        CheckConstraint(
            "state NOT IN ('batched', 'paid') OR batch_number IS NOT NULL", name="batch"
        ),
        CheckConstraint(
            "state NOT IN ('approved', 'batched', 'paid') OR approved_riel IS NOT NULL",
            name="approved_amount",
        ),
        CheckConstraint("version > 0 AND birth_order >= 0", name="counters"),
        Index("ix_claims_state_submitted_at", "state", "submitted_at", "id"),
        Index("ix_claims_facility_id", "facility", "id"),
        Index("ix_claims_facility_updated_at", "facility", "updated_at", "id"),
        Index("ix_claims_facility_state", "facility", "state", "id"),
        Index("ix_claims_card_key_service_to", "card_key", "service_to"),
        Index(
            "ix_claims_batch_number",
            "batch_number",
            postgresql_where=text("batch_number IS NOT NULL"),
        ),
        Index(
            "ix_claims_remittance_number",
            "remittance_number",
            postgresql_where=text("remittance_number IS NOT NULL"),
        ),
        Index(
            "ix_claims_waiting", "review_by", "id",
            postgresql_where=text("state IN ('submitted', 'in_review')"),
        ),
        Index(
            "ix_claims_package", "package", "id",
            postgresql_where=text("state = 'submitted' AND package IS NOT NULL"),
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    number: Mapped[str] = mapped_column(Text)
    facility: Mapped[str] = mapped_column(Text)
    facility_reference: Mapped[str] = mapped_column(Text)
    type: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    version: Mapped[int] = mapped_column(server_default="1")
    card_key: Mapped[str] = mapped_column(Text)
    card_number: Mapped[str] = mapped_column(Text)
    patient: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    birth_order: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    # Who it was when it was judged: the registry is swapped whole and may say otherwise later.
    person: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    category: Mapped[str | None] = mapped_column(Text)
    scheme: Mapped[str | None] = mapped_column(Text)
    facility_level: Mapped[str | None] = mapped_column(Text)
    visit_type: Mapped[str] = mapped_column(Text)
    service_from: Mapped[date]
    service_to: Mapped[date]
    body: Mapped[dict[str, Any]] = mapped_column(JSONB)
    body_hash: Mapped[str] = mapped_column(Text)
    outcome: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    # Kept beside the outcome, because the queue looks at five hundred of them at a time.
    doubtful: Mapped[bool] = mapped_column(Computed(DOUBTFUL, persisted=True))
    claimed_riel: Mapped[int] = mapped_column(BigInteger, server_default="0")
    payable_riel: Mapped[int | None] = mapped_column(BigInteger)
    approved_riel: Mapped[int | None] = mapped_column(BigInteger)
    paid_riel: Mapped[int | None] = mapped_column(BigInteger)
    check_number: Mapped[str | None] = mapped_column(Text)
    visit_number: Mapped[str | None] = mapped_column(Text)
    # The deadline for filing counts from the first submission, the review's from the last one.
    first_submitted_at: Mapped[datetime | None] = mapped_column(MOMENT)
    submitted_at: Mapped[datetime | None] = mapped_column(MOMENT)
    decided_at: Mapped[datetime | None] = mapped_column(MOMENT)
    lease_by: Mapped[str | None] = mapped_column(Text)
    lease_until: Mapped[datetime | None] = mapped_column(MOMENT)
    awaiting: Mapped[str | None] = mapped_column(Text)
    first_approver: Mapped[str | None] = mapped_column(Text)
    batch_number: Mapped[str | None] = mapped_column(Text)
    remittance_number: Mapped[str | None] = mapped_column(Text)
    replaces: Mapped[str | None] = mapped_column(Text)
    held: Mapped[bool] = mapped_column(Boolean, server_default="false")
    # How much NSSF has to look at it (points of its signals); shown to NSSF only.
    risk: Mapped[int] = mapped_column(server_default="0")
    # The day by which NSSF decides; empty while a hold or an open question stops the clock.
    review_by: Mapped[date | None]
    asked: Mapped[bool] = mapped_column(Boolean, server_default="false")
    escalated_at: Mapped[datetime | None] = mapped_column(MOMENT)
    # The services of a claim that the rules found clean: what bulk approval groups by.
    package: Mapped[str | None] = mapped_column(Text)
    created_by: Mapped[str] = mapped_column(Text)
    submitted_by: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(MOMENT, server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(MOMENT, server_default=func.now())


class ClaimLine(Base):
    """One line as claimed, as judged, and (after review) as approved.

    Person, birth order and day are repeated here so that history is one index scan.
    """

    __tablename__ = "claim_lines"
    __table_args__ = (
        CheckConstraint("quantity > 0 AND unit_price_riel >= 0", name="claimed"),
        CheckConstraint(
            "payable_riel BETWEEN 0 AND quantity * unit_price_riel"
            " AND approved_riel BETWEEN 0 AND quantity * unit_price_riel",
            name="amounts",
        ),
        CheckConstraint(
            "decision IS NULL OR decision IN ('payable', 'reduced', 'denied', 'review')",
            name="decision",
        ),
        Index("ix_claim_lines_card_key_service_date", "card_key", "service_date"),
    )

    claim_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("claims.id", name="fk_claim_lines_claim_id"), primary_key=True
    )
    line: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    card_key: Mapped[str] = mapped_column(Text)
    birth_order: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    service: Mapped[str] = mapped_column(Text)
    service_date: Mapped[date]
    quantity: Mapped[int]
    unit_price_riel: Mapped[int] = mapped_column(BigInteger)
    benefit: Mapped[str | None] = mapped_column(Text)
    decision: Mapped[str | None] = mapped_column(Text)
    tariff_riel: Mapped[int | None] = mapped_column(BigInteger)
    allowed_quantity: Mapped[int | None]
    payable_riel: Mapped[int | None] = mapped_column(BigInteger)
    reasons: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default="[]")
    approved_quantity: Mapped[int | None]
    approved_unit_price_riel: Mapped[int | None] = mapped_column(BigInteger)
    approved_riel: Mapped[int | None] = mapped_column(BigInteger)
    approved_reason: Mapped[str | None] = mapped_column(Text)


class ClaimEvent(Base):
    """One step of the timeline: who moved the claim to which state, when; never changed."""

    __tablename__ = "claim_events"
    __table_args__ = (Index("ix_claim_events_claim_id", "claim_id", "id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    claim_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("claims.id", name="fk_claim_events_claim_id")
    )
    at: Mapped[datetime] = mapped_column(MOMENT, server_default=func.clock_timestamp())
    action: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    by: Mapped[str] = mapped_column(Text)
    details: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")


class ClaimMessage(Base):
    """A question, an answer or a note; what is `internal` never leaves NSSF."""

    __tablename__ = "claim_messages"
    __table_args__ = (
        CheckConstraint("kind IN ('question', 'answer', 'note')", name="kind"),
        CheckConstraint("side IN ('nssf', 'facility')", name="side"),
        CheckConstraint("NOT internal OR side = 'nssf'", name="internal"),
        Index("ix_claim_messages_claim_id", "claim_id", "id"),
        Index(
            "ix_claim_messages_open",
            "at",
            postgresql_where=text("kind = 'question' AND answered_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    claim_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("claims.id", name="fk_claim_messages_claim_id")
    )
    at: Mapped[datetime] = mapped_column(MOMENT, server_default=func.clock_timestamp())
    by: Mapped[str] = mapped_column(Text)
    side: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    internal: Mapped[bool] = mapped_column(Boolean, server_default="false")
    # Set on a question once somebody answered it: an open question pauses the clock.
    answered_at: Mapped[datetime | None] = mapped_column(MOMENT)
    # The question that an answer answers.
    answers: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("claim_messages.id", name="fk_claim_messages_answers")
    )


class PublicHoliday(Base):
    """A day on which offices are closed, with its source: what working days are counted by."""

    __tablename__ = "public_holidays"
    __table_args__ = (
        CheckConstraint("status IN ('law', 'reported', 'assumption', 'demo')", name="status"),
    )

    day: Mapped[date] = mapped_column(primary_key=True)
    name_en: Mapped[str] = mapped_column(Text)
    name_km: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(Text)
    loaded_by: Mapped[str] = mapped_column(Text)
    loaded_at: Mapped[datetime] = mapped_column(MOMENT, server_default=func.now())


class Outage(Base):
    """Days on which this service could not be used: no deadline counts them."""

    __tablename__ = "outages"
    __table_args__ = (CheckConstraint("last_day >= first_day", name="period"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    first_day: Mapped[date]
    last_day: Mapped[date]
    reason: Mapped[str] = mapped_column(Text)
    recorded_by: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime] = mapped_column(MOMENT, server_default=func.now())
