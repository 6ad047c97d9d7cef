"""How is a policy shown? `Policy` to plain values for the API and the command line; pure."""

from datetime import date
from typing import Any

from gateway.coverage.policy import (
    SCHEMES,
    ClaimRules,
    Policy,
    PolicySet,
    Rule,
    source_dict,
)

NSSF_ONLY = ("bulk_sample_percent", "bulk_sample_least", "signals")
"""What NSSF keeps to itself: who knows how claims are sampled or marked can stay unseen."""


def policies_on(policies: PolicySet, day: date, *, nssf: bool) -> dict[str, Any]:
    """Show every scheme's policy of a day under the name of the whole set."""
    found = [policies.on(scheme, day) for scheme in SCHEMES]
    return {
        "version": policies.version,
        "on": day,
        "items": [to_view(policy, day, nssf=nssf) for policy in found if policy is not None],
    }


def to_view(policy: Policy, day: date, *, nssf: bool) -> dict[str, Any]:
    """Show one policy with the rules that hold on a day; how NSSF looks at claims to NSSF only."""
    return {
        "scheme": policy.scheme,
        "effective_from": policy.effective_from,
        "title": policy.title,
        "sha256": policy.sha256,
        "order": policy.order,
        "due_day": {"value": policy.due_day} | source_dict(policy.due_day_source),
        "causes": {"value": policy.causes} | source_dict(policy.causes_source),
        "facility_kinds": {"value": policy.facility_kinds}
        | source_dict(policy.facility_kinds_source),
        "rules": [
            _rule(rule)
            for rule in policy.rules
            if rule.effective_from <= day and (rule.effective_to is None or day < rule.effective_to)
        ],
        "benefits": [
            {
                "benefit": benefit.benefit,
                "levels": benefit.levels,
                "patient_pays_riel": benefit.patient_pays_riel,
            }
            | source_dict(benefit.source)
            for benefit in policy.benefits.values()
        ],
        "claims": {
            name: shown
            for name, shown in _claims(policy.claims).items()
            if nssf or name not in NSSF_ONLY
        },
    }


def _rule(rule: Rule) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "id": rule.id,
        "kind": rule.kind,
        "groups": rule.groups,
        "effective_from": rule.effective_from,
        "effective_to": rule.effective_to,
    }
    if rule.any:
        shown["any"] = [
            {"consecutive": one.consecutive}
            if one.consecutive is not None
            else {"paid": one.paid, "window": one.window}
            for one in rule.any
        ]
    if rule.limit is not None:
        shown["limit"] = {
            "unit": rule.limit.unit,
            "value": rule.limit.value,
            "window_months": rule.limit.window_months,
            "benefits": rule.limit.benefits,
        }
    optional = {
        "months": rule.months,
        "contribution_riel": rule.contribution_riel,
        "relationship": rule.relationship,
        "under": rule.under,
        "waived_by": rule.waived_by or None,
    }
    shown |= {name: value for name, value in optional.items() if value is not None}
    if rule.kind == "age":
        shown["effect"] = rule.effect
    return shown | source_dict(rule.source)


def _claims(rules: ClaimRules) -> dict[str, Any]:
    names = (
        "submit_within_days", "review_within_days", "pay_within_days", "appeal_within_days",
        "four_eyes_above_riel", "auto_approve_below_riel", "newborn_days", "deadline_days",
        "four_eyes_day_above_riel", "bulk_sample_percent", "bulk_sample_least",
    )  # fmt: skip
    shown: dict[str, Any] = {
        name: {"value": getattr(rules, name)} | source_dict(rules.source_of(name)) for name in names
    }
    shown["service_limits"] = {
        service: {
            "max_quantity": limit.max_quantity,
            "min_days_between": limit.min_days_between,
            "per_year": limit.per_year,
        }
        | source_dict(rules.source_of(f"service_limits.{service}"))
        for service, limit in rules.service_limits.items()
    }
    shown["exclusions"] = [
        {
            "id": one.id,
            "services": one.services,
            "diagnoses": one.diagnoses,
            "effective_from": one.effective_from,
            "effective_to": one.effective_to,
        }
        | source_dict(one.source)
        for one in rules.exclusions
    ]
    shown["checklists"] = {
        key: {"attachments": kinds} | source_dict(rules.source_of(f"checklists.{key}"))
        for key, kinds in rules.checklists.items()
    }
    shown["copay"] = {
        key: {"riel": riel} | source_dict(rules.source_of(f"copay.{key}"))
        for key, riel in rules.copay.items()
    }
    shown["signals"] = {
        name: dict(numbers) | source_dict(rules.source_of(f"signals.{name}"))
        for name, numbers in rules.signals.items()
    }
    return shown
