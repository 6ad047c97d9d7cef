"""Prices: what a payer pays for a service at a level of facility, by date. Written by service.py."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, DateTime, Identity, Index, Text, func, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from config.db import Base


class Tariff(Base):
    """One price; `valid_to` is the first day it no longer holds.

    A superseded row keeps its moment and stays: past prices are never edited. Rows that are in
    force never overlap (an exclusion constraint).
    """

    __tablename__ = "tariffs"
    __table_args__ = (
        CheckConstraint("price_riel >= 0", name="price"),
        CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name="period"),
        CheckConstraint("payer IN ('nssf', 'hef')", name="payer"),
        CheckConstraint("status IN ('law', 'reported', 'assumption', 'demo')", name="status"),
        ExcludeConstraint(
            (text("service"), "="),
            (text("level"), "="),
            (text("payer"), "="),
            (text("daterange(valid_from, valid_to)"), "&&"),
            name="ex_tariffs_overlap",
            using="gist",
            where=text("superseded_at IS NULL"),
        ),
        Index("ix_tariffs_service_level_payer", "service", "level", "payer", "valid_from"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    service: Mapped[str] = mapped_column(Text)
    name_km: Mapped[str] = mapped_column(Text)
    name_en: Mapped[str] = mapped_column(Text)
    benefit: Mapped[str] = mapped_column(Text)
    level: Mapped[str] = mapped_column(Text)
    payer: Mapped[str] = mapped_column(Text)
    price_riel: Mapped[int] = mapped_column(BigInteger)
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    status: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(Text)
    loaded_by: Mapped[str] = mapped_column(Text)
    loaded_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    superseded_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
