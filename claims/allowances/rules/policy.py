"""What a file of allowance rules says: frozen values, each with its days, source and status. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from claims.allowances.rules.facts import KINDS
from gateway.coverage.policy import Source

MATERNITY_PLACE = "maternity_place"
RULE_KINDS = (*KINDS, MATERNITY_PLACE)


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to count months; several sources may read the same law differently."""

    id: str
    source: Source
    paid: int | None = None
    window: int | None = None
    consecutive: int | None = None


@dataclass(frozen=True, slots=True)
class WageBasis:
    """How the average daily wage is made: months before the event, days a month, wage bounds."""

    months: int
    month_days: int
    floor_riel: int
    ceiling_riel: int
    source: Source


@dataclass(frozen=True, slots=True)
class AllowanceRule:
    """One dated rule; `kind` says which of the optional parts it uses."""

    id: str
    kind: str
    source: Source
    effective_from: date
    effective_to: date | None = None
    groups: tuple[str, ...] | None = None
    event: str | None = None
    off: bool = False
    """The benefit is named by the law and its rule is not known: recorded, never payable."""

    percent: int | None = None
    days: int | None = None
    window_months: int | None = None
    readings: tuple[Reading, ...] = ()
    use: tuple[str, ...] = ()
    wage: WageBasis | None = None
    riel: int | None = None
    most: int | None = None
    min_weeks: int | None = None
    under_years: int | None = None
    extra_children: int | None = None
    extra_riel: int | None = None
    other_leave: Source | None = None
    """Why a leave that another allowance pays for the same days is looked at; None: it is not."""

    def applies(self, group: str | None, day: date) -> bool:
        """Tell whether the rule speaks of this group on this day."""
        return (
            self.effective_from <= day
            and (self.effective_to is None or day < self.effective_to)
            and (self.groups is None or group in self.groups)
        )

    @property
    def in_use(self) -> tuple[Reading, ...]:
        """Return the readings that decide; either of several is enough."""
        return tuple(reading for reading in self.readings if reading.id in self.use)

    @property
    def not_in_use(self) -> tuple[Reading, ...]:
        """Return the readings that are only compared with."""
        return tuple(reading for reading in self.readings if reading.id not in self.use)


@dataclass(frozen=True, slots=True)
class AllowanceRules:
    """All rules of all files in force; `version` names exactly this set."""

    rules: tuple[AllowanceRule, ...]
    version: str = ""

    def find(
        self, kind: str, group: str | None, day: date, event: str | None = None
    ) -> AllowanceRule | None:
        """Find the first rule of a kind (and event) that speaks of the group on the day."""
        for rule in self.rules:
            if rule.kind == kind and rule.event in (None, event) and rule.applies(group, day):
                return rule
        return None
