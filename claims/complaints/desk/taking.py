"""Taking complaints down at a reception or on the telephone; the person is optional."""

from __future__ import annotations

from typing import Any

from flask import flash, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from auth.guard import current_actor, requires
from auth.permissions import Actor
from claims.complaints import service as complaints
from claims.complaints.desk.blueprint import FILE, MANAGE, blueprint
from claims.complaints.schemas import ComplaintBody
from config.errors import Forbidden, Invalid
from config.forms import errors_of, load_form
from config.i18n import in_language
from config.web import go, render
from gateway.facilities.service import Facility, list_facilities

# On the website nobody sits at a desk.
CHANNELS = ("1286", "1297", "desk")
CANDIDATES = 8


@blueprint.get("/new")
@requires(FILE, MANAGE)
def new_complaint() -> str:
    """Show the form a complaint is taken down with."""
    return _form({"subject": request.args.get("subject"), "facility": request.args.get("facility")})


@blueprint.post("/new")
@requires(FILE, MANAGE)
def file_complaint() -> AnyResponse | tuple[str, int]:
    """Take a complaint down and show its receipt."""
    actor = current_actor()
    named = _named(request.form.get("facility", ""), by=actor)
    also = {"facility": named[0].code} if len(named) == 1 else {}
    filing, errors = load_form(ComplaintBody(), request.form, also=also)
    if len(named) > 1:
        errors["facility"] = _("Several facilities are called so: choose one.")
    if not errors:
        try:
            made = complaints.file_complaint(filing, by=actor)
        except (Invalid, Forbidden) as problem:
            errors = errors_of(problem)
        else:
            flash(_("The complaint was taken down."), "success")
            return go("complaints.show_complaint", number=made["number"])
    return _form(request.form, errors=errors, named=named), 422


def _named(words: str, *, by: Actor) -> list[Facility]:
    """Return the facilities a code or part of a name may mean; whoever acts for one needs none."""
    if not by.nssf or not words.strip():
        return []
    found = list_facilities(words.strip(), limit=CANDIDATES)
    exact = [facility for facility in found if facility.code == words.strip()]
    return exact or found


def _form(
    form: Any, *, errors: dict[str, str] | None = None, named: list[Facility] | None = None
) -> str:
    actor = current_actor()
    return render(
        "complaints/new.html",
        form=form,
        errors=errors or {},
        named=[
            (one.code, f"{one.code} · {in_language(one.name_en, one.name_km)}")
            for one in named or ()
        ],
        channels=CHANNELS,
        own=None if actor.nssf else actor.facility,
    )
