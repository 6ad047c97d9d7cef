"""Who is covered here that day, for what, and why? `decide(facts, policies)`: pure, dated.

The verdict follows from the findings as the contract states: eligible when an asked benefit is
covered here by any scheme, the first that pays; emergency_only when only the facility's contract is
missing; unknown only when the data cannot say; else not_eligible.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from gateway.coverage.months import months_before
from gateway.coverage.policy import BENEFITS, Limit, Policy, PolicySet, Rule
from gateway.eligibility.reasons import Reason, reason
from gateway.eligibility.rules.facts import (
    BenefitFinding,
    Decision,
    FacilityFacts,
    Facts,
    Person,
    Remaining,
)
from gateway.eligibility.rules.persons import standing_of
from gateway.eligibility.rules.schemes import ENTITLED, UNKNOWN, SchemeFinding, scheme_findings

KINDS_KM = {"public": "សាធារណៈ", "private": "ឯកជន"}


def decide(facts: Facts, policies: PolicySet) -> Decision:
    """Decide on the service day's policies; the same facts always give the same decision."""
    person = facts.person
    if person is None:
        return Decision("not_found", reasons=(reason("card_not_found"),))
    asked = facts.benefits or BENEFITS
    standing = standing_of(facts, person)
    if standing.refusals:
        return _closed("not_eligible", asked, standing.refusals)
    if standing.doubts:
        return _closed("unknown", asked, standing.doubts)
    schemes = scheme_findings(facts, person, policies)
    findings = {benefit: _benefit(benefit, schemes, facts, person) for benefit in asked}
    decision = _verdict(findings, schemes)
    if len(schemes) > 1 and _another_pays(decision, schemes, facts, person):
        return replace(decision, reasons=(*decision.reasons, reason("payer_assumed")))
    return decision


def decide_promised(facts: Facts, policies: PolicySet, scheme: str) -> Decision | None:
    """Decide as a promised check obliges: enrolment, contributions and contract stand.

    Identity, a death before the service day, level, kind and limits are still looked at. None when
    the promise does not reach this case: the ordinary decision then stands.
    """
    person, policy = facts.person, policies.on(scheme, facts.day)
    if person is None or policy is None or facts.cause not in policy.causes:
        return None
    if (
        person.status == "deceased"
        and person.status_on is not None
        and person.status_on < facts.day
    ):
        return None
    place = facts.facility
    if place is not None:
        place = replace(place, contract_from=date.min, contract_to=None)
    kept = replace(facts, facility=place, facility_code=place.code if place else None)
    schemes = (SchemeFinding(scheme, ENTITLED, policy),)
    asked = facts.benefits or BENEFITS
    findings = {benefit: _benefit(benefit, schemes, kept, person) for benefit in asked}
    return _verdict(findings, schemes)


def decide_family(facts: Facts, policies: PolicySet) -> tuple[tuple[Person, Decision], ...]:
    """Decide for each dependent of the card's holder, each on their own facts."""
    return tuple(
        (member, decide(replace(facts, person=member, newborn=None, family=()), policies))
        for member in facts.family
    )


def _closed(verdict: str, asked: Iterable[str], reasons: tuple[Reason, ...]) -> Decision:
    unknown = verdict == "unknown"
    findings = {
        benefit: BenefitFinding(benefit, False, reasons=reasons, unknown=unknown)
        for benefit in asked
    }
    return Decision(verdict, None, findings, reasons)


def _verdict(findings: dict[str, BenefitFinding], schemes: tuple[SchemeFinding, ...]) -> Decision:
    asked = findings.values()
    covered = next((one for one in asked if _pays(one)), None)
    if covered is not None:
        return Decision("eligible", covered.scheme, findings, _notes(schemes, covered.scheme))
    emergency = next((one for one in asked if one.emergency_only), None)
    if emergency is not None:
        reasons = emergency.reasons + _notes(schemes, emergency.scheme)
        return Decision("emergency_only", emergency.scheme, findings, _once(reasons))
    doubtful = [one for one in asked if one.unknown]
    verdict = "unknown" if doubtful else "not_eligible"
    why = tuple(why for one in (doubtful or asked) for why in one.reasons)
    return Decision(verdict, None, findings, _once(why))


def _another_pays(
    decision: Decision, schemes: tuple[SchemeFinding, ...], facts: Facts, person: Person
) -> bool:
    """Tell whether another scheme covers something that the first one pays here."""
    return any(
        _pays(paid) and scheme.scheme != paid.scheme
        and _pays(_by_scheme(paid.benefit, scheme, facts, person))
        for paid in decision.benefits.values()
        for scheme in schemes
    )  # fmt: skip


def _pays(finding: BenefitFinding) -> bool:
    return finding.covered and not finding.emergency_only


def _notes(schemes: tuple[SchemeFinding, ...], payer: str | None) -> tuple[Reason, ...]:
    """Collect the payer's notes, and why the schemes that would pay before it do not."""
    found: list[Reason] = []
    for finding in schemes:
        if finding.scheme == payer:
            return (*finding.notes, *found)
        found += finding.reasons
    return tuple(found)


