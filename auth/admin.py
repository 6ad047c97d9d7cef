"""The desk pages of administrators, facility managers and auditors: people, clients, audit trail.

A one-time code or a client's secret is on the page that answers the form and nowhere else.
"""

from __future__ import annotations

from typing import Any

from flask import flash, make_response, request
from flask_babel import gettext as _
from marshmallow import ValidationError
from werkzeug.wrappers import Response as AnyResponse

from auth import clients, service
from auth.guard import current_actor, requires
from auth.permissions import Permission, Role
from auth.schemas import AuditQuery
from auth.trail import Question, list_events
from config.cursors import make_cursor, read_cursor
from config.errors import Conflict, Forbidden, Invalid
from config.problems import pointers
from config.web import DeskBlueprint, DeskLink, go, render
from config.words import N_

PAGE = 50
Page = AnyResponse | tuple[str, int]

blueprint = DeskBlueprint(
    "desk_admin",
    __name__,
    links=(
        DeskLink(
            N_("People"),
            "desk_admin.users",
            (Permission.USER_MANAGE,),
            order=80,
            home_of=("administrator",),
        ),
        DeskLink(N_("Systems"), "desk_admin.list_clients", (Permission.USER_MANAGE,), order=81),
        DeskLink(
            N_("Audit trail"),
            "desk_admin.audit_trail",
            (Permission.AUDIT_READ,),
            order=85,
            home_of=("auditor",),
        ),
    ),
)


@blueprint.get("/admin")
@requires(Permission.USER_MANAGE)
def users() -> Page:
    """List the people one may manage."""
    return _users_page({})


@blueprint.post("/admin/users")
@requires(Permission.USER_MANAGE)
def create_user() -> Page:
    """Create a person; the page shows their one-time code once."""
    form = request.form
    try:
        made = service.create_user(
            form.get("username", ""),
            display_name=form.get("display_name", ""),
            roles=_roles(),
            facilities=_words("facilities"),
            by=current_actor(),
        )
    except (Invalid, Conflict, Forbidden) as problem:
        return _users_page(_errors(problem), status=problem.status)
    return _handed_over(_("One-time code"), made.user.username, made.code or "")


@blueprint.get("/admin/users/<username>")
@requires(Permission.USER_MANAGE)
def user(username: str) -> Page:
    """Show one person with what may be changed."""
    return _user_page(username, {})


@blueprint.post("/admin/users/<username>/roles")
@requires(Permission.USER_MANAGE)
def appoint(username: str) -> Page:
    """Give a person other roles or facilities."""
    try:
        service.appoint(
            username, roles=_roles(), facilities=_words("facilities"), by=current_actor()
        )
    except (Invalid, Forbidden) as problem:
        return _user_page(username, _errors(problem), status=problem.status)
    flash(_("Saved. It holds from the person's next step."), "success")
    return go("desk_admin.user", username=username)


@blueprint.post("/admin/users/<username>/disable")
@requires(Permission.USER_MANAGE)
def disable(username: str) -> Page:
    """Keep a person out."""
    service.disable_user(username, by=current_actor())
    flash(_("This person can no longer sign in."), "success")
    return go("desk_admin.user", username=username)


@blueprint.post("/admin/users/<username>/enable")
@requires(Permission.USER_MANAGE)
def enable(username: str) -> Page:
    """Let a person in again."""
    service.enable_user(username, by=current_actor())
    flash(_("This person can sign in again."), "success")
    return go("desk_admin.user", username=username)


@blueprint.post("/admin/users/<username>/reset")
@requires(Permission.USER_MANAGE)
def reset(username: str) -> Page:
    """End password and second factor; the page shows a new one-time code once."""
    made = service.reset_user(username, by=current_actor())
    return _handed_over(_("One-time code"), made.user.username, made.code or "")


@blueprint.get("/admin/clients")
@requires(Permission.USER_MANAGE)
def list_clients() -> Page:
    """List the machine clients one may manage."""
    return _clients_page({})


