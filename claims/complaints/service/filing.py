"""Taking a complaint down: what it is about is checked, the term begins, the trail says so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from auth.permissions import Actor, system_actor
from claims.allowances import service as allowances
from claims.complaints.models import Complaint, ComplaintEvent, Statement
from claims.complaints.rules import About, Filing, Kind, about_of, faults
from claims.complaints.service.reading import find_complaint
from claims.complaints.service.terms import ends_on, terms
from claims.reimbursement import service as reimbursement
from claims.signals.service import MOST_WATCHED, report_payment, watch_facility
from claims.submission import service as submission
from config import clock
from config.audit import record
from config.db import transaction
from config.errors import Forbidden, Invalid, NotFound
from config.numbers import new_number
from config.words import N_
from gateway.facilities.service import Facility, find_facility
from gateway.visits import service as visits

# Read by NSSF's reviewers, in whichever language they read.
WATCHED_BECAUSE = "informal payment asked for, ទារប្រាក់ក្រៅផ្លូវការ"
SYSTEM = system_actor("complaints")
FINDERS: dict[str, Callable[..., dict[str, Any]]] = {
    "A": allowances.find_allowance,
    "B": reimbursement.find_batch,
    "C": submission.find_claim,
    "R": reimbursement.find_remittance,
}
NOT_OF_FACILITY = N_("Not a number of this facility.")


def file_complaint(filing: Filing, *, by: Actor) -> dict[str, Any]:
    """Take a complaint down and return what its taker may know of it.

    An informal payment marks the facility's next claims for review, in the same transaction.
    """
    place = _place(filing, by=by)
    errors = faults(filing, today=clock.today())
    about = about_of(filing.subject)
    if about is not None and not _belongs(filing.subject, about, place.code):
        errors.append({"pointer": "/subject", "message": NOT_OF_FACILITY})
    if errors or about is None:
        raise Invalid(errors=errors)
    with transaction() as session:
        complaint = Complaint(
            number=new_number("Q"),
            facility=place.code,
            province=place.province,
            about=about,
            subject=filing.subject,
            kind=filing.kind,
            channel=filing.channel,
            amount_riel=filing.amount_riel,
            happened_on=filing.happened_on,
            answer_by=ends_on(terms().answer_days),
            filed_by=by.subject,
        )
        session.add(complaint)
        session.flush()
        _keep_words(complaint.id, filing, by=by)
        record(
            by, "complaint.filed", subject=complaint.number, facility=place.code,
            kind=filing.kind, about=about, channel=filing.channel,
        )  # fmt: skip
        if filing.kind is Kind.INFORMAL_PAYMENT:
            _look_closer(complaint)
    return find_complaint(complaint.number, by=by)


def _look_closer(complaint: Complaint) -> None:
    """Have NSSF look at the claim complained of, and at the facility's next ones."""
    why = f"{complaint.number} · {WATCHED_BECAUSE}"
    if complaint.about == About.CLAIM and complaint.subject is not None:
        report_payment(complaint.subject, how=why, by=SYSTEM)
    claims = min(terms().watched_claims, MOST_WATCHED)
    if claims:
        watch_facility(complaint.facility, why=why, claims=claims, by=SYSTEM)


def _keep_words(complaint_id: int, filing: Filing, *, by: Actor) -> None:
    with transaction() as session:
        session.add(
            Statement(
                complaint_id=complaint_id,
                text=filing.text,
                name=filing.complainant.name,
                phone=filing.complainant.phone,
            )
        )
        session.add(
            ComplaintEvent(complaint_id=complaint_id, action="file", state="open", by=by.subject)
        )
        session.flush()


def _place(filing: Filing, *, by: Actor) -> Facility:
    """Return the facility complained of: whoever acts for one takes down complaints of it only."""
    code = filing.facility or by.facility
    if code is None:
        raise Invalid(
            errors=[{"pointer": "/facility", "message": N_("Name the facility complained of.")}]
        )
    if not by.nssf and code != by.facility:
        raise Forbidden(
            "facility_foreign", detail=N_("Complaints of other facilities are taken by NSSF.")
        )
    try:
        return find_facility(code)
    except NotFound:
        raise Invalid(
            errors=[{"pointer": "/facility", "message": N_("There is no such facility.")}]
        ) from None


def _belongs(subject: str | None, about: About, facility: str) -> bool:
    """Tell whether a number is one of the facility's; others are not told from unknown ones."""
    if subject is None:
        return True
    try:
        return _facility_of(subject, about) == facility
    except NotFound:
        return False


def _facility_of(subject: str, about: About) -> str | None:
    if about is About.VISIT:
        return visits.find_visit(subject, by=SYSTEM).visit.facility
    place: str | None = FINDERS[subject[0]](subject, by=SYSTEM)["facility"]
    return place
