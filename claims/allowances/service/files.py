"""Receipts and certificates of an allowance: kept while it is open, read by who may see it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Any

from auth.permissions import Actor
from claims.allowances.models import Allowance
from claims.allowances.service.moving import lock
from claims.allowances.service.reading import find_allowance
from claims.allowances.states import AllowanceState, InvalidAllowanceTransition
from claims.attachments import service as attachments
from config.db import transaction

OPEN = (AllowanceState.PROPOSED, AllowanceState.SUBMITTED, AllowanceState.RETURNED)
AT_NSSF = "nssf"
"""Stands as the facility of a file that was handed in at NSSF itself."""


def attach_file(
    number: str, kind: str, file: IO[bytes], filename: str, *, by: Actor
) -> dict[str, Any]:
    """Add a file to an allowance; the same file of the same kind again is the same attachment."""
    _refuse_closed(find_allowance(number, by=by)["state"])
    # Looking into it takes a second: the allowance is locked only afterwards.
    received = attachments.receive(file, filename)
    with transaction() as session:
        allowance: Allowance = lock(session, number, by=by)
        _refuse_closed(allowance.state)
        return attachments.keep(
            subject=number,
            facility=allowance.facility or AT_NSSF,
            kind=kind,
            file=received,
            by=by,
        )


def list_files(number: str, *, by: Actor) -> list[dict[str, Any]]:
    """List an allowance's files, oldest first."""
    return attachments.list_of(find_allowance(number, by=by)["number"])


def open_file(number: str, attachment: str, *, by: Actor) -> tuple[Iterator[bytes], dict[str, Any]]:
    """Open one of an allowance's files for download; the reading is recorded."""
    return attachments.open_file(find_allowance(number, by=by)["number"], attachment, by=by)


def _refuse_closed(state: str) -> None:
    if state not in OPEN:
        raise InvalidAllowanceTransition(state=str(state), allowed=[])
