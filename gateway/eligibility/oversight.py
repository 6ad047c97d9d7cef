"""What NSSF looks at after the counter: data facilities report as wrong, and look-ups of a day.

The administrator answers reports (the registry is corrected where it is kept, and comes by the next
feed); the auditor reads the day's list. Both leave a trace.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import flash, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from auth.guard import current_actor, requires
from auth.permissions import Permission
from config import clock
from config.cursors import make_cursor, row_key
from config.errors import Conflict
from config.forms import load_form, sentence
from config.web import DeskBlueprint, DeskLink, go, render
from config.words import N_
from gateway.eligibility import service as eligibility
from gateway.eligibility.schemas import CloseDisputeBody, WatchedQuery

PAGE = 50
LATEST_COMPLETE = timedelta(days=2)

blueprint = DeskBlueprint(
    "oversight",
    __name__,
    links=(
        DeskLink(N_("Reported data"), "oversight.list_disputes", (Permission.REGISTRY_IMPORT,), 83),
        DeskLink(N_("Look-ups of a day"), "oversight.list_watched", (Permission.AUDIT_READ,), 86),
    ),
    words={
        "dispute_state": {"open": N_("reported to NSSF"), "closed": N_("answered by NSSF")},
        "watched_why": {
            "protected": N_("protected member"),
            "unused": N_("no visit or claim followed"),
        },
        "lookup_way": {
            "card_number": N_("Card number"),
            "national_id": N_("National ID number"),
            "phone": N_("Phone"),
            "name": N_("Name"),
            "scan": N_("Scanned code"),
            "candidate": N_("Chosen from several people"),
            "member": N_("The person's page"),
        },
    },
)


@blueprint.get("/corrections")
@requires(Permission.REGISTRY_IMPORT)
def list_disputes() -> str:
    """List what facilities say is wrong with the registry's data, the oldest first."""
    after = row_key(request.args.get("cursor"))
    found = eligibility.list_disputes(by=current_actor(), after=after, limit=PAGE + 1)
    more = make_cursor([found[PAGE - 1].id]) if len(found) > PAGE else None
    return render("eligibility/corrections.html", tasks=found[:PAGE], cursor=more)


@blueprint.post("/corrections/<number>/<kind>")
@requires(Permission.REGISTRY_IMPORT)
def close_dispute(number: str, kind: str) -> Response:
    """Answer a report: what was corrected, or why nothing was."""
    body, errors = load_form(CloseDisputeBody(), request.form)
    if errors:
        flash(errors.get("answer") or _("Please correct the marked fields."), "error")
        return go("oversight.list_disputes")
    try:
        eligibility.close_dispute(number, kind, answer=body["answer"], by=current_actor())
    except Conflict as problem:
        flash(sentence(problem), "error")
    else:
        flash(_("Answered. The facility sees it at its check."), "success")
    return go("oversight.list_disputes")


@blueprint.get("/audit/lookups")
@requires(Permission.AUDIT_READ)
def list_watched() -> str | tuple[str, int]:
    """List a day's look-ups of protected members, and those no visit or claim followed."""
    latest = (clock.today() - LATEST_COMPLETE).isoformat()
    given = {"on": latest} | {name: value for name, value in request.args.items() if value}
    query, errors = load_form(WatchedQuery(), given)
    context: dict[str, Any] = {"on": given["on"], "errors": errors, "found": [], "complete": True}
    if errors:
        return render("eligibility/watched.html", **context), 422
    day, after = query["on"], row_key(query["cursor"])
    found = eligibility.list_watched(day, by=current_actor(), after=after, limit=PAGE + 1)
    context["found"], context["complete"] = found[:PAGE], eligibility.is_listed(day)
    context["cursor"] = make_cursor([found[PAGE - 1].id]) if len(found) > PAGE else None
    return render("eligibility/watched.html", **context)
