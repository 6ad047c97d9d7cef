"""What NSSF and the facility do with a complaint: each step locks it, asks the table, leaves a trace."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from auth.permissions import Actor, system_actor
from claims.complaints import queries
from claims.complaints.models import Complaint, ComplaintEvent, ComplaintMessage, Forward
from claims.complaints.rules import Complainant, Outcome, may_reopen, tells_who
from claims.complaints.service.reading import find_complaint, list_handlers, manages
from claims.complaints.service.terms import ends_on, terms
from claims.complaints.states import UNANSWERED, ComplaintState, Transition, find_transition
from config import clock
from config.audit import record
from config.db import transaction
from config.errors import Conflict, Forbidden, Invalid, NotFound
from config.jobs import periodic
from config.words import N_

NOW = func.clock_timestamp()
CLOCK = system_actor("complaints")


def assign(number: str, *, by: Actor, to: str | None = None) -> dict[str, Any]:
    """Give a complaint to somebody at NSSF who handles complaints; without a name, to oneself."""
    with transaction() as session:
        complaint = _locked(session, number, by=by)
        edge = find_transition(complaint.state, "assign", nssf=True)
        person = to or by.subject
        if person not in list_handlers(by=by):
            message = N_("Nobody of this name handles complaints at NSSF.")
            raise Invalid(errors=[{"pointer": "/to", "message": message}])
        complaint.assigned_to = person
        _take(session, complaint, edge, by=by, to=person)
    return find_complaint(number, by=by)


def forward(number: str, text: str, *, by: Actor) -> dict[str, Any]:
    """Ask the facility, in NSSF's own words: all it will see of the complaint."""
    with transaction() as session:
        complaint = _locked(session, number, by=by)
        edge = find_transition(complaint.state, "forward", nssf=True)
        _refuse_to_tell(complaint, text)
        session.add(
            Forward(
                complaint_id=complaint.id,
                number=complaint.number,
                facility=complaint.facility,
                text=text,
                forwarded_by=by.subject,
                answer_by=ends_on(terms().facility_days),
            )
        )
        _take(session, complaint, edge, by=by)
    return find_complaint(number, by=by)


def answer(number: str, text: str, *, by: Actor) -> dict[str, Any]:
    """Answer whoever complained, as NSSF; answer what NSSF asked, as the facility."""
    with transaction() as session:
        if by.nssf:
            complaint = _locked(session, number, by=by)
            edge = find_transition(complaint.state, "answer", nssf=True)
            complaint.answered_at = NOW  # type: ignore[assignment]
            _say(session, complaint, "answer", text, by=by)
            _take(session, complaint, edge, by=by)
        else:
            _answer_nssf(session, number, text, by=by)
    return find_complaint(number, by=by)


def close(
    number: str, *, by: Actor, outcome: Outcome | None = None, text: str | None = None
) -> dict[str, Any]:
    """Close a complaint with what was found; only NSSF ever does."""
    with transaction() as session:
        complaint = _locked(session, number, by=by)
        edge = find_transition(complaint.state, "close", nssf=True)
        complaint.closed_at, complaint.outcome = NOW, outcome  # type: ignore[assignment]
        if text:
            _say(session, complaint, "closing", text, by=by)
        _take(session, complaint, edge, by=by, outcome=outcome)
    return find_complaint(number, by=by)


def reopen(number: str, *, by: Actor, text: str | None = None) -> dict[str, Any]:
    """Take an ended complaint up anew, within the time for it; its term begins again."""
    if not by.nssf:
        raise Forbidden
    with transaction() as session:
        complaint = _lock(session, number)
        edge = find_transition(complaint.state, "reopen", nssf=True)
        ended = complaint.closed_at or complaint.answered_at
        today, current = clock.today(), terms()
        if ended is None or not may_reopen(clock.day_of(ended), today=today, terms=current):
            raise Conflict(
                "too_late", detail=N_("The time for reopening is over: file a new complaint.")
            )
        complaint.answer_by = ends_on(current.answer_days)
        complaint.closed_at = complaint.answered_at = complaint.overdue_at = None
        complaint.outcome, complaint.reopened = None, complaint.reopened + 1
        if text:
            _say(session, complaint, "reopening", text, by=by)
        _take(session, complaint, edge, by=by)
    return find_complaint(number, by=by)


