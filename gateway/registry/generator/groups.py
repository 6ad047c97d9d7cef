"""The population groups: their share, who is in them, and how they pay.

Proportions of March 2025 (1,570,662 workers, 499,979 in the public sector, 531,136 self-employed,
174,415 dependents), women 57.6 %; the Health Equity Fund's own share here is an assumption.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Group:
    """One category: per mille of members, per cent women, ages, first day, and its schemes."""

    category: str
    share: int
    women: int
    youngest: int
    oldest: int
    since: date
    pays: bool
    voluntary: bool
    scheme: str
    family_permille: int


WORKERS_SINCE = date(2016, 5, 1)
PUBLIC_SINCE = date(2018, 1, 1)
VOLUNTARY_SINCE = date(2023, 11, 14)

GROUPS = (
    Group("private_worker", 555, 62, 18, 58, WORKERS_SINCE, True, False, "health_care", 33),
    Group("public_servant", 129, 42, 22, 60, PUBLIC_SINCE, False, False, "health_care", 35),
    Group("former_public_servant", 28, 35, 56, 88, PUBLIC_SINCE, False, False, "health_care", 4),
    Group("veteran", 20, 10, 48, 85, PUBLIC_SINCE, False, False, "health_care", 6),
    Group("self_employed", 150, 60, 18, 70, VOLUNTARY_SINCE, True, True, "health_care", 47),
    Group("voluntary", 38, 60, 18, 70, VOLUNTARY_SINCE, True, True, "health_care", 47),
    Group("informal_worker", 5, 50, 18, 65, PUBLIC_SINCE, False, False, "hef", 0),
    Group("hef_poor", 50, 55, 0, 90, PUBLIC_SINCE, False, False, "hef", 0),
    Group("hef_at_risk", 25, 55, 0, 90, PUBLIC_SINCE, False, False, "hef", 0),
)
# Mid-points of the 22 wage bands of Prakas 449, with the floor and the ceiling.
WAGES = (200_000, *range(225_000, 1_200_000, 50_000), 1_200_000)
