"""The talk about a claim: questions, answers, notes. What is internal never leaves NSSF."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, update

from auth.permissions import Actor
from claims.submission import queries
from claims.submission.models import Claim, ClaimMessage
from claims.submission.service import answers
from claims.submission.service.clocks import recount
from claims.submission.service.moving import lock_claim
from claims.submission.service.reading import find_row
from claims.submission.states import ClaimState
from config.audit import record
from config.db import transaction
from config.errors import Conflict, Invalid

NSSF, FACILITY = "nssf", "facility"


def list_messages(number: str, *, by: Actor) -> list[dict[str, Any]]:
    """Return a claim's messages, oldest first; facilities see what is meant for them."""
    rows = queries.message_rows(find_row(number, by=by)["id"])
    return answers.to_messages(rows, nssf=by.nssf)


def add_message(
    number: str,
    text: str,
    *,
    by: Actor,
    kind: str | None = None,
    internal: bool = False,
    answering: int | None = None,
) -> list[dict[str, Any]]:
    """Add a message and return the whole talk.

    An answer closes the question whose number it names, else every open one of the other side. A
    question of NSSF stops the clock of its decision until none is open.
    """
    if internal and not by.nssf:
        raise Invalid(
            errors=[{"pointer": "/internal", "message": "Only NSSF writes internal notes."}]
        )
    with transaction() as session:
        claim = lock_claim(number, by=by)
        if claim.state == ClaimState.VOIDED:
            raise Conflict("claim_closed", detail="The claim is voided.")
        side = NSSF if by.nssf else FACILITY
        said = kind or _kind_of(by, internal=internal, answering=answering)
        question = None
        if said == "answer":
            question = _answered(claim, answering, side=side)
            close_questions(claim.id, by_side=side, only=question if answering else None)
        session.add(
            ClaimMessage(
                claim_id=claim.id, by=by.subject, side=side, kind=said, text=text,
                internal=internal, answers=question,
            )
        )  # fmt: skip
        claim.updated_at = func.now()
        recount([claim.id])
        session.refresh(claim, ["review_by", "asked"])
        record(by, f"claim.{said}_sent", subject=claim.number, facility=claim.facility)
    return list_messages(number, by=by)


def _kind_of(by: Actor, *, internal: bool, answering: int | None) -> str:
    """Say what a message is that does not say so: NSSF asks, a facility answers what is open."""
    if internal:
        return "note"
    if answering is not None or not by.nssf:
        return "answer"
    return "question"


def _answered(claim: Claim, number: int | None, *, side: str) -> int | None:
    """Return the question an answer belongs to: the one named, or the newest open one."""
    rows = queries.message_rows(claim.id)
    asked = {
        place: row["id"]
        for place, row in enumerate(rows, 1)
        if row["kind"] == "question" and row["side"] != side and row["answered_at"] is None
        and (side == NSSF or not row["internal"])
    }  # fmt: skip
    if number is None:
        return max(asked.values(), default=None)
    if number not in asked:
        raise Invalid(errors=[{"pointer": "/answers", "message": "Not an open question to you."}])
    return int(asked[number])


def close_questions(claim_id: int, *, by_side: str, only: int | None = None) -> None:
    """Mark the other side's open questions as answered: by a message, or by filing anew."""
    closing = (
        update(ClaimMessage)
        .where(
            ClaimMessage.claim_id == claim_id,
            ClaimMessage.side != by_side,
            ClaimMessage.kind == "question",
            ClaimMessage.answered_at.is_(None),
        )
        .values(answered_at=func.clock_timestamp())
    )
    with transaction() as session:
        session.execute(closing if only is None else closing.where(ClaimMessage.id == only))
