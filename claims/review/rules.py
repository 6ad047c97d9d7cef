"""What a reviewer may decide on the lines of a claim, and when a second person must agree. Pure.

Approved never exceeds claimed, nor tariff × quantity; a line without a tariff has its claimed price
as ceiling, and then a second person confirms. Used by review.service and nobody else.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from claims.adjudication.reasons import CATALOGUE, Severity

FIRST, SECOND = 1, 2

# Why a second person must agree.
AMOUNT, OVERRIDE, NO_TARIFF, FACILITY_DAY = "amount", "override", "no_tariff", "facility_day"

# The finding that says a share of the line is the patient's own.
COPAYMENT = "copayment"
# The findings that say only the first days of a line's stay are paid.
CUT = frozenset({"limit_cut", "uses_cut"})
OCCUPATIONAL_CAUSES = frozenset({"work", "commuting"})
REDUCING = frozenset(
    code
    for code, reason in CATALOGUE.items()
    if reason.severity in (Severity.DENY, Severity.WARN) or code == COPAYMENT
)


@dataclass(frozen=True, slots=True)
class LineFacts:
    """A line as claimed and as the rules judged it."""

    line: int
    quantity: int
    unit_price_riel: int
    decision: str
    tariff_riel: int | None
    allowed_quantity: int | None
    payable_riel: int
    benefit: str | None
    service_date: date
    reasons: tuple[str, ...] = ()

    @property
    def claimed_riel(self) -> int:
        """Return what the facility asks for the line."""
        return self.quantity * self.unit_price_riel

    @property
    def ceiling_riel(self) -> int:
        """Return the highest price of one unit: the tariff, or the claimed price without one."""
        if self.tariff_riel is None:
            return self.unit_price_riel
        return min(self.unit_price_riel, self.tariff_riel)

    @property
    def usual_quantity(self) -> int:
        """Return how many units the rules allow; of a denied line, all that are claimed."""
        if self.allowed_quantity is None or self.decision == "denied":
            return self.quantity
        return self.allowed_quantity

    @property
    def withheld_riel(self) -> int:
        """Return the patient's own share, which stays off whatever the reviewer sets."""
        if self.decision == "denied" or COPAYMENT not in self.reasons:
            return 0
        return max(0, self.usual_quantity * self.ceiling_riel - self.payable_riel)


@dataclass(frozen=True, slots=True)
class LineWish:
    """What a reviewer asks for a line; what is None follows the rules."""

    line: int
    approved_quantity: int | None = None
    approved_unit_price_riel: int | None = None
    reason: str | None = None

    @property
    def sets_amount(self) -> bool:
        """Tell whether the reviewer set an amount rather than agreeing with the rules."""
        return self.approved_quantity is not None or self.approved_unit_price_riel is not None


@dataclass(frozen=True, slots=True)
class LineResult:
    """What is approved of a line, and why less than claimed."""

    line: int
    quantity: int
    unit_price_riel: int
    riel: int
    reason: str | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """The lines as they would be approved, what is wrong with the request, who else must agree."""

    lines: tuple[LineResult, ...]
    errors: tuple[dict[str, str], ...]
    causes: tuple[str, ...]

    @property
    def riel(self) -> int:
        """Return what is approved in all."""
        return sum(line.riel for line in self.lines)


def decide_lines(
    lines: Sequence[LineFacts],
    wishes: Sequence[LineWish],
    *,
    known_reasons: Collection[str],
    four_eyes_above_riel: int,
) -> Verdict:
    """Apply a reviewer's wishes to the lines; name every wish that may not be followed."""
    errors = _check_numbers(lines, wishes)
    asked = {wish.line: (index, wish) for index, wish in reversed(list(enumerate(wishes)))}
    results: list[LineResult] = []
    for facts in lines:
        index, wish = asked.get(facts.line, (None, LineWish(facts.line)))
        result = _result(facts, wish)
        results.append(result)
        if index is not None:
            errors += _check_wish(facts, wish, result, f"/lines/{index}", known_reasons)
    return Verdict(tuple(results), tuple(errors), _causes(lines, results, four_eyes_above_riel))


def with_day_limit(verdict: Verdict, *, alone_today_riel: int, limit_riel: int) -> Verdict:
    """Ask for a second person where one alone would approve too much for a facility in a day."""
    if verdict.causes or alone_today_riel + verdict.riel <= limit_riel:
        return verdict
    return replace(verdict, causes=(FACILITY_DAY,))


def completed_wishes(proposed: Sequence[LineResult], wishes: Sequence[LineWish]) -> list[LineWish]:
    """Fill the half a second person left open of an amount with what the first one proposed."""
    first = {result.line: result for result in proposed}
    return [
        replace(
            wish,
            approved_quantity=_or(wish.approved_quantity, first[wish.line].quantity),
            approved_unit_price_riel=_or(
                wish.approved_unit_price_riel, first[wish.line].unit_price_riel
            ),
            reason=wish.reason or first[wish.line].reason,
        )
        if wish.sets_amount and wish.line in first
        else wish
        for wish in wishes
    ]


def as_proposed(proposed: Verdict, second: Verdict, wishes: Sequence[LineWish]) -> Verdict:
    """Let each line for which a second person sets no amount stand as the first one proposed it."""
    changed = {wish.line for wish in wishes if wish.sets_amount}
    first = {result.line: result for result in proposed.lines}
    lines = (result if result.line in changed else first[result.line] for result in second.lines)
    return replace(second, lines=tuple(lines), causes=proposed.causes)


