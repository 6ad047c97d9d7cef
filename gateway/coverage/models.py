"""Policy files as they were loaded, and the benefits people have used."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, DateTime, Identity, Index, Text, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from config.db import Base


class PolicyFile(Base):
    """One loaded file; the newest of a scheme and effective date is the one in force."""

    __tablename__ = "policies"
    __table_args__ = (Index("ix_policies_scheme_effective_from", "scheme", "effective_from", "id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    scheme: Mapped[str] = mapped_column(Text)
    effective_from: Mapped[date]
    name: Mapped[str] = mapped_column(Text)
    body: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(Text)
    loaded_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    loaded_by: Mapped[str] = mapped_column(Text)


class BenefitUsage(Base):
    """One benefit of one calendar day that an approved claim has used."""

    __tablename__ = "benefit_usage"
    __table_args__ = (
        UniqueConstraint("claim", "day", "benefit", name="uq_benefit_usage_claim_day_benefit"),
        Index("ix_benefit_usage_card_key_day", "card_key", "day"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    card_key: Mapped[str] = mapped_column(Text)
    scheme: Mapped[str] = mapped_column(Text)
    benefit: Mapped[str] = mapped_column(Text)
    day: Mapped[date]
    claim: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.now()
    )
