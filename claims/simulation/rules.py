"""What a change costs, added up: claims judged under two sets of rules in, totals and reasons out.

Pure, and of bounded size whatever the number of claims: totals by scheme, category and level,
counts by code, and a few numbers of claims as examples. Parts added up in any order are the same.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

from claims.adjudication.rules.adjudicate import Outcome

DIMENSIONS = ("scheme", "category", "level")
NONE = "none"
MOST_EXAMPLES = 50
Group = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Worth:
    """A claim as judged under one set of rules."""

    scheme: str | None
    outcome: Outcome

    @property
    def riel(self) -> int:
        """Return what would be paid if reviewers agree with the rules."""
        return self.outcome.payable_riel

    @property
    def says(self) -> frozenset[tuple[str, int | None, str]]:
        """Return the findings with their numbers, so that a moved limit is a difference."""
        return frozenset((f.code, f.line, f.text_en) for f in self.outcome.findings)

    @property
    def decisions(self) -> tuple[tuple[str, int], ...]:
        """Return what each line is worth."""
        return tuple((line.decision, line.payable_riel) for line in self.outcome.lines)


@dataclass(frozen=True, slots=True)
class Stored:
    """A claim as it was judged when it was submitted."""

    number: str
    category: str | None
    level: str | None
    scheme: str | None
    payable_riel: int
    codes: frozenset[str]


@dataclass(slots=True)
class Sum:
    """What one group of claims costs, now and changed."""

    claims: int = 0
    payable_riel: int = 0
    changed_payable_riel: int = 0
    changed_claims: int = 0

    def add(self, other: Sum) -> None:
        """Take another sum in."""
        self.claims += other.claims
        self.payable_riel += other.payable_riel
        self.changed_payable_riel += other.changed_payable_riel
        self.changed_claims += other.changed_claims


@dataclass(slots=True)
class Why:
    """How often a finding appears or disappears, and what the claims concerned differ by."""

    appears: int = 0
    disappears: int = 0
    differs: int = 0
    riel: int = 0

    def add(self, other: Why) -> None:
        """Take another count in."""
        self.appears += other.appears
        self.disappears += other.disappears
        self.differs += other.differs
        self.riel += other.riel


@dataclass(slots=True)
class Tally:
    """Everything a simulation adds up."""

    claims: int = 0
    claimed_riel: int = 0
    more: int = 0
    less: int = 0
    same_amount: int = 0
    groups: dict[Group, Sum] = field(default_factory=dict)
    why: dict[str, Why] = field(default_factory=dict)
    examples: list[dict[str, Any]] = field(default_factory=list)
    drifted: int = 0
    drifted_riel: int = 0
    drift_why: dict[str, Why] = field(default_factory=dict)

    def add(self, stored: Stored, now: Worth, changed: Worth) -> None:
        """Count one claim, judged now under both sets of rules."""
        self.claims += 1
        self.claimed_riel += now.outcome.claimed_riel
        differs = now is not changed and _differ(now, changed)
        for dimension in DIMENSIONS:
            self._group(dimension, _key(dimension, stored, now)).add(
                Sum(claims=1, payable_riel=now.riel, changed_claims=int(differs))
            )
            self._group(
                dimension, _key(dimension, stored, changed)
            ).changed_payable_riel += changed.riel
        if differs:
            self._note_change(stored, now, changed)
        self._note_drift(stored, now)

    def merge(self, other: Tally) -> None:
        """Take another part of the claims in."""
        for name in ("claims", "claimed_riel", "more", "less", "same_amount", "drifted",
                     "drifted_riel"):  # fmt: skip
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for group, one in other.groups.items():
            self.groups.setdefault(group, Sum()).add(one)
        for mine, theirs in ((self.why, other.why), (self.drift_why, other.drift_why)):
            for code, count in theirs.items():
                mine.setdefault(code, Why()).add(count)
        for example in other.examples:
            self._keep(example)

    def as_json(self) -> dict[str, Any]:
        """Return the totals as they are stored and answered."""
        by_scheme = self._listed("scheme")
        now = sum(row["payable_riel"] for row in by_scheme)
        changed = sum(row["changed_payable_riel"] for row in by_scheme)
        return {
            "claims": self.claims,
            "claimed_riel": self.claimed_riel,
            "payable_riel": now,
            "changed_payable_riel": changed,
            "difference_riel": changed - now,
            "changed_claims": self.more + self.less + self.same_amount,
            "changed_to_more": self.more,
            "changed_to_less": self.less,
            "changed_same_amount": self.same_amount,
            **{f"by_{dimension}": self._listed(dimension) for dimension in DIMENSIONS},
            "why": _reasons(self.why),
            "examples": self.examples,
            "not_reproduced": {
                "claims": self.drifted,
                "difference_riel": self.drifted_riel,
                "why": _reasons(self.drift_why),
            },
        }

    def _group(self, dimension: str, key: str) -> Sum:
        return self.groups.setdefault((dimension, key), Sum())

    def _note_change(self, stored: Stored, now: Worth, changed: Worth) -> None:
        difference = changed.riel - now.riel
        self.more += difference > 0
        self.less += difference < 0
        self.same_amount += difference == 0
        before, after = now.says, changed.says
        _count(self.why, _codes(before), _codes(after), _codes(before ^ after), difference)
        if len(self.examples) < MOST_EXAMPLES or stored.number < self.examples[-1]["number"]:
            self._keep(
                {
                    "number": stored.number,
                    "payable_riel": now.riel,
                    "changed_payable_riel": changed.riel,
                    "appears": sorted(_codes(after) - _codes(before)),
                    "disappears": sorted(_codes(before) - _codes(after)),
                }
            )

    def _keep(self, example: dict[str, Any]) -> None:
        """Keep the examples with the lowest numbers, in whatever order claims and parts come."""
        insort(self.examples, example, key=itemgetter("number"))
        del self.examples[MOST_EXAMPLES:]

    def _note_drift(self, stored: Stored, now: Worth) -> None:
        """Tell where today's knowledge judges otherwise than that day's did, policy aside."""
        codes = _codes(now.says)
        if (stored.scheme, stored.payable_riel, stored.codes) == (now.scheme, now.riel, codes):
            return
        self.drifted += 1
        self.drifted_riel += now.riel - stored.payable_riel
        difference = now.riel - stored.payable_riel
        _count(self.drift_why, stored.codes, codes, stored.codes ^ codes, difference)

    def _listed(self, dimension: str) -> list[dict[str, Any]]:
        return [
            {
                dimension: key,
                "claims": one.claims,
                "payable_riel": one.payable_riel,
                "changed_payable_riel": one.changed_payable_riel,
                "difference_riel": one.changed_payable_riel - one.payable_riel,
                "changed_claims": one.changed_claims,
            }
            for (of, key), one in sorted(self.groups.items())
            if of == dimension
        ]


def _differ(now: Worth, changed: Worth) -> bool:
    """A remark more on what is paid or refused all the same is no change."""
    return (now.scheme, now.decisions) != (changed.scheme, changed.decisions)


def _key(dimension: str, stored: Stored, worth: Worth) -> str:
    value = worth.scheme if dimension == "scheme" else getattr(stored, dimension)
    return value or NONE


def _codes(says: Iterable[tuple[str, int | None, str]]) -> frozenset[str]:
    return frozenset(code for code, _, _ in says)


def _count(
    why: dict[str, Why],
    before: frozenset[str],
    after: frozenset[str],
    different: frozenset[str],
    riel: int,
) -> None:
    """Count each code that tells of the difference; a claim with several counts under each."""
    for code in different or frozenset({"no_finding"}):
        one = why.setdefault(code, Why())
        one.appears += code in after and code not in before
        one.disappears += code in before and code not in after
        one.differs += code in before and code in after
        one.riel += riel


def _reasons(why: Mapping[str, Why]) -> list[dict[str, Any]]:
    listed = sorted(why.items(), key=lambda item: (-abs(item[1].riel), item[0]))
    return [
        {
            "code": code,
            "appears": one.appears,
            "disappears": one.disappears,
            "differs": one.differs,
            "difference_riel": one.riel,
        }
        for code, one in listed
    ]