def exceeding_lines(proposed: Mapping[int, int], lines: Sequence[LineResult]) -> tuple[int, ...]:
    """Name the lines on which a second person gives more than the first proposed."""
    return tuple(line.line for line in lines if line.riel > proposed.get(line.line, 0))


def scheme_to_charge(scheme: str | None, *, category: str | None, cause: str | None) -> str:
    """Say which scheme pays a claim nobody found covered and two people approved all the same.

    Work and commuting injuries belong to occupational risk (Prakas 109/2016 excludes them from
    health care); equity-fund households to the fund; everybody else to health care.
    """
    if scheme:
        return scheme
    if cause in OCCUPATIONAL_CAUSES:
        return "occupational_risk"
    return "hef" if (category or "").startswith(("hef", "informal")) else "health_care"


def days_used(
    lines: Sequence[LineFacts],
    approved: Sequence[LineResult],
    *,
    visit_type: str,
    service_from: date,
    service_to: date,
) -> dict[str, list[date]]:
    """Return the days of each benefit that the approved lines use up.

    Each calendar day with care counts once; a line of a stay counts for the days of it that are
    paid, the first ones: what was cut because no more were left uses nothing up.
    """
    paid = {line.line: line.riel for line in approved if line.riel > 0}
    days: dict[str, set[date]] = {}
    for facts in lines:
        if facts.line not in paid or facts.benefit is None:
            continue
        found = days.setdefault(facts.benefit, set())
        if facts.benefit == visit_type == "inpatient":
            length = _days_paid(facts, paid[facts.line], (service_to - service_from).days + 1)
            found.update(service_from + timedelta(days=n) for n in range(length))
        else:
            found.add(facts.service_date)
    return {benefit: sorted(found) for benefit, found in sorted(days.items())}


def _days_paid(facts: LineFacts, riel: int, length: int) -> int:
    """Return for how many days of a stay a line is paid: it was cut in proportion to them."""
    whole = facts.usual_quantity * facts.ceiling_riel
    if whole == 0 or not CUT & set(facts.reasons):
        return length
    return min(length, -(-max(riel, facts.payable_riel) * length // whole))


def _result(facts: LineFacts, wish: LineWish) -> LineResult:
    if not wish.sets_amount:
        nothing = facts.payable_riel == 0
        quantity = 0 if nothing else facts.usual_quantity
        riel = facts.payable_riel
        price = facts.ceiling_riel
    else:
        quantity = _or(wish.approved_quantity, facts.usual_quantity)
        price = _or(wish.approved_unit_price_riel, facts.ceiling_riel)
        riel = max(0, quantity * price - facts.withheld_riel)
    reduced = riel < facts.claimed_riel
    own = _cause(facts.reasons) if reduced else None
    return LineResult(facts.line, quantity, price, riel, wish.reason or own)


def _cause(reasons: Sequence[str]) -> str | None:
    """Name what reduced a line: remarks and doubts stand beside it, but take nothing off."""
    return next((code for code in reasons if code in REDUCING), next(iter(reasons), None))


def _or(value: int | None, otherwise: int) -> int:
    return otherwise if value is None else value


def _check_numbers(lines: Sequence[LineFacts], wishes: Sequence[LineWish]) -> list[dict[str, str]]:
    known = {facts.line for facts in lines}
    errors: list[dict[str, str]] = []
    seen: set[int] = set()
    for index, wish in enumerate(wishes):
        if wish.line not in known:
            errors.append(_error(f"/lines/{index}/line", "The claim has no such line."))
        elif wish.line in seen:
            errors.append(_error(f"/lines/{index}/line", "The line is named twice."))
        seen.add(wish.line)
    return errors


def _check_wish(
    facts: LineFacts,
    wish: LineWish,
    result: LineResult,
    at: str,
    known_reasons: Collection[str],
) -> list[dict[str, str]]:
    errors: list[dict[str, str]] = []
    if not 0 <= result.quantity <= facts.quantity:
        errors.append(_error(f"{at}/approved_quantity", "More than was claimed."))
    if not 0 <= result.unit_price_riel <= facts.ceiling_riel:
        said = "More than the agreed price, or than the price claimed."
        errors.append(_error(f"{at}/approved_unit_price_riel", said))
    if wish.reason is not None and wish.reason not in known_reasons:
        errors.append(_error(f"{at}/reason", "There is no such reason."))
    if wish.reason is None and result.riel < facts.payable_riel:
        errors.append(_error(f"{at}/reason", "A reduced line needs a reason."))
    return errors


def _error(pointer: str, message: str) -> dict[str, str]:
    return {"pointer": pointer, "message": message}


def _causes(
    lines: Sequence[LineFacts], results: Sequence[LineResult], four_eyes_above_riel: int
) -> tuple[str, ...]:
    pairs = list(zip(lines, results, strict=True))
    found = {
        AMOUNT: sum(result.riel for result in results) > four_eyes_above_riel,
        OVERRIDE: any(result.riel > facts.payable_riel for facts, result in pairs),
        NO_TARIFF: any(facts.tariff_riel is None and result.riel > 0 for facts, result in pairs),
    }
    return tuple(cause for cause, true in found.items() if true)


def sample_size(claims: int, percent: int, least: int) -> int:
    """Return how many claims of a group are read before the rest is approved, rounded up."""
    return min(claims, max(least, -(-claims * percent // 100)))
