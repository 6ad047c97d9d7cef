"""Changed bank accounts at the desk: a second person compares and confirms, or refuses.

Until then payments go to the account confirmed before, or wait where there is none.
"""

from __future__ import annotations

from flask import flash
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from auth.guard import current_actor, requires
from auth.permissions import Permission
from config.errors import Conflict, Forbidden, NotFound
from config.forms import sentence
from config.i18n import in_language
from config.web import DeskBlueprint, DeskLink, go, render
from config.words import N_
from gateway.facilities import service as facilities

DECIDERS = (Permission.REGISTRY_IMPORT, Permission.BATCH_AUTHORISE)
READERS = (*DECIDERS, Permission.BATCH_MANAGE)

blueprint = DeskBlueprint(
    "accounts",
    __name__,
    url_prefix="/bank-accounts",
    links=(DeskLink(N_("Bank accounts"), "accounts.list_held", READERS, order=48),),
)


@blueprint.get("")
@requires(*READERS)
def list_held() -> str:
    """List the changed bank accounts that wait for a second person."""
    held = [(one, facility_name(one.facility)) for one in facilities.list_held_accounts()]
    return render("facilities/accounts.html", held=held)


@blueprint.post("/<facility>/confirm")
@requires(*DECIDERS)
def confirm(facility: str) -> Response:
    """Confirm a changed account; never by who brought it in."""
    try:
        facilities.confirm_account(facility, by=current_actor())
    except (Conflict, Forbidden) as problem:
        flash(sentence(problem), "error")
    else:
        flash(_("Confirmed: payments now go to this account."), "success")
    return go("accounts.list_held")


@blueprint.post("/<facility>/refuse")
@requires(*DECIDERS)
def refuse(facility: str) -> Response:
    """Refuse a changed account: payments go on to the one confirmed before."""
    try:
        facilities.refuse_account(facility, by=current_actor())
    except Conflict as problem:
        flash(sentence(problem), "error")
    else:
        flash(_("Refused: payments go on to the account confirmed before."), "success")
    return go("accounts.list_held")


def facility_name(code: str) -> str:
    """Return a facility's name with its code; the code alone of one the newest feed has no more."""
    try:
        found = facilities.find_facility(code)
    except NotFound:
        return code
    return f"{in_language(found.name_en, found.name_km)} ({code})"
