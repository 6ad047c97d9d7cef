"""What is stored of a complaint: its facts, the words of who complained, its way, and what was asked.

The words and the person stand in `Statement`; what a facility is shown stands in `Forward`, which
carries all that showing it needs, so that no statement for a facility touches anything else.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from claims.complaints.rules import About, Channel, Kind, Outcome
from claims.complaints.states import ComplaintState
from config.db import Base

MOMENT = DateTime(timezone=True)
MESSAGES = ("answer", "closing", "reopening")


def _one_of(column: str, values: Iterable[str]) -> str:
    return f"{column} IN ({', '.join(repr(str(value)) for value in values)})"


class Complaint(Base):
    """One complaint; whoever made it is not here."""

    __tablename__ = "complaints"
    __table_args__ = (
        UniqueConstraint("number", name="uq_complaints_number"),
        CheckConstraint(_one_of("about", About), name="about"),
        CheckConstraint(_one_of("kind", Kind), name="kind"),
        CheckConstraint(_one_of("channel", Channel), name="channel"),
        CheckConstraint(_one_of("state", ComplaintState), name="state"),
        CheckConstraint(_one_of("outcome", Outcome), name="outcome"),
        CheckConstraint("(about = 'facility') = (subject IS NULL)", name="subject"),
        CheckConstraint(
            "amount_riel IS NULL OR (amount_riel > 0 AND kind = 'informal_payment')", name="amount"
        ),
        CheckConstraint("state <> 'answered' OR answered_at IS NOT NULL", name="answered"),
        CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL)", name="closed"),
        CheckConstraint("outcome IS NULL OR state = 'closed'", name="closed_outcome"),
        Index("ix_complaints_state_answer_by", "state", "answer_by", "id"),
        Index("ix_complaints_facility_id", "facility", "id"),
        Index("ix_complaints_filed_by_id", "filed_by", "id"),
        Index("ix_complaints_filed_at", "filed_at"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    number: Mapped[str] = mapped_column(Text)
    facility: Mapped[str] = mapped_column(Text)
    province: Mapped[str] = mapped_column(Text)
    about: Mapped[str] = mapped_column(Text)
    subject: Mapped[str | None] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    channel: Mapped[str] = mapped_column(Text)
    amount_riel: Mapped[int | None] = mapped_column(BigInteger)
    happened_on: Mapped[date | None]
    state: Mapped[str] = mapped_column(Text, server_default=ComplaintState.OPEN)
    answer_by: Mapped[date]
    overdue_at: Mapped[datetime | None] = mapped_column(MOMENT)
    assigned_to: Mapped[str | None] = mapped_column(Text)
    outcome: Mapped[str | None] = mapped_column(Text)
    reopened: Mapped[int] = mapped_column(server_default="0")
    filed_by: Mapped[str] = mapped_column(Text)
    filed_at: Mapped[datetime] = mapped_column(MOMENT, server_default=func.now())
    answered_at: Mapped[datetime | None] = mapped_column(MOMENT)
    closed_at: Mapped[datetime | None] = mapped_column(MOMENT)


class Statement(Base):
    """What was said and, unless they would not say, by whom."""

    __tablename__ = "complaint_statements"

    complaint_id: Mapped[int] = mapped_column(
        BigInteger,
        ForeignKey("complaints.id", name="fk_complaint_statements_complaint_id"),
        primary_key=True,
    )
    text: Mapped[str] = mapped_column(Text)
    name: Mapped[str | None] = mapped_column(Text)
    phone: Mapped[str | None] = mapped_column(Text)


class ComplaintMessage(Base):
    """What NSSF answered, why it closed the complaint, why it was taken up anew."""

    __tablename__ = "complaint_messages"
    __table_args__ = (
        CheckConstraint(_one_of("kind", MESSAGES), name="kind"),
        Index("ix_complaint_messages_complaint_id", "complaint_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    complaint_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("complaints.id", name="fk_complaint_messages_complaint_id")
    )
    at: Mapped[datetime] = mapped_column(MOMENT, server_default=func.clock_timestamp())
    by: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)


class ComplaintEvent(Base):
    """One step: who moved the complaint to which state, when; never changed."""

    __tablename__ = "complaint_events"
    __table_args__ = (Index("ix_complaint_events_complaint_id", "complaint_id", "id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    complaint_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("complaints.id", name="fk_complaint_events_complaint_id")
    )
    at: Mapped[datetime] = mapped_column(MOMENT, server_default=func.clock_timestamp())
    action: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    by: Mapped[str] = mapped_column(Text)


class Forward(Base):
    """What NSSF asked a facility in its own words, and the facility's answer.

    `ended_at` is set by the answer, or when NSSF no longer waits for one.
    """

    __tablename__ = "complaint_forwards"
    __table_args__ = (
        CheckConstraint(
            "(answer IS NULL) = (answered_at IS NULL) AND (answer IS NULL) = (answered_by IS NULL)",
            name="answered",
        ),
        CheckConstraint("answered_at IS NULL OR ended_at IS NOT NULL", name="ended"),
        Index(
            "uq_complaint_forwards_open", "complaint_id", unique=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index("ix_complaint_forwards_complaint_id", "complaint_id", "id"),
        Index("ix_complaint_forwards_facility_id", "facility", "id"),
        Index("ix_complaint_forwards_number", "number", "id"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    complaint_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("complaints.id", name="fk_complaint_forwards_complaint_id")
    )
    number: Mapped[str] = mapped_column(Text)
    facility: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    forwarded_by: Mapped[str] = mapped_column(Text)
    forwarded_at: Mapped[datetime] = mapped_column(MOMENT, server_default=func.clock_timestamp())
    answer_by: Mapped[date]
    answer: Mapped[str | None] = mapped_column(Text)
    answered_by: Mapped[str | None] = mapped_column(Text)
    answered_at: Mapped[datetime | None] = mapped_column(MOMENT)
    ended_at: Mapped[datetime | None] = mapped_column(MOMENT)
