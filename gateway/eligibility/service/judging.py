"""What does a claim learn about a person on its service day? Unrecorded; honours a promised check.

Called by claims through the eligibility service, and by nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from config.db import fast
from config.prepared import Rows, Step
from gateway.coverage import service as coverage
from gateway.coverage.months import months_before
from gateway.coverage.policy import PolicySet
from gateway.coverage.policy_file import MAX_WINDOW_MONTHS
from gateway.eligibility import queries
from gateway.eligibility.queries import Stored
from gateway.eligibility.rows import Row, to_facility
from gateway.eligibility.rules.decide import decide, decide_promised
from gateway.eligibility.rules.facts import Decision, Facts, Judgement, Newborn, Person
from gateway.eligibility.service.identify import CheckRequest
from gateway.eligibility.service.reading import NOBODY, to_facts


def judge(
    *,
    card_key: str,
    day: date,
    facility: str | None,
    cause: str = "illness",
    emergency: bool = False,
    patient: Newborn | None = None,
    check: str | None = None,
) -> Judgement:
    """Judge a person for a claim on its service day, unrecorded; honour the check it names.

    A promised check stands for enrolment, contributions and contract, whatever the registry says
    now; it does not cover another person, facility or day, nor a death before that day.
    """
    with fast() as conn:
        steps = judging(card_key=card_key, day=day, facility=facility, check=check)
        found = [list(step.statement.run(conn, step.values)) for step in steps]
    return judge_found(
        found, card_key=card_key, day=day, facility=facility, cause=cause, emergency=emergency,
        patient=patient, check=check,
    )  # fmt: skip


def judging(
    *, card_key: str, day: date, facility: str | None, check: str | None
) -> tuple[Step, ...]:
    """Return what `judge` reads, to be sent with other statements; `judge_found` takes its rows."""
    since = months_before(day, MAX_WINDOW_MONTHS)
    person = queries.reading(key=card_key, day=day, since=since, facility=facility)
    named = queries.finding(check) if check is not None else None
    return (person,) if named is None else (person, named)


def judge_found(
    found: Sequence[Rows],
    *,
    card_key: str,
    day: date,
    facility: str | None,
    cause: str = "illness",
    emergency: bool = False,
    patient: Newborn | None = None,
    check: str | None = None,
) -> Judgement:
    """Judge a person as `judge` does, by the answers to the statements of `judging`."""
    row = queries.read_of(found[0])
    stored = queries.found_of(found[1]) if len(found) > 1 else None
    return judge_row(
        row, stored, coverage.policy_set(row.generation),
        card_key=card_key, day=day, facility=facility, cause=cause, emergency=emergency,
        patient=patient, check=check,
    )  # fmt: skip


def judge_row(
    row: Row,
    stored: Stored | None,
    policies: PolicySet,
    *,
    card_key: str,
    day: date,
    facility: str | None,
    cause: str,
    emergency: bool,
    patient: Newborn | None,
    check: str | None,
) -> Judgement:
    """Judge what was read of a person, by any set of policies; `stored` is the check it names."""
    request = CheckRequest(card_number=card_key, cause=cause, emergency=emergency, patient=patient)
    facts = to_facts(row, day, facility, request)
    problem = _check_problem(check, stored, card_key=card_key, day=day, facility=facility)
    honoured = _honoured(facts, stored, policies) if problem is None else None
    if honoured is not None:
        facts, decision = honoured
    else:
        decision = decide(facts, policies)
    return Judgement(
        found=facts.person is not None,
        decision=decision,
        person=facts.person,
        promised=honoured is not None,
        check_number=check if problem is None else None,
        check_problem=problem,
        place=to_facility(row.facility),
    )


def _honoured(
    facts: Facts, stored: Stored | None, policies: PolicySet
) -> tuple[Facts, Decision] | None:
    if stored is None or not stored.promise or stored.scheme is None:
        return None
    if facts.person is None:
        facts = replace(facts, person=_as_recorded(stored))
    decision = decide_promised(facts, policies, stored.scheme)
    return None if decision is None else (facts, decision)


def _as_recorded(stored: Stored) -> Person:
    """Bring back who the check was about: the registry has removed the card since."""
    member = stored.body["member"]
    born = member["date_of_birth"]
    return Person(
        card_key=stored.card_key or NOBODY,
        card_number=member["card_number"],
        name_km=member["name_km"],
        name_latin=member["name_latin"],
        sex=member["sex"],
        date_of_birth=date.fromisoformat(born) if born else None,
        category=member["category"],
        relationship=member["relationship"],
    )


def _check_problem(
    number: str | None, stored: Stored | None, *, card_key: str, day: date, facility: str | None
) -> str | None:
    if number is None:
        return None
    if stored is None:
        return "unknown_check"
    if stored.facility != facility:
        return "other_facility"
    if stored.card_key != card_key:
        return "other_person"
    return "other_day" if stored.service_date != day else None
