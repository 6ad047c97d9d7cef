"""Batches and what is in them, payment runs over several batches, files of the bank, remittances.

A claim, and a member's allowance, is in at most one live batch: a partial unique index says so.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from claims.reimbursement.states import BatchState
from claims.submission.models import Claim
from config.db import Base

MOMENT = DateTime(timezone=True)
STATES = "state IN ({})".format(", ".join(f"'{state}'" for state in BatchState))


def _steps() -> tuple[CheckConstraint, ...]:
    """Return what holds for every payment: pairs of who and when, maker is not checker."""
    return (
        CheckConstraint(STATES, name="state"),
        CheckConstraint("total_riel > 0", name="total_positive"),
        CheckConstraint(
            "(authorised_by IS NULL) = (authorised_at IS NULL)", name="authorised_pair"
        ),
        CheckConstraint("(exported_by IS NULL) = (exported_at IS NULL)", name="exported_pair"),
        CheckConstraint("(closed_by IS NULL) = (closed_at IS NULL)", name="closed_pair"),
        CheckConstraint("authorised_by <> opened_by", name="maker_not_checker"),
        CheckConstraint(
            "state NOT IN ('authorised', 'exported', 'settled', 'returning', 'returned',"
            " 'failed') OR authorised_by IS NOT NULL",
            name="authorised",
        ),
        CheckConstraint(
            "state NOT IN ('settled', 'returning', 'returned')"
            " OR (paid_on IS NOT NULL AND exported_by IS NOT NULL)",
            name="settled",
        ),
        CheckConstraint("state <> 'failed' OR failure IS NOT NULL", name="failed"),
    )


# What is decided and not paid, by the day that starts the clock of its payment.
UNPAID = text("state IN ('approved', 'batched')")
Index("ix_claims_unpaid", Claim.decided_at, postgresql_where=UNPAID)


class _Payment:
    """The columns a batch and a run share: who took which step when."""

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    number: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    period_to: Mapped[date | None]
    total_riel: Mapped[int] = mapped_column(BigInteger)
    opened_by: Mapped[str] = mapped_column(Text)
    opened_at: Mapped[datetime] = mapped_column(MOMENT, server_default=func.now())
    authorised_by: Mapped[str | None] = mapped_column(Text)
    authorised_at: Mapped[datetime | None] = mapped_column(MOMENT)
    exported_by: Mapped[str | None] = mapped_column(Text)
    exported_at: Mapped[datetime | None] = mapped_column(MOMENT)
    bank_reference: Mapped[str | None] = mapped_column(Text)
    paid_on: Mapped[date | None]
    failure: Mapped[str | None] = mapped_column(Text)
    closed_by: Mapped[str | None] = mapped_column(Text)
    closed_at: Mapped[datetime | None] = mapped_column(MOMENT)


class PaymentRun(_Payment, Base):
    """Several batches under one authorisation and one file."""

    __tablename__ = "payment_runs"
    __table_args__ = (UniqueConstraint("number"), *_steps())


class Batch(_Payment, Base):
    """What one facility is paid at once for one scheme, or the allowances of many members.

    `total_riel` is what was authorised: claims, plus supplements, less recoveries. `unpaid_riel` is
    the part of it the bank did not pay when it settled.
    """

    __tablename__ = "batches"
    __table_args__ = (
        UniqueConstraint("number"),
        *_steps(),
        Index("ix_batches_facility", "facility", "id"),
        Index("ix_batches_state", "state", "id"),
        Index("ix_batches_run_id", "run_id", postgresql_where=text("run_id IS NOT NULL")),
        CheckConstraint(
            "payees IN ('facility', 'members') AND (payees = 'members') = (facility IS NULL)",
            name="payees",
        ),
        CheckConstraint(
            "state NOT IN ('settled', 'returning', 'returned') OR bank_reference IS NOT NULL",
            name="reference",
        ),
        CheckConstraint(
            "unpaid_riel >= 0 AND carried_forward_riel >= 0 AND (unpaid_riel < total_riel"
            " OR (unpaid_riel = total_riel AND payees = 'members'))",
            name="unpaid",
        ),
        CheckConstraint(
            "(return_by IS NULL) = (return_reason IS NULL)"
            " AND (return_by IS NULL) = (returned_on IS NULL)"
            " AND (return_by IS NOT NULL) = (state IN ('returning', 'returned'))"
            " AND (return_confirmed_by IS NOT NULL) = (state = 'returned')"
            " AND return_confirmed_by <> return_by",
            name="return",
        ),
    )

    payees: Mapped[str] = mapped_column(Text, server_default="facility")
    facility: Mapped[str | None] = mapped_column(Text)
    scheme: Mapped[str] = mapped_column(Text)
    claims: Mapped[int]
    unpaid_riel: Mapped[int] = mapped_column(BigInteger, server_default="0")
    carried_forward_riel: Mapped[int] = mapped_column(BigInteger, server_default="0")
    returned_on: Mapped[date | None]
    return_reason: Mapped[str | None] = mapped_column(Text)
    return_by: Mapped[str | None] = mapped_column(Text)
    return_confirmed_by: Mapped[str | None] = mapped_column(Text)
    run_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("payment_runs.id"))

    @property
    def payee(self) -> str:
        """Return whose accounts of the ledger the batch moves."""
        return self.facility or self.payees

    @property
    def paid_riel(self) -> int:
        """Return what the bank paid, or is to pay: all but what it left out."""
        return self.total_riel - self.unpaid_riel


class BatchClaim(Base):
    """One claim in one batch, with what the remittance will say of it.

    `live` ends when the batch fails, is cancelled or comes back: the claim may then be batched
    again. `unpaid` are those the bank left out when it paid the rest.
    """

    __tablename__ = "batch_claims"
    __table_args__ = (
        CheckConstraint("riel > 0 AND riel <= claimed_riel", name="riel"),
        CheckConstraint("NOT (live AND unpaid)", name="unpaid"),
        Index("uq_batch_claims_live", "claim_id", unique=True, postgresql_where=text("live")),
    )

    batch_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("batches.id"), primary_key=True)
    claim_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("claims.id"), primary_key=True)
    claim_number: Mapped[str] = mapped_column(Text)
    facility_reference: Mapped[str] = mapped_column(Text)
    facility_patient_number: Mapped[str | None] = mapped_column(Text)
    claimed_riel: Mapped[int] = mapped_column(BigInteger)
    riel: Mapped[int] = mapped_column(BigInteger)
    reductions: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default="[]")
    live: Mapped[bool] = mapped_column(Boolean, server_default="true")
    unpaid: Mapped[bool] = mapped_column(Boolean, server_default="false")


class BatchAdjustment(Base):
    """What a batch took of an adjustment; a recovery may be spread over several batches."""

    __tablename__ = "batch_adjustments"
    __table_args__ = (
        CheckConstraint("riel <> 0", name="riel_not_zero"),
        Index("ix_batch_adjustments_adjustment_id", "adjustment_id"),
    )

    batch_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("batches.id"), primary_key=True)
    adjustment_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("adjustments.id"), primary_key=True
    )
    riel: Mapped[int] = mapped_column(BigInteger)
    live: Mapped[bool] = mapped_column(Boolean, server_default="true")


class BatchMember(Base):
    """One member's allowance in one batch: whom to pay how, and what the bank said of it."""

    __tablename__ = "batch_members"
    __table_args__ = (
        CheckConstraint("riel > 0", name="riel"),
        CheckConstraint("method IN ('bank', 'wallet', 'cash')", name="method"),
        CheckConstraint(
            "(outcome IS NULL OR outcome IN ('paid', 'failed', 'returned'))"
            " AND (outcome IS DISTINCT FROM 'paid' OR bank_reference IS NOT NULL)",
            name="outcome",
        ),
        CheckConstraint(
            "(return_by IS NULL) = (return_reason IS NULL)"
            " AND (return_by IS NULL) = (returned_on IS NULL)"
            " AND (return_by IS NULL OR outcome IN ('paid', 'returned'))"
            " AND (return_confirmed_by IS NOT NULL) = (outcome IS NOT DISTINCT FROM 'returned')"
            " AND return_confirmed_by <> return_by",
            name="return",
        ),
        Index("uq_batch_members_live", "number", unique=True, postgresql_where=text("live")),
    )

    batch_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("batches.id"), primary_key=True)
    number: Mapped[str] = mapped_column(Text, primary_key=True)
    riel: Mapped[int] = mapped_column(BigInteger)
    payee_name: Mapped[str] = mapped_column(Text)
    method: Mapped[str] = mapped_column(Text)
    account: Mapped[str | None] = mapped_column(Text)
    live: Mapped[bool] = mapped_column(Boolean, server_default="true")
    outcome: Mapped[str | None] = mapped_column(Text)
    bank_reference: Mapped[str | None] = mapped_column(Text)
    paid_on: Mapped[date | None]
    failure: Mapped[str | None] = mapped_column(Text)
    returned_on: Mapped[date | None]
    return_reason: Mapped[str | None] = mapped_column(Text)
    return_by: Mapped[str | None] = mapped_column(Text)
    return_confirmed_by: Mapped[str | None] = mapped_column(Text)


