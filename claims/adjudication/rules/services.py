"""What was done, line by line: known, in the package, not excluded, at which price, how many."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from claims.adjudication.reasons import Finding, found
from claims.adjudication.rules.facts import ClaimFacts, Line
from claims.adjudication.rules.tariffs import Price, Tariffs
from gateway.coverage.policy import ClaimRules, Policy

FIRST_CONTACTS = frozenset({"OPD-CONSULTATION", "EMERGENCY"})
DELIVERIES = frozenset({"DELIVERY-NORMAL", "DELIVERY-ASSISTED", "DELIVERY-CAESAREAN"})
# Counted per pregnancy by the maternity rules, with the policy's numbers.
PER_PREGNANCY = DELIVERIES | {"ANC-VISIT", "PNC-VISIT"}
ONE_A_LINE = FIRST_CONTACTS | DELIVERIES | {"MISCARRIAGE"}
# What a level must be able to do beyond giving the benefit (policy data says which levels can).
PROCEDURES = {"MAJOR-SURGERY": "surgery", "DELIVERY-CAESAREAN": "caesarean"}
YEAR = timedelta(days=365)
ATTACHMENTS_KM = {
    "invoice": "វិក្កយបត្រ", "prescription": "វេជ្ជបញ្ជា", "referral": "លិខិតបញ្ជូន",
    "scan": "រូបភាពវេជ្ជសាស្ត្រ", "discharge_summary": "លិខិតចេញពីពេទ្យ", "consent": "លិខិតយល់ព្រម",
    "other": "ឯកសារផ្សេង",
}  # fmt: skip


@dataclass(slots=True)
class Work:
    """A line on its way through the rules: what may still be paid, and why less."""

    line: Line
    unit_riel: int
    allowed: int
    benefit: str | None = None
    tariff_riel: int | None = None
    payable_riel: int = 0
    findings: list[Finding] = field(default_factory=list)

    @property
    def order(self) -> tuple[date, str, int, int, int]:
        """Return a place among the lines that does not depend on how they were listed."""
        line = self.line
        return line.service_date, line.service, line.unit_price_riel, line.quantity, line.line

    def note(self, code: str, *, source: str | None = None, **values: object) -> None:
        """Add a finding about this line."""
        self.findings.append(found(code, line=self.line.line, source=source, **values))

    def allow(self, quantity: int) -> int:
        """Lower the quantity that may be paid; return what is left."""
        self.allowed = max(0, min(self.allowed, quantity))
        return self.allowed


def start_work(
    facts: ClaimFacts, line: Line, tariffs: Tariffs, policy: Policy | None, rules: ClaimRules
) -> Work:
    """Judge one line by itself: days, package, price and its own quantity limit."""
    work = Work(line, line.unit_price_riel, line.quantity, tariffs.benefit_of(line.service))
    _check_day(facts, work)
    if work.benefit is None:
        work.note("service_unknown", service=line.service)
        return work
    price = tariffs.find(line.service, facts.place.level, facts.payer, line.service_date)
    _check_package(facts, work, policy, priced=price is not None)
    _check_exclusions(facts, work, rules)
    _check_price(work, price)
    _check_quantity(work, rules)
    _check_documents(facts, work, rules)
    return work


def _check_day(facts: ClaimFacts, work: Work) -> None:
    day, first, last = work.line.service_date, facts.service_from, facts.service_to
    if first <= last and not first <= day <= last:
        work.note("line_day_outside", day=day)
    if day > facts.today and max(first, last) <= facts.today:
        work.note("in_the_future", day=day)
    died = facts.patient.died_on
    if died is not None and first <= died < day:
        work.note("after_death")


def _check_package(facts: ClaimFacts, work: Work, policy: Policy | None, *, priced: bool) -> None:
    """The policy says which level does what; eligibility says what this person may have here."""
    level, service = facts.place.level, work.line.service
    procedure = PROCEDURES.get(service)
    if policy is not None and procedure is not None and not policy.gives(procedure, level):
        caesarean = procedure == "caesarean"
        work.note("caesarean_level" if caesarean else "not_at_level", service=service)
    elif policy is not None and not priced and not policy.gives(str(work.benefit), level):
        work.note("not_at_level", service=service)
    grant = facts.standing.grants.get(str(work.benefit))
    entitled = facts.standing.found and facts.standing.verdict not in (
        "unknown", "not_eligible", "not_found", "emergency_only",
    )  # fmt: skip
    if entitled and grant is not None and not grant.covered:
        work.note("benefit_not_covered", benefit=work.benefit, day=work.line.service_date)


def _check_exclusions(facts: ClaimFacts, work: Work, rules: ClaimRules) -> None:
    """A policy may exclude services and diagnoses (by ICD-10 prefix) for a while."""
    day = work.line.service_date
    for exclusion in rules.exclusions:
        if not exclusion.in_force(day):
            continue
        what = [work.line.service] if work.line.service in exclusion.services else []
        what += [
            diagnosis.code
            for diagnosis in facts.diagnoses
            if exclusion.diagnoses and diagnosis.code.startswith(exclusion.diagnoses)
        ]
        if what:
            work.note(
                "excluded", source=exclusion.source.text, day=day, what=", ".join(sorted(set(what)))
            )


def _check_price(work: Work, price: Price | None) -> None:
    """Pay the tariff or what is claimed, whichever is less; without a tariff a person decides."""
    if price is None:
        work.note("no_tariff", service=work.line.service, day=work.line.service_date)
        return
    work.tariff_riel = price.price_riel
    if work.unit_riel > price.price_riel:
        work.unit_riel = price.price_riel
        work.note("above_tariff", source=price.source, tariff=f"{price.price_riel:,}")
    if price.status == "demo":
        work.note("demo_tariff")


def _check_quantity(work: Work, rules: ClaimRules) -> None:
    limit = rules.service_limits.get(work.line.service)
    most = limit.max_quantity if limit is not None else None
    if work.line.service in ONE_A_LINE:
        most = 1 if most is None else min(1, most)
    if most is not None and work.allowed > most:
        work.note("quantity_over_limit", allowed=work.allow(most))


def _check_documents(facts: ClaimFacts, work: Work, rules: ClaimRules) -> None:
    """A policy's checklist names what must be attached for a service, or for a benefit."""
    for key in (work.line.service, str(work.benefit)):
        missing = sorted(set(rules.checklists.get(key, ())) - facts.attachments)
        if missing:
            work.note(
                "documents_missing",
                source=rules.source_of(f"checklists.{key}").text,
                service=work.line.service,
                kinds=", ".join(missing),
                kinds_km=", ".join(ATTACHMENTS_KM[kind] for kind in missing),
            )


