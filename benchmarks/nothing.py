"""The product with one more task, which does nothing, for the worker's throughput."""

from __future__ import annotations

from config.jobs import task
from wsgi import app

__all__ = ["app"]


@task("bench.nothing")
def nothing(n: int) -> None:
    """Do nothing."""
    assert n > 0
