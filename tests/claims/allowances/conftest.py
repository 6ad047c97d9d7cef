"""The world of the journeys, for every test of allowances that asks for it."""

from tests.journeys.conftest import hospital, world  # noqa: F401
