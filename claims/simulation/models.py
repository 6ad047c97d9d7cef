"""A simulation that was asked for: what is changed, how far it is, what came out."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Identity, Text, UniqueConstraint, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from config.db import Base


class PolicySimulation(Base):
    """One question "what if", asked through the API or the desk and answered by a job."""

    __tablename__ = "policy_simulations"
    __table_args__ = (
        UniqueConstraint("number", name="uq_policy_simulations_number"),
        CheckConstraint("state IN ('queued', 'running', 'finished', 'failed')", name="state"),
        CheckConstraint("(state = 'finished') = (result IS NOT NULL)", name="result"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    number: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text, server_default="queued")
    base_version: Mapped[str] = mapped_column(Text)
    files: Mapped[list[dict[str, str]]] = mapped_column(JSONB)
    day_from: Mapped[date | None]
    day_to: Mapped[date | None]
    claims_total: Mapped[int | None]
    claims_done: Mapped[int] = mapped_column(server_default="0")
    result: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    failure: Mapped[str | None] = mapped_column(Text)
    requested_by: Mapped[str] = mapped_column(Text)
    requested_at: Mapped[datetime] = mapped_column(server_default=func.now())
    finished_at: Mapped[datetime | None]
