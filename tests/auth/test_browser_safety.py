"""What a hostile site, link, proxy or browser may try against people who are signed in."""

import dataclasses

import pytest
from werkzeug.middleware.proxy_fix import ProxyFix

from auth.guard import DEVICE_COOKIE, SESSION_COOKIE
from config.settings import SETTINGS_KEY
from tests.factories import PASSWORD, csrf_token, make_client_token, make_user, sign_in

EVIL = "evil.example"
AFAR = {"REMOTE_ADDR": "198.51.100.7"}


def log_in(client, user, **form):
    token = csrf_token(client)
    data = {"username": user.username, "password": PASSWORD, "csrf_token": token} | form
    return client.post("/login", data=data)


def cookie(answer, name):
    return next(c for c in answer.headers.getlist("Set-Cookie") if c.startswith(name + "="))


@pytest.fixture
def https(app):
    """Let people reach the product over https."""
    given = app.extensions[SETTINGS_KEY]
    app.extensions[SETTINGS_KEY] = dataclasses.replace(given, public_url="https://nssf.example")
    yield
    app.extensions[SETTINGS_KEY] = given


@pytest.fixture
def behind_proxy(app):
    """Put one trusted proxy in front, as TRUSTED_PROXIES=1 does."""
    given, plain = app.extensions[SETTINGS_KEY], app.wsgi_app
    app.extensions[SETTINGS_KEY] = dataclasses.replace(given, trusted_proxies=1)
    app.wsgi_app = ProxyFix(plain, x_for=1, x_proto=1, x_host=1)
    yield
    app.wsgi_app, app.extensions[SETTINGS_KEY] = plain, given


# --- links and redirects --------------------------------------------------------


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example", "//evil.example", "///evil.example", "/\\evil.example", "\\/evil.example",
        "/\t/evil.example", "/\n/evil.example", "http:evil.example", "javascript:alert(1)", " //evil.example",
        "/%09/evil.example/..//", "/.//evil.example", "@evil.example", "https:/evil.example", "/\x00/evil.example",
    ],
)  # fmt: skip
def test_next_never_leads_to_another_site(client, app, target):
    answer = log_in(client, make_user(), next=target)

    where = answer.headers["Location"]
    assert answer.status_code == 303
    assert where.startswith("/")
    assert not where.startswith(("//", "/\\"))
    assert "\n" not in where
    assert "\t" not in where


@pytest.mark.parametrize("path", ["/", "/login", "/account", "/reception", "/nowhere"])
def test_a_forged_host_reaches_no_link_and_no_redirect(client, app, path):
    for headers in ({"Host": EVIL}, {"X-Forwarded-Host": EVIL}, {"Forwarded": f"host={EVIL}"}):
        answer = client.get(path, headers=headers)

        assert EVIL not in answer.text
        assert EVIL not in str(answer.headers)


def test_a_forged_host_reaches_no_link_of_the_api(client, app):
    token = make_client_token(client, scopes="visit.manage")
    answer = client.post(
        "/api/v1/visits",
        json={"visit_type": "outpatient", "payer": "full_pay"},
        headers={"Authorization": token, "Host": EVIL, "X-Forwarded-Host": EVIL},
    )

    assert answer.status_code == 201
    assert EVIL not in str(answer.headers) + answer.text


# --- frames, forms, cookies -----------------------------------------------------


@pytest.mark.parametrize(
    "path", ["/login", "/nowhere", "/board/none", "/api/v1/visits", "/account"]
)
def test_no_site_may_frame_any_answer(client, app, path):
    answer = client.get(path)

    assert answer.headers["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert "form-action 'self'" in answer.headers["Content-Security-Policy"]


def test_a_session_planted_before_the_sign_in_is_worth_nothing(client, app):
    client.set_cookie(SESSION_COOKIE, "planted-by-somebody-else")
    answer = log_in(client, make_user())

    assert "planted" not in cookie(answer, SESSION_COOKIE)
    attacker = app.test_client()
    attacker.set_cookie(SESSION_COOKIE, "planted-by-somebody-else")
    assert attacker.get("/account").status_code == 303


def test_the_forms_token_from_before_the_sign_in_ends_with_it(client, app):
    before = csrf_token(client)
    log_in(client, make_user())

    assert client.post("/logout", data={"csrf_token": before}).status_code == 400
    assert client.get("/account").status_code == 200


def test_one_browsers_form_token_is_refused_from_another(client, app):
    theirs = app.test_client()
    token = csrf_token(theirs)
    sign_in(client, make_user())

    assert client.post("/logout", data={"csrf_token": token}).status_code == 400


@pytest.mark.parametrize(
    "path", ["/logout", "/account/sessions/end", "/account/password", "/language"]
)
def test_nothing_changes_by_following_a_link(client, app, path):
    sign_in(client, make_user())

    answer = client.get(path)

    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]
    assert client.get("/account").status_code == 200


