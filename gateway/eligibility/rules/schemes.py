"""Does a scheme entitle this person that day, for this cause? One finding a scheme, payer order.

Pure. Each finding carries the reasons of the rules that decided, or notes when it entitles.
"""

from datetime import timedelta

from config.values import dataclass
from gateway.coverage.policy import Policy, PolicySet
from gateway.eligibility.reasons import Reason, reason
from gateway.eligibility.rules.contributions import judge_contributions
from gateway.eligibility.rules.facts import Case, Cover, Facts, Person
from gateway.eligibility.rules.family import judge_family, judge_newborn

CARE_SCHEMES = ("health_care", "occupational_risk", "hef")
WORK_CAUSES = ("work", "commuting")
ENTITLED, REFUSED, UNKNOWN = "entitled", "refused", "unknown"


@dataclass(frozen=True, slots=True)
class SchemeFinding:
    """What one scheme says: entitled, refused or not known, with reasons or notes."""

    scheme: str
    state: str
    policy: Policy | None = None
    reasons: tuple[Reason, ...] = ()
    notes: tuple[Reason, ...] = ()
    wrong_cause: bool = False


def scheme_findings(facts: Facts, person: Person, policies: PolicySet) -> tuple[SchemeFinding, ...]:
    """Judge every care scheme the person is a member of, in the order in which they pay."""
    found = [
        _scheme(facts, person, cover, policies)
        for cover in person.covers
        if cover.scheme in CARE_SCHEMES
    ]
    found.sort(key=_payer_order)
    meant = [finding for finding in found if not finding.wrong_cause]
    if meant:
        return tuple(meant)
    return tuple(found) or (_without_cover(facts, person),)


def _payer_order(finding: SchemeFinding) -> tuple[int, str]:
    return (finding.policy.order if finding.policy else 99, finding.scheme)


def _without_cover(facts: Facts, person: Person) -> SchemeFinding:
    pension = person.cover("pension")
    if pension is not None and pension.period_on(facts.day) is not None:
        return _refused("pension", None, reason("pension_only"))
    return _refused("health_care", None, reason("no_cover"))


def _refused(scheme: str, policy: Policy | None, *reasons: Reason) -> SchemeFinding:
    return SchemeFinding(scheme, REFUSED, policy, reasons)


def _scheme(facts: Facts, person: Person, cover: Cover, policies: PolicySet) -> SchemeFinding:
    policy = policies.on(cover.scheme, facts.day)
    if policy is not None and facts.cause not in policy.causes:
        code = "use_occupational_risk" if facts.cause in WORK_CAUSES else "occupational_risk_only"
        why = (reason(code, policy.causes_source),)
        return SchemeFinding(cover.scheme, REFUSED, policy, why, wrong_cause=True)
    not_in_force = _not_in_force(facts, cover)
    if not_in_force is not None:
        return _refused(cover.scheme, policy, not_in_force)
    if policy is None:
        return _refused(cover.scheme, None, reason("scheme_not_begun"))
    return _entitlement(Case(facts, person, cover, policy))


def _not_in_force(facts: Facts, cover: Cover) -> Reason | None:
    """A cover whose last day is the service day is in force; one that begins tomorrow is not."""
    if cover.period_on(facts.day) is not None:
        return None
    ends = [end for start, end in cover.periods if end is not None and end <= facts.day]
    if ends:
        return reason("cover_ended", day=max(ends) - timedelta(days=1))
    return reason("cover_not_begun", day=min(start for start, _ in cover.periods))


def _entitlement(case: Case) -> SchemeFinding:
    judge_family(case)
    judge_newborn(case)
    if not case.refusals:
        judge_contributions(case)
    _note_assumed_cause(case)
    scheme, policy = case.cover.scheme, case.policy
    if case.refusals:
        return SchemeFinding(scheme, REFUSED, policy, tuple(case.refusals))
    if case.doubts:
        return SchemeFinding(scheme, UNKNOWN, policy, tuple(case.doubts))
    return SchemeFinding(scheme, ENTITLED, policy, notes=tuple(case.notes))


def _note_assumed_cause(case: Case) -> None:
    """Say so when it is only assumed that the scheme pays for an injury at work."""
    scheme, source = case.policy.scheme, case.policy.causes_source
    if case.facts.cause in WORK_CAUSES and source.status == "assumption":
        case.notes.append(reason("rule_assumed", source, rule=f"{scheme}: causes"))