def _once(reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    return tuple(dict.fromkeys(reasons))


def _benefit(
    benefit: str, schemes: tuple[SchemeFinding, ...], facts: Facts, person: Person
) -> BenefitFinding:
    """Find the first scheme that covers the benefit here; else the best of the others."""
    others: list[BenefitFinding] = []
    for scheme in schemes:
        finding = _by_scheme(benefit, scheme, facts, person)
        if _pays(finding):
            return finding
        others.append(finding)
    emergency = next((one for one in others if one.emergency_only), None)
    if emergency is not None or len(others) == 1:
        return emergency or others[0]
    return BenefitFinding(
        benefit,
        False,
        reasons=_once(why for one in others for why in one.reasons),
        unknown=any(one.unknown for one in others),
    )


def _by_scheme(benefit: str, scheme: SchemeFinding, facts: Facts, person: Person) -> BenefitFinding:
    policy = scheme.policy
    if scheme.state != ENTITLED or policy is None:
        unknown = scheme.state == UNKNOWN
        return BenefitFinding(
            benefit, False, scheme.scheme, reasons=scheme.reasons, unknown=unknown
        )
    given = policy.benefits.get(benefit)
    if given is None:
        return BenefitFinding(
            benefit, False, policy.scheme, reasons=(reason("benefit_not_in_package"),)
        )
    missing = _missing_facility(benefit, facts, policy)
    if missing is not None:
        return missing
    remaining, reached = _limits(benefit, policy, facts.day, person)
    if reached is not None:
        return BenefitFinding(benefit, False, policy.scheme, remaining, reasons=(reached,))
    place = facts.facility
    if place is None or place.is_contracted(facts.day):
        return BenefitFinding(benefit, True, policy.scheme, remaining, given.patient_pays_riel)
    return _emergency_only(benefit, policy, given.patient_pays_riel, remaining)


def _emergency_only(
    benefit: str, policy: Policy, patient_pays: int, remaining: Remaining | None
) -> BenefitFinding:
    """Without a contract only an emergency is covered (Prakas 109/2016: the nearest facility)."""
    emergency = benefit == "emergency"
    return BenefitFinding(
        benefit,
        emergency,
        policy.scheme,
        remaining,
        patient_pays if emergency else None,
        (reason("facility_not_contracted"),),
        emergency_only=True,
    )


def _missing_facility(benefit: str, facts: Facts, policy: Policy) -> BenefitFinding | None:
    """Refuse what this kind or level of facility does not give; no facility asked, no refusal."""
    if facts.facility_code is None:
        return None
    place = facts.facility
    if place is None or place.kind is None or place.level is None:
        why = (reason("facility_unknown"),)
        return BenefitFinding(benefit, False, policy.scheme, reasons=why, unknown=True)
    refusal = _place_refusal(benefit, place, policy)
    if refusal is None:
        return None
    return BenefitFinding(benefit, False, policy.scheme, reasons=(refusal,))


def _place_refusal(benefit: str, place: FacilityFacts, policy: Policy) -> Reason | None:
    if place.kind not in policy.facility_kinds:
        return reason(
            "kind_not_allowed",
            policy.facility_kinds_source,
            kinds=" or ".join(policy.facility_kinds),
            kinds_km=" ឬ".join(KINDS_KM[kind] for kind in policy.facility_kinds),
        )
    if not policy.gives(benefit, place.level):
        return reason("level_cannot", policy.benefits[benefit].source)
    return None


def _limits(
    benefit: str, policy: Policy, day: date, person: Person
) -> tuple[Remaining | None, Reason | None]:
    """Find the tightest limit on the benefit, and the reason when it is used up."""
    tightest: Remaining | None = None
    for rule in policy.rules_on("limit", person.group, day):
        limit = rule.limit
        if limit is None or benefit not in limit.benefits:
            continue
        left, open_today = _left(limit, benefit, policy.scheme, day, person)
        if tightest is None or left.value < tightest.value:
            tightest = left
        if not open_today:
            return left, _reached(rule, limit, left)
    return tightest, None


def _left(
    limit: Limit, benefit: str, scheme: str, day: date, person: Person
) -> tuple[Remaining, bool]:
    """Count what is left in the rolling window: days, or uses (each benefit of each day is one).

    What counts already may be used again.
    """
    if not person.usage:
        return Remaining(limit.unit, limit.value), limit.value > 0
    after = months_before(day, limit.window_months)
    uses = {
        (on, of_benefit)
        for of, of_benefit, on in person.usage
        if of == scheme and of_benefit in limit.benefits and after < on <= day
    }
    counted: set[object] = {on for on, _ in uses} if limit.unit == "day" else {*uses}
    now = day if limit.unit == "day" else (day, benefit)
    left = Remaining(limit.unit, max(limit.value - len(counted), 0))
    return left, len(counted - {now}) < limit.value


def _reached(rule: Rule, limit: Limit, left: Remaining) -> Reason:
    return reason(
        "limit_reached",
        rule.source,
        used=limit.value - left.value,
        limit=limit.value,
        window=limit.window_months,
    )
