"""Is a dependent or a newborn covered through the family? Ages and the member's own cover.

Pure. Sub-Decree 280/2023 by way of the policy's rules; members themselves pass untouched.
"""

from datetime import timedelta

from gateway.coverage.policy import Rule
from gateway.eligibility.reasons import reason
from gateway.eligibility.rules.contributions import lapsed_months
from gateway.eligibility.rules.facts import Case, Person
from gateway.eligibility.rules.persons import age_on, status_on


def judge_family(case: Case) -> None:
    """Apply the age rules and the rule about the member to a dependent."""
    person, day = case.person, case.facts.day
    if not person.is_dependent:
        return
    for rule in case.policy.rules_on("age", person.group, day):
        if rule.relationship == person.relationship and not _is_waived(rule, person):
            _age(case, rule)
    rule_of_member = case.policy.rule("principal", person.group, day)
    if rule_of_member is not None:
        _principal(case, rule_of_member)


def judge_newborn(case: Case) -> None:
    """Cover a child without a card under the mother's for as many days as the scheme says."""
    child, rules = case.facts.newborn, case.policy.claims
    if child is None:
        return
    source = rules.source_of("newborn_days")
    last = child.date_of_birth + timedelta(days=rules.newborn_days)
    if case.facts.day > last:
        case.refusals.append(reason("newborn_too_old", source, days=rules.newborn_days))
    else:
        case.notes.append(reason("newborn_covered", source, day=last))


def _is_waived(rule: Rule, person: Person) -> bool:
    return ("disabled" in rule.waived_by and person.disabled) or (
        "chronically_ill" in rule.waived_by and person.chronically_ill
    )


def _age(case: Case, rule: Rule) -> None:
    born = case.person.date_of_birth
    if born is None:
        if rule.effect == "refuse":
            case.doubts.append(reason("birth_date_missing"))
        return
    age, under = age_on(born, case.facts.day), rule.under or 0
    if age < under:
        return
    if rule.effect == "refuse":
        case.refusals.append(reason("child_over_age", rule.source, under=under, age=age))
    else:
        case.notes.append(reason("spouse_over_age", rule.source, under=under, age=age))


def _principal(case: Case, rule: Rule) -> None:
    member = case.person.principal
    if member is None:
        case.doubts.append(reason("principal_missing"))
        return
    status = status_on(member, case.facts.day)
    if status is None:
        case.doubts.append(reason("status_unknown"))
        return
    cover = member.cover(case.policy.scheme)
    if status != "active" or cover is None or cover.period_on(case.facts.day) is None:
        case.refusals.append(reason("principal_not_covered", rule.source))
        return
    lapse = lapsed_months(case.facts, member, cover, case.policy)
    if lapse is not None:
        unpaid, by = lapse
        case.refusals.append(reason("principal_lapsed", by.source, unpaid=unpaid))
