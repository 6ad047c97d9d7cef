"""The tables of imports: one row a file, and one row a claim of it with what became of it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    SmallInteger,
    Text,
    func,
    text,
)
from sqlalchemy import UniqueConstraint as Unique
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from config.db import Base

MOMENT = DateTime(timezone=True)


class ImportState(StrEnum):
    """Where an import stands; `refused` means the file itself could not be read."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    REFUSED = "refused"


OPEN = (ImportState.QUEUED, ImportState.RUNNING)


class ClaimImport(Base):
    """One file of one facility; the same bytes again are the same import."""

    __tablename__ = "claim_imports"
    __table_args__ = (
        Unique("number"),
        Unique("facility", "sha256"),
        CheckConstraint("format IN ('csv', 'ndjson', 'xlsx')", name="format"),
        CheckConstraint("state IN ('queued', 'running', 'done', 'refused')", name="state"),
        CheckConstraint("accepted + unchanged + refused BETWEEN 0 AND claims_total", name="counts"),
        Index("ix_claim_imports_facility_id", "facility", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    number: Mapped[str] = mapped_column(Text)
    facility: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(Text)
    bytes: Mapped[int] = mapped_column(BigInteger)
    format: Mapped[str] = mapped_column(Text)
    file_name: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    detail: Mapped[str | None] = mapped_column(Text)
    detail_row: Mapped[int | None]
    detail_column: Mapped[str | None] = mapped_column(Text)
    rows_total: Mapped[int] = mapped_column(server_default="0")
    claims_total: Mapped[int] = mapped_column(server_default="0")
    accepted: Mapped[int] = mapped_column(server_default="0")
    unchanged: Mapped[int] = mapped_column(server_default="0")
    refused: Mapped[int] = mapped_column(server_default="0")
    requested_by: Mapped[str] = mapped_column(Text)
    requested_at: Mapped[datetime] = mapped_column(MOMENT, server_default=func.clock_timestamp())
    started_at: Mapped[datetime | None] = mapped_column(MOMENT)
    finished_at: Mapped[datetime | None] = mapped_column(MOMENT)


class ClaimImportItem(Base):
    """One claim of a file: its rows, what they say until it is filed, and what became of it."""

    __tablename__ = "claim_import_items"
    __table_args__ = (
        CheckConstraint(
            "result IS NULL OR result IN ('accepted', 'unchanged', 'refused')", name="result"
        ),
        CheckConstraint(
            "(claim_number IS NOT NULL) = (coalesce(result, 'refused') <> 'refused')", name="claim"
        ),
        Index(
            "ix_claim_import_items_waiting", "import_id", "position",
            postgresql_where=text("result IS NULL"),
        ),
    )  # fmt: skip

    import_id: Mapped[int] = mapped_column(
        BigInteger,
        ForeignKey("claim_imports.id", name="fk_claim_import_items_import_id"),
        primary_key=True,
    )
    position: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    rows: Mapped[list[int]] = mapped_column(ARRAY(Integer))
    facility_reference: Mapped[str | None] = mapped_column(Text)
    # JSON as text: a file may hold a NUL, which the database's own JSON cannot.
    content: Mapped[str | None] = mapped_column(Text)
    result: Mapped[str | None] = mapped_column(Text)
    claim_number: Mapped[str | None] = mapped_column(Text)
    claim_state: Mapped[str | None] = mapped_column(Text)
    payable_riel: Mapped[int | None] = mapped_column(BigInteger)
    faults: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default="[]")
    stumbles: Mapped[int] = mapped_column(SmallInteger, server_default="0")
