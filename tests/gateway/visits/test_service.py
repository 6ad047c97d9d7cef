"""The waiting line on a real database: tickets, order, steps, neighbours, and two at once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from threading import Barrier

import pytest
from sqlalchemy import select, text

from auth.permissions import Actor, Permission, system_actor
from config import clock
from config.audit import AuditEvent
from config.db import db, transaction
from config.errors import Conflict, Forbidden, Invalid, NotFound
from gateway.visits import service as visits
from gateway.visits.models import Visit, VisitTicket
from gateway.visits.queries import first_waiting
from gateway.visits.rules import IdentitySeen, Payer, Priority, VisitType
from gateway.visits.service import CheckIn
from gateway.visits.states import InvalidTransition, VisitState

HERE, THERE = "120101", "010203"
DAY = date(2026, 11, 20)


def receptionist(facility=HERE, name="dara"):
    return Actor(
        subject=f"user:{name}",
        permissions=frozenset({Permission.VISIT_MANAGE}),
        facility=facility,
        facilities=(facility,),
    )


def arrive(*, by=None, **more):
    arrival = CheckIn(visit_type=VisitType.OUTPATIENT, payer=Payer.NSSF, **more)
    return visits.check_in(arrival, by=by or receptionist())


def tickets(placed):
    return [place.visit.ticket for place in placed]


def in_threads(app, count, work):
    """Run the work at the same moment in so many threads, each with a session of its own."""
    together = Barrier(count)

    def run(index):
        with app.app_context():
            together.wait(timeout=10)
            try:
                return work(index)
            except Exception as error:
                return error
            finally:
                db.session.remove()

    with ThreadPoolExecutor(count) as pool:
        results = list(pool.map(run, range(count)))
    # What this session read before the threads wrote is stale.
    db.session.expire_all()
    return results


def test_the_first_arrival_gets_ticket_one_and_nobody_waits_before(app):
    placed = arrive(card_number="2990101-0000001-ក", ward="OPD", label="blue shirt")

    visit = placed.visit
    assert visit.number.startswith("V")
    assert (visit.ticket, placed.waiting_ahead, visit.state) == (1, 0, VisitState.WAITING)
    assert (visit.card_key, visit.card_number) == ("29901010000001ក", "2990101-0000001-ក")
    assert (visit.facility, visit.ward, visit.label, visit.created_by) == (
        HERE, "OPD", "blue shirt", "user:dara",
    )  # fmt: skip
    assert visit.arrived_at.tzinfo is not None
    assert visit.day == clock.today()


def test_somebody_without_a_card_waits_in_the_same_line_under_another_payer(app):
    arrive()

    arrival = CheckIn(
        visit_type=VisitType.EMERGENCY,
        payer=Payer.FULL_PAY,
        identity_seen=IdentitySeen.FAMILY,
        name_differs=True,
    )
    placed = visits.check_in(arrival, by=receptionist())

    assert (placed.visit.ticket, placed.waiting_ahead) == (2, 1)
    assert (placed.visit.card_key, placed.visit.payer) == (None, "full_pay")
    assert (placed.visit.identity_seen, placed.visit.name_differs) == ("family", True)


def test_each_ward_and_each_facility_counts_its_own_tickets(app):
    assert arrive(ward="OPD").visit.ticket == 1
    assert arrive(ward="Maternity").visit.ticket == 1
    assert arrive(ward="OPD").visit.ticket == 2
    assert arrive(ward="OPD", by=receptionist(THERE)).visit.ticket == 1


def test_tickets_start_again_every_day(app):
    with clock.freeze(DAY):
        arrive()
        assert arrive().visit.ticket == 2
    with clock.freeze(DAY + timedelta(days=1)):
        assert arrive().visit.ticket == 1


def test_priority_goes_before_arrival_and_arrival_decides_among_equals(app):
    for priority in ("none", "elderly", "none", "emergency", "pregnant", "emergency", "disabled"):
        arrive(priority=Priority(priority))

    line = visits.list_visits(by=receptionist(), state=VisitState.WAITING)

    assert tickets(line) == [4, 6, 5, 2, 7, 1, 3]
    assert [place.waiting_ahead for place in line] == list(range(7))


def test_the_number_waiting_ahead_counts_only_the_own_ward(app):
    arrive(ward="OPD", priority=Priority.EMERGENCY)
    arrive(ward="Dental")
    second = arrive(ward="OPD")

    assert second.waiting_ahead == 1
    assert visits.find_visit(second.visit.number, by=receptionist()).waiting_ahead == 1


def test_an_emergency_that_arrives_later_lengthens_the_wait_of_the_others(app):
    first = arrive()
    emergency = arrive(priority=Priority.EMERGENCY)

    assert emergency.waiting_ahead == 0
    assert visits.find_visit(first.visit.number, by=receptionist()).waiting_ahead == 1


def test_a_visit_is_called_served_and_finished_with_a_stamp_each(app):
    number = arrive().visit.number

    called = visits.step(number, "call", by=receptionist()).visit
    started = visits.step(number, "start", by=receptionist()).visit
    finished = visits.step(number, "finish", by=receptionist())

    visit = finished.visit
    assert (called.number, started.number) == (number, number)
    assert (visit.state, finished.waiting_ahead, visit.version) == (VisitState.FINISHED, None, 4)
    assert visit.arrived_at < visit.called_at < visit.started_at < visit.ended_at
    steps = visits.list_steps(visit)
    assert [step.action for step in steps] == ["checked_in", "called", "started", "finished"]
    assert [step.state for step in steps] == ["waiting", "called", "in_service", "finished"]
    assert [step.at for step in steps] == sorted(step.at for step in steps)


def test_the_database_stamps_the_steps_not_the_frozen_clock(app):
    with clock.freeze(DAY):
        visit = arrive().visit

    assert visit.day == DAY
    assert visit.arrived_at.date() != DAY


def test_a_step_out_of_order_is_refused_naming_the_allowed_ones_and_changes_nothing(app):
    number = arrive().visit.number

    with pytest.raises(InvalidTransition) as refused:
        visits.step(number, "finish", by=receptionist())

    assert refused.value.extra["allowed"] == ["call", "no_show", "transfer", "cancel"]
    found = visits.find_visit(number, by=receptionist()).visit
    assert (found.state, found.version) == (VisitState.WAITING, 1)
    assert len(visits.list_steps(found)) == 1


def test_who_did_not_come_goes_to_the_end_of_the_line_with_the_same_ticket(app):
    late = arrive().visit
    other = arrive().visit
    visits.step(late.number, "call", by=receptionist())
    gone = visits.step(late.number, "no_show", by=receptionist()).visit
    assert gone.ended_at is not None

    back = visits.step(late.number, "requeue", by=receptionist())

    assert (back.visit.ticket, back.waiting_ahead, back.visit.ended_at) == (1, 1, None)
    line = visits.list_visits(by=receptionist(), state=VisitState.WAITING)
    assert [place.visit.number for place in line] == [other.number, late.number]


def test_who_was_called_too_early_gets_the_old_place_back(app):
    first = arrive().visit
    arrive()
    visits.step(first.number, "call", by=receptionist())

    back = visits.step(first.number, "requeue", by=receptionist())

    assert (back.waiting_ahead, back.visit.called_at) == (0, None)


def test_who_comes_back_another_day_gets_a_ticket_of_that_day(app):
    with clock.freeze(DAY):
        arrive()
        visit = arrive().visit
        visits.step(visit.number, "no_show", by=receptionist())
    with clock.freeze(DAY + timedelta(days=1)):
        back = visits.step(visit.number, "requeue", by=receptionist()).visit

    assert (back.ticket, back.ticket_day, back.day) == (1, DAY + timedelta(days=1), DAY)


@pytest.mark.parametrize("before", [[], ["call"], ["call", "start"]])
def test_a_transfer_gives_a_new_ticket_at_the_end_of_the_other_wards_line(app, before):
    arrive(ward="Laboratory")
    number = arrive(ward="OPD").visit.number
    for action in before:
        visits.step(number, action, by=receptionist())

    moved = visits.step(number, "transfer", by=receptionist(), ward="Laboratory")

    assert (moved.visit.ward, moved.visit.ticket, moved.waiting_ahead) == ("Laboratory", 2, 1)
    assert (moved.visit.state, moved.visit.called_at) == (VisitState.WAITING, None)
    assert (moved.visit.started_at is not None) == ("start" in before)
    assert visits.list_steps(moved.visit)[-1].ward == "Laboratory"


def test_a_second_start_after_a_transfer_keeps_the_moment_the_waiting_ended(app):
    number = arrive(ward="OPD").visit.number
    visits.step(number, "call", by=receptionist())
    first = visits.step(number, "start", by=receptionist()).visit.started_at
    visits.step(number, "transfer", by=receptionist(), ward="Pharmacy")
    visits.step(number, "call", by=receptionist())

    again = visits.step(number, "start", by=receptionist()).visit.started_at

    assert again == first


def test_a_transfer_needs_another_ward(app):
    number = arrive(ward="OPD").visit.number

    with pytest.raises(Invalid) as nameless:
        visits.step(number, "transfer", by=receptionist())
    with pytest.raises(Conflict) as same:
        visits.step(number, "transfer", by=receptionist(), ward="OPD")

    assert nameless.value.extra["errors"][0]["pointer"] == "/ward"
    assert same.value.code == "same_ward"
    assert visits.find_visit(number, by=receptionist()).visit.ticket == 1


def test_another_facilitys_visit_does_not_exist(app):
    foreign = arrive(by=receptionist(THERE)).visit.number

    for number in (foreign, "V26KAAAAAAAAA", "nonsense", "\x00", ""):
        with pytest.raises(NotFound):
            visits.find_visit(number, by=receptionist())
        with pytest.raises(NotFound):
            visits.step(number, "call", by=receptionist())
    assert visits.list_visits(by=receptionist()) == []
    assert visits.find_visit(foreign, by=receptionist(THERE)).visit.state == VisitState.WAITING


def test_nssf_finds_any_visit_but_checks_nobody_in_without_a_facility(app):
    number = arrive().visit.number
    nssf = system_actor("test")

    assert visits.find_visit(number, by=nssf).visit.number == number
    with pytest.raises(Forbidden) as refused:
        arrive(by=nssf)
    with pytest.raises(Forbidden):
        visits.list_visits(by=nssf)
    assert refused.value.code == "facility_required"


def test_the_list_holds_today_and_what_is_still_open_from_before(app):
    with clock.freeze(DAY):
        stays = arrive().visit.number
        done = arrive().visit.number
        for action in ("call", "start", "finish"):
            visits.step(done, action, by=receptionist())
        for action in ("call", "start"):
            visits.step(stays, action, by=receptionist())
    with clock.freeze(DAY + timedelta(days=1)):
        today = arrive().visit.number
        listed = {place.visit.number for place in visits.list_visits(by=receptionist())}
        then = {place.visit.number for place in visits.list_visits(by=receptionist(), day=DAY)}

    assert listed == {stays, today}
    assert then == {stays, done}


def test_the_list_is_filtered_by_state_and_ward(app):
    arrive(ward="OPD")
    number = arrive(ward="OPD").visit.number
    arrive(ward="Dental")
    visits.step(number, "call", by=receptionist())

    waiting = visits.list_visits(by=receptionist(), state=VisitState.WAITING, ward="OPD")
    called = visits.list_visits(by=receptionist(), state=VisitState.CALLED)

    assert tickets(waiting) == [1]
    assert [(place.visit.number, place.waiting_ahead) for place in called] == [(number, None)]


def test_pages_by_key_meet_without_gap_or_overlap(app):
    for priority in ("none", "emergency", "none", "elderly", "none"):
        arrive(priority=Priority(priority))

    first = visits.list_visits(by=receptionist(), limit=2)
    second = visits.list_visits(by=receptionist(), limit=2, after=first[-1].key)
    third = visits.list_visits(by=receptionist(), limit=2, after=second[-1].key)

    assert tickets(first + second + third) == [2, 4, 1, 3, 5]
    assert [place.waiting_ahead for place in third] == [4]


def test_the_board_shows_tickets_and_no_person(app):
    for _ in range(3):
        arrive(ward="OPD", card_number="2990101-0000001-ក", label="SOK TARA")
    arrive(ward="Dental")
    line = visits.list_visits(by=receptionist(), ward="OPD")
    for place in line[:2]:
        visits.step(place.visit.number, "call", by=receptionist())
    arrive(ward="OPD", by=receptionist(THERE))

    shown = {ward.ward: ward for ward in visits.board(HERE)}

    assert shown["OPD"].called == (2, 1)
    assert (shown["OPD"].next, shown["OPD"].waiting) == ((3,), 1)
    assert (shown["Dental"].called, shown["Dental"].next) == ((), (1,))
    assert "TARA" not in repr(shown)
    assert "2990101" not in repr(shown)


def test_calling_the_next_takes_the_head_of_the_line_until_nobody_waits(app):
    arrive(ward="OPD")
    arrive(ward="OPD", priority=Priority.PREGNANT)

    called = [visits.call_next("OPD", by=receptionist()) for _ in range(3)]

    assert [place and place.visit.ticket for place in called] == [2, 1, None]
    assert called[0].visit.state == VisitState.CALLED


def test_the_wards_of_the_last_weeks_are_offered(app):
    for ward in ("OPD", "Dental", "OPD", ""):
        arrive(ward=ward)
    arrive(ward="Elsewhere", by=receptionist(THERE))

    assert visits.list_wards(by=receptionist()) == ["Dental", "OPD"]


def test_a_card_that_came_lately_is_known_to_have_come(app):
    key = arrive(card_number="2990101-0000001-ក").visit.card_key
    today = clock.today()

    assert visits.came_since(key, facility=HERE, day=today - timedelta(days=30))
    assert not visits.came_since(key, facility=THERE, day=today - timedelta(days=30))
    assert not visits.came_since(key, facility=HERE, day=today + timedelta(days=1))
    assert not visits.came_since("another", facility=HERE, day=today - timedelta(days=30))


def test_a_cancelled_visit_is_no_visit_of_that_person(app):
    visit = arrive(card_number="2990101-0000001-ក").visit
    visits.step(visit.number, "cancel", by=receptionist())

    assert not visits.came_since(visit.card_key, facility=HERE, day=visit.day)


def test_who_waited_a_whole_day_is_marked_as_not_come_and_who_is_served_is_not(app):
    waited, called, served, fresh = (arrive().visit.number for _ in range(4))
    for action in ("call", "start"):
        visits.step(served, action, by=receptionist())
    visits.step(called, "call", by=receptionist())
    with transaction() as session:
        session.execute(
            text(
                "UPDATE visits SET queued_at = now() - interval '25 hours' WHERE number <> :fresh"
            ),
            {"fresh": fresh},
        )
        session.add(VisitTicket(facility=HERE, ward="old", day=DAY - timedelta(days=400), last=9))

    visits.close_unanswered()

    states = {
        n: visits.find_visit(n, by=receptionist()).visit.state
        for n in (waited, called, served, fresh)
    }
    assert states == {waited: "no_show", called: "no_show", served: "in_service", fresh: "waiting"}
    assert (
        visits.list_steps(visits.find_visit(waited, by=receptionist()).visit)[-1].by
        == "system:visits"
    )
    assert "old" not in set(db.session.scalars(select(VisitTicket.ward)))


def test_every_step_leaves_a_trace_with_numbers_only(app):
    visit = arrive(card_number="2990101-0000001-ក", label="SOK TARA").visit
    visits.step(visit.number, "cancel", by=receptionist(name="maly"))

    traces = db.session.scalars(
        select(AuditEvent).where(AuditEvent.subject == visit.number).order_by(AuditEvent.id)
    ).all()

    assert [(t.action, t.actor, t.facility) for t in traces] == [
        ("visit.checked_in", "user:dara", HERE),
        ("visit.cancelled", "user:maly", HERE),
    ]
    assert "TARA" not in repr([t.details for t in traces])


def test_twenty_arrivals_at_once_get_twenty_tickets_in_a_row(app):
    made = in_threads(app, 20, lambda index: arrive(ward="OPD", label=f"person {index}").visit)

    assert sorted(visit.ticket for visit in made) == list(range(1, 21))
    assert len({visit.number for visit in made}) == 20
    by_ticket = sorted(made, key=lambda visit: visit.ticket)
    assert by_ticket == sorted(made, key=lambda visit: visit.queued_at)


def test_two_receptionists_who_call_one_visit_get_one_answer_and_one_refusal(app):
    number = arrive().visit.number

    results = in_threads(
        app, 2, lambda i: visits.step(number, "call", by=receptionist(name=f"r{i}"))
    )

    refused = [result for result in results if isinstance(result, InvalidTransition)]
    assert len(refused) == 1
    assert "start" in refused[0].extra["allowed"]
    visit = visits.find_visit(number, by=receptionist()).visit
    assert (visit.state, visit.version) == (VisitState.CALLED, 2)
    assert [step.action for step in visits.list_steps(visit)] == ["checked_in", "called"]


def test_two_who_call_the_next_at_once_call_two_different_people(app):
    for _ in range(2):
        arrive(ward="OPD")

    called = in_threads(app, 2, lambda i: visits.call_next("OPD", by=receptionist(name=f"r{i}")))

    assert sorted(place.visit.ticket for place in called) == [1, 2]


def test_the_first_of_the_line_is_found_by_the_index_of_the_line(app, owner):
    owner.execute(
        "INSERT INTO visits (number, facility, day, ticket_day, ticket, ward, state, ended_at,"
        " visit_type, payer, priority, rank, identity_seen, created_by)"
        " SELECT 'T' || i, 'f' || i % 50, '2026-11-20', '2026-11-20', i, 'OPD',"
        " CASE WHEN i % 20 = 0 THEN 'waiting' ELSE 'finished' END,"
        " CASE WHEN i % 20 = 0 THEN NULL ELSE now() END,"
        " 'outpatient', 'nssf', 'none', 4, 'none', 'test' FROM generate_series(1, 20000) i"
    )
    owner.execute("ANALYZE visits")

    with transaction() as session:
        assert first_waiting("f0", "OPD") is not None
        statement = (
            "EXPLAIN SELECT id FROM visits WHERE facility = 'f0' AND ward = 'OPD'"
            " AND state = 'waiting' ORDER BY rank, queued_at, id LIMIT 1"
        )
        plan = "\n".join(session.scalars(text(statement)))

    assert "ix_visits_line" in plan
    assert "Sort" not in plan


def test_the_database_itself_refuses_a_ticket_given_twice(app, owner):
    visit = arrive(ward="OPD").visit

    with pytest.raises(Exception, match="uq_visits_ticket"):
        owner.execute(
            "INSERT INTO visits (number, facility, day, ticket_day, ticket, ward, visit_type, payer,"
            " priority, rank, identity_seen, created_by) SELECT 'V26KAAAAAAAAA', facility, day,"
            " ticket_day, ticket, ward, visit_type, payer, priority, rank, identity_seen, created_by"
            " FROM visits WHERE number = %s",
            (visit.number,),
        )
    assert db.session.scalar(select(Visit.ticket).where(Visit.number == visit.number)) == 1
