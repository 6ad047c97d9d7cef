"""The waiting line's commands: check in, move a visit one step, call the next, close the day.

Called by the JSON API and by the reception desk. A visit belongs to the facility the actor acts
for; another facility's number does not exist. Claims name a visit and read it through here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from auth.permissions import Actor
from config import clock
from config.audit import record
from config.db import transaction
from config.errors import Conflict, Forbidden, Invalid, NotFound
from config.jobs import periodic
from config.numbers import is_number, new_number
from config.text import fold_card
from config.words import N_
from gateway.eligibility import service as eligibility
from gateway.visits import queries
from gateway.visits.models import NOW, Visit, VisitEvent, VisitTicket
from gateway.visits.queries import BoardWard, LineKey, Placed
from gateway.visits.rules import IdentitySeen, Payer, Priority, VisitType, rank_of
from gateway.visits.states import Line, Step, VisitState, next_step

BOARD_TICKETS = 8
UNANSWERED_AFTER = timedelta(hours=24)
TICKETS_KEPT = timedelta(days=7)
NUMBER_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class CheckIn:
    """What reception knows when somebody arrives."""

    visit_type: VisitType
    payer: Payer
    card_number: str | None = None
    eligibility_check: str | None = None
    ward: str = ""
    priority: Priority = Priority.NONE
    identity_seen: IdentitySeen = IdentitySeen.NONE
    name_differs: bool = False
    label: str | None = None


def check_in(arrival: CheckIn, *, by: Actor) -> Placed:
    """Put somebody into the line of the facility the actor acts for, and give a ticket.

    Tickets of one ward and day are consecutive: the counter's row is locked until the commit.
    """
    facility = _place_of(by)
    with transaction() as session:
        card_number = _card_of(arrival, by=by)
        today = clock.today()
        ticket = _take_ticket(session, facility, arrival.ward, today)
        visit = _insert(
            session,
            facility=facility,
            day=today,
            ward=arrival.ward,
            ticket_day=today,
            ticket=ticket,
            visit_type=arrival.visit_type,
            payer=arrival.payer,
            priority=arrival.priority,
            rank=rank_of(arrival.priority),
            card_key=fold_card(card_number) if card_number else None,
            card_number=card_number,
            eligibility_check=arrival.eligibility_check,
            identity_seen=arrival.identity_seen,
            name_differs=arrival.name_differs,
            label=arrival.label,
            created_by=by.subject,
        )
        _remember(session, visit, "checked_in", by=by)
        return Placed(visit, queries.waiting_ahead(visit))


def step(number: str, action: str, *, by: Actor, ward: str | None = None) -> Placed:
    """Move a visit one step; a step its state does not allow is refused naming the allowed ones.

    The row is locked first, so of two people who call the same visit one is refused.
    """
    with transaction() as session:
        visit = _locked(session, number, by=by)
        return _move(session, visit, action, ward=ward, by=by)


def call_next(ward: str | None, *, by: Actor) -> Placed | None:
    """Call whoever is first in a ward's line, or in the whole facility's; None: nobody waits."""
    facility = _place_of(by)
    with transaction() as session:
        first = queries.first_waiting(facility, ward)
        if first is None:
            return None
        visit = session.get_one(Visit, first, populate_existing=True)
        return _move(session, visit, "call", ward=None, by=by)


def find_visit(number: str, *, by: Actor) -> Placed:
    """Return one visit of the actor's facility (NSSF: of any) with its place in the line."""
    visit = queries.find_by_number(number) if is_number(number) else None
    if visit is None or not _may_see(visit, by):
        raise NotFound()
    return Placed(visit, queries.waiting_ahead(visit))


def list_visits(
    *,
    by: Actor,
    state: VisitState | None = None,
    still_open: bool = False,
    ward: str | None = None,
    day: date | None = None,
    limit: int = 50,
    after: LineKey | None = None,
) -> list[Placed]:
    """Return visits of the facility in the order of the line: priority, then arrival.

    Without a day: everything of today and whatever is still open from before; `still_open` leaves
    out who is finished, missed or cancelled.
    """
    return queries.list_line(
        _place_of(by),
        today=clock.today(),
        state=state,
        still_open=still_open,
        ward=ward,
        day=day,
        limit=limit,
        after=after,
    )


def list_steps(visit: Visit) -> list[VisitEvent]:
    """Return what happened to a visit, oldest first."""
    return queries.events_of(visit)


def board(facility: str) -> list[BoardWard]:
    """Return what the waiting room may see: tickets by ward, nothing about persons."""
    return queries.board_of(facility, shown=BOARD_TICKETS)


def list_wards(*, by: Actor, within: timedelta = timedelta(days=30)) -> list[str]:
    """Return the wards the facility used lately, to choose from."""
    return queries.wards_of(_place_of(by), since=clock.today() - within)


def came_since(card_key: str, *, facility: str, day: date) -> bool:
    """Tell whether the holder of a card visited a facility on that day or later."""
    return queries.came_since(card_key, facility=facility, day=day)


