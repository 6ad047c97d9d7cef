"""A scanner at the reception, in a real browser: it types a number and Enter, and waits for nobody."""

from __future__ import annotations

import time
from collections.abc import Iterator

import psycopg
import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, Route, expect

from auth.guard import SESSION_COOKIE
from tests.factories import HOSPITAL, MAN, WOMAN, make_member, make_user, sign_in
from tests.gateway.eligibility.conftest import in_a_browser
from tests.journeys.conftest import world  # noqa: F401

pytestmark = [in_a_browser, pytest.mark.usefixtures("world")]
SINGER = "2850505-0000077-ង"


@pytest.fixture
def counter(app: Flask, site: str, browser: Browser) -> Iterator[Page]:
    """Open the counter as a receptionist who is signed in."""
    signed = app.test_client()
    sign_in(signed, make_user(roles=("reception",), facilities=[HOSPITAL]))
    cookie = signed.get_cookie(SESSION_COOKIE)
    assert cookie is not None
    context = browser.new_context(locale="en")
    context.add_cookies([{"name": SESSION_COOKIE, "value": cookie.value, "url": site}])
    page = context.new_page()
    page.goto(f"{site}/reception")
    yield page
    context.close()


def scan(page: Page, number: str) -> None:
    page.keyboard.insert_text(number)
    page.keyboard.press("Enter")


def test_a_card_scanned_before_the_answer_takes_the_place_of_the_one_before(counter: Page) -> None:
    def slowly(route: Route) -> None:
        time.sleep(0.2)
        route.continue_()

    counter.route("**/reception/check", slowly)

    scan(counter, WOMAN)
    scan(counter, MAN)

    expect(counter.locator("#answer dl.facts").first).to_contain_text(MAN)
    expect(counter.locator("[name=card]")).to_have_value(MAN)
    expect(counter.locator("[name=card]")).to_be_focused()


def test_a_protected_member_leads_to_the_reason_and_reloading_to_the_counter(
    counter: Page, owner: psycopg.Connection
) -> None:
    make_member(owner, SINGER, protected=True)

    scan(counter, SINGER)

    expect(counter.locator("#reason-card")).to_be_focused()
    counter.reload()
    expect(counter.locator("[name=card]")).to_be_focused()
