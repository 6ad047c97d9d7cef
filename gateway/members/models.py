"""People as the feed describes them, read only: members, dependents, coverages, paid months.

These tables are replaced by every full import: never point a foreign key at them.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import BigInteger, Index, Text, func, literal_column, text
from sqlalchemy.orm import Mapped, mapped_column

from config.db import Base


def _search(name: str) -> Index:
    """Find a person by birth date and a name like the one given, in one look."""
    return Index(
        name,
        "date_of_birth",
        func.fold_name(literal_column("name_km")).label("km"),
        func.fold_name(literal_column("name_latin")).label("latin"),
        postgresql_using="gin",
        postgresql_ops={"km": "gin_trgm_ops", "latin": "gin_trgm_ops"},
    )


def _if_known(name: str, column: str) -> Index:
    return Index(name, column, postgresql_where=text(f"{column} IS NOT NULL"))


class Member(Base):
    """A registered person with an own card; `card_key` is the folded card number."""

    __tablename__ = "members"
    __table_args__ = (
        _if_known("ix_members_national_id", "national_id"),
        _if_known("ix_members_household_card", "household_card"),
        _search("ix_members_search"),
        {"schema": "registry"},
    )

    card_key: Mapped[str] = mapped_column(Text, primary_key=True)
    card_number: Mapped[str] = mapped_column(Text)
    national_id: Mapped[str | None] = mapped_column(Text)
    name_km: Mapped[str | None] = mapped_column(Text)
    name_latin: Mapped[str | None] = mapped_column(Text)
    sex: Mapped[str] = mapped_column(Text)
    date_of_birth: Mapped[date]
    category: Mapped[str] = mapped_column(Text)
    enterprise: Mapped[str | None] = mapped_column(Text)
    province: Mapped[str] = mapped_column(Text)
    phone: Mapped[str | None] = mapped_column(Text)
    registered_on: Mapped[date]
    status: Mapped[str] = mapped_column(Text)
    status_on: Mapped[date]
    card_status: Mapped[str] = mapped_column(Text, server_default="live")
    household_card: Mapped[str | None] = mapped_column(Text)
    protected: Mapped[bool] = mapped_column(server_default=text("false"))
    district: Mapped[str | None] = mapped_column(Text)
    occupation: Mapped[str | None] = mapped_column(Text)


class Phone(Base):
    """A telephone number a member has, or had since the last full file: the member's row decides.

    Apart from the member, so that a new number leaves the indexes of the others alone.
    """

    __tablename__ = "phones"
    __table_args__ = ({"schema": "registry"},)

    phone: Mapped[str] = mapped_column(Text, primary_key=True)
    card_key: Mapped[str] = mapped_column(Text, primary_key=True)


class Dependent(Base):
    """A spouse or child of a member, with a card of their own."""

    __tablename__ = "dependents"
    __table_args__ = (
        Index("ix_dependents_principal_key", "principal_key"),
        _if_known("ix_dependents_national_id", "national_id"),
        _search("ix_dependents_search"),
        {"schema": "registry"},
    )

    card_key: Mapped[str] = mapped_column(Text, primary_key=True)
    card_number: Mapped[str] = mapped_column(Text)
    principal_key: Mapped[str] = mapped_column(Text)
    relationship: Mapped[str] = mapped_column(Text)
    national_id: Mapped[str | None] = mapped_column(Text)
    name_km: Mapped[str | None] = mapped_column(Text)
    name_latin: Mapped[str | None] = mapped_column(Text)
    sex: Mapped[str] = mapped_column(Text)
    date_of_birth: Mapped[date]
    disabled: Mapped[bool]
    chronically_ill: Mapped[bool]
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]


class Coverage(Base):
    """A period in which a person is covered by a scheme, half-open; NULL means open."""

    __tablename__ = "coverages"
    __table_args__ = ({"schema": "registry"},)

    card_key: Mapped[str] = mapped_column(Text, primary_key=True)
    scheme: Mapped[str] = mapped_column(Text, primary_key=True)
    valid_from: Mapped[date] = mapped_column(primary_key=True)
    valid_to: Mapped[date | None]


class Contribution(Base):
    """The months a person has paid for a scheme, as ranges: `2025-01..2025-06 2025-08`."""

    __tablename__ = "contributions"
    __table_args__ = ({"schema": "registry"},)

    card_key: Mapped[str] = mapped_column(Text, primary_key=True)
    scheme: Mapped[str] = mapped_column(Text, primary_key=True)
    paid_months: Mapped[str] = mapped_column(Text)
    contributory_wage_riel: Mapped[int | None] = mapped_column(BigInteger)
