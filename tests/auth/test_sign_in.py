"""Signing in: sessions, their ends, and the back-off that locks no colleague out."""

import threading

import pytest
from argon2 import PasswordHasher, extract_parameters

from auth import accounts, service, sessions, signing_in, throttle
from auth.guard import DEVICE_COOKIE, SESSION_COOKIE
from auth.permissions import system_actor
from auth.sessions import Caller, find_session
from auth.signing_in import SignInRefused
from config.errors import TooMany
from config.settings import SETTINGS_KEY
from tests.factories import PASSWORD, csrf_token, make_user, sign_in

TESTS = system_actor("tests")
DESK = Caller("192.0.2.1", browser="Firefox")
STRANGER = Caller("198.51.100.7")


def post_login(client, username, password, **data):
    form = {"csrf_token": csrf_token(client), "username": username, "password": password}
    return client.post("/login", data=form | data)


def fail(username, caller, times):
    for _ in range(times):
        with pytest.raises((SignInRefused, TooMany)):
            signing_in.sign_in(username, "not the password", caller=caller)


def test_a_person_signs_in_and_reaches_the_page_they_wanted(client, app):
    user = make_user()

    answer = post_login(client, user.username.upper() + " ", PASSWORD, next="/account")

    assert answer.status_code == 303
    assert answer.headers["Location"] == "/account"
    assert client.get("/account").status_code == 200


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "/\\evil.example", ""]
)
def test_signing_in_never_leads_to_another_site(client, app, target):
    user = make_user()

    answer = post_login(client, user.username, PASSWORD, next=target)

    assert answer.headers["Location"] == "/"


def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(client, app):
    user = make_user()

    answer = post_login(client, user.username, PASSWORD)

    cookie = next(c for c in answer.headers.getlist("Set-Cookie") if c.startswith(SESSION_COOKIE))
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Secure" not in cookie  # PUBLIC_URL of the tests is http


def test_the_cookie_is_secure_when_people_come_over_https(client, app):
    import dataclasses

    user, given = make_user(), app.extensions[SETTINGS_KEY]
    app.extensions[SETTINGS_KEY] = dataclasses.replace(given, public_url="https://nssf.example")
    try:
        answer = post_login(client, user.username, PASSWORD)
    finally:
        app.extensions[SETTINGS_KEY] = given

    cookie = next(c for c in answer.headers.getlist("Set-Cookie") if c.startswith(SESSION_COOKIE))
    assert "Secure" in cookie


def test_each_sign_in_opens_a_new_session(client, app):
    user = make_user()
    client.set_cookie(SESSION_COOKIE, "a secret somebody planted")

    post_login(client, user.username, PASSWORD)
    first = client.get_cookie(SESSION_COOKIE).value
    post_login(client, user.username, PASSWORD)
    second = client.get_cookie(SESSION_COOKIE).value

    assert len({first, second, "a secret somebody planted"}) == 3


def test_whoever_signs_in_next_at_a_shared_browser_ends_the_session_before(client, app):
    first, second = make_user(), make_user()
    post_login(client, first.username, PASSWORD)
    left_behind = client.get_cookie(SESSION_COOKIE).value

    post_login(client, second.username, PASSWORD)

    assert find_session(left_behind) is None
    assert find_session(client.get_cookie(SESSION_COOKIE).value).username == second.username


def test_a_session_is_stored_only_as_its_hash(app, owner):
    signed = signing_in.open_session(make_user(), caller=DESK)

    rows = str(owner.execute("SELECT s::text FROM staff_sessions s").fetchall())

    assert signed.token not in rows


@pytest.mark.parametrize("username", ["nobody", "", "\x00", "x" * 500, "ដារ៉ា", "a'; --"])
def test_an_unknown_name_looks_like_a_wrong_password(client, app, username):
    known = make_user()

    unknown = post_login(client, username, PASSWORD)
    wrong = post_login(client, known.username, "not the password")

    assert unknown.status_code == wrong.status_code == 401
    assert "The name, password or code is not right" in english(client, username)
    assert "The name, password or code is not right" in english(client, known.username)


def english(client, username):
    form = {"csrf_token": csrf_token(client), "username": username, "password": "no"}
    return client.post("/login", data=form, headers={"Accept-Language": "en"}).text


def test_an_unknown_name_takes_the_same_work_as_a_wrong_password(app, monkeypatch):
    user = make_user()
    hashes = []
    verify = PasswordHasher.verify
    monkeypatch.setattr(
        PasswordHasher, "verify",
        lambda self, stored, typed: hashes.append(stored) or verify(self, stored, typed),
    )  # fmt: skip

    fail(user.username, STRANGER, 1)
    fail("nobody", STRANGER, 1)

    known, unknown = (extract_parameters(stored) for stored in hashes)
    assert known == unknown


