"""Appointing people: who may sign in, in which role, for which facility. Used by desk, CLI and demo.

NSSF's administrators appoint everybody, facility managers only their own facility's staff; nobody
changes his own appointment.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Select, func, select
from sqlalchemy.exc import IntegrityError

from auth import passwords
from auth.models import StaffUser
from auth.permissions import (
    FACILITY_ROLES,
    NSSF_ROLES,
    ROLE_PERMISSIONS,
    Actor,
    Permission,
    Role,
    appointment_problem,
)
from auth.sessions import end_sessions, is_username
from config import audit
from config.db import db, transaction
from config.errors import Conflict, Forbidden, Invalid, NotFound
from config.text import clean
from config.words import N_

FACILITY_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,39}")
LONGEST_NAME = 100
CODE_DAYS = 7


@dataclass(frozen=True, slots=True)
class Appointed:
    """A person and, unless a password was set for them, the one-time code to hand over."""

    user: StaffUser
    code: str | None


def create_user(
    username: str,
    *,
    roles: Iterable[Role],
    by: Actor,
    facilities: Iterable[str] = (),
    display_name: str = "",
    password: str | None = None,
) -> Appointed:
    """Create a person who signs in with a given password, or sets one with a one-time code."""
    name = _username(username)
    held, places = _appointment(roles, facilities, by=by)
    _refuse_password(password, username=name)
    code = passwords.new_code() if password is None else None
    user = StaffUser(
        username=name,
        display_name=_display_name(display_name) or name,
        roles=held,
        facilities=places,
        password_hash=passwords.hash_password(password) if password else None,
        created_by=by.subject,
    )
    _give_code(user, code)
    try:
        with transaction() as session:
            session.add(user)
            _record(by, "user.created", user, roles=held, facilities=places)
            session.flush()
    except IntegrityError:
        raise Conflict("username_used", detail=N_("This user name is taken")) from None
    return Appointed(user, code)


def appoint(
    username: str, *, roles: Iterable[Role], by: Actor, facilities: Iterable[str] = ()
) -> StaffUser:
    """Give a person other roles or facilities; they hold from the person's next request."""
    held, places = _appointment(roles, facilities, by=by)
    with transaction():
        user = _managed(username, by=by)
        before, user.roles, user.facilities = list(user.roles), held, places
        _record(by, "user.appointed", user, before=before, roles=held, facilities=places)
    return user


def disable_user(username: str, *, by: Actor) -> StaffUser:
    """Keep a person out from now on: every session ends."""
    with transaction() as session:
        user = _managed(username, by=by)
        user.disabled_at = user.disabled_at or session.scalar(select(func.now()))
        end_sessions(user.id)
        _record(by, "user.disabled", user)
    return user


def enable_user(username: str, *, by: Actor) -> StaffUser:
    """Let a person in again who was kept out."""
    with transaction():
        user = _managed(username, by=by)
        user.disabled_at = None
        _record(by, "user.enabled", user)
    return user


def reset_user(username: str, *, by: Actor) -> Appointed:
    """End a person's password, second factor and sessions; hand over a new one-time code."""
    code = passwords.new_code()
    with transaction():
        user = _managed(username, by=by)
        user.password_hash = user.totp_secret = user.totp_pending = None
        _give_code(user, code)
        end_sessions(user.id)
        _record(by, "user.reset", user)
    return Appointed(user, code)


def find_user(username: str, *, by: Actor) -> StaffUser:
    """Return a person the actor may manage; NotFound for all others."""
    _require_manager(by)
    name = username.strip().lower()
    user = None
    if is_username(name):
        user = db.session.scalar(_visible(by).where(StaffUser.username == name))
    if user is None:
        raise NotFound
    return user


def list_users(*, by: Actor, after: str = "", limit: int = 50) -> list[StaffUser]:
    """List the people the actor may manage, by user name, `limit` of them after one."""
    _require_manager(by)
    statement = _visible(by).where(StaffUser.username > after)
    return list(db.session.scalars(statement.order_by(StaffUser.username).limit(limit)))


