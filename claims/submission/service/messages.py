"""The talk about a claim: questions, answers, notes. What is internal never leaves NSSF."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, update

from auth.permissions import Actor
from claims.submission import queries
from claims.submission.models import ClaimMessage
from claims.submission.service import answers
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
    return [answers.to_message(row, nssf=by.nssf) for row in rows if by.nssf or not row["internal"]]


def add_message(
    number: str, text: str, *, by: Actor, kind: str | None = None, internal: bool = False
) -> list[dict[str, Any]]:
    """Add a message and return the whole talk; a facility's answer closes NSSF's open questions."""
    if internal and not by.nssf:
        raise Invalid(
            errors=[{"pointer": "/internal", "message": "Only NSSF writes internal notes."}]
        )
    with transaction() as session:
        claim = lock_claim(number, by=by)
        if claim.state == ClaimState.VOIDED:
            raise Conflict("claim_closed", detail="The claim is voided.")
        side = NSSF if by.nssf else FACILITY
        said = kind or ("note" if internal else "question" if by.nssf else "answer")
        if said == "answer":
            close_questions(claim.id, by_side=side)
        session.add(
            ClaimMessage(
                claim_id=claim.id, by=by.subject, side=side, kind=said, text=text, internal=internal
            )
        )
        claim.updated_at = func.now()
        session.flush()
        record(by, f"claim.{said}_sent", subject=claim.number, facility=claim.facility)
    return list_messages(number, by=by)


def close_questions(claim_id: int, *, by_side: str) -> None:
    """Mark the other side's open questions as answered: by a message, or by filing anew."""
    with transaction() as session:
        session.execute(
            update(ClaimMessage)
            .where(
                ClaimMessage.claim_id == claim_id,
                ClaimMessage.side != by_side,
                ClaimMessage.kind == "question",
                ClaimMessage.answered_at.is_(None),
            )
            .values(answered_at=func.clock_timestamp())
        )
