"""The table of attachments: what was added to which number, by whom, and where its content lies."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, DateTime, Identity, Index, Text, func
from sqlalchemy import UniqueConstraint as Unique
from sqlalchemy.orm import Mapped, mapped_column

from config.db import Base


class Attachment(Base):
    """One file of one subject; `sha256` names its content on disk, `received_sha256` what was sent."""

    __tablename__ = "attachments"
    __table_args__ = (
        Unique("number"),
        Unique("subject", "kind", "received_sha256"),
        CheckConstraint("kind ~ '^[a-z_]{1,40}$'", name="kind"),
        CheckConstraint("bytes > 0", name="bytes"),
        CheckConstraint("length(sha256) = 64 AND length(received_sha256) = 64", name="digests"),
        Index("ix_attachments_sha256", "sha256"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    number: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)
    facility: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    media_type: Mapped[str] = mapped_column(Text)
    filename: Mapped[str] = mapped_column(Text)
    bytes: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(Text)
    received_sha256: Mapped[str] = mapped_column(Text)
    pages: Mapped[int | None]
    added_by: Mapped[str] = mapped_column(Text)
    added_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.clock_timestamp()
    )
