"""The desk pages of signing in and of one's own account."""

from __future__ import annotations

from typing import Any

import segno
from flask import Response, flash, make_response, redirect, request
from flask import session as form_session
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from auth import accounts, sessions, signing_in
from auth.guard import (
    DEVICE_COOKIE,
    SESSION_COOKIE,
    caller,
    current_actor,
    current_session,
    requires,
)
from auth.permissions import Role, needs_second_factor
from auth.sessions import Session
from auth.signing_in import SignedIn, SignInRefused
from config import audit
from config.errors import Invalid, Problem, TooMany, Unauthorized
from config.i18n import COOKIE as LANGUAGE_COOKIE
from config.i18n import LANGUAGES, YEAR_SECONDS, local_path
from config.settings import settings
from config.web import DeskBlueprint, go, public, render
from config.words import N_

DEVICE_SECONDS = 180 * 24 * 3600

ROLE_WORDS = {
    Role.RECEPTION: N_("Reception"),
    Role.BILLING: N_("Billing"),
    Role.FACILITY_MANAGER: N_("Facility manager"),
    Role.HOTLINE: N_("Hotline"),
    Role.NSSF_AGENT: N_("NSSF agent"),
    Role.REVIEWER: N_("Reviewer"),
    Role.APPROVER: N_("Approver"),
    Role.FINANCE: N_("Finance"),
    Role.FINANCE_AUTHORISER: N_("Payment authoriser"),
    Role.ANALYST: N_("Analyst"),
    Role.AUDITOR: N_("Auditor"),
    Role.ADMINISTRATOR: N_("Administrator"),
}

blueprint = DeskBlueprint(
    "desk_auth", __name__, words={"role": {role.value: name for role, name in ROLE_WORDS.items()}}
)


@blueprint.route("/login", methods=["GET", "POST"])
@public
def sign_in() -> AnyResponse | tuple[str, int]:
    """Ask for name and password; open a new session when they are right."""
    target = local_path(request.values.get("next"))
    if request.method == "GET":
        return _sign_in_page(target)
    try:
        signed = signing_in.sign_in(
            request.form.get("username", ""), request.form.get("password", ""), caller=caller()
        )
    except (SignInRefused, TooMany) as problem:
        return _sign_in_page(target, problem)
    return _begin(signed, target)


@blueprint.route("/login/code", methods=["GET", "POST"])
@public
def second_step() -> AnyResponse | tuple[str, int]:
    """Ask for the second factor's code; the waiting session becomes a full one."""
    target = local_path(request.values.get("next"))
    waiting = current_session()
    if waiting is None or waiting.stage != "code":
        return go("desk_auth.sign_in")
    if request.method == "GET":
        return render("auth/code.html", next=target, errors={}), 200
    try:
        signed = signing_in.confirm_code(
            request.cookies[SESSION_COOKIE], request.form.get("code", ""), caller=caller()
        )
    except (SignInRefused, TooMany) as problem:
        return _refused("auth/code.html", problem, next=target)
    return _begin(signed, target)


@blueprint.post("/logout")
@requires(second_factor=False)
def sign_out() -> AnyResponse:
    """End the session."""
    mine = _mine()
    sessions.end_session(request.cookies[SESSION_COOKIE])
    audit.record(mine.actor, "sign_in.ended", subject=mine.actor.subject)
    form_session.clear()
    response = go("desk_auth.sign_in")
    response.delete_cookie(SESSION_COOKIE)
    return response


@blueprint.route("/activate", methods=["GET", "POST"])
@public
def activate() -> AnyResponse | tuple[str, int]:
    """Set the first password with a one-time code, and sign in."""
    form = request.form
    if request.method == "GET":
        return render("auth/activate.html", errors={}, username=""), 200
    try:
        if form.get("password", "") != form.get("again", ""):
            raise Invalid(errors=[_mismatch()])
        user = accounts.activate(
            form.get("username", ""),
            form.get("code", ""),
            form.get("password", ""),
            caller=caller(),
        )
    except (SignInRefused, TooMany, Invalid) as problem:
        return _refused("auth/activate.html", problem, username=form.get("username", ""))
    return _begin(signing_in.open_session(user, caller=caller()), "/")


@blueprint.get("/account")
@requires(second_factor=False)
def account() -> AnyResponse | tuple[str, int]:
    """Show the person's own account."""
    return _account_page()


@blueprint.post("/account/password")
@requires(second_factor=False)
def change_password() -> AnyResponse | tuple[str, int]:
    """Set a new password; every other session ends."""
    form, mine = request.form, _mine()
    try:
        if form.get("new", "") != form.get("again", ""):
            raise Invalid(errors=[_mismatch()])
        accounts.change_password(
            mine.username,
            current=form.get("current", ""),
            new=form.get("new", ""),
            session_id=mine.id,
            caller=caller(),
        )
    except (Invalid, TooMany) as problem:
        return _account_page(problem)
    return _renewed(_("Your password is changed. Other sessions have ended."))


