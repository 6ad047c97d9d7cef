"""The public page: who is covered, for what, what to bring, how to join. Read from the policies in force."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from config import clock
from config.web import DeskBlueprint, DeskLink, public, render
from config.words import N_
from gateway.coverage import service as coverage
from gateway.coverage.policy import GROUPS, LEVELS, Benefit, Policy, Rule

blueprint = DeskBlueprint(
    "benefits",
    __name__,
    links=(DeskLink(N_("Benefits"), "benefits.show", order=90),),
)
HEF_GROUPS = ("informal_worker", "hef_poor", "hef_at_risk")


@dataclass(frozen=True, slots=True)
class Entitlement:
    """What one group needs for care under one scheme."""

    group: str
    scheme: str
    rule: Rule
    limit: Rule | None
    lapse: Rule | None


@blueprint.get("/benefits")
@public
def show() -> str:
    """Show who is covered today, for what, and how."""
    today = clock.today()
    policies = coverage.policy_set()
    care, hef = policies.on("health_care", today), policies.on("hef", today)
    return render(
        "coverage/benefits.html",
        today=today,
        entitlements=[*_entitlements(care, today), *_entitlements(hef, today, HEF_GROUPS)],
        benefits=_benefits(care),
        child_age=_age(care, "child", today),
        rules=care.claims if care is not None else None,
        levels=len(LEVELS),
    )


def _entitlements(
    policy: Policy | None, day: date, groups: tuple[str, ...] = GROUPS
) -> list[Entitlement]:
    """List the groups a policy speaks of; one that needs no contributions is listed with its rule."""
    if policy is None:
        return []
    found = []
    for group in groups:
        if policy.scheme == "health_care" and group in HEF_GROUPS:
            continue
        rule = policy.rule("months", group, day) or policy.rule("entitled", group, day)
        if rule is not None:
            limit, lapse = policy.rule("limit", group, day), policy.rule("lapse", group, day)
            found.append(Entitlement(group, policy.scheme, rule, limit, lapse))
    return found


def _benefits(policy: Policy | None) -> list[Benefit]:
    return list(policy.benefits.values()) if policy is not None else []


def _age(policy: Policy | None, relationship: str, day: date) -> Rule | None:
    rules = policy.rules_on("age", "dependent", day) if policy is not None else ()
    return next((rule for rule in rules if rule.relationship == relationship), None)
