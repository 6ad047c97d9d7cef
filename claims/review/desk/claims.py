"""The reviewers' desk: the queue, the next claim under a lease, decisions line by line, four eyes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from flask import flash, request
from flask_babel import gettext as _
from werkzeug.exceptions import NotFound as NoSuchPage
from werkzeug.wrappers import Response as AnyResponse

from auth.guard import current_actor, requires
from auth.permissions import Actor, Permission
from claims.review import service as review
from claims.review.desk.blueprint import REVIEWERS, blueprint
from claims.review.schemas import DecisionBody, QueueQuery, ReasonBody, from_cursor, to_cursor
from claims.signals.service import signals_of
from claims.submission import service as submission
from claims.submission.desk.texts import reason_text, reasons_to_name
from claims.submission.states import SECOND_APPROVAL, actions_for
from config.cursors import make_cursor
from config.errors import Conflict, Forbidden, Invalid
from config.forms import errors_of, load_form, sentence
from config.web import go, is_fragment_request, render
from gateway.facilities.desk import facility_name

PAGE_ROWS = 50
DECISIONS: dict[str, Callable[..., dict[str, Any]]] = {
    "approve": review.approve,
    "reject": review.reject,
    "return": review.send_back,
}
BESIDE: dict[str, Callable[..., dict[str, Any]]] = {
    "hold": review.hold,
    "release": review.release,
    "reopen": review.reopen,
}


@blueprint.get("")
@requires(*REVIEWERS)
def show_queue() -> str:
    """Show what waits for a decision, most urgent first; what is overdue, or awaits a second person."""
    query, errors = load_form(QueueQuery(), request.args)
    if errors:
        query = {"awaiting": None, "cursor": None, "overdue": False}
    actor = current_actor()
    rows = review.list_queue(
        by=actor,
        limit=PAGE_ROWS,
        after=from_cursor(query["cursor"]),
        awaiting=query["awaiting"],
        overdue=query["overdue"],
    )
    shown = rows[:PAGE_ROWS]
    return render(
        "review/queue.html",
        rows=shown,
        awaiting=query["awaiting"],
        overdue=query["overdue"],
        overdue_count=review.count_overdue(by=actor),
        corrections=review.list_corrections(by=actor) if query["awaiting"] else [],
        cursor=make_cursor(to_cursor(shown[-1])) if len(rows) > PAGE_ROWS else None,
        me=actor.subject,
    )


@blueprint.post("/next")
@requires(Permission.CLAIM_REVIEW)
def take_next() -> AnyResponse:
    """Lease the next claim and open it."""
    claim = review.next_claim(by=current_actor())
    if claim is None:
        flash(_("No claim waits for you."), "info")
        return go("review.show_queue")
    return go("review.show_claim", number=claim["number"])


@blueprint.post("/claims/<number>/take")
@requires(Permission.CLAIM_REVIEW)
def take_claim(number: str) -> AnyResponse | tuple[str, int]:
    """Lease a claim asked for by its number, for a reason that is listed."""
    body, errors = load_form(ReasonBody(), request.form)
    if errors:
        return claim_page(number, errors=errors), 422
    try:
        review.take_claim(number, by=current_actor(), reason=body["reason"])
    except (Conflict, Forbidden) as problem:
        flash(sentence(problem), "error")
    return go("review.show_claim", number=number)


@blueprint.post("/claims/<number>/renew")
@requires(Permission.CLAIM_REVIEW)
def renew_lease(number: str) -> AnyResponse | str:
    """Keep the claim one is working on; the open page asks while somebody works on it."""
    failure = None
    try:
        review.renew_lease(number, by=current_actor())
    except Conflict as problem:
        failure = sentence(problem)
    if not is_fragment_request():
        if failure:
            flash(failure, "error")
        return go("review.show_claim", number=number)
    claim = submission.find_claim(number, by=current_actor())
    return render("review/_lease.html", claim=claim, me=current_actor().subject, failure=failure)


@blueprint.post("/claims/<number>/put-back")
@requires(Permission.CLAIM_REVIEW)
def put_back(number: str) -> AnyResponse:
    """Put a leased claim back into the queue."""
    try:
        review.put_back(number, by=current_actor())
    except Conflict as problem:
        flash(sentence(problem), "error")
        return go("review.show_claim", number=number)
    flash(_("The claim waits for somebody else now."), "success")
    return go("review.show_queue")


@blueprint.get("/claims/<number>")
@requires(*REVIEWERS)
def show_claim(number: str) -> str:
    """Show a claim to decide: who, what, every finding, and what may be done now."""
    return claim_page(number)


@blueprint.post("/claims/<number>/<action>")
@requires(*REVIEWERS)
def decide(number: str, action: str) -> AnyResponse | tuple[str, int]:
    """Approve, reject, return, hold, release or reopen a claim."""
    if action not in DECISIONS and action not in BESIDE:
        raise NoSuchPage
    beside = action in BESIDE
    body, errors = load_form(ReasonBody() if beside else DecisionBody(), request.form)
    if errors:
        return claim_page(number, errors=errors), 422
    try:
        claim = _take(number, action, body, by=current_actor())
    except Invalid as problem:
        return claim_page(number, errors=errors_of(problem)), 422
    except (Conflict, Forbidden) as problem:
        flash(sentence(problem), "error")
        return go("review.show_claim", number=number)
    _say_decided(claim)
    return take_next() if request.form.get("then") else go("review.show_claim", number=number)


def _take(number: str, action: str, body: dict[str, Any], *, by: Actor) -> dict[str, Any]:
    """Hand a form to its command; each takes what it needs of it."""
    if action in BESIDE:
        return BESIDE[action](number, by=by, reason=body["reason"])
    unused = "reason" if action == "approve" else "lines"
    taken = {name: value for name, value in body.items() if name != unused}
    return DECISIONS[action](number, by=by, **taken)


def _say_decided(claim: dict[str, Any]) -> None:
    if claim["awaiting"]:
        flash(_("Your approval is recorded; another person has to agree."), "info")
    else:
        flash(_("Recorded."), "success")


def claim_page(number: str, *, errors: dict[str, str] | None = None) -> str:
    """Show a claim to decide, with what was typed into its forms and is wrong."""
    actor = current_actor()
    decisions = review.list_decisions(number, by=actor)
    claim = submission.find_claim(number, by=actor)
    buttons = _buttons(claim, by=actor)
    return render(
        "review/claim.html",
        claim=claim,
        decisions=decisions,
        proposal=_proposal(claim, decisions),
        messages=submission.list_messages(number, by=actor),
        history=submission.list_history(number, by=actor),
        decisive=[edge for edge in buttons if edge.action in DECISIONS],
        beside=[edge for edge in buttons if edge.action in BESIDE],
        signals=signals_of(number),
        corrections=review.list_corrections(by=actor, number=number),
        reasons=reasons_to_name(claim),
        reason_of=partial(reason_text, claim),
        facility=facility_name(claim["facility"]),
        form=request.form,
        errors=errors or {},
        me=actor.subject,
    )


def _buttons(claim: dict[str, Any], *, by: Actor) -> list[Any]:
    """Return what the state table offers; a first decision also needs the lease of one's own."""
    edges = actions_for(
        claim["state"],
        by,
        awaiting=claim["awaiting"],
        held=claim["held"],
        first_approver=claim["first_approver"],
    )
    mine = claim["lease_by"] == by.subject or claim["awaiting"] == SECOND_APPROVAL
    return [edge for edge in edges if edge.action in BESIDE or (edge.action in DECISIONS and mine)]


def _proposal(claim: dict[str, Any], decisions: list[Any]) -> Any:
    """Return the first person's word on a claim that waits for the second."""
    if claim["awaiting"] != SECOND_APPROVAL:
        return None
    open_ones = [one for one in decisions if one.decision == "approve" and not one.final]
    return open_ones[-1] if open_ones else None
