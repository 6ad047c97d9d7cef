"""When is a claim worth a look? The `claims: signals:` section of a policy: thresholds, pure data.

None of these numbers is law: they are assumptions until NSSF sets them, and they are shown to NSSF
only, for who knows a threshold stays below it.
"""

from collections.abc import Mapping

POINTS = {"points": (0, 1_000)}
SHARE = POINTS | {"percent_of_median": (100, 10_000), "least_per_mille": (0, 1_000)}
KEYS: dict[str, dict[str, tuple[int, int]]] = {
    "profiles": {"days": (7, 730), "least_sample": (1, 10**6), "least_peers": (1, 10**4)},
    "patient_paid": POINTS,
    "caesarean_share": SHARE,
    "average_claim": POINTS | {"percent_of_median": (100, 10_000)},
    "weekend_share": SHARE,
    "night_share": SHARE | {"from_hour": (0, 23), "to_hour": (0, 23)},
    "many_claims": POINTS | {"more_than": (1, 100)},
    "round_prices": POINTS | {"multiple_riel": (1, 10**9), "least_lines": (1, 200)},
    "large_amount": POINTS | {"above_riel": (0, 10**12)},
    "facility_watch": POINTS,
    "sample": POINTS | {"per_mille": (0, 1_000)},
}
"""Every signal with its numbers and their bounds; 0 points switch a signal off."""

Signals = Mapping[str, Mapping[str, int]]

DEFAULT_SIGNALS: Signals = {
    "profiles": {"days": 90, "least_sample": 30, "least_peers": 5},
    "patient_paid": {"points": 40},
    "caesarean_share": {"points": 30, "percent_of_median": 150, "least_per_mille": 100},
    "average_claim": {"points": 20, "percent_of_median": 150},
    "weekend_share": {"points": 10, "percent_of_median": 150, "least_per_mille": 300},
    "night_share": {
        "points": 10, "percent_of_median": 200, "least_per_mille": 50,
        "from_hour": 22, "to_hour": 5,
    },
    "many_claims": {"points": 20, "more_than": 2},
    "round_prices": {"points": 10, "multiple_riel": 10_000, "least_lines": 3},
    "large_amount": {"points": 20, "above_riel": 1_000_000},
    "facility_watch": {"points": 50},
    "sample": {"points": 5, "per_mille": 50},
}  # fmt: skip
"""What holds where a policy names no signals: the product's own guess."""
