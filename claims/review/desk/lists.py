"""Lists beside the queue: claims taken by name, and facilities whose payments are held."""

from __future__ import annotations

from flask import flash, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from auth.guard import current_actor, requires
from auth.permissions import Permission
from claims.review import service as review
from claims.review.desk.blueprint import LISTENERS, blueprint
from claims.review.schemas import FacilityHoldBody, ReasonBody
from config.api import PageArgs
from config.cursors import make_cursor, row_key
from config.errors import Conflict, Forbidden, NotFound
from config.forms import load_form, sentence
from config.web import go, render

PAGE_ROWS = 50
HOLDERS = (Permission.CLAIM_APPROVE, Permission.BATCH_MANAGE, Permission.BATCH_AUTHORISE)


@blueprint.get("/named")
@requires(*LISTENERS)
def show_named() -> str:
    """Show the claims that were taken by name, by whom and why."""
    query, errors = load_form(PageArgs(), request.args)
    after = None if errors else row_key(query["cursor"])
    rows = review.list_named(by=current_actor(), limit=PAGE_ROWS, after=after)
    shown = rows[:PAGE_ROWS]
    more = make_cursor([shown[-1].id]) if len(rows) > PAGE_ROWS else None
    return render("review/named.html", rows=shown, cursor=more)


@blueprint.get("/holds")
@requires(*HOLDERS)
def show_holds() -> str:
    """Show the facilities whose payments are held."""
    return _holds()


@blueprint.post("/holds")
@requires(Permission.CLAIM_APPROVE)
def hold_facility() -> AnyResponse | tuple[str, int]:
    """Hold a facility's payments."""
    body, errors = load_form(FacilityHoldBody(), request.form)
    if errors:
        return _holds(errors), 422
    try:
        review.hold_facility(body["facility"], by=current_actor(), reason=body["reason"])
    except NotFound:
        return _holds({"facility": _("There is no such facility.")}), 422
    except (Conflict, Forbidden) as problem:
        flash(sentence(problem), "error")
    return go("review.show_holds")


@blueprint.post("/holds/<facility>/release")
@requires(Permission.CLAIM_APPROVE)
def release_facility(facility: str) -> AnyResponse | tuple[str, int]:
    """Let a held facility be paid again."""
    body, errors = load_form(ReasonBody(), request.form)
    if errors:
        return _holds(errors), 422
    try:
        review.release_facility(facility, by=current_actor(), reason=body["reason"])
    except (Conflict, Forbidden) as problem:
        flash(sentence(problem), "error")
    return go("review.show_holds")


def _holds(errors: dict[str, str] | None = None) -> str:
    rows = review.list_facility_holds(by=current_actor())
    return render("review/holds.html", rows=rows, form=request.form, errors=errors or {})
