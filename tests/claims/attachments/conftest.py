"""Every test of attachments may start from two hospitals, two cards, and a hospital's own system."""

from tests.claims.submission.conftest import world
from tests.journeys.conftest import hospital

__all__ = ["hospital", "world"]
