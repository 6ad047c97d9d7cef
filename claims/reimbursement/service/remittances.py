"""Remittances: what a facility was paid, claim by claim, and what it says it received."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from auth.permissions import Actor
from claims.adjudication.reasons import CATALOGUE
from claims.reimbursement import queries
from claims.reimbursement.models import Batch, Remittance
from claims.reimbursement.remittance_paper import to_pdf
from claims.reimbursement.service.adjusting import adjustments_of
from config.audit import record
from config.db import transaction
from config.errors import Conflict, Forbidden, NotFound
from config.numbers import new_number
from config.settings import settings
from config.sheets import csv_bytes
from config.words import N_
from gateway.facilities import service as facilities

CSV_HEADER = (
    "remittance", "facility", "scheme", "paid_on", "bank_reference", "claim", "facility_reference",
    "facility_patient_number", "claimed_riel", "approved_riel", "reductions",
)  # fmt: skip


def remit(session: Session, batches: Sequence[Batch]) -> list[Remittance]:
    """Make the remittances of batches that are being settled."""
    now = session.scalar(select(func.now()))
    made = [_remittance(batch, now) for batch in batches]
    session.add_all(made)
    session.flush()
    return made


def _remittance(batch: Batch, now: datetime | None) -> Remittance:
    if batch.paid_on is None or batch.bank_reference is None or batch.facility is None:
        raise ValueError(f"{batch.number} is not being settled")
    return Remittance(
        number=new_number("R"),
        batch_id=batch.id,
        facility=batch.facility,
        scheme=batch.scheme,
        paid_on=batch.paid_on,
        bank_reference=batch.bank_reference,
        total_riel=batch.paid_riel,
        carried_forward_riel=batch.carried_forward_riel,
        created_at=now,
    )


def find_remittance(number: str, *, by: Actor) -> dict[str, Any]:
    """Return a remittance claim by claim; a facility sees its own."""
    with transaction() as session:
        return _to_advice(session, _find(session, number, by))


def list_remittances(
    *,
    by: Actor,
    limit: int,
    after: int | None = None,
    facility: str | None = None,
    scheme: str | None = None,
) -> list[tuple[int, dict[str, Any]]]:
    """List remittances with their keys, newest first; a facility sees its own."""
    query = (
        select(Remittance, Batch.number)
        .join(Batch, Batch.id == Remittance.batch_id)
        .order_by(Remittance.id.desc())
        .limit(limit + 1)
    )
    if not by.nssf:
        query = query.where(Remittance.facility == by.facility)
    if facility is not None:
        query = query.where(Remittance.facility == facility)
    if scheme is not None:
        query = query.where(Remittance.scheme == scheme)
    if after is not None:
        query = query.where(Remittance.id < after)
    with transaction() as session:
        return [(row.id, _to_item(row, batch)) for row, batch in session.execute(query)]


def remittance_csv(number: str, *, by: Actor) -> bytes:
    """Return a remittance as CSV, one row a claim and one an adjustment."""
    advice = find_remittance(number, by=by)
    head = [advice[name] for name in ("number", "facility", "scheme", "paid_on", "bank_reference")]
    rows = [
        (
            *head, claim["number"], claim["facility_reference"],
            claim["facility_patient_number"], claim["claimed_riel"], claim["approved_riel"],
            "; ".join(f"{cut['code']} {cut['riel']}" for cut in claim["reductions"]),
        )
        for claim in advice["claims"]
    ]  # fmt: skip
    rows += [
        (*head, one["claim"], one["kind"], None, None, one["riel"], "")
        for one in advice["adjustments"]
    ]
    return csv_bytes(CSV_HEADER, rows)


def remittance_pdf(number: str, *, by: Actor) -> bytes:
    """Return a remittance as sheets to print, in Khmer and English."""
    advice = find_remittance(number, by=by)
    try:
        place = facilities.find_facility(advice["facility"])
        names = place.name_km, place.name_en
    except NotFound:
        # It left the registry since; it was paid all the same.
        names = "", ""
    return to_pdf(advice, facility=names, test_data=settings().demo)


def acknowledge(
    number: str, *, by: Actor, received_riel: int, note: str | None = None
) -> dict[str, Any]:
    """Record what the facility says it received; saying the same again changes nothing."""
    with transaction() as session:
        remittance = _find(session, number, by, lock=True)
        if by.facility != remittance.facility:
            raise Forbidden(
                "not_the_payee", detail=N_("The facility that was paid acknowledges a payment.")
            )
        if remittance.acknowledged_by is not None:
            if remittance.received_riel != received_riel:
                raise Conflict(
                    "already_acknowledged",
                    detail=N_("Another amount was acknowledged before."),
                    received_riel=remittance.received_riel,
                )
            return _to_advice(session, remittance)
        now = session.scalar(select(func.now()))
        remittance.received_riel, remittance.acknowledged_note = received_riel, note
        remittance.acknowledged_by, remittance.acknowledged_at = by.subject, now
        session.flush()
        record(
            by,
            "remittance.acknowledged",
            subject=number,
            facility=remittance.facility,
            received_riel=received_riel,
            difference_riel=received_riel - remittance.total_riel,
        )
        return _to_advice(session, remittance)


def _find(session: Session, number: str, by: Actor, *, lock: bool = False) -> Remittance:
    query = select(Remittance).where(Remittance.number == number)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    remittance = session.scalars(query).first()
    if remittance is None or not (by.nssf or remittance.facility == by.facility):
        raise NotFound
    return remittance


def _to_item(remittance: Remittance, batch: str) -> dict[str, Any]:
    return {
        "number": remittance.number,
        "batch": batch,
        "facility": remittance.facility,
        "scheme": remittance.scheme,
        "paid_on": remittance.paid_on,
        "bank_reference": remittance.bank_reference,
        "total_riel": remittance.total_riel,
        "carried_forward_riel": remittance.carried_forward_riel,
        "reversed_on": remittance.reversed_on,
        "received_riel": remittance.received_riel,
        "acknowledged_at": remittance.acknowledged_at,
        "acknowledged_note": remittance.acknowledged_note,
    }


def _to_advice(session: Session, remittance: Remittance) -> dict[str, Any]:
    batch = session.get_one(Batch, remittance.batch_id)
    claims = [
        {
            "number": claim.claim_number,
            "facility_reference": claim.facility_reference,
            "facility_patient_number": claim.facility_patient_number,
            "claimed_riel": claim.claimed_riel,
            "approved_riel": claim.riel,
            "reductions": [
                {"code": cut["code"], "carc": _carc(cut["code"]), "riel": cut["riel"]}
                for cut in claim.reductions
            ],
        }
        for claim in queries.claims_of(session, batch.id)
    ]
    return {
        **_to_item(remittance, batch.number),
        "claims": claims,
        "adjustments": adjustments_of(session, batch.id),
    }


def _carc(code: str) -> str:
    reason = CATALOGUE.get(code)
    return reason.carc if reason is not None else ""
