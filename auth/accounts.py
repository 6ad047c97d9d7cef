"""What people do to their own account: first password, new password, second factor, language."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select

from auth import passwords, second_factor
from auth.models import StaffUser
from auth.permissions import needs_second_factor
from auth.sessions import Caller, account_of, end_sessions
from auth.signing_in import SignInRefused, place_of
from auth.throttle import account_key, clear_attempts, reserve_attempt
from config import audit
from config.db import db, transaction
from config.errors import Conflict, Invalid, NotFound
from config.settings import settings
from config.words import N_


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A second factor being set up: what the telephone scans, and the same to type in."""

    uri: str
    secret: str


def own_account(username: str) -> StaffUser:
    """Return a person's own account."""
    user = account_of(username)
    if user is None:
        raise NotFound
    return user


def activate(username: str, code: str, password: str, *, caller: Caller) -> StaffUser:
    """Set the first password with a one-time code; the code is spent."""
    name, account = username.strip().lower(), account_key(username)
    _refuse_password(password, username=name, field="password")
    user = account_of(name)
    place = place_of(user, caller)
    reserve_attempt(account, place)
    hashed = passwords.hash_password(password)
    done = _spend_activation(user.id, code, hashed) if user else False
    if user is None or not done:
        audit.record(
            "anonymous",
            "user.activation_failed",
            subject=user.subject if user else "user:unknown",
            address=caller.address,
        )
        raise SignInRefused
    clear_attempts(account, place)
    return user


def change_password(
    username: str, *, current: str, new: str, session_id: int, caller: Caller
) -> None:
    """Set a new password after proving the old one; every other session ends."""
    user = own_account(username)
    _refuse_password(new, username=username, field="new")
    place = place_of(user, caller)
    reserve_attempt(account_key(username), place)
    if not passwords.matches(user.password_hash, current):
        audit.record(user.subject, "user.password_refused", subject=user.subject)
        raise Invalid(errors=[_error("current", N_("The present password is not right."))])
    clear_attempts(account_key(username), place)
    hashed = passwords.hash_password(new)
    with transaction():
        user = _locked(user.id)
        user.password_hash = hashed
        end_sessions(user.id, but=session_id)
        audit.record(user.subject, "user.password_changed", subject=user.subject)


def begin_second_factor(username: str) -> Enrolment:
    """Propose a secret; it counts once a code proves that the telephone has it."""
    with transaction():
        user = _locked(own_account(username).id)
        if user.totp_secret is not None:
            raise Conflict("second_factor_set", detail=N_("A second factor is set up already"))
        if user.totp_pending is None:
            secret = second_factor.new_secret()
            user.totp_pending = second_factor.seal_secret(secret, username=username)
        secret = second_factor.open_secret(user.totp_pending, username=username)
    return Enrolment(second_factor.enrolment_uri(secret, username=username), secret)


def confirm_second_factor(username: str, code: str, *, session_id: int, caller: Caller) -> None:
    """Take the proposed secret after a right code; every other session ends."""
    user = own_account(username)
    place = place_of(user, caller)
    reserve_attempt(account_key(username), place)
    with transaction():
        user = _locked(user.id)
        step = None
        if user.totp_pending is not None:
            secret = second_factor.open_secret(user.totp_pending, username=username)
            step = second_factor.step_of(code, secret=secret, after=0)
        if step is not None:
            user.totp_secret, user.totp_pending, user.totp_last_step = user.totp_pending, None, step
            end_sessions(user.id, but=session_id)
            audit.record(user.subject, "user.second_factor_set", subject=user.subject)
    if step is None:
        raise Invalid(errors=[_error("code", N_("This code is not right."))])
    clear_attempts(account_key(username), place)


def remove_second_factor(username: str, *, password: str, caller: Caller) -> None:
    """Give the second factor up after proving the password; not in roles that need it."""
    user = own_account(username)
    place = place_of(user, caller)
    reserve_attempt(account_key(username), place)
    if not passwords.matches(user.password_hash, password):
        audit.record(user.subject, "user.password_refused", subject=user.subject)
        raise Invalid(errors=[_error("password", N_("The present password is not right."))])
    clear_attempts(account_key(username), place)
    with transaction():
        user = _locked(user.id)
        if needs_second_factor(user.held_roles) and not settings().demo:
            raise Conflict("second_factor_needed", detail=N_("Your role needs a second factor"))
        user.totp_secret = user.totp_pending = None
        audit.record(user.subject, "user.second_factor_removed", subject=user.subject)


def set_language(username: str, language: str) -> None:
    """Remember the language a person reads."""
    with transaction():
        _locked(own_account(username).id).language = language


def _spend_activation(user_id: int, code: str, hashed: str) -> bool:
    with transaction() as session:
        user = session.scalar(
            select(StaffUser)
            .where(StaffUser.id == user_id, StaffUser.disabled_at.is_(None))
            .where(StaffUser.activation_hash == passwords.code_hash(code))
            .where(StaffUser.activation_ends_at > func.now())
            .with_for_update()
        )
        if user is None:
            return False
        user.password_hash = hashed
        user.activation_hash = user.activation_ends_at = None
        end_sessions(user.id)
        audit.record(user.subject, "user.activated", subject=user.subject)
        return True


def _locked(user_id: int) -> StaffUser:
    return db.session.get_one(StaffUser, user_id, with_for_update=True, populate_existing=True)


def _refuse_password(password: str, *, username: str, field: str) -> None:
    problem = passwords.password_problem(password, username=username)
    if problem:
        raise Invalid(errors=[_error(field, problem)])


def _error(field: str, message: str) -> dict[str, str]:
    return {"pointer": f"/{field}", "message": message}
