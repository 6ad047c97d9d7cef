"""One's own account: activation, password, second factor, language."""

import time

import pyotp
import pytest
from cryptography.exceptions import InvalidTag

from auth import accounts, second_factor, service, signing_in
from auth.guard import SESSION_COOKIE
from auth.permissions import Role, system_actor
from auth.sessions import Caller, find_session
from auth.signing_in import SignInRefused
from config.settings import SETTINGS_KEY
from tests.factories import PASSWORD, csrf_token, make_user, sign_in

TESTS = system_actor("tests")
DESK = Caller("192.0.2.1")
NEW = "another river 43"


def appointed(**given):
    given = {"roles": [Role.RECEPTION], "facilities": ["120101"]} | given
    return service.create_user("dara", by=TESTS, **given)


def activate(client, code, *, username="dara", password=NEW, again=None):
    form = {"username": username, "code": code, "password": password, "again": again or password}
    return client.post("/activate", data=form | {"csrf_token": csrf_token(client)})


def test_a_one_time_code_sets_the_password_and_signs_in(client, app):
    made = appointed()

    answer = activate(client, made.code.lower().replace("-", " "))

    assert answer.headers["Location"] == "/"
    assert client.get("/account").status_code == 200
    assert signing_in.sign_in("dara", NEW, caller=DESK).token


def test_a_one_time_code_counts_once(client, app):
    made = appointed()
    activate(client, made.code)

    assert activate(client, made.code, password="a third river 44").status_code == 401
    assert signing_in.sign_in("dara", NEW, caller=DESK).token


def test_a_code_that_is_wrong_or_too_old_is_refused(client, app, owner):
    made = appointed()
    assert activate(client, "AAAA-AAAA-AAAA").status_code == 401
    assert activate(client, made.code, username="nobody").status_code == 401

    owner.execute("UPDATE staff_users SET activation_ends_at = now()")

    assert activate(client, made.code).status_code == 401


def test_codes_cannot_be_tried_without_end(client, app):
    appointed()

    statuses = [activate(client, "AAAA-AAAA-AAAA").status_code for _ in range(6)]

    assert statuses == [401] * 5 + [429]


@pytest.mark.parametrize(
    "password", ["short", "password123", "aaaaaaaaaaaa", "DARA.SOK", "x" * 201]
)
def test_a_password_easy_to_guess_is_refused_and_the_code_stays_good(client, app, password):
    made = service.create_user("dara.sok", roles=[Role.RECEPTION], facilities=["1"], by=TESTS)

    assert activate(client, made.code, username="dara.sok", password=password).status_code == 422
    assert activate(client, made.code, username="dara.sok").status_code == 303


def test_two_different_passwords_are_refused(client, app):
    assert activate(client, appointed().code, again="something else").status_code == 422


def test_a_new_password_ends_every_other_session_and_renews_this_one(client, app):
    user = make_user()
    elsewhere = signing_in.open_session(user, caller=DESK).token
    token = sign_in(client, user)
    before = client.get_cookie(SESSION_COOKIE).value

    form = {"csrf_token": token, "current": PASSWORD, "new": NEW, "again": NEW}
    answer = client.post("/account/password", data=form)

    assert answer.status_code == 303
    assert client.get("/account").status_code == 200
    assert client.get_cookie(SESSION_COOKIE).value != before
    assert find_session(elsewhere) is None
    assert find_session(before) is None
    with pytest.raises(SignInRefused):
        signing_in.sign_in(user.username, PASSWORD, caller=DESK)


@pytest.mark.parametrize(
    "form",
    [
        {"current": "wrong", "new": NEW, "again": NEW},
        {"current": PASSWORD, "new": NEW, "again": "different"},
        {"current": PASSWORD, "new": "12345678", "again": "12345678"},
        {},
    ],
)
def test_a_password_change_with_something_wrong_changes_nothing(client, app, form):
    user = make_user()
    token = sign_in(client, user)

    answer = client.post("/account/password", data=form | {"csrf_token": token})

    assert answer.status_code == 422
    assert signing_in.sign_in(user.username, PASSWORD, caller=DESK).token


def test_khmer_typed_in_two_ways_is_one_password(app):
    composed, decomposed = "caf\u00e9 ស្ទឹង ៤២", "cafe\u0301 ស្ទឹង ៤២"
    user = make_user(password=composed)

    assert signing_in.sign_in(user.username, decomposed, caller=DESK).token


# --- second factor -----------------------------------------------------------


def secret_of(user):
    stored = accounts.own_account(user.username).totp_secret
    return pyotp.TOTP(second_factor.open_secret(stored, username=user.username))


def next_code(user):
    """Return the code of the coming half minute: the present one was spent on setting it up."""
    return secret_of(user).at(int(time.time()) + 30)


def log_in(client, user):
    form = {"csrf_token": csrf_token(client), "username": user.username, "password": PASSWORD}
    return client.post("/login", data=form | {"next": "/account"})


def test_a_second_factor_is_asked_for_before_anything_is_shown(client, app):
    user = make_user(roles=["reviewer"])

    answer = log_in(client, user)
    assert answer.headers["Location"] == "/login/code?next=/account"
    assert client.get("/account").status_code == 303
    waiting = client.get_cookie(SESSION_COOKIE).value

    form = {"csrf_token": csrf_token(client), "code": next_code(user), "next": "/account"}
    answer = client.post("/login/code", data=form)

    assert answer.headers["Location"] == "/account"
    assert client.get("/account").status_code == 200
    assert client.get_cookie(SESSION_COOKIE).value != waiting
    assert find_session(waiting) is None


