"""What is stored of a visit: where it stands in the line, a stamp per step, and its history.

Nothing here points into the registry: a visit keeps the card number, so registries can be swapped.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    SmallInteger,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from config.db import Base
from gateway.visits.rules import IdentitySeen, Payer, Priority, VisitType
from gateway.visits.states import VisitState

MOMENT = DateTime(timezone=True)
# The moment of the statement, not of the transaction: whoever waited for the ticket's lock came later.
NOW = func.clock_timestamp()


def _one_of(column: str, values: Iterable[str]) -> str:
    return f"{column} IN ({', '.join(repr(str(value)) for value in values)})"


class VisitTicket(Base):
    """The last ticket given in one ward of one facility on one day."""

    __tablename__ = "visit_tickets"

    facility: Mapped[str] = mapped_column(Text, primary_key=True)
    ward: Mapped[str] = mapped_column(Text, primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    last: Mapped[int] = mapped_column(Integer)


class Visit(Base):
    """One arrival of one person at one facility, also without a card and for other payers."""

    __tablename__ = "visits"
    __table_args__ = (
        UniqueConstraint("number", name="uq_visits_number"),
        UniqueConstraint("facility", "ward", "ticket_day", "ticket", name="uq_visits_ticket"),
        CheckConstraint(_one_of("state", VisitState), name="state"),
        CheckConstraint(_one_of("visit_type", VisitType), name="visit_type"),
        CheckConstraint(_one_of("payer", Payer), name="payer"),
        CheckConstraint(_one_of("priority", Priority), name="priority"),
        CheckConstraint(_one_of("identity_seen", IdentitySeen), name="identity_seen"),
        CheckConstraint("(card_key IS NULL) = (card_number IS NULL)", name="card_pair"),
        CheckConstraint("ticket > 0 AND version > 0", name="counters"),
        CheckConstraint(
            "(state IN ('finished', 'no_show', 'cancelled')) = (ended_at IS NOT NULL)",
            name="ended",
        ),
        Index(
            "ix_visits_line", "facility", "ward", "rank", "queued_at", "id",
            postgresql_where=text("state = 'waiting'"),
        ),
        Index("ix_visits_facility_day", "facility", "day", "id"),
        Index("ix_visits_card_key_day", "card_key", "day", postgresql_where=text("card_key IS NOT NULL")),
        Index(
            "ix_visits_open", "facility", "queued_at",
            postgresql_where=text("state IN ('waiting', 'called', 'in_service')"),
        ),
        Index("ix_visits_eligibility_check", "eligibility_check",
              postgresql_where=text("eligibility_check IS NOT NULL")),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    number: Mapped[str] = mapped_column(Text)
    facility: Mapped[str] = mapped_column(Text)
    day: Mapped[date] = mapped_column(Date)
    ward: Mapped[str] = mapped_column(Text, server_default="")
    ticket_day: Mapped[date] = mapped_column(Date)
    ticket: Mapped[int] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(Text, server_default=VisitState.WAITING)
    version: Mapped[int] = mapped_column(Integer, server_default="1")
    visit_type: Mapped[str] = mapped_column(Text)
    payer: Mapped[str] = mapped_column(Text)
    priority: Mapped[str] = mapped_column(Text)
    rank: Mapped[int] = mapped_column(SmallInteger)
    card_key: Mapped[str | None] = mapped_column(Text)
    card_number: Mapped[str | None] = mapped_column(Text)
    eligibility_check: Mapped[str | None] = mapped_column(Text)
    identity_seen: Mapped[str] = mapped_column(Text)
    name_differs: Mapped[bool] = mapped_column(server_default="false")
    label: Mapped[str | None] = mapped_column(Text)
    arrived_at: Mapped[datetime] = mapped_column(MOMENT, server_default=NOW)
    queued_at: Mapped[datetime] = mapped_column(MOMENT, server_default=NOW)
    called_at: Mapped[datetime | None] = mapped_column(MOMENT)
    started_at: Mapped[datetime | None] = mapped_column(MOMENT)
    ended_at: Mapped[datetime | None] = mapped_column(MOMENT)
    created_by: Mapped[str] = mapped_column(Text)


class VisitEvent(Base):
    """One step of a visit: when, by whom, into which state, in which ward."""

    __tablename__ = "visit_events"
    __table_args__ = (Index("ix_visit_events_visit_id", "visit_id", "id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    visit_id: Mapped[int] = mapped_column(
        ForeignKey("visits.id", name="fk_visit_events_visit_id"), type_=BigInteger
    )
    at: Mapped[datetime] = mapped_column(MOMENT, server_default=NOW)
    action: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    ward: Mapped[str] = mapped_column(Text)
    ticket: Mapped[int] = mapped_column(Integer)
    by: Mapped[str] = mapped_column(Text)
