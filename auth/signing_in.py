"""Signing in: name and password, then the second factor; each success opens a new session.

Every refusal looks the same and takes the same time, whether the account exists or not.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert as upsert

from auth import passwords, second_factor
from auth.models import SignInPlace, StaffUser
from auth.sessions import Caller, account_of, end_session, find_session, open_stage
from auth.throttle import Place, account_key, clear_attempts, reserve_attempt
from config import audit
from config.db import db, transaction
from config.errors import Unauthorized
from config.words import N_


class SignInRefused(Unauthorized):
    """The account, password or code is wrong; which of them is nobody's business."""

    code = "sign_in_refused"
    title = N_("The name, password or code is not right.")


@dataclass(frozen=True, slots=True)
class SignedIn:
    """What a browser gets: the session's secret, its device mark, whether a code is still needed."""

    token: str
    device: str | None
    needs_code: bool
    language: str | None = None


def sign_in(username: str, password: str, *, caller: Caller) -> SignedIn:
    """Judge name and password; open a session, or one that still waits for the second factor."""
    name, account = username.strip().lower(), account_key(username)
    user = account_of(name)
    place = place_of(user, caller)
    reserve_attempt(account, place)
    usable = user is not None and user.disabled_at is None
    right = passwords.matches(user.password_hash if user and usable else None, password)
    if user is None or not right:
        _record_failure(user, caller)
        raise SignInRefused
    if user.totp_secret is not None:
        return SignedIn(open_stage(user, caller, stage="code"), None, needs_code=True)
    return _succeed(user, place, caller)


def confirm_code(token: str, code: str, *, caller: Caller) -> SignedIn:
    """Judge the second factor of a session that waits for it; replace it by a full one."""
    waiting = find_session(token)
    if waiting is None or waiting.stage != "code":
        raise SignInRefused
    user = account_of(waiting.username)
    if user is None:
        raise SignInRefused
    place = place_of(user, caller)
    reserve_attempt(account_key(user.username), place)
    if not _spend_code(user.id, code):
        _record_failure(user, caller)
        raise SignInRefused
    end_session(token)
    return _succeed(user, place, caller)


def open_session(user: StaffUser, *, caller: Caller) -> SignedIn:
    """Open a full session for somebody who has just proved who they are."""
    return _succeed(user, place_of(user, caller), caller)


def place_of(user: StaffUser | None, caller: Caller) -> Place:
    """Return what this attempt counts under: a known browser, a known address, or a stranger's."""
    address = f"address:{caller.address}"
    names = [address]
    if caller.device:
        names.insert(0, _device_name(caller.device))
    if user is not None:
        known = set(
            db.session.scalars(
                select(SignInPlace.place)
                .where(SignInPlace.user_id == user.id)
                .where(SignInPlace.place.in_(names))
            )
        )
        for name in names:
            if name in known:
                return Place(name, known=True)
    return Place(address, known=False)


def _device_name(device: str) -> str:
    return f"device:{passwords.token_hash(device).hex()}"


def _succeed(user: StaffUser, place: Place, caller: Caller) -> SignedIn:
    device = caller.device or passwords.new_token()
    with transaction() as session:
        for name in (f"address:{caller.address}", _device_name(device)):
            session.execute(
                upsert(SignInPlace)
                .values(user_id=user.id, place=name)
                .on_conflict_do_update(
                    index_elements=["user_id", "place"], set_={"last_at": func.now()}
                )
            )
        clear_attempts(account_key(user.username), place)
        token = open_stage(user, caller, stage="full")
        audit.record(
            user.subject,
            "sign_in.succeeded",
            subject=user.subject,
            facility=_only(user),
            address=caller.address,
        )
    return SignedIn(token, device, needs_code=False, language=user.language)


def _spend_code(user_id: int, code: str) -> bool:
    """Tell whether a code is right, and spend it: the row is locked, so it counts once."""
    with transaction() as session:
        user = session.get_one(StaffUser, user_id, with_for_update=True, populate_existing=True)
        if user.totp_secret is None:
            return False
        secret = second_factor.open_secret(user.totp_secret, username=user.username)
        step = second_factor.step_of(code, secret=secret, after=user.totp_last_step)
        if step is None:
            return False
        user.totp_last_step = step
        return True


def _record_failure(user: StaffUser | None, caller: Caller) -> None:
    # The name that was typed is not recorded unless it is an account's: people type passwords there.
    subject = user.subject if user else "user:unknown"
    audit.record(
        "anonymous", "sign_in.failed", subject=subject, facility=_only(user), address=caller.address
    )


def _only(user: StaffUser | None) -> str | None:
    return user.facilities[0] if user and len(user.facilities) == 1 else None