class BankFile(Base):
    """What a bank answered about a payment, as it came, with what was done row by row."""

    __tablename__ = "bank_files"
    __table_args__ = (UniqueConstraint("subject", "sha256"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    subject: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(Text)
    filename: Mapped[str] = mapped_column(Text)
    content: Mapped[bytes] = mapped_column(LargeBinary)
    results: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    read_by: Mapped[str] = mapped_column(Text)
    read_at: Mapped[datetime] = mapped_column(MOMENT, server_default=func.now())


class PaymentFile(Base):
    """The bytes the bank was given, kept as they were: asking again answers the same file."""

    __tablename__ = "payment_files"
    __table_args__ = (UniqueConstraint("subject", "format"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    subject: Mapped[str] = mapped_column(Text)
    format: Mapped[str] = mapped_column(Text)
    msg_id: Mapped[str] = mapped_column(Text)
    content: Mapped[bytes] = mapped_column(LargeBinary)
    created_by: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(MOMENT, server_default=func.now())


class Remittance(Base):
    """What a facility was paid with one batch, and what it says it received."""

    __tablename__ = "remittances"
    __table_args__ = (
        UniqueConstraint("number"),
        UniqueConstraint("batch_id"),
        CheckConstraint("total_riel >= 0 AND received_riel >= 0", name="amounts"),
        CheckConstraint(
            "(acknowledged_by IS NULL) = (acknowledged_at IS NULL)"
            " AND (acknowledged_by IS NULL) = (received_riel IS NULL)",
            name="acknowledged_pair",
        ),
        Index("ix_remittances_facility", "facility", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    number: Mapped[str] = mapped_column(Text)
    batch_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("batches.id"))
    facility: Mapped[str] = mapped_column(Text)
    scheme: Mapped[str] = mapped_column(Text)
    paid_on: Mapped[date]
    bank_reference: Mapped[str] = mapped_column(Text)
    total_riel: Mapped[int] = mapped_column(BigInteger)
    carried_forward_riel: Mapped[int] = mapped_column(BigInteger, server_default="0")
    created_at: Mapped[datetime] = mapped_column(MOMENT, server_default=func.now())
    # The day the bank took the money back; the remittance stays, marked as reversed.
    reversed_on: Mapped[date | None]
    received_riel: Mapped[int | None] = mapped_column(BigInteger)
    acknowledged_note: Mapped[str | None] = mapped_column(Text)
    acknowledged_by: Mapped[str | None] = mapped_column(Text)
    acknowledged_at: Mapped[datetime | None] = mapped_column(MOMENT)
