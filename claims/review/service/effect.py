"""What an approval sets in motion, and how it is undone: lines, claim, benefit and ledger at once.

Used by decisions, reopening and appeals, inside their transaction.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from auth.permissions import Actor
from claims.ledger import service as ledger
from claims.ledger.ledger import Kind, approval
from claims.review import queries
from claims.review.rules import LineFacts, LineResult, days_used
from claims.review.service.access import scheme_of
from claims.submission import service as submission
from claims.submission.models import Claim, ClaimLine
from config.jobs import defer
from gateway.coverage import service as coverage


def facts_of(session: Session, claim: Claim) -> list[LineFacts]:
    """Return a claim's lines as claimed and as judged."""
    return [_facts(line) for line in queries.lines_of(session, claim.id)]


def take_effect(
    session: Session,
    claim: Claim,
    facts: Sequence[LineFacts],
    approved: Sequence[LineResult],
    *,
    by: Actor,
    action: str = "approve",
) -> None:
    """Make an approval true everywhere at once: lines, claim, benefit, ledger."""
    results = {line.line: line for line in approved}
    for line in queries.lines_of(session, claim.id):
        result = results[line.line]
        line.approved_quantity, line.approved_riel = result.quantity, result.riel
        line.approved_unit_price_riel = result.unit_price_riel
        line.approved_reason = result.reason
    claim.scheme = scheme_of(claim)
    claim.approved_riel = sum(line.riel for line in approved)
    submission.move(claim, action, by=by, riel=claim.approved_riel)
    if claim.type == "maternity":
        defer("allowances.propose", claim=claim.number)
    use_benefits(claim, facts, approved)
    ledger.post(
        approval(
            claim=claim.number,
            scheme=claim.scheme,
            facility=claim.facility,
            riel=claim.approved_riel,
            occasion=ledger.occasions(Kind.APPROVED, claim.number) + 1,
        )
    )


def use_benefits(claim: Claim, facts: Sequence[LineFacts], approved: Sequence[LineResult]) -> None:
    """Note the days of each benefit that the approved lines use up."""
    used = days_used(
        facts,
        approved,
        visit_type=claim.visit_type,
        service_from=claim.service_from,
        service_to=claim.service_to,
    )
    for benefit, days in used.items():
        coverage.use_benefit(
            card_key=claim.card_key,
            scheme=scheme_of(claim),
            benefit=benefit,
            days=days,
            claim=claim.number,
        )


def undo(claim: Claim) -> None:
    """Take an approval that is in no batch back: the liability, and the benefit it used."""
    ledger.reverse(Kind.APPROVED, claim.number, as_kind=Kind.REOPENED)
    coverage.release_benefit(claim=claim.number)


def forget_lines(session: Session, claim: Claim) -> None:
    """Clear what was approved line by line."""
    for line in queries.lines_of(session, claim.id):
        line.approved_quantity = line.approved_unit_price_riel = None
        line.approved_riel = line.approved_reason = None


def _facts(line: ClaimLine) -> LineFacts:
    return LineFacts(
        line=line.line,
        quantity=line.quantity,
        unit_price_riel=line.unit_price_riel,
        decision=line.decision or "review",
        tariff_riel=line.tariff_riel,
        allowed_quantity=line.allowed_quantity,
        payable_riel=line.payable_riel or 0,
        benefit=line.benefit,
        service_date=line.service_date,
        reasons=tuple(reason["code"] for reason in line.reasons),
    )
