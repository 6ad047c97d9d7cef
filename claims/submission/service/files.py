"""The files beside a claim: its own facility adds them, NSSF and that facility read them.

They may be added until the claim is voided, also while it is reviewed or appealed: a question is
often answered with a paper. They may be taken off only while NSSF has never seen the claim.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Any

from sqlalchemy import func

from auth.permissions import Actor
from claims.attachments import service as attachments
from claims.submission.service.moving import lock_own_claim
from claims.submission.service.reading import find_row, own_facility
from claims.submission.states import ClaimState
from config.db import transaction
from config.errors import Conflict
from config.words import N_

CLOSED = N_("The claim is voided.")
SEEN = N_("NSSF has seen this claim: its files stay.")


def attach_file(
    number: str, kind: str, file: IO[bytes], filename: str, *, by: Actor
) -> dict[str, Any]:
    """Add a file to a claim; the same file of the same kind again is the same attachment."""
    own_facility(by)
    _refuse_closed(find_row(number, by=by)["state"])
    # Looking into it takes a second: the claim is locked only afterwards.
    received = attachments.receive(file, filename)
    with transaction():
        claim = lock_own_claim(number, by=by)
        _refuse_closed(claim.state)
        kept = attachments.keep(
            subject=claim.number, facility=claim.facility, kind=kind, file=received, by=by
        )
        claim.updated_at = func.now()
    return kept


def list_files(number: str, *, by: Actor) -> list[dict[str, Any]]:
    """List a claim's files, oldest first."""
    return attachments.list_of(find_row(number, by=by)["number"])


def open_file(number: str, attachment: str, *, by: Actor) -> tuple[Iterator[bytes], dict[str, Any]]:
    """Open one of a claim's files for download; the reading is recorded."""
    return attachments.open_file(find_row(number, by=by)["number"], attachment, by=by)


def remove_file(number: str, attachment: str, *, by: Actor) -> None:
    """Take a file off a claim that was never submitted."""
    with transaction():
        claim = lock_own_claim(number, by=by)
        if claim.first_submitted_at is not None:
            raise Conflict("files_stay", detail=SEEN)
        attachments.remove(claim.number, attachment, by=by)


def _refuse_closed(state: str) -> None:
    if state == ClaimState.VOIDED:
        raise Conflict("claim_closed", detail=CLOSED)