def test_every_cookie_is_kept_from_scripts_and_other_sites_and_from_plain_http(client, app, https):
    user = make_user()
    app.config["SESSION_COOKIE_SECURE"] = True
    try:
        home = {"base_url": "https://nssf.example"}
        page = client.get("/login", **home)
        token = page.text.split('name="csrf_token" value="')[1].split('"')[0]
        data = {"username": user.username, "password": PASSWORD, "csrf_token": token}
        origin = {"Referer": "https://nssf.example/login"}
        answer = client.post("/login", data=data, headers=origin, **home)
        token = (
            client.get("/account", **home).text.split('name="csrf_token" value="')[1].split('"')[0]
        )
        spoken = client.post(
            "/language", data={"lang": "en", "csrf_token": token}, headers=origin, **home
        )
    finally:
        app.config["SESSION_COOKIE_SECURE"] = False

    found = {
        SESSION_COOKIE: cookie(answer, SESSION_COOKIE), DEVICE_COOKIE: cookie(answer, DEVICE_COOKIE),
        "session": cookie(page, "session"), "lang": cookie(spoken, "lang"),
    }  # fmt: skip
    for name, text in found.items():
        assert {"HttpOnly", "SameSite=Lax", "Secure"} <= set(text.split("; ")), (name, text)
        assert "Domain" not in text
    assert "Expires" not in found[SESSION_COOKIE]


def test_a_person_disabled_between_two_steps_carries_out_nothing_more(client, app, owner):
    user = make_user(roles=["reception"])
    token = sign_in(client, user)
    owner.execute("UPDATE staff_users SET disabled_at = now()")

    answer = client.post(
        "/reception/check-in",
        data={"visit_type": "outpatient", "payer": "full_pay", "csrf_token": token},
    )

    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/login")
    assert owner.execute("SELECT count(*) FROM visits").fetchone() == (0,)


def test_a_sign_in_with_hostile_texts_is_refused_like_any_other(client, app):
    for text in ("\x00", "x" * 100_000, "ខ្មែរ", "\ud800", "' OR 1=1 --", "%00"):
        data = {"username": text, "password": text, "csrf_token": csrf_token(client)}
        answer = client.post(
            "/login", data={k: v.encode(errors="surrogatepass") for k, v in data.items()}
        )
        assert answer.status_code in (401, 429), text[:20]
        for name in (SESSION_COOKIE, DEVICE_COOKIE, "lang"):
            client.set_cookie(name, text.encode(errors="replace").decode()[:1000])
        assert client.get("/login").status_code == 200


# --- the figures ---------------------------------------------------------------


def figures(client, address="127.0.0.1", **headers):
    return client.get(
        "/metrics",
        headers={name.replace("_", "-"): value for name, value in headers.items()},
        environ_base={"REMOTE_ADDR": address},
    )


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.9.10", "::1"])
def test_this_machine_reads_the_figures(client, app, address):
    assert figures(client, address).status_code == 200


@pytest.mark.parametrize("address", ["198.51.100.7", "10.0.0.1", "0.0.0.0", "", "not-an-address"])
def test_another_machine_is_asked_for_a_token(client, app, address):
    answer = figures(client, address)

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_proxy_nobody_told_us_of_opens_no_figures(client, app):
    """Without TRUSTED_PROXIES every caller seems to be the proxy beside us, which is local."""
    assert figures(client, X_Forwarded_For="198.51.100.7").status_code == 401


@pytest.mark.parametrize(
    ("address", "told", "status"),
    [
        ("127.0.0.1", "198.51.100.7", 401),
        ("127.0.0.1", "127.0.0.1, 198.51.100.7", 401),
        ("198.51.100.7", "127.0.0.1", 401),
        ("198.51.100.7", "::1", 401),
        ("127.0.0.1", "garbage", 401),
        ("127.0.0.1", "127.0.0.1", 200),
    ],
)  # fmt: skip
def test_a_forged_forwarding_opens_no_figures(client, app, behind_proxy, address, told, status):
    assert figures(client, address, X_Forwarded_For=told).status_code == status


def test_methods_somebody_invents_do_not_grow_the_figures(client, app):
    for number in range(5):
        client.open("/health/live", method=f"INVENTED{number}")

    assert "INVENTED" not in figures(client).text
    assert 'method="(other)"' in figures(client).text


def test_an_address_a_client_is_bound_to_cannot_be_forged(client, app):
    from tests.auth.test_oauth import ask
    from tests.factories import make_client

    made = make_client(scopes="claim.read", cidrs=["203.0.113.0/24"])
    forged = ask(client, made, headers={"X-Forwarded-For": "203.0.113.5"}, environ_base=AFAR)
    honest = ask(client, made, environ_base={"REMOTE_ADDR": "203.0.113.5"})

    assert (forged.status_code, honest.status_code) == (401, 200)
    headers = {"Authorization": f"Bearer {honest.json['access_token']}"}
    refused = client.get("/api/v1/claims", headers=headers, environ_base=AFAR)
    assert (refused.status_code, refused.json["code"]) == (403, "address_not_allowed")
