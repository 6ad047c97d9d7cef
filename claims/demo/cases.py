"""The month's cases, drawn from a seed: who is treated where, when it is claimed, and what becomes of it."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

from claims.demo.bodies import BY_SHARE, SURGERY, Case, Kind

# Reviewers work every other day; what is filed after their last session waits.
FIRST_SESSION, LAST_SESSION, SESSION_EVERY = 30, 4, 2
OLDEST_DAY, LATE_EVERY, LATE_DAYS = 32, 70, 33
PLACE_WEIGHTS = {"hospital": 46, "private": 15, "national": 15, "district": 12, "centre": 12}

# What becomes of a claim that reviewers get to see, in turn; most are simply approved.
FATES = (
    *["approve"] * 8, "reduce", "approve", "reject", "approve", "return", "approve", "answered",
    "approve", "second", "approve", "propose", *["approve"] * 4, "withdraw", "approve", "void",
    "reject", "approve", "hold", "approve", "held_approved", "release", *["approve"] * 5, "reduce",
)  # fmt: skip
DRAFT_EVERY = 30
BEFORE_REVIEW = {"withdraw", "void", "hold", "release"}
LARGE = {"second", "propose"}


def draw_cases(count: int, by_visit: int, today: date, rng: Random) -> list[Case]:
    """Draw the cases of a month that ended yesterday; the first `by_visit` come through reception."""
    cases: list[Case] = []
    seen = 0
    for index in range(count):
        late = index % LATE_EVERY == LATE_EVERY - 1
        first_ago = rng.randrange(2, OLDEST_DAY + 1)
        lag = LATE_DAYS if late else rng.randrange(3)
        first_ago = lag + 1 + rng.randrange(LAST_SESSION, 12) if late else first_ago
        reviewed = late or first_ago - lag > LAST_SESSION + 6
        fate = _fate(index, seen) if reviewed else "fresh"
        if index % DRAFT_EVERY == DRAFT_EVERY - 1:
            fate = "draft"
        seen += fate not in ("fresh", "draft")
        kind = SURGERY if fate in LARGE else _kind(rng, late=late)
        nights = rng.randint(*kind.nights)
        filed_ago = max(1, first_ago - nights - lag)
        first = today - timedelta(days=max(first_ago, nights + filed_ago))
        cases.append(
            Case(
                reference=f"INV-{first:%y%m}-{index + 1:04d}",
                kind=kind,
                place=_place(kind, rng),
                first=first,
                nights=nights,
                filed=today - timedelta(days=filed_ago),
                fate=fate,
                comes_by_visit=index < by_visit and not late,
            )
        )
    return cases


def _fate(index: int, seen: int) -> str:
    # A late claim is denied by the rules: its reviewer agrees.
    return "approve" if index % LATE_EVERY == LATE_EVERY - 1 else FATES[seen % len(FATES)]


def _kind(rng: Random, *, late: bool) -> Kind:
    return BY_SHARE[0] if late else rng.choice(BY_SHARE)


def _place(kind: Kind, rng: Random) -> str:
    weights = [PLACE_WEIGHTS[place] for place in kind.places]
    return rng.choices(kind.places, weights)[0]
