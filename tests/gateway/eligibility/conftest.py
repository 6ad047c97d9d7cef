"""A country small enough for a test: policies, a hospital, a woman, and who asks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from flask import Flask

from auth.permissions import Actor, Permission
from config.settings import SETTINGS_KEY
from gateway.coverage import service as coverage
from gateway.eligibility.service import limits
from tests.factories import HOSPITAL, OTHER_HOSPITAL, WOMAN, make_facility, make_member

CHECKS = frozenset({Permission.ELIGIBILITY_CHECK})
RECEPTION = Actor("user:dara", CHECKS, facility=HOSPITAL, facilities=(HOSPITAL,))
ELSEWHERE = Actor("user:sophea", CHECKS, facility=OTHER_HOSPITAL, facilities=(OTHER_HOSPITAL,))
HOTLINE = Actor("user:hotline", CHECKS, nssf=True)


@pytest.fixture
def country(app: Flask, owner: psycopg.Connection[Any]) -> Iterator[psycopg.Connection[Any]]:
    coverage._cached.clear()  # every test has a database of its own behind the same address
    limits.forget()
    coverage.load_default_policies()
    make_facility(owner)
    make_facility(owner, OTHER_HOSPITAL)
    make_member(owner, WOMAN)
    yield owner
    coverage._cached.clear()
    limits.forget()


@pytest.fixture
def allow(app: Flask) -> Iterator[Callable[..., None]]:
    """Let the test set limits, for itself alone."""
    given = app.extensions[SETTINGS_KEY]

    def change(**limits_given: int) -> None:
        app.extensions[SETTINGS_KEY] = replace(given, **limits_given)

    yield change
    app.extensions[SETTINGS_KEY] = given
