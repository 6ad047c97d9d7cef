"""Asking for an allowance: file, correct, submit with a payee, take back.

One transaction each, the person's lock held, so that of two that ask for one birth at once only one
is filed. The payee never goes to logs or audit.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import func
from sqlalchemy.orm import Session

from auth.permissions import Actor, Permission
from claims.allowances import queries
from claims.allowances.models import Allowance
from claims.allowances.rules.asking import Wish, wish_of
from claims.allowances.service.gathering import fill
from claims.allowances.service.moving import lock, move, note_step
from claims.allowances.service.reading import find_allowance
from claims.allowances.states import AllowanceState, find_transition
from claims.submission.service.writes import lock_person
from config import clock
from config.db import driver, transaction
from config.errors import Conflict, Forbidden, Invalid
from config.numbers import new_number
from config.text import fold_card
from config.words import N_


class DuplicateAllowance(Conflict):
    """The same event has been asked for; `number` names the other one to who may see it."""

    code = "duplicate_allowance"
    title = N_("This has been asked for already")


def file_allowance(loaded: Mapping[str, Any], *, by: Actor) -> dict[str, Any]:
    """File an allowance with its payee: it is computed at once and waits for NSSF."""
    facility, wish = _asked_at(by), wish_of(loaded)
    _check_days(wish)
    card_key = fold_card(loaded["card_number"])
    with transaction() as session:
        lock_person(driver(session), card_key)
        _check_claim(session, wish, card_key, by)
        allowance = new_allowance(wish, card_key, loaded["card_number"], facility, by=by)
        allowance.state, allowance.submitted_by = AllowanceState.SUBMITTED, by.subject
        allowance.submitted_at = func.now()
        set_payee(allowance, loaded["payee"])
        store(session, allowance, wish, by=by)
        note_step(session, allowance, "file", by=by)
        number = allowance.number
    return find_allowance(number, by=by)


def correct_allowance(number: str, loaded: Mapping[str, Any], *, by: Actor) -> dict[str, Any]:
    """Correct a returned or proposed allowance and submit it; card, kind and event stay."""
    wish = wish_of(loaded)
    _check_days(wish)
    with transaction() as session:
        allowance = _lock_own(session, number, by)
        find_transition(allowance.state, "submit", awaiting=allowance.awaiting)
        _refuse_new_identity(allowance, wish, fold_card(loaded["card_number"]))
        lock_person(driver(session), allowance.card_key)
        _check_claim(session, wish, allowance.card_key, by)
        set_payee(allowance, loaded["payee"])
        store(session, allowance, wish, by=by)
        _queue(session, allowance, by=by)
    return find_allowance(number, by=by)


def submit_allowance(
    number: str, *, by: Actor, payee: Mapping[str, Any] | None = None, note: str | None = None
) -> dict[str, Any]:
    """Queue a proposed allowance with its payee, or a returned one with an answer."""
    with transaction() as session:
        allowance = _lock_own(session, number, by)
        if payee is not None:
            set_payee(allowance, payee)
        if allowance.payee_method is None:
            raise Invalid(errors=[{"pointer": "/payee", "message": N_("Say who is to be paid.")}])
        lock_person(driver(session), allowance.card_key)
        store(session, allowance, Wish(dict(allowance.body)), by=by)
        _queue(session, allowance, by=by, note=note)
    return find_allowance(number, by=by)


def withdraw_allowance(number: str, *, by: Actor) -> dict[str, Any]:
    """Take an allowance back before NSSF has decided."""
    with transaction() as session:
        move(session, _lock_own(session, number, by), "withdraw", by=by)
    return find_allowance(number, by=by)


def new_allowance(
    wish: Wish, card_key: str, card_number: str, facility: str | None, *, by: Actor
) -> Allowance:
    """Start an allowance; `store` computes it."""
    return Allowance(
        number=new_number("A"),
        kind=wish.kind,
        event=wish.event,
        facility=facility,
        card_key=card_key,
        card_number=card_number,
        birth_order=wish.birth_order,
        created_by=by.subject,
    )


def store(session: Session, allowance: Allowance, wish: Wish, *, by: Actor) -> None:
    """Compute an allowance and store it, unless the same has been asked for already."""
    with session.no_autoflush:
        fill(session, allowance, wish)
        other = queries.twin_of(session, allowance)
    if other is not None:
        seen = by.nssf or other.facility == by.facility
        raise DuplicateAllowance(number=other.number if seen else None)
    session.add(allowance)
    session.flush()


def set_payee(allowance: Allowance, payee: Mapping[str, Any]) -> None:
    """Write who is to be paid and how."""
    allowance.payee_method, allowance.payee_name = payee["method"], payee["name"]
    allowance.payee_account = payee["account"]


def _queue(session: Session, allowance: Allowance, *, by: Actor, note: str | None = None) -> None:
    allowance.submitted_by, allowance.submitted_at = by.subject, func.now()
    move(session, allowance, "submit", by=by, note=note)


def _asked_at(by: Actor) -> str | None:
    """Return the facility an allowance is asked for at; None at NSSF itself."""
    if Permission.ALLOWANCE_FILE not in by.permissions:
        raise Forbidden
    if by.facility is None and not by.nssf:
        raise Forbidden("no_facility", detail="This call is made for a facility.")
    return by.facility


def _lock_own(session: Session, number: str, by: Actor) -> Allowance:
    _asked_at(by)
    return lock(session, number, by=by)


def _check_days(wish: Wish) -> None:
    """Refuse days that have not come: an allowance follows its event."""
    days = {"event_on": wish.on, "until": wish.until, "delivery_on": wish.delivery_on}
    faults = [
        {"pointer": f"/{name}", "message": N_("The day lies in the future.")}
        for name, day in days.items()
        if day is not None and day > clock.today()
    ]
    if faults:
        raise Invalid(errors=faults)


def _check_claim(session: Session, wish: Wish, card_key: str, by: Actor) -> None:
    """A named claim is one of the same person, and to a facility its own."""
    number = wish.data["claim"]
    if number is None:
        return
    place = None if by.nssf else by.facility
    if not queries.is_claim_of(session, number, card_key=card_key, facility=place):
        message = N_("Not a claim of this person at your facility.")
        raise Invalid(errors=[{"pointer": "/claim", "message": message}])


def _refuse_new_identity(allowance: Allowance, wish: Wish, card_key: str) -> None:
    stays = {
        "card_number": allowance.card_key == card_key,
        "kind": allowance.kind == wish.kind,
        "event": allowance.event == wish.event,
        "birth_order": allowance.birth_order == wish.birth_order,
    }
    faults = [
        {"pointer": f"/{name}", "message": N_("This stays as it was filed.")}
        for name, same in stays.items()
        if not same
    ]
    if faults:
        raise Invalid(errors=faults)
