"""Staying signed in: server-side sessions, ended when idle, too old, or when the person is kept out.

A session's secret lives in the cookie only; the database knows its hash.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from sqlalchemy import delete, func, insert, select, text, update

from auth import passwords
from auth.models import StaffSession, StaffUser
from auth.permissions import Actor, Role, needs_second_factor, permissions_of
from config.db import db, fast, transaction
from config.errors import Invalid
from config.settings import settings

IDLE_SECONDS = 15 * 60
IDLE_RECEPTION_SECONDS = 60 * 60
LONGEST_SECONDS = 12 * 3600
CODE_SECONDS = 5 * 60
SEEN_EVERY_SECONDS = 30
LONGEST_BROWSER = 120
USERNAME = re.compile(r"[a-z0-9][a-z0-9._@-]{1,63}")

FIND = """
SELECT s.id, s.stage, s.facility, s.last_seen_at < now() - make_interval(secs => %s),
       u.username, u.display_name, u.roles, u.facilities, u.totp_secret IS NOT NULL
FROM staff_sessions s JOIN staff_users u ON u.id = s.user_id
WHERE s.token_hash = %s AND u.disabled_at IS NULL AND s.ends_at > now()
  AND s.last_seen_at > now() - make_interval(secs => s.idle_seconds)
"""
SEEN = "UPDATE staff_sessions SET last_seen_at = now() WHERE id = %s"


@dataclass(frozen=True, slots=True)
class Caller:
    """The browser that asks: its address, its lasting device mark if any, and what it calls itself."""

    address: str
    device: str | None = None
    browser: str = ""


@dataclass(frozen=True, slots=True)
class Session:
    """A live session: `actor` may act once the stage is `full`.

    Stage `code` waits for the second factor, `enrol` for the person to set one up.
    """

    id: int
    username: str
    stage: str
    actor: Actor


def is_username(text_: str) -> bool:
    """Tell whether a text can be a user name at all."""
    return USERNAME.fullmatch(text_) is not None


def account_of(username: str) -> StaffUser | None:
    """Return the account of this name, None when there is none."""
    if not is_username(username):
        return None
    return db.session.scalar(
        select(StaffUser)
        .where(StaffUser.username == username)
        .execution_options(populate_existing=True)
    )


def find_session(token: str) -> Session | None:
    """Return the live session of a cookie's secret, and note that it was seen."""
    with fast() as connection:
        row = connection.execute(FIND, (SEEN_EVERY_SECONDS, passwords.token_hash(token))).fetchone()
        if row is not None and row[3]:
            connection.execute(SEEN, (row[0],))
    if row is None:
        return None
    number, stage, facility, _, username, name, held, places, has_totp = row
    roles = tuple(role for role in Role if role in held)
    if stage == "full" and needs_second_factor(roles) and not has_totp and not settings().demo:
        stage = "enrol"
    actor = actor_of(username, roles, tuple(places), chosen=facility, name=name)
    return Session(number, username, stage, actor)


def actor_of(
    username: str, roles: tuple[Role, ...], facilities: tuple[str, ...], *, chosen: str | None = None,
    name: str = "",
) -> Actor:  # fmt: skip
    """Return a person as actor: bound to a facility, or NSSF's own when there is none."""
    facility = chosen if chosen in facilities else next(iter(sorted(facilities)), None)
    return Actor(
        subject=f"user:{username}",
        permissions=permissions_of(roles),
        facility=facility,
        facilities=facilities,
        nssf=not facilities,
        roles=roles,
        name=name,
    )


def choose_facility(session_id: int, facility: str, *, by: Actor) -> None:
    """Work for another of one's facilities from now on in this session."""
    if facility not in by.facilities:
        raise Invalid(errors=[{"pointer": "/facility", "message": "not one of yours"}])
    with transaction() as session:
        session.execute(
            update(StaffSession).where(StaffSession.id == session_id).values(facility=facility)
        )


def list_sessions(username: str) -> list[StaffSession]:
    """List a person's open sessions, the newest first."""
    statement = (
        select(StaffSession)
        .join(StaffUser, StaffUser.id == StaffSession.user_id)
        .where(StaffUser.username == username, StaffSession.stage == "full")
        .where(StaffSession.ends_at > func.now())
        .where(
            StaffSession.last_seen_at
            > func.now() - func.make_interval(0, 0, 0, 0, 0, 0, StaffSession.idle_seconds)
        )
        .order_by(StaffSession.created_at.desc())
    )
    return list(db.session.scalars(statement))


def renew_session(session_id: int) -> str:
    """Give a session a new secret, after its owner's rights or password changed."""
    token = passwords.new_token()
    with transaction() as session:
        session.execute(
            update(StaffSession)
            .where(StaffSession.id == session_id)
            .values(token_hash=passwords.token_hash(token))
        )
    return token


def end_session(token: str) -> None:
    """End one session."""
    with transaction() as session:
        session.execute(
            delete(StaffSession).where(StaffSession.token_hash == passwords.token_hash(token))
        )


def end_sessions(user_id: int, *, but: int | None = None) -> int:
    """End a person's sessions, all but one if asked; return how many ended."""
    with transaction() as session:
        statement = delete(StaffSession).where(StaffSession.user_id == user_id)
        if but is not None:
            statement = statement.where(StaffSession.id != but)
        return len(session.execute(statement.returning(StaffSession.id)).all())


def open_stage(user: StaffUser, caller: Caller, *, stage: str) -> str:
    """Open a session at a stage and return its secret."""
    token = passwords.new_token()
    reception = Role.RECEPTION in user.roles
    idle = IDLE_RECEPTION_SECONDS if reception else IDLE_SECONDS
    longest = LONGEST_SECONDS
    if stage == "code":
        idle = longest = CODE_SECONDS
    with transaction() as session:
        session.execute(
            insert(StaffSession).values(
                token_hash=passwords.token_hash(token),
                user_id=user.id,
                stage=stage,
                address=caller.address,
                browser=_printable(caller.browser)[:LONGEST_BROWSER],
                idle_seconds=idle,
                ends_at=func.now() + text(f"interval '{longest} seconds'"),
            )
        )
    return token


def _printable(text_: str) -> str:
    return "".join(
        character for character in text_ if character.isascii() and character.isprintable()
    )