@blueprint.post("/admin/clients")
@requires(Permission.USER_MANAGE)
def create_client() -> Page:
    """Register a machine client; the page shows its secret once."""
    form = request.form
    try:
        made = clients.create_client(
            form.get("name", ""),
            scopes=form.getlist("scope"),
            facilities=_words("facilities"),
            cidrs=_words("cidrs"),
            by=current_actor(),
        )
    except (Invalid, Forbidden) as problem:
        return _clients_page(_errors(problem), status=problem.status)
    return _handed_over(_("Client secret"), made.client.client_id, made.secret)


@blueprint.post("/admin/clients/<client_id>/rotate")
@requires(Permission.USER_MANAGE)
def rotate_client(client_id: str) -> Page:
    """Give a client a new secret; the one before stays good until the next rotation."""
    made = clients.rotate_client(client_id, by=current_actor())
    return _handed_over(_("Client secret"), made.client.client_id, made.secret)


@blueprint.post("/admin/clients/<client_id>/revoke")
@requires(Permission.USER_MANAGE)
def revoke_client(client_id: str) -> Page:
    """End a client."""
    clients.revoke_client(client_id, by=current_actor())
    flash(_("This system can no longer call."), "success")
    return go("desk_admin.list_clients")


@blueprint.get("/audit")
@requires(Permission.AUDIT_READ)
def audit_trail() -> Page:
    """Show who did what to which number; the reading is recorded too."""
    given = {name: value for name, value in request.args.items() if value}
    cursor = read_cursor(given.pop("cursor", None))
    try:
        query: dict[str, Any] = AuditQuery().load(given)
    except ValidationError as error:
        wrong = {one["pointer"].lstrip("/"): one["message"] for one in pointers(error.messages)}
        return render(
            "auth/audit.html", events=[], given=given, errors=wrong, next_cursor=None
        ), 422
    query.pop("limit"), query.pop("cursor")
    before = cursor[0] if cursor and isinstance(cursor[0], int) else None
    found = list_events(Question(**query), by=current_actor(), before=before, limit=PAGE + 1)
    more = make_cursor([found[PAGE - 1].id]) if len(found) > PAGE else None
    context: dict[str, Any] = {
        "events": found[:PAGE],
        "given": given,
        "errors": {},
        "next_cursor": more,
    }
    return render("auth/audit.html", **context), 200


def _users_page(errors: dict[str, str], *, status: int = 200) -> Page:
    by, after = current_actor(), request.args.get("after", "")
    found = service.list_users(by=by, after=after if after.isprintable() else "", limit=PAGE + 1)
    page = render(
        "auth/users.html",
        people=found[:PAGE],
        after=found[PAGE - 1].username if len(found) > PAGE else None,
        roles=service.roles_to_give(by),
        form=request.form,
        chosen=request.form.getlist("role"),
        errors=errors,
    )
    return make_response(page, status)


def _user_page(username: str, errors: dict[str, str], *, status: int = 200) -> Page:
    by = current_actor()
    found = service.find_user(username, by=by)
    page = render(
        "auth/user.html",
        person=found,
        roles=service.roles_to_give(by),
        is_self=found.subject == by.subject,
        errors=errors,
    )
    return make_response(page, status)


def _clients_page(errors: dict[str, str], *, status: int = 200) -> Page:
    by, after = current_actor(), request.args.get("after", "")
    found = clients.list_clients(by=by, after=after if after.isprintable() else "", limit=PAGE + 1)
    page = render(
        "auth/clients.html",
        systems=found[:PAGE],
        after=found[PAGE - 1].client_id if len(found) > PAGE else None,
        scopes=clients.scopes_to_give(by),
        form=request.form,
        chosen=request.form.getlist("scope"),
        errors=errors,
    )
    return make_response(page, status)


def _handed_over(what: str, whose: str, secret: str) -> Page:
    return render("auth/handed_over.html", what=what, whose=whose, secret=secret), 200


def _roles() -> list[Role]:
    return [Role(one) for one in request.form.getlist("role") if one in set(Role)]


def _words(name: str) -> list[str]:
    return request.form.get(name, "").replace(",", " ").split()


def _errors(problem: Invalid | Conflict | Forbidden) -> dict[str, str]:
    found = {
        one["pointer"].lstrip("/"): _(one["message"]) for one in problem.extra.get("errors", [])
    }
    return found or {"": _(problem.detail or problem.title)}
