"""Pages, forms and headers: what every desk stands on."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.datastructures import Headers

from config.headers import CONTENT_SECURITY_POLICY
from config.i18n import init_i18n
from config.problems import init_problems
from config.settings import SETTINGS_KEY, Settings
from config.web import DeskBlueprint, init_web, public, render
from tests.factories import csrf_token, make_user, sign_in

ROOT = Path(__file__).parents[2]
DESKS = {
    "reception": "/reception",
    "billing": "/billing",
    "facility_manager": "/reception",
    "nssf_agent": "/reception",
    "hotline": "/reception",
    "reviewer": "/review",
    "finance": "/finance",
    "finance_authoriser": "/finance",
    "administrator": "/admin",
    "auditor": "/audit",
}


def headers_of(client: FlaskClient, path: str) -> Headers:
    """Return an answer's headers and let go of its file."""
    with client.get(path) as answer:
        return answer.headers


def test_every_answer_carries_the_security_headers(client: FlaskClient) -> None:
    for path in ("/login", "/health/live", "/api/v1/claims", "/static/app.css", "/nowhere"):
        headers = headers_of(client, path)

        assert headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY, path
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert "Strict-Transport-Security" not in headers


def test_every_page_carries_what_browsers_ask_of_pages(client: FlaskClient) -> None:
    for path in ("/login", "/static/app.css", "/nowhere"):
        headers = headers_of(client, path)

        assert headers["Referrer-Policy"] == "same-origin", path
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert "geolocation=()" in headers["Permissions-Policy"]


def test_pages_are_kept_by_no_cache_and_versioned_assets_for_good(client: FlaskClient) -> None:
    assert headers_of(client, "/login")["Cache-Control"] == "no-store"
    assert "immutable" in headers_of(client, "/static/app.css?v=1")["Cache-Control"]
    assert headers_of(client, "/static/app.css")["Cache-Control"] == "no-cache"


def test_a_page_asks_no_other_host_and_has_no_inline_script_or_style(client: FlaskClient) -> None:
    page = client.get("/login").text

    assert "http://" not in page
    assert "https://" not in page
    assert "<script>" not in page
    assert " style=" not in page
    assert "onclick" not in page


@pytest.mark.parametrize(("role", "desk"), DESKS.items())
def test_home_sends_each_role_to_its_own_desk(client: FlaskClient, role: str, desk: str) -> None:
    sign_in(client, make_user(roles=[role]))

    answer = client.get("/")

    assert answer.status_code == 303
    assert answer.headers["Location"] == desk


def test_home_sends_a_stranger_to_the_sign_in(client: FlaskClient) -> None:
    assert client.get("/").headers["Location"] == "/login"


def test_a_form_without_its_token_is_refused(client: FlaskClient) -> None:
    sign_in(client, make_user(roles=["reception"]))

    refused = client.post("/reception/check", data={"card": "1"})
    accepted = client.post("/reception/check", data={"card": "1", "csrf_token": csrf_token(client)})

    assert refused.status_code == 400
    assert accepted.status_code == 303


def test_a_machine_needs_no_form_token(client: FlaskClient) -> None:
    assert client.post("/api/v1/claims", json={}).status_code == 401


def test_the_language_choice_stays_and_never_leads_elsewhere(client: FlaskClient) -> None:
    token = csrf_token(client)
    for target in ("https://evil.example/", "//evil.example", "/\\evil.example", "/a\r\nX: y"):
        answer = client.post("/language", data={"lang": "en", "next": target, "csrf_token": token})
        assert answer.headers["Location"] == "/", target

    answer = client.post("/language", data={"lang": "en", "next": "/login", "csrf_token": token})

    assert answer.headers["Location"] == "/login"
    assert '<html lang="en"' in client.get("/login").text


def small_app(tmp_path: Path, *, marked: bool) -> FlaskClient:
    """Build an application with one page on top of the same plumbing, and nobody signed in."""
    app = Flask("small", root_path=str(ROOT / "config"))
    app.extensions[SETTINGS_KEY] = Settings(
        data_dir=tmp_path, keys_dir=tmp_path, database_url="", app_database_url="",
        demo=True, public_url="https://gateway.example",
    )  # fmt: skip
    app.secret_key = "only in this test"
    for start in (init_problems, init_i18n, init_web):
        start(app)
    desk = DeskBlueprint("desk", __name__, template_folder=None)

    def page() -> str:
        return render("home.html")

    desk.get("/page")(public(page) if marked else page)
    app.register_blueprint(desk)
    return app.test_client()


def test_a_view_that_says_nothing_about_its_callers_is_refused(tmp_path: Path) -> None:
    assert small_app(tmp_path, marked=False).get("/page").status_code == 500
    assert small_app(tmp_path, marked=True).get("/page").status_code == 200


def test_demo_data_is_marked_on_page_and_answer_and_https_is_kept(tmp_path: Path) -> None:
    answer = small_app(tmp_path, marked=True).get("/page?x=1", headers={"Accept-Language": "en"})

    assert answer.headers["X-Test-Data"] == "true"
    assert "TEST DATA" in answer.text
    assert "max-age=31536000" in answer.headers["Strict-Transport-Security"]


def test_every_view_says_who_may_call_it(app_for_all: Flask) -> None:
    unsaid = [
        endpoint
        for endpoint, view in app_for_all.view_functions.items()
        if endpoint != "static"
        and not hasattr(view, "__public__")
        and not hasattr(view, "__permissions__")
        and not hasattr(view, "view_class")
    ]

    assert unsaid == []


def test_another_language_leads_back_to_the_page_with_what_it_was_asked_for(
    client: FlaskClient,
) -> None:
    sign_in(client, make_user(roles=["reception"]))
    token = csrf_token(client)
    client.set_cookie("lang", "en")

    listed = client.get("/reception/line?ward=OPD&state=all").text
    refused = client.post("/reception/check-in", data={"csrf_token": token}).text
    nowhere = client.post("/oauth/nothing", data={"csrf_token": token})

    assert 'value="/reception/line?ward=OPD&amp;state=all" data-here>' in listed
    assert 'name="next" value="/reception/check-in">' in refused
    assert nowhere.status_code == 404
