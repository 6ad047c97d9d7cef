"""Are enough months paid? The months rules and the lapse, as gateway.coverage.months reads them.

Pure. Rules come from the policy of the service day (Prakas 109/2016 for workers); a rule that is an
assumption leaves a note, and so does a month counted in the person's favour.
"""

from config.values import dataclass
from gateway.coverage import months
from gateway.coverage.policy import Condition, Policy, Rule
from gateway.eligibility.reasons import Reason, reason
from gateway.eligibility.rules.facts import Case, Cover, Facts, Person


@dataclass(frozen=True, slots=True)
class Gap:
    """How far one condition is from satisfied."""

    condition: Condition
    needed: int
    missing: tuple[int, ...]


def judge_contributions(case: Case) -> None:
    """Apply the group's months rule, or the rule that entitles it without any."""
    group, day = case.person.group, case.facts.day
    rule = case.policy.rule("months", group, day) or case.policy.rule("entitled", group, day)
    if rule is None and group is None:
        case.doubts.append(reason("category_missing"))
    elif rule is None:
        case.refusals.append(reason("group_not_covered"))
    elif rule.kind == "months" and not case.facts.contributions_loaded:
        case.doubts.append(reason("contributions_not_loaded"))
    else:
        _judge_by(case, rule)


def lapsed_months(
    facts: Facts, person: Person, cover: Cover, policy: Policy
) -> tuple[int, Rule] | None:
    """Count the unpaid due months when they are more than the lapse rule bears, with the rule."""
    rule = policy.rule("lapse", person.group, facts.day)
    period = cover.period_on(facts.day)
    if rule is None or rule.months is None or period is None or not facts.contributions_loaded:
        return None
    unpaid = months.unpaid_due(
        cover.paid,
        due=months.last_due(facts.day, policy.due_day, facts.complete_through),
        month=months.month_of(facts.day),
        cover_from=period[0],
    )
    return (unpaid, rule) if unpaid > rule.months else None


def _judge_by(case: Case, rule: Rule) -> None:
    lapse = lapsed_months(case.facts, case.person, case.cover, case.policy)
    if lapse is not None:
        unpaid, by = lapse
        case.refusals.append(reason("lapsed", by.source, unpaid=unpaid, months=by.months))
        return
    if rule.kind == "months":
        _months(case, rule)
    if rule.source.status == "assumption":
        case.notes.append(reason("rule_assumed", rule.source, rule=rule.id))


def _months(case: Case, rule: Rule) -> None:
    day, paid = case.facts.day, case.cover.paid
    month = months.month_of(day)
    due = months.last_due(day, case.policy.due_day, case.facts.complete_through)
    gaps = []
    for condition in rule.any:
        gaps.append(_gap(condition, paid, due, month))
        if not gaps[-1].missing:
            break
    else:
        case.refusals.append(_short(min(gaps, key=lambda gap: len(gap.missing)), rule))
        return
    strict = months.until(paid, due)
    if all(_gap(condition, strict, due, due).missing for condition in rule.any):
        case.notes.append(reason("recent_month_counted"))


def _gap(condition: Condition, paid: int, due: int, month: int) -> Gap:
    if condition.consecutive is not None:
        needed = condition.consecutive
        missing = months.missing_in_a_row(paid, needed, due=due, month=month)
        return Gap(condition, needed, missing)
    needed, window = condition.paid or 0, condition.window or 0
    lacking = needed - months.paid_in_window(paid, window, due=due, month=month)
    if lacking <= 0:
        return Gap(condition, needed, ())
    first = due - window + 1
    unpaid = [at for at in range(first, month + 1) if not months.is_paid(paid, at)]
    # Months already due come first, the newest of them before older ones.
    unpaid.sort(key=lambda at: (at > due, -at))
    return Gap(condition, needed, tuple(sorted(unpaid[:lacking])))


def _short(gap: Gap, rule: Rule) -> Reason:
    window = gap.condition.window
    in_a_row = window is None
    voluntary = rule.contribution_riel is not None
    return reason(
        "contributions_short_voluntary" if voluntary else "contributions_short",
        rule.source,
        paid=gap.needed - len(gap.missing),
        needed=gap.needed,
        condition="in a row" if in_a_row else f"of the last {window}",
        condition_km="ជាប់ៗគ្នា" if in_a_row else f"{window} ខែចុងក្រោយ",
        missing=", ".join(months.month_text(month) for month in gap.missing),
        riel=f"{rule.contribution_riel or 0:,}",
    )