def roles_to_give(by: Actor) -> tuple[Role, ...]:
    """Return the roles the actor may appoint people to."""
    return tuple(role for role in Role if by.nssf or role in FACILITY_ROLES)


def people_who_may(permission: Permission) -> frozenset[str]:
    """Return NSSF's own people who hold a permission and may sign in, as the trail calls them."""
    roles = [role for role in NSSF_ROLES if permission in ROLE_PERMISSIONS[role]]
    people = db.session.scalars(
        select(StaffUser).where(StaffUser.roles.overlap(roles), StaffUser.disabled_at.is_(None))
    )
    return frozenset(person.subject for person in people)


def facility_codes(codes: Iterable[str]) -> list[str]:
    """Return facility codes checked for form, sorted, each once."""
    found = sorted({code.strip() for code in codes if code.strip()})
    for code in found:
        if not FACILITY_CODE.fullmatch(code):
            raise _invalid("/facility", N_("This is not a facility's code."))
    return found


def _require_manager(by: Actor) -> None:
    if not by.may(Permission.USER_MANAGE):
        raise Forbidden


def _visible(by: Actor) -> Select[StaffUser]:
    # What is shown and decided is what the database says now, not what was read before.
    statement = select(StaffUser).execution_options(populate_existing=True)
    if by.nssf:
        return statement
    return statement.where(
        StaffUser.facilities == [by.facility],
        StaffUser.roles.contained_by([role.value for role in FACILITY_ROLES]),
    )


def _managed(username: str, *, by: Actor) -> StaffUser:
    """Lock a person's row for a change; nobody changes his own appointment."""
    user = find_user(username, by=by)
    if user.subject == by.subject:
        raise Forbidden("own_appointment", detail=N_("Nobody changes his own appointment"))
    return db.session.get_one(StaffUser, user.id, with_for_update=True, populate_existing=True)


def _appointment(
    roles: Iterable[Role], facilities: Iterable[str], *, by: Actor
) -> tuple[list[str], list[str]]:
    """Check roles and facilities together and against what the actor may give."""
    _require_manager(by)
    chosen = frozenset(roles)
    places = facility_codes(facilities)
    if not by.nssf:
        if not chosen <= FACILITY_ROLES:
            raise Forbidden("role_foreign", detail=N_("You may not give this role"))
        if places not in ([], [by.facility]):
            raise Forbidden("facility_foreign", detail=N_("You may only appoint for your facility"))
        places = [by.facility or ""]
    problem = appointment_problem(chosen, places)
    if problem:
        raise _invalid("/roles", problem)
    return [role.value for role in Role if role in chosen], places


def _username(text: str) -> str:
    name = text.strip().lower()
    if not is_username(name):
        raise _invalid(
            "/username", N_("A user name has 2 to 64 Latin letters, digits and . _ @ - only.")
        )
    return name


def _display_name(text: str) -> str:
    try:
        return clean(text, max_length=LONGEST_NAME)
    except ValueError as error:
        raise _invalid("/display_name", str(error)) from None


def _refuse_password(password: str | None, *, username: str) -> None:
    problem = (
        passwords.password_problem(password, username=username) if password is not None else None
    )
    if problem:
        raise _invalid("/password", problem)


def _give_code(user: StaffUser, code: str | None) -> None:
    if code is None:
        return
    user.activation_hash = passwords.code_hash(code)
    user.activation_ends_at = func.now() + func.make_interval(0, 0, 0, CODE_DAYS)


def _record(by: Actor, action: str, user: StaffUser, **details: object) -> None:
    facility = user.facilities[0] if len(user.facilities) == 1 else None
    audit.record(by, action, subject=user.subject, facility=facility, **details)


def _invalid(pointer: str, message: str) -> Invalid:
    return Invalid(errors=[{"pointer": pointer, "message": message}], detail=message)
