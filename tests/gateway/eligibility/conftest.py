"""A country small enough for a test: policies, a hospital, a woman, and who asks; and a browser."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from flask import Flask
from playwright.sync_api import Browser, sync_playwright
from werkzeug.serving import make_server

from auth.permissions import Actor, Permission
from config.settings import SETTINGS_KEY
from gateway.coverage import service as coverage
from gateway.eligibility.service import limits, scanning
from tests.factories import (
    HOSPITAL,
    OTHER_HOSPITAL,
    WOMAN,
    load_policies,
    make_facility,
    make_member,
)

CHECKS = frozenset({Permission.ELIGIBILITY_CHECK})
RECEPTION = Actor("user:dara", CHECKS, facility=HOSPITAL, facilities=(HOSPITAL,))
ELSEWHERE = Actor("user:sophea", CHECKS, facility=OTHER_HOSPITAL, facilities=(OTHER_HOSPITAL,))
HOTLINE = Actor("user:hotline", CHECKS, nssf=True)
CHROMIUM = shutil.which("chromium")
in_a_browser = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield launched
        launched.close()


@pytest.fixture
def site(app: Flask) -> Iterator[str]:
    """Serve the application on a loopback port."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def country(app: Flask, owner: psycopg.Connection[Any]) -> Iterator[psycopg.Connection[Any]]:
    coverage._cached.clear()  # every test has a database of its own behind the same address
    limits.forget()
    scanning.forget()
    load_policies(owner)
    make_facility(owner)
    make_facility(owner, OTHER_HOSPITAL)
    make_member(owner, WOMAN)
    yield owner
    coverage._cached.clear()
    limits.forget()
    scanning.forget()


@pytest.fixture
def allow(app: Flask) -> Iterator[Callable[..., None]]:
    """Let the test set limits, for itself alone."""
    given = app.extensions[SETTINGS_KEY]

    def change(**limits_given: int) -> None:
        app.extensions[SETTINGS_KEY] = replace(given, **limits_given)

    yield change
    app.extensions[SETTINGS_KEY] = given
