"""Bearer tokens that must be refused, each with the right error, and those that must not."""

import base64
import json
import time
from dataclasses import replace

import jwt
import pytest
from cryptography.hazmat.primitives import serialization as ser
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from auth import bearers, clients
from auth.keys import public_keys, ring, signer
from auth.permissions import system_actor
from auth.tokens import issue_access
from tests.factories import make_client, make_client_token

BASE = "http://localhost"


def call(client, token):
    return client.get("/api/v1/audit", headers={"Authorization": f"Bearer {token}"})


@pytest.fixture
def made(app):
    bearers.forget_bearers()
    return make_client(scopes="audit.read", facility=None).client


def forge(made, *, key=None, kid=None, typ="at+jwt", algorithm="EdDSA", **claims):
    """Return a token like ours, with what the test wants to be wrong."""
    own_kid, own_key = signer("access")
    now = int(time.time())
    body = {
        "iss": BASE, "aud": BASE, "sub": made.client_id, "client_id": made.client_id,
        "scope": "audit.read", "iat": now, "exp": now + 600, "jti": f"jti-{time.time_ns()}",
    } | claims  # fmt: skip
    body = {name: value for name, value in body.items() if value is not None}
    headers = {"typ": typ, "kid": kid or own_kid}
    return jwt.encode(body, key or own_key, algorithm=algorithm, headers=headers)


def assert_refused(answer, why):
    assert answer.status_code == 401
    assert answer.content_type == "application/problem+json"
    assert answer.json["code"] == "invalid_token"
    challenge = answer.headers["WWW-Authenticate"]
    assert challenge.startswith('Bearer realm="nssf", error="invalid_token"')
    assert why in challenge


def test_a_token_of_our_own_is_taken(client, made):
    assert call(client, forge(made)).status_code == 200


def test_a_call_without_a_token_is_told_how_to_authenticate(client):
    answer = client.get("/api/v1/audit")

    assert answer.status_code == 401
    assert answer.json["code"] == "unauthorized"
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="nssf"'


def test_a_token_is_made_as_rfc_9068_says(client, app):
    token = make_client_token(client, facility="120101").removeprefix("Bearer ")

    header, claims = (
        jwt.get_unverified_header(token),
        jwt.decode(token, options={"verify_signature": False}),
    )

    assert header["typ"] == "at+jwt"
    assert header["kid"] in public_keys("access")
    assert claims.keys() == {
        "iss",
        "aud",
        "sub",
        "client_id",
        "scope",
        "facility",
        "iat",
        "exp",
        "jti",
    }
    assert claims["exp"] - claims["iat"] == 3600
    assert claims["facility"] == "120101"


def test_an_unsigned_token_is_refused(client, made):
    def part(value):
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    body = jwt.decode(forge(made), options={"verify_signature": False})
    header = {"alg": "none", "typ": "at+jwt", "kid": signer("access")[0]}

    assert_refused(call(client, f"{part(header)}.{part(body)}."), "algorithm is not accepted")


def test_a_token_signed_with_the_public_key_as_a_secret_is_refused(client, made):
    kid, _ = signer("access")
    public = public_keys("access")[kid]

    for secret in (
        public.public_bytes_raw(),
        public.public_bytes(ser.Encoding.PEM, ser.PublicFormat.SubjectPublicKeyInfo)[27:-26],
    ):
        token = forge(made, key=secret, algorithm="HS256")
        assert_refused(call(client, token), "algorithm is not accepted")


def test_a_token_for_another_audience_is_refused(client, made):
    assert_refused(call(client, forge(made, aud="https://elsewhere.example")), "another audience")


def test_a_token_of_another_issuer_is_refused(client, made):
    assert_refused(call(client, forge(made, iss="https://elsewhere.example")), "another issuer")


@pytest.mark.parametrize("typ", ["JWT", "slip+jws", "client-authentication+jwt", ""])
def test_something_else_than_an_access_token_is_refused(client, made, typ):
    assert_refused(call(client, forge(made, typ=typ)), "not an access token")


def test_a_slip_sent_as_a_token_is_refused_even_with_the_right_type(client, made):
    kid, key = signer("slip")

    assert_refused(call(client, forge(made, key=key, kid=kid)), "key is not known")


def test_an_expired_token_is_refused(client, made):
    old = int(time.time()) - 7200

    assert_refused(call(client, forge(made, iat=old, exp=old + 3600)), "has expired")