def test_a_disabled_person_and_one_without_password_cannot_sign_in(app):
    disabled, waiting = make_user(), make_user(password=None)
    service.disable_user(disabled.username, by=TESTS)

    for user in (disabled, waiting):
        with pytest.raises(SignInRefused):
            signing_in.sign_in(user.username, PASSWORD, caller=DESK)


def test_whoever_fails_often_has_to_wait_longer_each_time(app, owner):
    user = make_user()
    fail(user.username, STRANGER, 4)
    with pytest.raises(SignInRefused):
        signing_in.sign_in(user.username, "not the password", caller=STRANGER)

    waits = []
    for _ in range(8):
        with pytest.raises(TooMany) as refused:
            signing_in.sign_in(user.username, PASSWORD, caller=STRANGER)
        waits.append(int(refused.value.headers["Retry-After"]))
        owner.execute("UPDATE sign_in_attempts SET blocked_until = now() - interval '1 second'")
        with pytest.raises(SignInRefused):
            signing_in.sign_in(user.username, "not the password", caller=STRANGER)

    expected = [30, 60, 120, 240, 480, 900, 900, 900]
    assert all(full - 10 < wait <= full for wait, full in zip(waits, expected, strict=True))


def test_the_right_password_counts_again_after_the_wait_and_clears_it(app, owner):
    user = make_user()
    fail(user.username, STRANGER, 6)
    owner.execute("UPDATE sign_in_attempts SET blocked_until = now() - interval '1 second'")

    signing_in.sign_in(user.username, PASSWORD, caller=STRANGER)

    assert owner.execute("SELECT count(*) FROM sign_in_attempts").fetchone() == (0,)


def test_waiting_is_told_with_its_seconds_on_the_page(client, app):
    user = make_user()
    for _ in range(5):
        post_login(client, user.username, "not the password")

    answer = post_login(client, user.username, PASSWORD)

    assert answer.status_code == 429
    assert 1 <= int(answer.headers["Retry-After"]) <= 30


def test_a_stranger_elsewhere_cannot_lock_a_colleague_out(app):
    user = make_user()

    fail(user.username, STRANGER, 20)

    assert signing_in.sign_in(user.username, PASSWORD, caller=DESK).token


def test_many_strangers_cannot_lock_a_colleague_out_of_a_known_place(app, owner):
    user = make_user()
    signing_in.sign_in(user.username, PASSWORD, caller=DESK)
    owner.execute(
        "INSERT INTO sign_in_attempts (account, place, failures, last_at)"
        " SELECT %s, 'address:198.51.100.' || n, 4, now() FROM generate_series(1, 100) n",
        (throttle.account_key(user.username),),
    )

    with pytest.raises(TooMany):
        signing_in.sign_in(user.username, PASSWORD, caller=Caller("203.0.113.5"))

    assert signing_in.sign_in(user.username, PASSWORD, caller=DESK).token


def test_a_colleague_behind_the_same_address_is_known_by_the_browser(app):
    user = make_user()
    shared = "192.0.2.1"
    mine = signing_in.sign_in(user.username, PASSWORD, caller=Caller(shared)).device

    fail(user.username, Caller(shared), 20)

    assert signing_in.sign_in(user.username, PASSWORD, caller=Caller(shared, device=mine)).token
    with pytest.raises(TooMany):
        signing_in.sign_in(user.username, PASSWORD, caller=Caller(shared, device="made up"))


def test_one_address_cannot_try_one_password_on_everybody(app, owner):
    owner.execute(
        "INSERT INTO sign_in_attempts (account, place, failures, last_at)"
        " SELECT sha256(n::text::bytea), 'address:198.51.100.7', 1, now() FROM generate_series(1, 100) n"
    )
    user = make_user()

    with pytest.raises(TooMany):
        signing_in.sign_in(user.username, PASSWORD, caller=STRANGER)


