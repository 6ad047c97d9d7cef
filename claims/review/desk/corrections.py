"""Corrections of overpayments at the desk: one person proposes, another one confirms."""

from __future__ import annotations

from flask import flash, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from auth.guard import current_actor, requires
from auth.permissions import Permission
from claims.review import service as review
from claims.review.desk.blueprint import blueprint
from claims.review.desk.claims import claim_page
from claims.review.schemas import CorrectionBody
from config.errors import Conflict, Forbidden, Invalid
from config.forms import errors_of, load_form, sentence
from config.web import go


@blueprint.post("/claims/<number>/correct")
@requires(Permission.CLAIM_REVIEW)
def propose_correction(number: str) -> AnyResponse | tuple[str, int]:
    """Propose that a paid claim was worth less than was paid on it."""
    body, errors = load_form(CorrectionBody(), request.form)
    if errors:
        return claim_page(number, errors=errors), 422
    try:
        review.propose_correction(
            number, riel=body["approved_riel"], reason=body["reason"], by=current_actor()
        )
    except Invalid as problem:
        return claim_page(number, errors=errors_of(problem)), 422
    except (Conflict, Forbidden) as problem:
        flash(sentence(problem), "error")
    else:
        flash(_("Your word is recorded; another person has to agree."), "info")
    return go("review.show_claim", number=number)


@blueprint.post("/claims/<number>/correct/<any(confirm, refuse):word>")
@requires(Permission.CLAIM_APPROVE)
def decide_correction(number: str, word: str) -> AnyResponse:
    """Confirm a correction, which recovers the difference, or refuse it."""
    try:
        review.decide_correction(number, confirm=word == "confirm", by=current_actor())
    except (Conflict, Forbidden) as problem:
        flash(sentence(problem), "error")
    else:
        flash(_("Recorded."), "success")
    return go("review.show_claim", number=number)
