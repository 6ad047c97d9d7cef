"""What is stored of signals: those of a claim, watched facilities, and the figures they compare by.

Signals are added and never changed; each version of a claim has its own.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Identity, Index, Text, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from config.db import Base


class ClaimSignal(Base):
    """One reason to look at one version of a claim; for NSSF only."""

    __tablename__ = "claim_signals"
    __table_args__ = (
        CheckConstraint("points >= 0", name="points"),
        Index("ix_claim_signals_claim", "claim", "version"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    claim: Mapped[str] = mapped_column(Text)
    version: Mapped[int]
    code: Mapped[str] = mapped_column(Text)
    points: Mapped[int]
    numbers: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    text_en: Mapped[str] = mapped_column(Text)
    text_km: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(server_default=func.now())


class FacilityWatch(Base):
    """A facility whose next claims a person looks at; `remaining` counts down."""

    __tablename__ = "facility_watches"
    __table_args__ = (
        CheckConstraint("claims > 0 AND remaining BETWEEN 0 AND claims", name="counters"),
        Index(
            "ix_facility_watches_facility",
            "facility",
            "id",
            postgresql_where=text("remaining > 0"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    facility: Mapped[str] = mapped_column(Text)
    why: Mapped[str] = mapped_column(Text)
    claims: Mapped[int]
    remaining: Mapped[int]
    by: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(server_default=func.now())


class FacilityProfile(Base):
    """One measure of one facility beside that of its peers: same level, same kind.

    Shares are per mille, amounts riel; both whole. Computed anew each night.
    """

    __tablename__ = "facility_profiles"
    __table_args__ = (
        CheckConstraint("sample >= 0 AND peers >= 0 AND value >= 0", name="counters"),
    )

    facility: Mapped[str] = mapped_column(Text, primary_key=True)
    measure: Mapped[str] = mapped_column(Text, primary_key=True)
    level: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    value: Mapped[int] = mapped_column(BigInteger)
    sample: Mapped[int]
    peers: Mapped[int]
    median: Mapped[int | None] = mapped_column(BigInteger)
    p90: Mapped[int | None] = mapped_column(BigInteger)
    day_from: Mapped[date]
    day_to: Mapped[date]
    computed_at: Mapped[datetime] = mapped_column(server_default=func.now())
