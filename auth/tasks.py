"""Periodic jobs of this package."""

from __future__ import annotations

from auth.throttle import sweep
from config.jobs import periodic


@periodic("auth.sweep", "23 * * * *")
def sweep_expired() -> None:
    """Delete counters, sessions and used-up tokens nobody needs any more."""
    sweep()
