"""Was this claimed before: the same service and day, overlapping stays, care during a stay.

Everything is compared per patient: card and birth order, so twins are two patients. What stands in
another facility's claim is said without naming it, and a person decides.
"""

from __future__ import annotations

from collections.abc import Iterator

from claims.adjudication.reasons import Finding, found
from claims.adjudication.rules.facts import INPATIENT, OUTPATIENT, ClaimFacts, Past
from claims.adjudication.rules.services import FIRST_CONTACTS, Work


def find_repeated_lines(facts: ClaimFacts, works: list[Work]) -> None:
    """Mark each line that repeats one of this claim, or of another live claim of the patient."""
    seen: set[tuple[object, str]] = set()
    contacts: set[object] = set()
    for work in works:
        day, service = work.line.service_date, work.line.service
        if (day, service) in seen:
            work.note("duplicate_line", service=service, day=day)
            continue
        seen.add((day, service))
        _compare_with_history(facts, work)
        if service in FIRST_CONTACTS:
            if day in contacts or _had_contact(facts, work):
                work.note("second_consultation", day=day)
            contacts.add(day)


def _compare_with_history(facts: ClaimFacts, work: Work) -> None:
    day, service = work.line.service_date, work.line.service
    same = [
        past for past in facts.own_history if past.service == service and past.service_date == day
    ]
    own = sorted(past.claim for past in same if past.own)
    if own:
        work.note("duplicate", service=service, day=day, claim=own[0])
    elif same:
        work.note("duplicate_elsewhere", day=day)


def _had_contact(facts: ClaimFacts, work: Work) -> bool:
    """The very same service is a duplicate; another first contact that day is a second one."""
    return any(
        past.service in FIRST_CONTACTS
        and past.service != work.line.service
        and past.service_date == work.line.service_date
        for past in facts.own_history
    )


def stay_findings(facts: ClaimFacts) -> Iterator[Finding]:
    """Compare stays with stays and stays with outpatient days; touching days are a transfer."""
    if facts.service_to < facts.service_from:
        return
    if facts.visit_type == INPATIENT:
        yield from _overlapping(facts)
        days = {
            past.service_date
            for past in facts.own_history
            if past.visit_type == OUTPATIENT
            and not past.own
            and facts.service_from < past.service_date < facts.service_to
        }
    elif facts.visit_type == OUTPATIENT:
        days = {
            line.service_date
            for line in facts.lines
            for past in facts.own_history
            if past.visit_type == INPATIENT
            and past.service_from < line.service_date < past.service_to
        }
    else:
        return
    for day in sorted(days):
        yield found("outpatient_during_stay", day=day)


def _overlapping(facts: ClaimFacts) -> Iterator[Finding]:
    stays = [past for past in facts.own_history if _overlaps(facts, past)]
    own = sorted(past.claim for past in stays if past.own)
    if own:
        yield found("stays_overlap", claim=own[0])
    elif stays:
        yield found("stays_overlap_elsewhere")


def _overlaps(facts: ClaimFacts, past: Past) -> bool:
    if past.visit_type != INPATIENT:
        return False
    if (past.service_from, past.service_to) == (facts.service_from, facts.service_to):
        return True
    return past.service_from < facts.service_to and facts.service_from < past.service_to