@periodic("complaints.mark_overdue", "17 * * * *")
def mark_overdue() -> None:
    """Mark what was not answered in time, once: it stands first in the queue and in the trail."""
    with transaction() as session:
        late = session.scalars(
            select(Complaint)
            .where(
                Complaint.state.in_(UNANSWERED),
                Complaint.answer_by < clock.today(),
                Complaint.overdue_at.is_(None),
            )
            .order_by(Complaint.id)
            .with_for_update(skip_locked=True)
            .execution_options(populate_existing=True)
        ).all()
        for complaint in late:
            complaint.overdue_at = NOW  # type: ignore[assignment]
            edge = find_transition(complaint.state, "escalate", nssf=True)
            _take(session, complaint, edge, by=CLOCK)


def _refuse_to_tell(complaint: Complaint, words: str) -> None:
    """Refuse words for a facility that give away who complained."""
    if tells_who(words, Complainant(*queries.person_of(complaint.id))):
        message = N_("These words tell who complained: leave the name and the phone number out.")
        raise Invalid(errors=[{"pointer": "/text", "message": message}])


def _answer_nssf(session: Session, number: str, text: str, *, by: Actor) -> None:
    """Keep a facility's answer; what it was not asked does not exist for it."""
    asked = session.scalar(
        select(Forward)
        .where(Forward.number == number, Forward.facility == by.facility)
        .order_by(Forward.id.desc())
        .limit(1)
    )
    if asked is None:
        raise NotFound
    complaint = _lock(session, number)
    session.refresh(asked)
    if asked.ended_at is not None:
        raise Conflict("already_ended", detail=N_("NSSF no longer waits for an answer to this."))
    edge = find_transition(complaint.state, "answer", nssf=False)
    asked.answer, asked.answered_by = text, by.subject
    asked.answered_at = asked.ended_at = NOW  # type: ignore[assignment]
    _take(session, complaint, edge, by=by)


def _locked(session: Session, number: str, *, by: Actor) -> Complaint:
    """Lock a complaint for one of NSSF's managers; others learn nothing, not even that it is."""
    if not manages(by):
        raise Forbidden
    return _lock(session, number)


def _lock(session: Session, number: str) -> Complaint:
    complaint = session.scalar(
        select(Complaint).where(Complaint.number == number).with_for_update(),
        execution_options={"populate_existing": True},
    )
    if complaint is None:
        raise NotFound
    return complaint


def _take(
    session: Session, complaint: Complaint, edge: Transition, *, by: Actor, **details: Any
) -> None:
    """Move a locked complaint along an edge: state, open question, event, trail."""
    before, complaint.state = complaint.state, edge.target
    if before == ComplaintState.FORWARDED != edge.target:
        session.execute(
            update(Forward)
            .where(Forward.complaint_id == complaint.id, Forward.ended_at.is_(None))
            .values(ended_at=NOW)
        )
    session.add(
        ComplaintEvent(
            complaint_id=complaint.id, action=edge.action, state=edge.target, by=by.subject
        )
    )
    session.flush()
    record(
        by,
        f"complaint.{edge.event}",
        subject=complaint.number,
        facility=complaint.facility,
        state=edge.target,
        **{name: value for name, value in details.items() if value is not None},
    )


def _say(session: Session, complaint: Complaint, kind: str, text: str, *, by: Actor) -> None:
    session.add(ComplaintMessage(complaint_id=complaint.id, by=by.subject, kind=kind, text=text))