def limit_frequency(facts: ClaimFacts, works: list[Work], rules: ClaimRules) -> None:
    """Apply a policy's limits over time, counting earlier claims and earlier lines of this one."""
    for service, limit in sorted(rules.service_limits.items()):
        if service in PER_PREGNANCY:
            continue
        mine = [work for work in works if work.line.service == service and work.allowed]
        if limit.min_days_between is not None:
            _limit_gap(facts, mine, limit.min_days_between)
        if limit.per_year is not None:
            _limit_year(facts, mine, limit.per_year)


def _limit_gap(facts: ClaimFacts, works: list[Work], least: int) -> None:
    """The same day is a duplicate and has its own rule."""
    earlier: list[date] = []
    for work in works:
        day, service = work.line.service_date, work.line.service
        days = [past.service_date for past in facts.own_history if past.service == service]
        gaps = [abs((day - other).days) for other in (*days, *earlier) if other != day]
        if gaps and min(gaps) < least:
            work.note("too_soon", service=service, days=min(gaps), limit=least)
            work.allow(0)
        else:
            earlier.append(day)


def _limit_year(facts: ClaimFacts, works: list[Work], most: int) -> None:
    taken: list[tuple[date, int]] = []
    for work in works:
        service, day = work.line.service, work.line.service_date
        used = sum(
            past.quantity
            for past in facts.own_history
            if past.service == service and day - YEAR < past.service_date <= day
        ) + sum(quantity for other, quantity in taken if day - YEAR < other <= day)
        limit_count(work, used, most, "yearly_limit", service=service)
        taken.append((day, work.allowed))


def limit_count(work: Work, used: int, most: int, code: str, **values: Any) -> None:
    """Cut a line to what a count leaves; refuse it when nothing is left."""
    if used >= most:
        work.note(f"{code}_reached", limit=most, **values)
        work.allow(0)
    elif used + work.allowed > most:
        work.note(code, used=used, limit=most, allowed=work.allow(most - used), **values)