@pytest.mark.parametrize("claim", ["iat", "nbf"])
def test_a_token_from_the_future_is_refused(client, made, claim):
    later = int(time.time()) + 600

    assert_refused(call(client, forge(made, **{claim: later}, exp=later + 600)), "not valid yet")


def test_a_token_with_an_unknown_key_id_is_refused(client, made):
    assert_refused(call(client, forge(made, kid="access-ffffffffffffffff")), "key is not known")


def test_a_token_signed_by_somebody_else_under_our_key_id_is_refused(client, made):
    token = forge(made, key=Ed25519PrivateKey.generate())

    assert_refused(call(client, token), "signature does not hold")


@pytest.mark.parametrize("claim", ["exp", "iat", "jti", "client_id", "scope", "sub", "aud", "iss"])
def test_a_token_without_a_needed_claim_is_refused(client, made, claim):
    assert_refused(call(client, forge(made, **{claim: None})), f"no {claim}")


def test_a_token_whose_subject_is_not_its_client_is_refused(client, made):
    assert_refused(call(client, forge(made, sub="user:dara")), "do not fit together")


@pytest.mark.parametrize("token", ["x", "a.b.c", "a.b", "ស", "." * 9000, "e30.e30.e30"])
def test_a_token_that_cannot_be_read_is_refused(client, app, token):
    answer = client.get(
        "/api/v1/audit", headers={"Authorization": f"Bearer {token}".encode().decode("latin1")}
    )

    assert answer.status_code == 401
    assert answer.json["code"] == "invalid_token"


def test_a_scope_beyond_the_clients_is_not_gained_by_a_token(client, app):
    made = make_client(scopes="eligibility.check", facility=None).client

    answer = call(client, forge(made, scope="audit.read eligibility.check"))

    assert answer.status_code == 403
    assert answer.json["code"] == "insufficient_scope"
    assert 'scope="audit.read"' in answer.headers["WWW-Authenticate"]


def test_a_scope_the_token_left_out_is_not_held(client, app):
    made = make_client(scopes="audit.read eligibility.check", facility=None).client

    assert call(client, forge(made, scope="eligibility.check")).status_code == 403


def test_a_token_of_a_client_nobody_knows_is_refused(client, app):
    made = make_client(scopes="audit.read", facility=None).client
    made.client_id = "client-0000000000000000"

    assert_refused(call(client, forge(made)), "revoked")


def test_a_revoked_client_is_out_at_once_here(client, made):
    token = forge(made)
    assert call(client, token).status_code == 200

    clients.revoke_client(made.client_id, by=system_actor("tests"))

    assert_refused(call(client, token), "revoked")


def test_another_process_sees_a_revocation_within_a_minute(client, made, owner, monkeypatch):
    token = forge(made)
    assert call(client, token).status_code == 200
    owner.execute("UPDATE api_clients SET revoked_at = now()")
    assert call(client, token).status_code == 200

    began = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: began + 60)

    assert_refused(call(client, token), "revoked")


def test_a_revoked_key_is_refused_from_the_next_request(client, made):
    token = forge(made)
    assert call(client, token).status_code == 200

    ring().revoke(signer("access")[0])

    assert_refused(call(client, token), "key is not known")


def test_tokens_of_both_live_keys_are_taken_during_a_rotation(client, made):
    before = forge(made)
    ring().rotate("access")
    after = forge(made)

    assert jwt.get_unverified_header(before)["kid"] != jwt.get_unverified_header(after)["kid"]
    assert call(client, before).status_code == 200
    assert call(client, after).status_code == 200


def test_the_memory_of_verified_tokens_is_bounded(client, app, made, monkeypatch):
    monkeypatch.setattr(bearers, "REMEMBERED_TOKENS", 10)
    bearers.forget_bearers()

    for _ in range(30):
        token = issue_access(client_id=made.client_id, scopes=("audit.read",), facilities=())
        bearers.bearer_of(token)

    assert len(bearers._remembered) <= 10


def test_a_remembered_token_is_not_taken_after_its_own_end(client, made):
    token = forge(made)
    assert call(client, token).status_code == 200
    ((digest, remembered),) = bearers._remembered.items()

    bearers._remembered[digest] = replace(
        remembered, expires_at=int(time.time()) - 1, actors={None: system_actor("stale")}
    )

    assert call(client, token).status_code == 200
    assert bearers._remembered[digest].actors[None].subject == made.subject
