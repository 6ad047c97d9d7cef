"""May a facility appeal, and what does a won appeal grant? Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date

from claims.review.rules import LineResult, LineWish, Verdict
from config.words import N_

WON, LOST = "won", "lost"


def refusal(*, appeal_by: date | None, today: date, appealed: bool) -> tuple[str, str] | None:
    """Say why a claim cannot be appealed now, as (code, sentence); None when it can."""
    if appealed:
        return "appealed_before", N_("This claim was appealed already.")
    if appeal_by is None:
        return "not_appealable", N_("Only a rejected or reduced claim can be appealed.")
    if today > appeal_by:
        return "appeal_too_late", N_("The time for an appeal is over.")
    return None


def granted(
    verdict: Verdict, earlier: Mapping[int, LineResult], wishes: Iterable[LineWish]
) -> Verdict:
    """Return what an appeal grants: a line nobody set keeps what it had where that was more."""
    named = {wish.line for wish in wishes if wish.sets_amount}
    lines = tuple(
        earlier[line.line]
        if line.line not in named and line.line in earlier and earlier[line.line].riel > line.riel
        else line
        for line in verdict.lines
    )
    return replace(verdict, lines=lines)


def faults_of(verdict: Verdict, *, earlier_riel: int) -> list[dict[str, str]]:
    """Name what is wrong with a won appeal: bad lines, or nothing more than before."""
    errors = list(verdict.errors)
    if not errors and verdict.riel <= earlier_riel:
        said = N_("A won appeal gives more than before.")
        errors.append({"pointer": "/lines", "message": said})
    return errors
