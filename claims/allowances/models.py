"""What is stored of allowances: each with its steps, registered pregnancies, loaded rule files.

One allowance is one payment to one payee for one event. Nothing points into the registry: who it
was is a snapshot, and `computation` keeps line by line how the amount came about.
"""

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
    SmallInteger,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from claims.allowances.rules.facts import EVENTS, KINDS
from claims.allowances.states import AllowanceState
from claims.submission.models import Claim
from config.db import Base

MOMENT = DateTime(timezone=True)
METHODS = ("bank", "wallet", "cash")


def _one_of(column: str, words: tuple[str, ...] | type[AllowanceState]) -> str:
    return f"{column} IN ({', '.join(repr(str(word)) for word in words)})"


class Allowance(Base):
    """One payment asked for, or proposed, for one event of one person."""

    __tablename__ = "allowances"
    __table_args__ = (
        UniqueConstraint("number", name="uq_allowances_number"),
        CheckConstraint(_one_of("kind", KINDS), name="kind"),
        CheckConstraint(_one_of("event", EVENTS), name="event"),
        CheckConstraint(_one_of("state", AllowanceState), name="state"),
        CheckConstraint("payee_method IS NULL OR " + _one_of("payee_method", METHODS),
                        name="payee_method"),
        CheckConstraint("(payee_method IS NULL) = (payee_name IS NULL)", name="payee_pair"),
        CheckConstraint(
            "payee_method IS NULL OR (payee_account IS NULL) = (payee_method = 'cash')",
            name="payee_account",
        ),
        CheckConstraint(
            "state IN ('proposed', 'withdrawn') OR payee_method IS NOT NULL", name="payee"
        ),
        CheckConstraint(
            "computed_riel >= 0 AND approved_riel BETWEEN 1 AND computed_riel", name="amounts"
        ),
        CheckConstraint(
            "(state IN ('approved', 'batched', 'paid')) = (approved_riel IS NOT NULL)",
            name="approved_amount",
        ),
        CheckConstraint("(state = 'paid') = (paid_on IS NOT NULL)", name="paid"),
        CheckConstraint(
            "(state IN ('batched', 'paid')) = (batch_number IS NOT NULL)", name="batch"
        ),
        CheckConstraint(
            "awaiting IS NULL OR (awaiting = 'second_approval' AND state = 'submitted'"
            " AND first_approver IS NOT NULL)",
            name="awaiting",
        ),
        CheckConstraint("until >= event_on", name="period"),
        CheckConstraint(
            "version > 0 AND instalment > 0 AND birth_order >= 0", name="counters"
        ),
        # A job that runs twice proposes once.
        Index(
            "uq_allowances_proposal", "claim", "kind", "event", "birth_order",
            unique=True, postgresql_where=text("proposed"),
        ),
        Index("ix_allowances_card_key_event_on", "card_key", "event_on"),
        Index("ix_allowances_facility_id", "facility", "id"),
        Index("ix_allowances_state_submitted_at", "state", "submitted_at", "id"),
        Index("ix_allowances_batch_number", "batch_number",
              postgresql_where=text("batch_number IS NOT NULL")),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    number: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    event: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    version: Mapped[int] = mapped_column(server_default="1")
    # NULL: asked for at NSSF itself.
    facility: Mapped[str | None] = mapped_column(Text)
    card_key: Mapped[str] = mapped_column(Text)
    card_number: Mapped[str] = mapped_column(Text)
    person: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    event_on: Mapped[date]
    until: Mapped[date | None]
    delivery_on: Mapped[date | None]
    birth_order: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    instalment: Mapped[int] = mapped_column(SmallInteger, server_default="1")
    claim: Mapped[str | None] = mapped_column(Text)
    proposed: Mapped[bool] = mapped_column(server_default=text("false"))
    body: Mapped[dict[str, Any]] = mapped_column(JSONB)
    computation: Mapped[dict[str, Any]] = mapped_column(JSONB)
    computed_riel: Mapped[int] = mapped_column(BigInteger)
    approved_riel: Mapped[int | None] = mapped_column(BigInteger)
    payee_method: Mapped[str | None] = mapped_column(Text)
    payee_account: Mapped[str | None] = mapped_column(Text)
    payee_name: Mapped[str | None] = mapped_column(Text)
    awaiting: Mapped[str | None] = mapped_column(Text)
    first_approver: Mapped[str | None] = mapped_column(Text)
    proposed_riel: Mapped[int | None] = mapped_column(BigInteger)
    batch_number: Mapped[str | None] = mapped_column(Text)
    paid_on: Mapped[date | None]
    created_by: Mapped[str] = mapped_column(Text)
    submitted_by: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(MOMENT, server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(MOMENT, server_default=func.now())
    submitted_at: Mapped[datetime | None] = mapped_column(MOMENT)
    decided_at: Mapped[datetime | None] = mapped_column(MOMENT)


class AllowanceEvent(Base):
    """One step: who moved an allowance, when, with what words; never changed."""

    __tablename__ = "allowance_events"
    __table_args__ = (Index("ix_allowance_events_allowance_id", "allowance_id", "id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    allowance_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("allowances.id", name="fk_allowance_events_allowance_id")
    )
    at: Mapped[datetime] = mapped_column(MOMENT, server_default=func.clock_timestamp())
    action: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    by: Mapped[str] = mapped_column(Text)
    reason: Mapped[str | None] = mapped_column(Text)
    # `note` goes to whoever filed; `internal_note` stays at NSSF.
    note: Mapped[str | None] = mapped_column(Text)
    internal_note: Mapped[str | None] = mapped_column(Text)
    riel: Mapped[int | None] = mapped_column(BigInteger)


class Pregnancy(Base):
    """A pregnancy told to NSSF; the delivery that ends it is found among the claims."""

    __tablename__ = "pregnancies"
    __table_args__ = (
        UniqueConstraint("number", name="uq_pregnancies_number"),
        CheckConstraint("weeks BETWEEN 1 AND 50", name="weeks"),
        Index("ix_pregnancies_card_key_due_date", "card_key", "due_date"),
        Index("ix_pregnancies_due_date", "due_date", "id"),
        Index("ix_pregnancies_facility_id", "facility", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    number: Mapped[str] = mapped_column(Text)
    facility: Mapped[str | None] = mapped_column(Text)
    card_key: Mapped[str] = mapped_column(Text)
    card_number: Mapped[str] = mapped_column(Text)
    due_date: Mapped[date]
    registered_on: Mapped[date]
    weeks: Mapped[int] = mapped_column(SmallInteger)
    # What eligibility said that day: recorded, not required.
    verdict: Mapped[str] = mapped_column(Text)
    scheme: Mapped[str | None] = mapped_column(Text)
    registered_by: Mapped[str] = mapped_column(Text)
    registered_at: Mapped[datetime] = mapped_column(MOMENT, server_default=func.now())


# The deliveries among all claims, for the list of families that missed a registration.
Index(
    "ix_claims_deliveries", Claim.service_to,
    postgresql_where=text(
        "type = 'maternity' AND body -> 'maternity' ->> 'event' = 'delivery' AND birth_order = 0"
    ),
)  # fmt: skip


class AllowanceRuleFile(Base):
    """A file of allowance rules as it was loaded; the newest of a name is the one in force."""

    __tablename__ = "allowance_rules"
    __table_args__ = (Index("ix_allowance_rules_name", "name", "id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    body: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(Text)
    loaded_at: Mapped[datetime] = mapped_column(MOMENT, server_default=func.now())
    loaded_by: Mapped[str] = mapped_column(Text)