@blueprint.route("/account/second-factor", methods=["GET", "POST"])
@requires(second_factor=False)
def second_factor() -> AnyResponse | tuple[str, int]:
    """Set up a second factor: scan, then prove it with a code."""
    mine = _mine()
    if accounts.own_account(mine.username).totp_secret is not None:
        return go("desk_auth.account")
    problem: Problem | None = None
    if request.method == "POST":
        try:
            accounts.confirm_second_factor(
                mine.username, request.form.get("code", ""), session_id=mine.id, caller=caller()
            )
            return _renewed(_("Your second factor is set up."))
        except (Invalid, TooMany) as refusal:
            problem = refusal
    enrolment = accounts.begin_second_factor(mine.username)
    context: dict[str, Any] = {
        "secret": enrolment.secret,
        "qr": segno.make(enrolment.uri, error="m").svg_inline(scale=5, border=2),
        "needed": mine.stage == "enrol",
    }
    if problem is not None:
        return _refused("auth/second_factor.html", problem, **context)
    return render("auth/second_factor.html", errors={}, **context), 200


@blueprint.post("/account/second-factor/remove")
@requires()
def remove_second_factor() -> AnyResponse | tuple[str, int]:
    """Give the second factor up."""
    try:
        accounts.remove_second_factor(
            _mine().username, password=request.form.get("password", ""), caller=caller()
        )
    except (Invalid, TooMany) as problem:
        return _account_page(problem)
    flash(_("Your second factor is removed."), "success")
    return go("desk_auth.account")


@blueprint.post("/account/sessions/end")
@requires(second_factor=False)
def end_other_sessions() -> AnyResponse:
    """End every session of the person but this one."""
    mine = _mine()
    sessions.end_sessions(accounts.own_account(mine.username).id, but=mine.id)
    audit.record(mine.actor, "sign_in.others_ended", subject=mine.actor.subject)
    flash(_("Your other sessions have ended."), "success")
    return go("desk_auth.account")


@blueprint.post("/account/language")
@requires(second_factor=False)
def choose_language() -> AnyResponse:
    """Remember the person's language for every browser they sign in with."""
    response = go("desk_auth.account")
    chosen = request.form.get("lang", "")
    if chosen in LANGUAGES:
        accounts.set_language(_mine().username, chosen)
        _set_cookie(response, LANGUAGE_COOKIE, chosen, YEAR_SECONDS)
    return response


@blueprint.post("/account/facility")
@requires()
def choose_facility() -> AnyResponse:
    """Work for another of one's facilities."""
    sessions.choose_facility(_mine().id, request.form.get("facility", ""), by=current_actor())
    return redirect(local_path(request.form.get("next")), code=303)


def _mine() -> Session:
    found = current_session()
    if found is None:
        raise Unauthorized
    return found


def _sign_in_page(target: str, problem: Problem | None = None) -> tuple[str, int] | AnyResponse:
    context: dict[str, Any] = {"next": target, "username": request.form.get("username", "")}
    if problem is None:
        return render("auth/login.html", errors={}, **context), 200
    return _refused("auth/login.html", problem, **context)


def _account_page(problem: Problem | None = None) -> AnyResponse | tuple[str, int]:
    mine = _mine()
    user = accounts.own_account(mine.username)
    context: dict[str, Any] = {
        "user": user,
        "mine": mine,
        "open_sessions": sessions.list_sessions(mine.username),
        "second_factor_needed": needs_second_factor(user.held_roles) and not settings().demo,
    }
    if problem is not None:
        return _refused("auth/account.html", problem, **context)
    return render("auth/account.html", errors={}, **context), 200


def _refused(template: str, problem: Problem, **context: Any) -> AnyResponse:
    """Show a form again with what is wrong, under the problem's status."""
    errors = {
        one["pointer"].lstrip("/"): _(one["message"]) for one in problem.extra.get("errors", [])
    }
    if not errors:
        errors[""] = _(problem.detail or problem.title)
    response = make_response(render(template, errors=errors, **context), problem.status)
    if isinstance(problem, TooMany):
        response.headers["Retry-After"] = problem.headers["Retry-After"]
    return response


def _mismatch() -> dict[str, str]:
    return {"pointer": "/again", "message": N_("The two passwords differ.")}


def _begin(signed: SignedIn, target: str) -> AnyResponse:
    """Hand the browser its new session; the old one ends, and what its forms knew is forgotten."""
    if before := request.cookies.get(SESSION_COOKIE):
        sessions.end_session(before)
    form_session.clear()
    if signed.needs_code:
        response = go("desk_auth.second_step", next=target)
    else:
        response = redirect(target, code=303)
    _set_cookie(response, SESSION_COOKIE, signed.token)
    if signed.device:
        _set_cookie(response, DEVICE_COOKIE, signed.device, DEVICE_SECONDS)
    if signed.language:
        _set_cookie(response, LANGUAGE_COOKIE, signed.language, YEAR_SECONDS)
    return response


def _renewed(message: str) -> AnyResponse:
    """Go back to the account with a new session secret."""
    token = sessions.renew_session(_mine().id)
    flash(message, "success")
    response = go("desk_auth.account")
    _set_cookie(response, SESSION_COOKIE, token)
    return response


def _set_cookie(
    response: Response | AnyResponse, name: str, value: str, age: int | None = None
) -> None:
    response.set_cookie(
        name, value, max_age=age, httponly=True, samesite="Lax", secure=settings().secure, path="/"
    )