@periodic("visits.close_unanswered", "41 * * * *")
def close_unanswered() -> None:
    """Mark who waited a whole day without being served as not come, and forget old counters.

    Nobody waits that long: the patient left and the desk did not say so.
    """
    with transaction() as session:
        closed = session.scalars(
            update(Visit)
            .where(
                Visit.state.in_([VisitState.WAITING, VisitState.CALLED]),
                Visit.queued_at < func.now() - UNANSWERED_AFTER,
            )
            .values(state=VisitState.NO_SHOW, ended_at=NOW, version=Visit.version + 1)
            .returning(Visit)
            .execution_options(populate_existing=True)
        ).all()
        for visit in closed:
            _remember(session, visit, "missed", by="system:visits")
        oldest = clock.today() - TICKETS_KEPT
        session.execute(delete(VisitTicket).where(VisitTicket.day < oldest))


def _place_of(by: Actor) -> str:
    if by.facility is None:
        raise Forbidden("facility_required", detail=N_("Name the facility you act for"))
    return by.facility


def _may_see(visit: Visit, by: Actor) -> bool:
    return by.nssf or visit.facility == by.facility


def _card_of(arrival: CheckIn, *, by: Actor) -> str | None:
    """Return the card of the arrival: its own, else that of the check it names."""
    if arrival.eligibility_check is None:
        return arrival.card_number
    checked = eligibility.find_check(arrival.eligibility_check, by=by)
    if checked["facility"] != by.facility:
        raise NotFound()
    member = checked["member"]
    if member is None or arrival.card_number is None:
        return arrival.card_number or (member and member["card_number"])
    if fold_card(member["card_number"]) != fold_card(arrival.card_number):
        raise Conflict("other_person", detail=N_("The check is of another card"))
    return arrival.card_number


def _take_ticket(session: Session, facility: str, ward: str, day: date) -> int:
    counter = insert(VisitTicket).values(facility=facility, ward=ward, day=day, last=1)
    return session.scalars(
        counter.on_conflict_do_update(
            index_elements=["facility", "ward", "day"], set_={"last": VisitTicket.last + 1}
        ).returning(VisitTicket.last)
    ).one()


def _insert(session: Session, **values: Any) -> Visit:
    for _ in range(NUMBER_ATTEMPTS):
        made = session.scalars(
            insert(Visit)
            .values(number=new_number("V"), **values)
            .on_conflict_do_nothing(index_elements=["number"])
            .returning(Visit)
        ).one_or_none()
        if made is not None:
            return made
    raise RuntimeError("no free visit number found")


def _locked(session: Session, number: str, *, by: Actor) -> Visit:
    if not is_number(number):
        raise NotFound()
    query = select(Visit).where(Visit.number == number).with_for_update()
    visit = session.scalar(query, execution_options={"populate_existing": True})
    if visit is None or not _may_see(visit, by):
        raise NotFound()
    return visit


def _move(session: Session, visit: Visit, action: str, *, ward: str | None, by: Actor) -> Placed:
    edge = next_step(visit.state, action)
    values = _stamps(edge) | _place(session, visit, edge, ward=ward)
    moved = session.scalars(
        update(Visit)
        .where(Visit.id == visit.id)
        .values(state=edge.target, version=Visit.version + 1, **values)
        .returning(Visit)
        .execution_options(populate_existing=True)
    ).one()
    _remember(session, moved, edge.event, by=by)
    return Placed(moved, queries.waiting_ahead(moved))


def _stamps(edge: Step) -> dict[str, Any]:
    """Return the stamps a step sets: the first start ends the waiting, a new wait clears the call."""
    if edge.target is VisitState.WAITING:
        return {"called_at": None, "ended_at": None}
    if edge.target is VisitState.CALLED:
        return {"called_at": NOW}
    if edge.target is VisitState.IN_SERVICE:
        return {"started_at": func.coalesce(Visit.started_at, NOW)}
    return {"ended_at": NOW}


def _place(session: Session, visit: Visit, edge: Step, *, ward: str | None) -> dict[str, Any]:
    """Return the place in the line after a step: kept, at the end, or with a new ticket."""
    if edge.line is Line.KEEP:
        return {}
    today = clock.today()
    if edge.line is Line.NEW_TICKET:
        if ward is None:
            message = N_("Name the ward to send the patient to.")
            raise Invalid(errors=[{"pointer": "/ward", "message": message}])
        if ward == visit.ward:
            raise Conflict("same_ward", detail=N_("The patient is in this ward already"))
    elif visit.ticket_day == today:
        return {"queued_at": NOW}
    target = visit.ward if ward is None else ward
    ticket = _take_ticket(session, visit.facility, target, today)
    return {"queued_at": NOW, "ward": target, "ticket": ticket, "ticket_day": today}


def _remember(session: Session, visit: Visit, event: str, *, by: Actor | str) -> None:
    actor = by if isinstance(by, str) else by.subject
    session.add(
        VisitEvent(
            visit_id=visit.id,
            action=event,
            state=visit.state,
            ward=visit.ward,
            ticket=visit.ticket,
            by=actor,
        )
    )
    record(
        actor, f"visit.{event}", subject=visit.number, facility=visit.facility, state=visit.state
    )
