"""Signals start from the world of submission: two hospitals, a woman and a man with cards."""

from tests.claims.submission.conftest import world

__all__ = ["world"]
