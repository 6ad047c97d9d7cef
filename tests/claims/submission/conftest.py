"""Every test of submission starts from two hospitals, a woman and a man with cards."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from flask import Flask

from tests.claims.submission.filing import arrange


@pytest.fixture
def world(app: Flask, owner: psycopg.Connection[Any]) -> Flask:
    arrange(owner)
    return app