def test_a_wrong_or_spent_code_is_refused(client, app):
    user = make_user(roles=["reviewer"])
    code = next_code(user)
    log_in(client, user)

    def post(text):
        return client.post("/login/code", data={"csrf_token": csrf_token(client), "code": text})

    assert post("000000").status_code == 401
    assert post("").status_code == 401
    assert post(code).status_code == 303
    log_in(client, user)
    assert post(code).status_code == 401


def test_codes_of_the_second_factor_cannot_be_tried_without_end(client, app):
    user = make_user(roles=["reviewer"])
    log_in(client, user)

    statuses = [
        client.post(
            "/login/code", data={"csrf_token": csrf_token(client), "code": "000000"}
        ).status_code
        for _ in range(6)
    ]

    assert statuses[-1] == 429
    assert set(statuses[:3]) == {401}


def test_a_waiting_session_ends_after_five_minutes(client, app, owner):
    user = make_user(roles=["reviewer"])
    log_in(client, user)

    owner.execute("UPDATE staff_sessions SET last_seen_at = now() - interval '5 minutes'")

    answer = client.post(
        "/login/code", data={"csrf_token": csrf_token(client), "code": next_code(user)}
    )
    assert answer.headers["Location"] == "/login"


@pytest.mark.parametrize(
    "role", ["reviewer", "approver", "finance", "finance_authoriser", "auditor", "administrator"]
)
def test_a_role_that_needs_a_second_factor_cannot_work_without_one(client, app, role):
    user = make_user(roles=[role], second_factor=False)
    sign_in(client, user)
    page = "/audit" if role == "auditor" else "/admin"

    answer = client.get(page)

    assert answer.headers["Location"] == "/account/second-factor"
    assert client.get("/account").status_code == 200


@pytest.mark.parametrize("role", ["hotline", "analyst"])
def test_other_roles_work_without_a_second_factor(client, app, role):
    sign_in(client, make_user(roles=[role]))

    assert client.get("/account").status_code == 200
    assert client.get("/admin").status_code == 403


def test_demo_lets_every_role_work_without_a_second_factor(client, app):
    import dataclasses

    user, given = make_user(roles=["auditor"], second_factor=False), app.extensions[SETTINGS_KEY]
    app.extensions[SETTINGS_KEY] = dataclasses.replace(given, demo=True)
    try:
        sign_in(client, user)
        assert client.get("/audit").status_code == 200
    finally:
        app.extensions[SETTINGS_KEY] = given


def test_setting_up_a_second_factor_opens_the_desk(client, app):
    user = make_user(roles=["auditor"], second_factor=False)
    token = sign_in(client, user)
    page = client.get("/account/second-factor")
    secret = page.text.split('translate="no">')[-1].split("<")[0]
    assert "<svg" in page.text
    assert "style=" not in page.text.split("<svg", 1)[1].split("</svg>")[0]

    wrong = client.post("/account/second-factor", data={"csrf_token": token, "code": "000000"})
    assert wrong.status_code == 422
    right = client.post(
        "/account/second-factor", data={"csrf_token": token, "code": pyotp.TOTP(secret).now()}
    )

    assert right.status_code == 303
    assert client.get("/audit").status_code == 200
    assert client.get("/account/second-factor").headers["Location"] == "/account"


def test_the_shared_secret_is_encrypted_and_bound_to_its_owner(app, owner):
    user, other = make_user(roles=["auditor"]), make_user(roles=["reviewer"])
    stored = accounts.own_account(user.username).totp_secret
    secret = second_factor.open_secret(stored, username=user.username)

    assert secret not in str(owner.execute("SELECT u::text FROM staff_users u").fetchall())
    assert secret.encode() not in stored
    with pytest.raises(InvalidTag):
        second_factor.open_secret(stored, username=other.username)


def test_a_needed_second_factor_cannot_be_removed_and_another_can(client, app):
    auditor = make_user(roles=["auditor"])
    token = sign_in(client, auditor)
    form = {"csrf_token": token, "password": PASSWORD}
    assert client.post("/account/second-factor/remove", data=form).status_code == 409

    clerk = make_user(roles=["billing"])
    secret = accounts.begin_second_factor(clerk.username).secret
    accounts.confirm_second_factor(
        clerk.username, pyotp.TOTP(secret).now(), session_id=0, caller=DESK
    )
    form = {"csrf_token": sign_in(client, clerk), "password": "wrong"}
    assert client.post("/account/second-factor/remove", data=form).status_code == 422
    assert accounts.own_account(clerk.username).totp_secret

    form = form | {"password": PASSWORD}
    assert client.post("/account/second-factor/remove", data=form).status_code == 303
    assert accounts.own_account(clerk.username).totp_secret is None


def test_the_chosen_language_follows_the_person_to_the_next_browser(client, app):
    user = make_user()
    token = sign_in(client, user)
    client.post("/account/language", data={"csrf_token": token, "lang": "en"})
    client.post("/account/language", data={"csrf_token": token, "lang": "xx"})

    fresh = app.test_client()
    log_in(fresh, user)

    assert fresh.get_cookie("lang").value == "en"
