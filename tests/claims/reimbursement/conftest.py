"""The two facilities of these tests, each with a confirmed account."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from flask import Flask

from tests.claims.payable import FACILITY, OTHER_FACILITY
from tests.factories import make_facility
from tests.journeys.conftest import world

__all__ = ["payees", "world"]


@pytest.fixture
def payees(app: Flask, owner: psycopg.Connection[Any]) -> None:
    """Contract two facilities that may be paid."""
    make_facility(owner, FACILITY)
    make_facility(owner, OTHER_FACILITY)
