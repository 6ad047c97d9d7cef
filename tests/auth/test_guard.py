"""Who is let through a door: bearer or cookie, never the other's; one facility for each call."""

import dataclasses

import pytest

from auth import guard
from auth.guard import current_actor, requires
from auth.permissions import Permission
from config.errors import BadRequest, Forbidden, TooMany, Unauthorized
from config.settings import SETTINGS_KEY, settings
from tests.factories import make_client_token, make_user, sign_in


def api(app, bearer, **headers):
    return app.test_request_context("/api/v1/claims", headers={"Authorization": bearer} | headers)


def test_a_client_of_one_facility_acts_for_it(app, client):
    bearer = make_client_token(client, facility="120101")

    with api(app, bearer):
        actor = current_actor()

    assert (actor.facility, actor.facilities, actor.nssf) == ("120101", ("120101",), False)
    assert actor.subject.startswith("client:")
    assert actor.may(Permission.ELIGIBILITY_CHECK)


def test_a_client_of_nssf_is_bound_to_no_facility(app, client):
    with api(app, make_client_token(client, facility=None)):
        actor = current_actor()

    assert (actor.facility, actor.nssf) == (None, True)


def test_a_client_of_several_facilities_names_one_for_each_call(app, client):
    bearer = make_client_token(client, facility=["120101", "030201"])

    with api(app, bearer, **{"X-Facility": "030201"}):
        assert current_actor().facility == "030201"
    with api(app, bearer), pytest.raises(BadRequest) as missing:
        current_actor()
    with api(app, bearer, **{"X-Facility": "999999"}), pytest.raises(Forbidden) as foreign:
        current_actor()

    assert (missing.value.status, missing.value.code) == (400, "facility_missing")
    assert (foreign.value.status, foreign.value.code) == (403, "facility_foreign")


@pytest.mark.parametrize("facility", ["120101", None])
def test_a_client_of_one_facility_or_none_cannot_name_another(app, client, facility):
    bearer = make_client_token(client, facility=facility)

    with api(app, bearer, **{"X-Facility": "999999"}), pytest.raises(Forbidden):
        current_actor()


def test_the_api_does_not_take_a_session_cookie(app, client):
    sign_in(client, make_user(roles=["auditor"]))
    assert client.get("/audit").status_code == 200

    answer = client.get("/api/v1/audit")

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_desk_does_not_take_a_bearer_token(app, client):
    bearer = make_client_token(client, scopes="audit.read", facility=None)

    answer = client.get("/audit", headers={"Authorization": bearer})

    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/login")


def test_a_stranger_at_a_desk_is_sent_to_sign_in_and_back(app, client):
    answer = client.get("/audit?actor=user:x")

    assert answer.status_code == 303
    assert answer.headers["Location"] == "/login?next=/audit?actor%3Duser:x"


def test_a_fragment_request_of_a_stranger_sends_the_whole_page_to_sign_in(app, client):
    answer = client.get("/audit", headers={"HX-Request": "true"})

    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"] == "/login"


def test_a_person_without_the_permission_is_refused(app, client):
    sign_in(client, make_user(roles=["reception"]))

    assert client.get("/admin").status_code == 403
    assert client.get("/audit").status_code == 403


def test_one_of_the_named_permissions_is_enough(app, client):
    bearer = make_client_token(client, scopes="claim.read")

    @requires(Permission.CLAIM_SUBMIT, Permission.CLAIM_READ)
    def either():
        return "in"

    @requires()
    def anybody():
        return "in"

    @requires(Permission.CLAIM_SUBMIT)
    def one():
        return "in"

    with api(app, bearer):
        assert either() == "in"
        assert anybody() == "in"
        with pytest.raises(Forbidden):
            one()
    assert vars(either)["__permissions__"] == (Permission.CLAIM_SUBMIT, Permission.CLAIM_READ)


def test_nobody_is_no_actor(app):
    with app.test_request_context("/api/v1/claims"), pytest.raises(Unauthorized):
        current_actor()
    with app.test_request_context("/billing"), pytest.raises(Unauthorized):
        current_actor()


def test_more_requests_a_second_than_allowed_are_told_to_wait(app, client):
    bearer = make_client_token(client)
    other = make_client_token(client)
    view = requires()(lambda: "in")
    given = settings()
    app.extensions[SETTINGS_KEY] = dataclasses.replace(given, rate_limit_per_second=3)
    try:
        with api(app, bearer):
            assert [view() for _ in range(3)] == ["in"] * 3
            with pytest.raises(TooMany) as refused:
                for _ in range(3):
                    view()
        with api(app, other):
            assert view() == "in"
    finally:
        app.extensions[SETTINGS_KEY] = given
        guard._buckets.clear()

    assert refused.value.headers["Retry-After"] == "1"


def test_an_idempotency_key_belongs_to_client_and_facility(app, client):
    bearer = make_client_token(client, facility=["120101", "030201"])
    calls = []
    view = requires()(lambda: calls.append(1) or "first")

    for facility in ("120101", "030201"):
        headers = {"Authorization": bearer, "X-Facility": facility, "Idempotency-Key": "same-key"}
        with app.test_request_context("/api/v1/claims", method="POST", headers=headers):
            assert view() == "first"

    assert len(calls) == 2


def test_a_form_without_its_token_changes_nothing(app, client):
    user = make_user(roles=["reception"])
    token = sign_in(client, user)

    refused = client.post("/account/sessions/end")
    forged = client.post("/account/sessions/end", data={"csrf_token": token + "x"})
    taken = client.post("/account/sessions/end", data={"csrf_token": token})

    assert (refused.status_code, forged.status_code, taken.status_code) == (400, 400, 303)


def test_signing_in_itself_needs_the_forms_token(app, client):
    answer = client.post("/login", data={"username": "x", "password": "y"})

    assert answer.status_code == 400


def test_the_metrics_door_takes_an_auditors_token_from_afar(app, client):
    bearer = make_client_token(client, scopes="audit.read", facility=None)
    other = make_client_token(client, scopes="claim.read", facility=None)
    afar = {"REMOTE_ADDR": "198.51.100.7"}

    def status(value):
        headers = {"Authorization": value} if value else {}
        return client.get("/metrics", headers=headers, environ_base=afar).status_code

    assert (status(bearer), status(other), status(None)) == (200, 403, 401)
