"""The waiting line at the desk: check-in, tickets, the line with its steps, the waiting-room board.

The check-in form stands on the page of a check as a panel; people without a card and other payers
check in by the same form. The board is public and shows ticket numbers only.
"""

from __future__ import annotations

from typing import Any

from flask import flash, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from auth.guard import current_actor, requires
from auth.permissions import Permission
from config.cursors import make_cursor
from config.errors import Conflict, Invalid, NotFound, Problem
from config.forms import errors_of, load_form, sentence
from config.web import DeskBlueprint, DeskLink, Panel, go, public, render
from config.words import N_
from gateway.facilities import service as facilities
from gateway.visits import service as visits
from gateway.visits.queries import Placed
from gateway.visits.schemas import CheckInBody, from_cursor, to_cursor
from gateway.visits.states import VisitState, actions_for
from gateway.visits.words import WORDS

blueprint = DeskBlueprint(
    "line",
    __name__,
    links=(DeskLink(N_("Waiting line"), "line.show_line", (Permission.VISIT_MANAGE,), order=15),),
    words=WORDS,
)
PAGE_ROWS = 100
DANGEROUS = frozenset({"cancel", "no_show"})


def _form_of_check(given: dict[str, Any]) -> dict[str, Any]:
    """Return what the check-in form of a check starts with."""
    check = given["check"]
    return _form_context(
        form={
            "card_number": (check["member"] or {}).get("card_number"),
            "eligibility_check": check["number"],
            "payer": _payer_of(check),
        },
        member=check["member"],
        may_check_in=check["member"] is not None and check["facility"] is not None,
    )


CHECK_PANEL = Panel("check", "visits/_check_in_card.html", Permission.VISIT_MANAGE, _form_of_check)
COUNTER_PANEL = Panel("reception", "visits/_without_card.html", Permission.VISIT_MANAGE)


@blueprint.get("/reception/check-in")
@requires(Permission.VISIT_MANAGE)
def check_in_form() -> str:
    """Show the check-in of somebody without a card, or who pays otherwise."""
    return render("visits/check_in.html", **_form_context(form={"payer": "full_pay"}))


@blueprint.post("/reception/check-in")
@requires(Permission.VISIT_MANAGE)
def check_in() -> AnyResponse | tuple[str, int]:
    """Put somebody into the line and show the ticket."""
    arrival, errors = load_form(CheckInBody(), request.form)
    if not errors:
        try:
            placed = visits.check_in(arrival, by=current_actor())
        except (Invalid, Conflict, NotFound) as problem:
            errors = errors_of(problem)
        else:
            return go("line.show_ticket", number=placed.visit.number)
    return render("visits/check_in.html", **_form_context(form=request.form, errors=errors)), 422


@blueprint.get("/reception/line")
@requires(Permission.VISIT_MANAGE)
def show_line() -> str:
    """Show who is still here, in the order of the line, with the steps each visit may take."""
    actor = current_actor()
    state = request.args.get("state", "")
    ward = request.args.get("ward")
    rows = visits.list_visits(
        by=actor,
        state=VisitState(state) if state in set(VisitState) else None,
        still_open=not state,
        ward=ward or None,
        limit=PAGE_ROWS + 1,
        after=from_cursor(request.args.get("cursor")),
    )
    shown = rows[:PAGE_ROWS]
    return render(
        "visits/line.html",
        "visits/_line.html",
        rows=[(placed, _buttons(placed)) for placed in shown],
        wards=visits.list_wards(by=actor),
        ward=ward,
        state=state,
        facility=actor.facility,
        cursor=make_cursor(to_cursor(shown[-1])) if len(rows) > PAGE_ROWS else None,
        dangerous=DANGEROUS,
    )


@blueprint.post("/reception/line/next")
@requires(Permission.VISIT_MANAGE)
def call_next() -> AnyResponse:
    """Call whoever is first in a ward, or in the line as it is shown without one."""
    ward = request.form.get("ward") or None
    state = request.form.get("in_state") or None
    placed = visits.call_next(ward, by=current_actor())
    if placed is None:
        flash(_("Nobody waits here."), "info")
    else:
        flash(_called(placed), "success")
    return go("line.show_line", ward=ward, state=state)


@blueprint.get("/reception/line/<number>")
@requires(Permission.VISIT_MANAGE)
def show_ticket(number: str) -> str:
    """Show one visit: its ticket, to print, and its way through the line."""
    placed = visits.find_visit(number, by=current_actor())
    return render(
        "visits/ticket.html",
        placed=placed,
        steps=visits.list_steps(placed.visit),
        buttons=_buttons(placed),
        wards=visits.list_wards(by=current_actor()) if current_actor().facility else [],
        dangerous=DANGEROUS,
    )


@blueprint.post("/reception/line/<number>/<action>")
@requires(Permission.VISIT_MANAGE)
def take_step(number: str, action: str) -> AnyResponse:
    """Move a visit one step along."""
    try:
        visits.step(number, action, by=current_actor(), ward=request.form.get("ward") or None)
    except (Conflict, Invalid) as problem:
        flash(_say(problem), "error")
    if request.form.get("back") == "ticket":
        return go("line.show_ticket", number=number)
    shown = {name: request.form.get(f"in_{name}") or None for name in ("ward", "state")}
    return go("line.show_line", **shown)


@blueprint.get("/board/<facility>")
@public
def board(facility: str) -> str:
    """Show the waiting room which tickets are called and which come next."""
    found = facilities.find_facility(facility)
    return render(
        "visits/board.html", "visits/_board.html", facility=found, wards=visits.board(facility)
    )


def _called(placed: Placed) -> str:
    """Say which ticket is called; tickets of different wards may have one number."""
    visit = placed.visit
    if not visit.ward:
        return str(_("Ticket %(ticket)s is called.", ticket=visit.ticket))
    return str(_("Ticket %(ticket)s is called: %(ward)s.", ticket=visit.ticket, ward=visit.ward))


def _buttons(placed: Placed) -> list[Any]:
    return list(actions_for(placed.visit.state))


def _say(problem: Problem) -> str:
    return next(iter(errors_of(problem).values()), sentence(problem))


def _payer_of(check: dict[str, Any]) -> str:
    """Guess who pays: whoever the check says, else the patient; the desk may say otherwise."""
    if check["scheme"] == "hef":
        return "hef"
    return "full_pay" if check["verdict"] in ("not_eligible", "not_found") else "nssf"


def _form_context(
    *,
    form: Any,
    errors: dict[str, str] | None = None,
    member: dict[str, Any] | None = None,
    may_check_in: bool = True,
) -> dict[str, Any]:
    actor = current_actor()
    return {
        "form": form,
        "errors": errors or {},
        "member": member,
        "wards": visits.list_wards(by=actor) if actor.facility else [],
        "may_check_in": may_check_in and actor.facility is not None,
    }
