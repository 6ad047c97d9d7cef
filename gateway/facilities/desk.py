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
    held = [(one, _name(one.facility)) for one in facilities.list_held_accounts()]
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


def _name(code: str) -> facilities.Facility | None:
    try:
        return facilities.find_facility(code)
    except NotFound:
        # The newest feed no longer names the facility.
        return None
