"""What would be changed: policy files and price lists laid over those in force, nothing loaded.

A file of a day still to come says nothing of past claims; it is taken as if it had been in force
from the first simulated day on, and the answer says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import count

from claims.adjudication.rules.superseding import plan_change
from claims.adjudication.rules.tariffs import (
    Price,
    TariffFileError,
    Tariffs,
    read_tariffs,
    tariffs_of,
)
from claims.adjudication.service import price_list
from claims.submission.deadlines import Calendar
from claims.submission.service.calendar import calendar_at
from config.errors import Conflict, Invalid
from gateway.coverage.policy import Policy, PolicySet, policy_set_of
from gateway.coverage.policy_file import PolicyError, parse_policy
from gateway.coverage.queries import files_in_force
from gateway.coverage.service import policy_set

BEGINNING = date(2000, 1, 1)
TARIFF_ENDING = ".csv"


@dataclass(frozen=True, slots=True)
class ChangedFile:
    """A policy file (YAML) or a price list (CSV), told apart by its name."""

    name: str
    text: str

    @property
    def is_tariff(self) -> bool:
        """Tell whether this is a price list."""
        return self.name.lower().endswith(TARIFF_ENDING)


@dataclass(frozen=True, slots=True)
class RuleBook:
    """Everything a claim is judged by besides its own facts; plain values, fit for a child process."""

    policies: tuple[Policy, ...]
    prices: tuple[Price, ...]

    def policy_set(self) -> PolicySet:
        """Arrange the policies for look-up."""
        return policy_set_of(self.policies, "simulated")

    def tariffs(self) -> Tariffs:
        """Arrange the prices for look-up."""
        return tariffs_of(self.prices)


@dataclass(frozen=True, slots=True)
class Change:
    """The rules in force, the changed ones, and what both share."""

    base: RuleBook
    changed: RuleBook
    calendar: Calendar
    base_version: str
    applied_from: date | None


def read_change(
    files: Sequence[ChangedFile], *, day_from: date | None = None, day_to: date | None = None,
    today: date,
) -> Change:  # fmt: skip
    """Lay files over the rules in force; every fault in them is named, with its file."""
    if not files:
        raise Invalid(errors=[{"pointer": "/files", "message": "Name a changed file."}])
    policies, prices = _read(files)
    last, first = day_to or today, day_from or BEGINNING
    later = [p.effective_from > last for p in policies] + [p.valid_from > last for p in prices]
    base = RuleBook(
        tuple(parse_policy(file.body, name=file.name) for file in files_in_force()),
        tuple(price_list().all()),
    )
    changed = RuleBook(
        _over_policies(base.policies, policies, last=last, first=first),
        _over_prices(base.prices, [_as_of(price, last, first) for price in prices]),
    )
    if changed == base:
        raise Conflict("nothing_changes", detail="These files are in force as they are.")
    return Change(base, changed, calendar_at(), policy_set().version, first if any(later) else None)


def _read(files: Sequence[ChangedFile]) -> tuple[list[Policy], list[Price]]:
    policies: list[Policy] = []
    prices: list[Price] = []
    errors: list[dict[str, str]] = []
    for place, file in enumerate(files):
        try:
            if file.is_tariff:
                prices += read_tariffs(file.text.encode())
            else:
                policies.append(parse_policy(file.text, name=file.name))
        except TariffFileError as error:
            errors += [
                {"pointer": f"/files/{place}/text",
                 "message": f"{file.name}:{row}: {column}: {reason}"}
                for row, column, reason in error.problems
            ]  # fmt: skip
        except PolicyError as error:
            errors += [
                {"pointer": f"/files/{place}/text", "message": fault} for fault in error.faults
            ]
    if errors:
        detail = "\n".join(error["message"] for error in errors)
        raise Invalid("policy_invalid", detail=detail, errors=errors)
    return policies, prices


def _over_policies(
    base: tuple[Policy, ...], loaded: list[Policy], *, last: date, first: date
) -> tuple[Policy, ...]:
    """Put each loaded policy in the place of its scheme's file of that day, as loading would.

    One of a later day takes the place of everything its scheme has from the first day on.
    """
    found = {(policy.scheme, policy.effective_from): policy for policy in base}
    for policy in loaded:
        if policy.effective_from <= last:
            found[policy.scheme, policy.effective_from] = policy
            continue
        found = {
            key: one for key, one in found.items() if key[0] != policy.scheme or key[1] < first
        }
        rules = tuple(
            replace(rule, effective_from=min(rule.effective_from, first)) for rule in policy.rules
        )
        found[policy.scheme, first] = replace(policy, effective_from=first, rules=rules)
    return tuple(found[key] for key in sorted(found))


def _over_prices(base: tuple[Price, ...], loaded: Iterable[Price]) -> tuple[Price, ...]:
    live = dict(zip(count(1), base, strict=False))
    change = plan_change(live, loaded)
    kept = [price for row, price in live.items() if row not in set(change.superseded)]
    return tuple(tariffs_of([*kept, *change.added]).all())


def _as_of(price: Price, last: date, first: date) -> Price:
    return price if price.valid_from <= last else replace(price, valid_from=first, valid_to=None)
