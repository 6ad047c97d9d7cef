"""The record of imports: each file offered, what was wrong with it, what is committed, how fresh."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, SmallInteger, Text, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from config.db import Base


class ImportState(StrEnum):
    """Where an import stands; only a committed one changed the registry."""

    QUEUED = "queued"
    RUNNING = "running"
    COMMITTED = "committed"
    SKIPPED = "skipped"
    HELD = "held"
    REFUSED = "refused"
    INTERRUPTED = "interrupted"


class ImportJob(Base):
    """One file offered to the registry."""

    __tablename__ = "registry_imports"
    __table_args__ = (Index("ix_registry_imports_requested_at", "requested_at"),)

    number: Mapped[str] = mapped_column(Text, primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    file_name: Mapped[str] = mapped_column(Text)
    path: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str | None] = mapped_column(Text)
    bytes: Mapped[int | None] = mapped_column(BigInteger)
    delta: Mapped[bool] = mapped_column(server_default=text("false"))
    skip_bad_rows: Mapped[bool] = mapped_column(server_default=text("false"))
    accept_change: Mapped[bool] = mapped_column(server_default=text("false"))
    complete_through: Mapped[str | None] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    requested_by: Mapped[str] = mapped_column(Text)
    requested_at: Mapped[datetime] = mapped_column(server_default=func.now())
    finished_at: Mapped[datetime | None]
    rows: Mapped[int] = mapped_column(BigInteger, server_default="0")
    bad_rows: Mapped[int] = mapped_column(BigInteger, server_default="0")
    errors: Mapped[int] = mapped_column(BigInteger, server_default="0")
    detail: Mapped[str | None] = mapped_column(Text)
    report: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")


class ImportFault(Base):
    """One bad value of an import, up to a bound; the whole list is the report file."""

    __tablename__ = "registry_import_errors"

    import_number: Mapped[str] = mapped_column(
        ForeignKey("registry_imports.number", ondelete="CASCADE"), primary_key=True
    )
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    row_number: Mapped[int] = mapped_column(BigInteger)
    column_name: Mapped[str] = mapped_column(Text)
    value: Mapped[str | None] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)


class RegistryFile(Base):
    """A file that was committed; the same bytes are skipped when they come again."""

    __tablename__ = "registry_files"

    kind: Mapped[str] = mapped_column(Text, primary_key=True)
    sha256: Mapped[str] = mapped_column(Text, primary_key=True)
    file_name: Mapped[str] = mapped_column(Text)
    rows: Mapped[int] = mapped_column(BigInteger)
    delta: Mapped[bool]
    import_number: Mapped[str] = mapped_column(Text)
    committed_at: Mapped[datetime] = mapped_column(server_default=func.now())


class RegistryState(Base):
    """How fresh the registry is, in one row."""

    __tablename__ = "registry_state"

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    as_of: Mapped[datetime | None]
    contributions_loaded: Mapped[bool] = mapped_column(server_default=text("false"))
    complete_through: Mapped[str | None] = mapped_column(Text)
