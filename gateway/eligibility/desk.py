"""The reception desk: check a card (scanner and Enter are enough), see who is covered and why.

Every check is recorded by the service and shown under its number, so reloading repeats nothing.
"""

from __future__ import annotations

from typing import Any

from flask import Response, flash, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from auth.guard import current_actor, requires
from auth.permissions import Permission
from config.errors import Invalid, Problem, TooMany
from config.forms import errors_of, load_form
from config.web import DeskBlueprint, DeskLink, go, render
from config.words import N_
from gateway.eligibility import service as eligibility
from gateway.eligibility import slip
from gateway.eligibility.scans import is_scanned
from gateway.eligibility.schemas import WAYS, CheckBody, DisputeBody
from gateway.eligibility.words import WORDS
from gateway.facilities.desk import facility_name

blueprint = DeskBlueprint(
    "reception",
    __name__,
    url_prefix="/reception",
    links=(
        DeskLink(N_("Reception"), "reception.counter", (Permission.ELIGIBILITY_CHECK,), order=10),
    ),
    words=WORDS,
)

PAGE, ANSWER = "eligibility/reception.html", "eligibility/_answer.html"


@blueprint.get("")
@requires(Permission.ELIGIBILITY_CHECK)
def counter() -> str:
    """Show the counter: the card field has the focus."""
    return _page()


@blueprint.get("/check")
@requires(Permission.ELIGIBILITY_CHECK)
def ask_again() -> AnyResponse:
    """Go back to the counter: a refused question has this address, and reloading asks nothing."""
    return go("reception.counter")


@blueprint.post("/check")
@requires(Permission.ELIGIBILITY_CHECK)
def check() -> AnyResponse | tuple[str, int]:
    """Check who is covered; go on to the recorded answer."""
    form = _with_card(request.form.to_dict())
    if not any(form.get(way) for way in WAYS):
        return _refused({"card_number": _("Type the card number, or scan the code.")})
    question, errors = load_form(CheckBody(), form)
    if errors:
        return _refused(errors)
    try:
        answer = eligibility.check(question, by=current_actor())
    except (Invalid, TooMany) as problem:
        return _refused(errors_of(problem), status=problem.status)
    return go("reception.show_check", number=answer["number"])


@blueprint.get("/checks/<number>")
@requires(Permission.ELIGIBILITY_CHECK)
def show_check(number: str) -> str:
    """Show a recorded check: verdict, person, benefits, reasons, family."""
    found = eligibility.find_check(number, by=current_actor())
    return _page(check=found, disputes=eligibility.disputes_of(number))


@blueprint.get("/checks/<number>/slip")
@requires(Permission.ELIGIBILITY_CHECK)
def show_slip(number: str) -> str:
    """Show the slip to print."""
    found = eligibility.find_check(number, by=current_actor())
    eligibility.find_slip(number, by=current_actor())
    place = facility_name(found["facility"]) if found["facility"] else None
    return render("eligibility/slip.html", check=found, facility=place)


@blueprint.get("/checks/<number>/slip.svg")
@requires(Permission.ELIGIBILITY_CHECK)
def slip_code(number: str) -> Response:
    """Draw the slip's QR code."""
    drawn = slip.to_svg(eligibility.find_slip(number, by=current_actor()))
    response = Response(drawn, content_type="image/svg+xml")
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.post("/checks/<number>/dispute")
@requires(Permission.ELIGIBILITY_CHECK)
def dispute(number: str) -> AnyResponse | tuple[str, int]:
    """Tell NSSF what is wrong with the data behind a check."""
    found = eligibility.find_check(number, by=current_actor())
    body, errors = load_form(DisputeBody(), request.form)
    if not errors:
        try:
            eligibility.dispute(number, **body, by=current_actor())
        except Problem as problem:
            errors = errors_of(problem)
    if errors:
        told = eligibility.disputes_of(number)
        return _page(check=found, disputes=told, dispute_errors=errors), 422
    flash(_("NSSF will look at this and correct the data."), "success")
    return go("reception.show_check", number=number)


def _with_card(form: dict[str, str]) -> dict[str, str]:
    """Read the one field scanners type into: a card number, or the raw text of a code."""
    text = form.pop("card", "").strip()
    if text:
        form["scan" if is_scanned(text) else "card_number"] = text
    if not form.get("patient-sex"):
        form = {name: value for name, value in form.items() if not name.startswith("patient-")}
    else:
        form["patient-newborn"] = "1"
    return form


def _refused(errors: dict[str, str], *, status: int = 422) -> tuple[str, int]:
    """Show what was wrong with a question, as the person typed it."""
    return _page(errors=errors, form=request.form), status


def _page(**given: Any) -> str:
    context: dict[str, Any] = {
        "check": None,
        "disputes": (),
        "errors": {},
        "dispute_errors": {},
        "form": {},
    }
    return render(PAGE, ANSWER, **context | given)
