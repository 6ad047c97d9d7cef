"""The tables of who may call: people and their sessions, machine clients, and what was used up.

Secrets are stored only as hashes, second factors only encrypted. A facility is known as its code.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Text,
    func,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from auth.permissions import Role
from config.db import Base

MOMENT = DateTime(timezone=True)


class StaffUser(Base):
    """A person who signs in."""

    __tablename__ = "staff_users"
    __table_args__ = (
        CheckConstraint("username = lower(username)", name="username_lower"),
        CheckConstraint("cardinality(roles) > 0", name="has_role"),
        CheckConstraint(
            "(activation_hash IS NULL) = (activation_ends_at IS NULL)", name="activation_both"
        ),
        Index("ix_staff_users_facilities", "facilities", postgresql_using="gin"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    username: Mapped[str] = mapped_column(Text, unique=True)
    display_name: Mapped[str] = mapped_column(Text)
    roles: Mapped[list[str]] = mapped_column(ARRAY(Text))
    facilities: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    language: Mapped[str | None] = mapped_column(Text)
    password_hash: Mapped[str | None] = mapped_column(Text)
    totp_secret: Mapped[bytes | None] = mapped_column(LargeBinary)
    totp_pending: Mapped[bytes | None] = mapped_column(LargeBinary)
    totp_last_step: Mapped[int] = mapped_column(BigInteger, server_default="0")
    activation_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    activation_ends_at: Mapped[datetime | None] = mapped_column(MOMENT)
    created_at: Mapped[datetime] = mapped_column(MOMENT, server_default=func.now())
    created_by: Mapped[str] = mapped_column(Text)
    disabled_at: Mapped[datetime | None] = mapped_column(MOMENT)

    @property
    def subject(self) -> str:
        """Return what the audit trail calls this person."""
        return f"user:{self.username}"

    @property
    def held_roles(self) -> tuple[Role, ...]:
        """Return the roles as such, in the order of the contract."""
        return tuple(role for role in Role if role in self.roles)


class StaffSession(Base):
    """One signed-in browser; `stage` is `code` while the second factor is still asked for."""

    __tablename__ = "staff_sessions"
    __table_args__ = (
        CheckConstraint("stage IN ('code', 'full')", name="stage"),
        Index("ix_staff_sessions_user_id", "user_id"),
        Index("ix_staff_sessions_ends_at", "ends_at"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("staff_users.id", ondelete="CASCADE"))
    stage: Mapped[str] = mapped_column(Text)
    address: Mapped[str] = mapped_column(Text)
    browser: Mapped[str] = mapped_column(Text, server_default="")
    facility: Mapped[str | None] = mapped_column(Text)
    idle_seconds: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[datetime] = mapped_column(MOMENT, server_default=func.now())
    last_seen_at: Mapped[datetime] = mapped_column(MOMENT, server_default=func.now())
    ends_at: Mapped[datetime] = mapped_column(MOMENT)


class SignInPlace(Base):
    """An address or browser from which a person has signed in before."""

    __tablename__ = "sign_in_places"

    user_id: Mapped[int] = mapped_column(
        ForeignKey("staff_users.id", ondelete="CASCADE"), primary_key=True
    )
    place: Mapped[str] = mapped_column(Text, primary_key=True)
    last_at: Mapped[datetime] = mapped_column(MOMENT, server_default=func.now())


class SignInAttempt(Base):
    """How often signing in to an account failed from a place; `account` is a hash of what was typed."""

    __tablename__ = "sign_in_attempts"
    __table_args__ = (Index("ix_sign_in_attempts_place", "place", "last_at"),)

    account: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    place: Mapped[str] = mapped_column(Text, primary_key=True)
    failures: Mapped[int] = mapped_column(Integer)
    last_at: Mapped[datetime] = mapped_column(MOMENT, server_default=func.now())
    blocked_until: Mapped[datetime | None] = mapped_column(MOMENT)


class ApiClient(Base):
    """A machine that calls: a hospital's system, or one of NSSF's own when it has no facility."""

    __tablename__ = "api_clients"
    __table_args__ = (
        CheckConstraint("cardinality(secret_hashes) <= 2", name="two_secrets"),
        Index("ix_api_clients_facilities", "facilities", postgresql_using="gin"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    client_id: Mapped[str] = mapped_column(Text, unique=True)
    name: Mapped[str] = mapped_column(Text)
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    facilities: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    secret_hashes: Mapped[list[bytes]] = mapped_column(ARRAY(LargeBinary), server_default="{}")
    jwks: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    cidrs: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    created_at: Mapped[datetime] = mapped_column(MOMENT, server_default=func.now())
    created_by: Mapped[str] = mapped_column(Text)
    rotated_at: Mapped[datetime | None] = mapped_column(MOMENT)
    revoked_at: Mapped[datetime | None] = mapped_column(MOMENT)

    @property
    def subject(self) -> str:
        """Return what the audit trail calls this client."""
        return f"client:{self.client_id}"


class RevokedToken(Base):
    """An access token ended before its time; kept until it would have expired."""

    __tablename__ = "revoked_tokens"
    __table_args__ = (Index("ix_revoked_tokens_expires_at", "expires_at"),)

    jti: Mapped[str] = mapped_column(Text, primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(MOMENT)


class UsedAssertion(Base):
    """A client assertion that has been spent (RFC 7523: its jti counts once)."""

    __tablename__ = "used_assertions"
    __table_args__ = (Index("ix_used_assertions_expires_at", "expires_at"),)

    client_id: Mapped[str] = mapped_column(Text, primary_key=True)
    jti_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(MOMENT)


class RateCounter(Base):
    """How often something happened in one window of time; shared by every process."""

    __tablename__ = "rate_counters"
    __table_args__ = (Index("ix_rate_counters_window_at", "window_at"),)

    key: Mapped[str] = mapped_column(Text, primary_key=True)
    window_at: Mapped[datetime] = mapped_column(MOMENT, primary_key=True)
    count: Mapped[int] = mapped_column(BigInteger)
