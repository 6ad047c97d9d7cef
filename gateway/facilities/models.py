"""Facilities and enterprises as the feed describes them (read only), and the accounts we pay to.

The two registry tables are replaced by every full import: never point a foreign key at them.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import BigInteger, Identity, Index, Text, func, text
from sqlalchemy.orm import Mapped, mapped_column

from config.db import Base


class AccountState(StrEnum):
    """What a bank account of a facility is: only a confirmed one is ever paid to."""

    HELD = "held"
    CONFIRMED = "confirmed"
    REFUSED = "refused"
    SUPERSEDED = "superseded"


class FacilityRow(Base):
    """One contracted facility of the feed."""

    __tablename__ = "facilities"
    __table_args__ = ({"schema": "registry"},)

    code: Mapped[str] = mapped_column(Text, primary_key=True)
    name_km: Mapped[str] = mapped_column(Text)
    name_en: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    level: Mapped[str] = mapped_column(Text)
    province: Mapped[str] = mapped_column(Text)
    contract_from: Mapped[date]
    contract_to: Mapped[date | None]
    bank_account: Mapped[str | None] = mapped_column(Text)
    phone: Mapped[str | None] = mapped_column(Text)


class EnterpriseRow(Base):
    """One employer of the feed."""

    __tablename__ = "enterprises"
    __table_args__ = ({"schema": "registry"},)

    number: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    sector: Mapped[str] = mapped_column(Text)
    province: Mapped[str] = mapped_column(Text)


class FacilityBankAccount(Base):
    """An account a feed named for a facility: who brought it, and who confirmed it."""

    __tablename__ = "facility_bank_accounts"
    __table_args__ = (
        Index("ix_facility_bank_accounts_facility", "facility", "id"),
        Index(
            "uq_facility_bank_accounts_live", "facility", "state", unique=True,
            postgresql_where=text("state IN ('held', 'confirmed')"),
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    facility: Mapped[str] = mapped_column(Text)
    account: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    introduced_by: Mapped[str] = mapped_column(Text, server_default="system:feed")
    introduced_at: Mapped[datetime] = mapped_column(server_default=func.now())
    import_number: Mapped[str | None] = mapped_column(Text)
    decided_by: Mapped[str | None] = mapped_column(Text)
    decided_at: Mapped[datetime | None]
