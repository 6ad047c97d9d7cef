"""What is a claim worth, and why? `adjudicate` runs every rule and reports everything it found.

Pure and steady: the same facts give the same outcome, whatever the order of the lines. What is
payable never exceeds what is claimed, nor tariff x allowed quantity.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from claims.adjudication.reasons import Finding, Severity
from claims.adjudication.rules import again, diagnoses, limits, maternity, services, who
from claims.adjudication.rules.facts import ClaimFacts
from claims.adjudication.rules.services import Work
from claims.adjudication.rules.tariffs import Tariffs
from gateway.coverage.policy import DEFAULT_CLAIM_RULES, Policy

GRAVITY = {Severity.DENY: 0, Severity.REVIEW: 1, Severity.WARN: 2, Severity.INFO: 3}
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

    def as_json(self, told: Callable[[Finding], Any] = Finding.as_json) -> dict[str, Any]:
        """Return the line as answers carry it; `told` is how it tells its reasons."""
        return {
            "line": self.line,
            "decision": self.decision,
            "claimed_riel": self.claimed_riel,
            "payable_riel": self.payable_riel,
            "tariff_riel": self.tariff_riel,
            "allowed_quantity": self.allowed_quantity,
            "benefit": self.benefit,
            "reasons": list(map(told, self.reasons)),
        }


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a claim is worth: totals, each line, and every finding."""

    claimed_riel: int
    payable_riel: int
    lines: tuple[LineOutcome, ...]
    findings: tuple[Finding, ...]

    def as_json(self) -> dict[str, Any]:
        """Return the outcome as answers carry it."""
        return {
            "claimed_riel": self.claimed_riel,
            "payable_riel": self.payable_riel,
            "lines": [line.as_json() for line in self.lines],
            "findings": [finding.as_json() for finding in self.findings],
        }

    def as_stored(self) -> dict[str, Any]:
        """Return the outcome as it is stored: a line names its reasons by their place in findings."""
        places = {id(finding): place for place, finding in enumerate(self.findings)}
        lines = [line.as_json(lambda reason: places[id(reason)]) for line in self.lines]
        findings = [finding.as_json() for finding in self.findings]
        return {
            "claimed_riel": self.claimed_riel, "payable_riel": self.payable_riel,
            "lines": lines, "findings": findings,
        }  # fmt: skip


def from_stored(outcome: Mapping[str, Any]) -> dict[str, Any]:
    """Return a stored outcome as answers carry it."""
    findings = outcome["findings"]
    lines = [
        line | {"reasons": [findings[place] for place in line["reasons"]]}
        for line in outcome["lines"]
    ]
    return {**outcome, "lines": lines}


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
    denying = tuple(_sorted([f for f in whole if f.severity == Severity.DENY]))
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
    works.sort(key=lambda work: work.line.line)
    doubtful = any(finding.severity == Severity.REVIEW for finding in whole)
    lines = tuple(_line_outcome(work, denying, doubtful=doubtful) for work in works)
    return Outcome(
        claimed_riel=sum(line.claimed_riel for line in lines),
        payable_riel=sum(line.payable_riel for line in lines),
        lines=lines,
        findings=(*_sorted(whole), *(f for work in works for f in work.findings)),
    )


def _line_outcome(work: Work, denying: tuple[Finding, ...], *, doubtful: bool) -> LineOutcome:
    """Judge a line by its own findings and by those that deny or cast doubt on the whole claim."""
    claimed = work.line.claimed_riel
    if denying or _denied(work.findings) or work.allowed == 0:
        decision, payable = DENIED, 0
    else:
        payable = work.payable_riel
        doubtful = doubtful or any(f.severity == Severity.REVIEW for f in work.findings)
        decision = REVIEW if doubtful else REDUCED if payable < claimed else PAYABLE
    return LineOutcome(
        line=work.line.line,
        decision=decision,
        claimed_riel=claimed,
        payable_riel=payable,
        tariff_riel=work.tariff_riel,
        allowed_quantity=work.allowed,
        benefit=work.benefit,
        reasons=(*denying, *work.findings),
    )


def _denied(findings: list[Finding]) -> bool:
    return any(finding.severity == Severity.DENY for finding in findings)


def _sorted(findings: list[Finding]) -> list[Finding]:
    """The gravest first; within a gravity in the order the rules were asked."""
    return sorted(findings, key=lambda finding: GRAVITY[finding.severity])
