"""What is a claim worth, and why? `adjudicate` runs every rule and reports everything it found.

Pure and steady: the same facts give the same outcome, whatever the order of the lines. What is
payable never exceeds what is claimed, nor tariff x allowed quantity.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from claims.adjudication.reasons import Finding, Severity
from claims.adjudication.rules import again, diagnoses, limits, maternity, services, who
from claims.adjudication.rules.facts import ClaimFacts
from claims.adjudication.rules.services import Work
from claims.adjudication.rules.tariffs import Tariffs
from gateway.coverage.policy import DEFAULT_CLAIM_RULES, Policy

PAYABLE, REDUCED, DENIED, REVIEW = "payable", "reduced", "denied", "review"


@dataclass(frozen=True, slots=True)
class LineOutcome:
    """What one line is worth; `reasons` holds its own findings and what denies the whole claim."""

    line: int
    decision: str
    claimed_riel: int
    payable_riel: int
    tariff_riel: int | None
    allowed_quantity: int
    benefit: str | None
    reasons: tuple[Finding, ...]

    def as_json(self) -> dict[str, Any]:
        """Return the line as answers carry it."""
        return {
            "line": self.line,
            "decision": self.decision,
            "claimed_riel": self.claimed_riel,
            "payable_riel": self.payable_riel,
            "tariff_riel": self.tariff_riel,
            "allowed_quantity": self.allowed_quantity,
            "benefit": self.benefit,
            "reasons": [reason.as_json() for reason in self.reasons],
        }


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a claim is worth: totals, each line, and every finding."""

    claimed_riel: int
    payable_riel: int
    lines: tuple[LineOutcome, ...]
    findings: tuple[Finding, ...]

    def as_json(self) -> dict[str, Any]:
        """Return the outcome as it is stored and answered."""
        return {
            "claimed_riel": self.claimed_riel,
            "payable_riel": self.payable_riel,
            "lines": [line.as_json() for line in self.lines],
            "findings": [finding.as_json() for finding in self.findings],
        }


def adjudicate(facts: ClaimFacts, tariffs: Tariffs, policy: Policy | None) -> Outcome:
    """Judge a claim by the tariffs and the policy of its service day."""
    rules = policy.claims if policy is not None else DEFAULT_CLAIM_RULES
    whole = [
        *who.person_findings(facts, rules),
        *who.day_findings(facts, rules),
        *diagnoses.diagnosis_findings(facts),
        *maternity.maternity_findings(facts),
        *again.stay_findings(facts),
    ]
    works = sorted(
        (services.start_work(facts, line, tariffs, policy, rules) for line in facts.lines),
        key=lambda work: work.order,
    )
    again.find_repeated_lines(facts, works)
    counting = [work for work in works if not _denied(work.findings)]
    services.limit_frequency(facts, counting, rules)
    maternity.judge_maternity_lines(facts, counting, rules)
    for work in works:
        work.payable_riel = work.unit_riel * work.allowed
    limits.cut_to_what_is_left(facts, [work for work in works if not _denied(work.findings)])
    limits.take_copayment([work for work in works if not _denied(work.findings)], rules)
    lines = tuple(
        _line_outcome(work, whole) for work in sorted(works, key=lambda work: work.line.line)
    )
    return Outcome(
        claimed_riel=sum(line.claimed_riel for line in lines),
        payable_riel=sum(line.payable_riel for line in lines),
        lines=lines,
        findings=(*_sorted(whole), *(f for work in _by_line(works) for f in work.findings)),
    )


def _line_outcome(work: Work, whole: list[Finding]) -> LineOutcome:
    denying = [finding for finding in whole if finding.severity == Severity.DENY]
    findings = (*_sorted(denying), *work.findings)
    claimed = work.line.claimed_riel
    if _denied(findings) or work.allowed == 0:
        decision, payable = DENIED, 0
    else:
        payable = work.payable_riel
        doubtful = any(f.severity == Severity.REVIEW for f in (*whole, *work.findings))
        decision = REVIEW if doubtful else REDUCED if payable < claimed else PAYABLE
    return LineOutcome(
        line=work.line.line,
        decision=decision,
        claimed_riel=claimed,
        payable_riel=payable,
        tariff_riel=work.tariff_riel,
        allowed_quantity=work.allowed,
        benefit=work.benefit,
        reasons=findings,
    )


def _denied(findings: tuple[Finding, ...] | list[Finding]) -> bool:
    return any(finding.severity == Severity.DENY for finding in findings)


def _sorted(findings: list[Finding]) -> list[Finding]:
    """The gravest first; within a gravity in the order the rules were asked."""
    gravity = [Severity.DENY, Severity.REVIEW, Severity.WARN, Severity.INFO]
    return sorted(findings, key=lambda finding: gravity.index(finding.severity))


def _by_line(works: list[Work]) -> list[Work]:
    return sorted(works, key=lambda work: work.line.line)