def test_attempts_at_the_same_moment_are_all_counted(app, owner):
    user = make_user()

    def attempt():
        with app.app_context():
            fail(user.username, STRANGER, 1)

    threads = [threading.Thread(target=attempt) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert owner.execute("SELECT failures FROM sign_in_attempts").fetchone() == (5,)


def test_what_was_typed_as_a_name_is_recorded_nowhere(app, owner):
    fail("my secret password", STRANGER, 1)

    rows = owner.execute(
        "SELECT a::text FROM audit_events a UNION ALL SELECT s::text FROM sign_in_attempts s"
    )

    assert "my secret password" not in str(rows.fetchall())


def test_the_session_ends_when_idle_an_hour_later_at_the_reception(app, owner):
    reception, billing = make_user(roles=["reception"]), make_user(roles=["billing"])
    tokens = [signing_in.open_session(user, caller=DESK).token for user in (reception, billing)]

    def alive(idle):
        owner.execute("UPDATE staff_sessions SET last_seen_at = now() - %s::interval", (idle,))
        with app.app_context():
            return [find_session(token) is not None for token in tokens]

    assert alive("14 minutes") == [True, True]
    assert alive("15 minutes") == [True, False]
    assert alive("59 minutes") == [True, False]
    assert alive("60 minutes") == [False, False]


def test_a_session_in_use_stays_alive_but_not_beyond_twelve_hours(app, owner):
    token = signing_in.open_session(make_user(), caller=DESK).token
    owner.execute("UPDATE staff_sessions SET last_seen_at = now() - interval '10 minutes'")
    assert find_session(token)

    (seen,) = owner.execute(
        "SELECT now() - last_seen_at < interval '5 seconds' FROM staff_sessions"
    ).fetchone()
    (longest,) = owner.execute(
        "SELECT ends_at - created_at = interval '12 hours' FROM staff_sessions"
    ).fetchone()
    assert (seen, longest) == (True, True)

    owner.execute("UPDATE staff_sessions SET ends_at = now()")
    assert find_session(token) is None


def test_disabling_a_person_ends_the_session_at_the_next_step(client, app):
    user = make_user()
    sign_in(client, user)
    assert client.get("/account").status_code == 200

    service.disable_user(user.username, by=TESTS)

    assert client.get("/account").status_code == 303


def test_other_roles_hold_from_the_next_step(client, app):
    user = make_user(roles=["reception"])
    sign_in(client, user)
    assert client.get("/admin").status_code == 403

    service.appoint(user.username, roles=["facility_manager"], facilities=["120101"], by=TESTS)

    assert client.get("/admin").status_code == 200


def test_signing_out_ends_the_session_on_the_server(client, app):
    token = sign_in(client, make_user())
    secret = client.get_cookie(SESSION_COOKIE).value

    answer = client.post("/logout", data={"csrf_token": token})

    assert answer.headers["Location"] == "/login"
    assert find_session(secret) is None


def test_a_person_ends_their_other_sessions_and_keeps_this_one(client, app):
    user = make_user()
    elsewhere = signing_in.open_session(user, caller=STRANGER).token
    token = sign_in(client, user)
    assert "198.51.100.7" in client.get("/account").text

    client.post("/account/sessions/end", data={"csrf_token": token})

    assert find_session(elsewhere) is None
    assert client.get("/account").status_code == 200
    assert len(sessions.list_sessions(user.username)) == 1


def test_an_agent_chooses_among_the_own_facilities_only(client, app):
    agent = make_user(roles=["nssf_agent"], facilities=["120101", "030201"])
    token = sign_in(client, agent)
    secret = client.get_cookie(SESSION_COOKIE).value
    assert find_session(secret).actor.facility == "030201"

    client.post("/account/facility", data={"csrf_token": token, "facility": "120101"})
    foreign = client.post("/account/facility", data={"csrf_token": token, "facility": "999999"})

    assert foreign.status_code == 422
    actor = find_session(secret).actor
    assert (actor.facility, actor.nssf) == ("120101", False)
    assert f"{agent.username} · 120101</a>" in client.get("/account").text


def test_a_browser_is_marked_so_that_it_is_known_again(client, app):
    user = make_user()
    post_login(client, user.username, PASSWORD)

    mark = client.get_cookie(DEVICE_COOKIE).value

    place = signing_in.place_of(
        accounts.own_account(user.username), Caller("203.0.113.99", device=mark)
    )
    assert place.known


def test_expired_leftovers_are_swept(app, owner):
    signing_in.open_session(make_user(), caller=DESK)
    owner.execute("UPDATE staff_sessions SET ends_at = now() - interval '1 second'")
    owner.execute(
        "INSERT INTO revoked_tokens VALUES ('gone', now() - interval '1 s'), ('kept', now() + interval '1 h')"
    )

    throttle.sweep()

    assert owner.execute("SELECT count(*) FROM staff_sessions").fetchone() == (0,)
    assert owner.execute("SELECT jti FROM revoked_tokens").fetchall() == [("kept",)]
