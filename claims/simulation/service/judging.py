"""One stored claim, judged again: under the rules in force and under the changed ones.

The same functions judge that judge a submission; here they are given what was read in a stream.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from claims.adjudication.rules.adjudicate import adjudicate
from claims.adjudication.rules.facts import ClaimFacts, Place
from claims.adjudication.rules.tariffs import Tariffs
from claims.simulation.queries import PastClaim
from claims.simulation.rules import Worth
from claims.simulation.service.changes import Change, RuleBook
from claims.submission.deadlines import Calendar, submit_by
from claims.submission.rules import Body
from claims.submission.service.facts import facts_of, newborn_of
from config import clock
from gateway.coverage.policy import DEFAULT_CLAIM_RULES, ClaimRules, Policy, PolicySet
from gateway.eligibility.rules.facts import Judgement
from gateway.eligibility.service import judge_row

UNKNOWN_PLACE = ("", "", None, None)


class Judge:
    """Judges past claims by one rule book."""

    def __init__(self, book: RuleBook, calendar: Calendar) -> None:
        self.policies: PolicySet = book.policy_set()
        self.tariffs: Tariffs = book.tariffs()
        self._calendar = calendar
        self._submit_by: dict[tuple[date, int, str], date] = {}

    def judgement(self, claim: PastClaim, body: Body) -> Judgement:
        """Judge the person on the service day."""
        return judge_row(
            claim.row, claim.check, self.policies,
            card_key=claim.card_key, day=body.service_from, facility=claim.facility,
            cause=body.cause,
            emergency=body.data["emergency"] or body.data["visit_type"] == "emergency",
            patient=newborn_of(body.data["patient"]), check=claim.check_number,
        )  # fmt: skip

    def facts(self, claim: PastClaim, body: Body, judgement: Judgement) -> ClaimFacts:
        """Return what the claim was judged by on the day it was submitted."""
        code, kind, level, start, end = claim.row.facility or (claim.facility, *UNKNOWN_PLACE)
        return facts_of(
            body, judgement,
            place=Place(code, level or "", kind or "", _day(start), _day(end)),
            check=claim.check_number, history=claim.history,
            submitted_on=clock.day_of(claim.first_submitted_at),
            today=clock.day_of(claim.submitted_at), attachments=claim.attachments,
        )  # fmt: skip

    def worth(self, facts: ClaimFacts, scheme: str | None) -> Worth:
        """Adjudicate the facts by this book's prices, policy and deadline."""
        policy = self.policy(scheme, facts.service_from)
        rules = policy.claims if policy is not None else DEFAULT_CLAIM_RULES
        latest = self._latest(max(facts.service_from, facts.service_to), rules)
        in_time = replace(facts, submit_by=latest)
        return Worth(scheme, adjudicate(in_time, self.tariffs, policy))

    def policy(self, scheme: str | None, day: date) -> Policy | None:
        """Find the policy a claim of that day is judged by."""
        return self.policies.on(scheme or "health_care", day)

    def _latest(self, last_day: date, rules: ClaimRules) -> date:
        key = last_day, rules.submit_within_days, rules.deadline_days
        found = self._submit_by.get(key)
        if found is None:
            found = self._submit_by[key] = submit_by(last_day, rules, self._calendar)
        return found


class Pair:
    """Judges each claim twice, and only once where nothing that was changed can matter to it."""

    def __init__(self, change: Change) -> None:
        self._now = Judge(change.base, change.calendar)
        self._changed = Judge(change.changed, change.calendar)
        self._same_prices = change.base.prices == change.changed.prices
        self._moved = _moved_days(change)

    @property
    def wants_files(self) -> bool:
        """Tell whether any policy asks what is attached."""
        both = (*self._now.policies.all(), *self._changed.policies.all())
        return any(policy.claims.checklists for policy in both)

    def worths(self, claim: PastClaim) -> tuple[Worth, Worth]:
        """Return what a claim is worth now and changed; the very same value where nothing can differ."""
        body = Body(claim.body, submit=True, digest="")
        judgement = self._now.judgement(claim, body)
        facts, scheme = self._now.facts(claim, body, judgement), judgement.decision.scheme
        now = self._now.worth(facts, scheme)
        if self._may_entitle_otherwise(body.service_from):
            judgement = self._changed.judgement(claim, body)
            facts, scheme = self._now.facts(claim, body, judgement), judgement.decision.scheme
        elif self._same_prices and self._same_rules(scheme, body.service_from):
            return now, now
        return now, self._changed.worth(facts, scheme)

    def _may_entitle_otherwise(self, day: date) -> bool:
        return self._moved is not None and day >= self._moved

    def _same_rules(self, scheme: str | None, day: date) -> bool:
        return self._now.policy(scheme, day) == self._changed.policy(scheme, day)


def _moved_days(change: Change) -> date | None:
    """Return the first day on which anybody's entitlement may differ; None when only claims do."""

    def entitling(book: RuleBook) -> set[tuple[str, date, str]]:
        return {
            (p.scheme, p.effective_from, repr(replace(p, claims=DEFAULT_CLAIM_RULES, sha256="")))
            for p in book.policies
        }

    different = entitling(change.base) ^ entitling(change.changed)
    return min((day for _, day, _ in different), default=None)


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
