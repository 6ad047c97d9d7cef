"""The token endpoint, revocation and discovery: three ways of authentication and every refusal."""

import base64
import json
import time
from typing import Any
from urllib.parse import quote

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from auth import clients
from auth.keys import public_keys, signer
from auth.permissions import system_actor
from config.errors import Forbidden, Invalid
from tests.factories import make_client, make_client_token

TESTS = system_actor("tests")
TOKEN_URL = "http://localhost/oauth/token"
TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
P256 = ec.generate_private_key(ec.SECP256R1())
P384 = ec.generate_private_key(ec.SECP384R1())
EDWARDS = Ed25519PrivateKey.generate()
KEYS: dict[str, Any] = {"RS384": RSA, "ES384": P384, "ES256": P256, "EdDSA": EDWARDS}


def public(algorithm, **more):
    maker: Any = {"R": RSAAlgorithm, "E": ECAlgorithm}.get(algorithm[0], OKPAlgorithm)
    maker = OKPAlgorithm if algorithm == "EdDSA" else maker
    return json.loads(maker.to_jwk(KEYS[algorithm].public_key())) | more


def ask(client, made, data=None, **kwargs):
    data = {"grant_type": "client_credentials"} | (data or {})
    if made is not None and "auth" not in kwargs and "client_assertion" not in data:
        kwargs["auth"] = (made.client.client_id, made.secret)
    return client.post("/oauth/token", data=data, **kwargs)


def assert_error(answer, status, code):
    assert (answer.status_code, answer.json["error"]) == (status, code), answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Pragma"] == "no-cache"
    if status == 401:
        assert answer.headers["WWW-Authenticate"].startswith("Basic")


@pytest.fixture
def made(app):
    return make_client(scopes="eligibility.check claim.read")


def test_a_client_gets_a_token_with_its_secret_in_the_header(client, made):
    answer = ask(client, made)

    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.json.keys() == {"access_token", "token_type", "expires_in", "scope"}
    assert answer.json["token_type"] == "Bearer"
    assert answer.json["expires_in"] == 3600
    assert answer.json["scope"] == "eligibility.check claim.read"


def test_a_client_gets_a_token_with_its_secret_in_the_form(client, made):
    shown = {"client_id": made.client.client_id, "client_secret": made.secret}

    answer = client.post("/oauth/token", data={"grant_type": "client_credentials"} | shown)

    assert answer.status_code == 200


def test_the_header_is_decoded_as_a_form_before_it_is_compared(client, made):
    pair = f"{quote(made.client.client_id, safe='')}:{quote(made.secret, safe='')}".replace(
        "-", "%2D"
    )
    header = "Basic " + base64.b64encode(pair.encode()).decode()

    answer = client.post(
        "/oauth/token", data={"grant_type": "client_credentials"}, headers={"Authorization": header}
    )

    assert answer.status_code == 200


def test_a_client_asks_for_some_of_its_scopes(client, made):
    assert ask(client, made, {"scope": "claim.read"}).json["scope"] == "claim.read"


@pytest.mark.parametrize("scope", ["claim.review", "claim.read claim.review", "nonsense", "*"])
def test_a_scope_the_client_does_not_own_is_refused(client, made, scope):
    assert_error(ask(client, made, {"scope": scope}), 400, "invalid_scope")


def test_another_grant_is_refused(client, made):
    assert_error(ask(client, made, {"grant_type": "password"}), 400, "unsupported_grant_type")


@pytest.mark.parametrize("name", ["grant_type", "scope", "client_id"])
def test_a_parameter_sent_twice_is_refused(client, made, name):
    data = [("grant_type", "client_credentials"), (name, "a"), (name, "b")]

    answer = client.post(
        "/oauth/token",
        data="&".join(f"{key}={value}" for key, value in data),
        content_type="application/x-www-form-urlencoded",
        auth=(made.client.client_id, made.secret),
    )

    assert_error(answer, 400, "invalid_request")


def test_a_request_without_grant_or_client_is_refused(client, made):
    assert_error(client.post("/oauth/token"), 400, "invalid_request")
    assert_error(ask(client, None), 401, "invalid_client")


def test_two_ways_of_authentication_at_once_are_refused(client, made):
    assert_error(ask(client, made, {"client_secret": made.secret}), 400, "invalid_request")


def test_another_client_id_beside_the_authentication_is_refused(client, made):
    answer = ask(client, made, {"client_id": "client-0000000000000000"})

    assert_error(answer, 400, "invalid_request")


@pytest.mark.parametrize(
    "auth",
    [
        ("client-0000000000000000", "secret"),
        ("\x00", "\x00"),
        ("", ""),
        ("លេខ", "សម្ងាត់"),
    ],
)
def test_an_unknown_client_or_wrong_secret_is_refused(client, made, auth):
    assert_error(ask(client, None, auth=auth), 401, "invalid_client")
    assert_error(ask(client, None, auth=(made.client.client_id, auth[1])), 401, "invalid_client")


@pytest.mark.parametrize("header", ["Basic", "Basic !!!", "Basic Zm9v", "Bearer x", "Digest x"])
def test_a_header_that_cannot_be_read_is_an_invalid_client(client, app, header):
    answer = ask(client, None, headers={"Authorization": header})

    assert_error(answer, 401, "invalid_client")


def test_a_secret_is_stored_only_as_its_hash(made, owner):
    row = owner.execute("SELECT row_to_json(c)::text FROM api_clients c").fetchone()[0]

    assert made.secret not in row
    assert len(made.client.secret_hashes[0]) == 32


def test_both_secrets_are_good_during_a_rotation_and_the_oldest_ends(client, made):
    client_id = made.client.client_id
    second = clients.rotate_client(client_id, by=TESTS)
    assert ask(client, made).status_code == 200
    assert ask(client, second).status_code == 200

    third = clients.rotate_client(client_id, by=TESTS)

    assert_error(ask(client, made), 401, "invalid_client")
    assert ask(client, second).status_code == 200
    assert ask(client, third).status_code == 200


def test_a_rotation_may_end_the_old_secret_at_once(client, made):
    fresh = clients.rotate_client(made.client.client_id, by=TESTS, end_old=True)

    assert_error(ask(client, made), 401, "invalid_client")
    assert ask(client, fresh).status_code == 200


def test_a_revoked_client_gets_no_token(client, made):
    clients.revoke_client(made.client.client_id, by=TESTS)

    assert_error(ask(client, made), 401, "invalid_client")


def test_a_client_bound_to_networks_is_refused_from_elsewhere(client, app):
    made = make_client(
        scopes="audit.read", facility=None, cidrs=["203.0.113.0/24", "2001:db8::/32"]
    )
    inside = {"REMOTE_ADDR": "203.0.113.9"}

    assert_error(ask(client, made), 401, "invalid_client")
    token = ask(client, made, environ_base=inside).json["access_token"]
    bearer = {"Authorization": f"Bearer {token}"}
    assert client.get("/api/v1/audit", headers=bearer, environ_base=inside).status_code == 200
    mapped = {"REMOTE_ADDR": "::ffff:203.0.113.9"}
    assert client.get("/api/v1/audit", headers=bearer, environ_base=mapped).status_code == 200

    answer = client.get("/api/v1/audit", headers=bearer)

    assert answer.status_code == 403
    assert answer.json["code"] == "address_not_allowed"


def test_more_token_requests_than_allowed_are_told_to_wait(client, made):
    for _ in range(60):
        answer = ask(client, made)
        if answer.status_code == 429:
            break
    answer = ask(client, made) if answer.status_code == 200 else answer
    if answer.status_code == 200:  # a minute began in between
        answer = [ask(client, made) for _ in range(61)][-1]

    assert_error(answer, 429, "too_many_requests")
    assert 1 <= int(answer.headers["Retry-After"]) <= 60
    assert ask(client, make_client()).status_code == 200


def test_a_stranger_who_fails_often_is_stopped_and_the_client_is_not(client, made, owner):
    stranger = {"REMOTE_ADDR": "198.51.100.7"}
    owner.execute(
        "INSERT INTO rate_counters SELECT 'token-failures:198.51.100.7', m, 60 FROM"
        " unnest(ARRAY[date_trunc('minute', now()), date_trunc('minute', now()) + interval '1 minute']) m"
    )
    wrong = (made.client.client_id, "wrong")

    assert_error(ask(client, None, auth=wrong, environ_base=stranger), 429, "too_many_requests")
    assert ask(client, made).status_code == 200


# --- private_key_jwt ---------------------------------------------------------


@pytest.fixture
def keyed(app):
    keys = [public(algorithm, kid=algorithm) for algorithm in KEYS]
    return make_client(scopes="eligibility.check", jwks={"keys": keys})


def assertion(made, algorithm="ES384", *, key=None, headers=None, drop=(), **claims):
    now = int(time.time())
    client_id = made.client.client_id
    body = {
        "iss": client_id, "sub": client_id, "aud": TOKEN_URL, "exp": now + 120,
        "jti": f"{time.time_ns()}",
    } | claims  # fmt: skip
    body = {name: value for name, value in body.items() if name not in drop}
    header = {"kid": algorithm} | (headers or {})
    return jwt.encode(body, key or KEYS[algorithm], algorithm=algorithm, headers=header)


def show(client, text, **data):
    shown = {"client_assertion_type": TYPE, "client_assertion": text} | data
    return ask(client, None, shown)


@pytest.mark.parametrize("algorithm", list(KEYS))
def test_a_client_proves_itself_with_each_kind_of_key(client, keyed, algorithm):
    assert show(client, assertion(keyed, algorithm)).status_code == 200


@pytest.mark.parametrize("audience", [TOKEN_URL, "http://localhost", [TOKEN_URL]])
def test_an_assertion_is_for_the_token_url_or_the_issuer(client, keyed, audience):
    assert show(client, assertion(keyed, aud=audience)).status_code == 200


def test_a_clock_a_little_wrong_is_forgiven(client, keyed):
    now = int(time.time())

    assert show(client, assertion(keyed, exp=now - 30)).status_code == 200
    assert (
        show(client, assertion(keyed, iat=now + 30, nbf=now + 30, exp=now + 330)).status_code == 200
    )


def test_an_assertion_counts_once(client, keyed):
    text = assertion(keyed)
    assert show(client, text).status_code == 200

    again = show(client, text)

    assert_error(again, 401, "invalid_client")
    assert "used before" in again.json["error_description"]


def test_an_assertion_that_asked_for_a_foreign_scope_is_spent_too(client, keyed):
    text = assertion(keyed)
    assert_error(show(client, text, scope="claim.review"), 400, "invalid_scope")

    assert_error(show(client, text), 401, "invalid_client")


def seconds_from_now(seconds):
    """Tell a moment when the test runs, which may be long after it was collected."""
    return lambda: int(time.time()) + seconds


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"aud": "https://elsewhere.example/oauth/token"}, "aud"),
        ({"exp": seconds_from_now(-120)}, "expired"),
        ({"exp": seconds_from_now(900)}, "5 minutes"),
        ({"nbf": seconds_from_now(600), "exp": seconds_from_now(290)}, "not valid yet"),
        ({"iss": "somebody-else"}, "iss and sub"),
        ({"jti": ""}, "jti"),
        ({"jti": "x" * 300}, "jti"),
        ({"drop": ("jti",)}, "no jti"),
        ({"drop": ("exp",)}, "no exp"),
        ({"drop": ("aud",)}, "no aud"),
        ({"headers": {"typ": "at+jwt"}}, "typ"),
        ({"headers": {"kid": "unknown"}}, "not registered"),
        ({"key": ec.generate_private_key(ec.SECP384R1())}, "signature does not hold"),
    ],
)
def test_an_assertion_with_something_wrong_is_refused(client, keyed, wrong, why):
    claims = {name: value() if callable(value) else value for name, value in wrong.items()}

    answer = show(client, assertion(keyed, **claims))

    assert_error(answer, 401, "invalid_client")
    assert why in answer.json["error_description"]


def test_keys_an_assertion_brings_along_are_not_read(client, keyed):
    mine = ec.generate_private_key(ec.SECP384R1())
    own = json.loads(ECAlgorithm.to_jwk(mine.public_key()))
    brought = {"jwk": own, "jku": "https://evil.example/jwks", "x5u": "https://evil.example/x"}

    assert_error(show(client, assertion(keyed, key=mine, headers=brought)), 401, "invalid_client")
    assert_error(
        show(client, assertion(keyed, key=mine, headers=brought | {"kid": "mine"})),
        401,
        "invalid_client",
    )


def test_an_algorithm_that_does_not_fit_the_key_is_refused(client, keyed):
    confused = jwt.encode(
        {"iss": keyed.client.client_id, "sub": keyed.client.client_id}, "x" * 48, algorithm="HS384",
        headers={"kid": "RS384"},
    )  # fmt: skip
    answer = show(client, confused)
    assert "algorithm" in answer.json["error_description"]

    weaker = assertion(keyed, "ES256", headers={"kid": "ES384"})

    assert "algorithm" in show(client, weaker).json["error_description"]


def test_an_unsigned_assertion_is_refused(client, keyed):
    body = jwt.decode(assertion(keyed), options={"verify_signature": False})
    text = jwt.encode(body, None, algorithm="none", headers={"kid": "ES384"})

    assert_error(show(client, text), 401, "invalid_client")


def test_our_own_access_token_is_no_assertion(client, keyed):
    token = show(client, assertion(keyed)).json["access_token"]

    assert_error(show(client, token), 401, "invalid_client")


@pytest.mark.parametrize("text", ["", "x", "a.b.c", "e30.e30.", "." * 20000])
def test_an_assertion_that_cannot_be_read_is_refused(client, keyed, text):
    assert_error(show(client, text), 401, "invalid_client")


def test_an_assertion_needs_its_type(client, keyed):
    answer = show(client, assertion(keyed), client_assertion_type="something")

    assert_error(answer, 400, "invalid_request")


def test_a_client_without_registered_keys_cannot_use_an_assertion(client, made):
    assert_error(show(client, assertion(made)), 401, "invalid_client")


def test_an_only_key_needs_no_key_id(client, app):
    made = make_client(jwks={"keys": [public("EdDSA")]})
    now = int(time.time())
    body = {
        "iss": made.client.client_id, "sub": made.client.client_id, "aud": TOKEN_URL,
        "exp": now + 60, "jti": "once",
    }  # fmt: skip

    assert show(client, jwt.encode(body, EDWARDS, algorithm="EdDSA")).status_code == 200


SHORT_RSA = json.loads(RSAAlgorithm.to_jwk(rsa.generate_private_key(65537, 1024).public_key()))


@pytest.mark.parametrize(
    ("document", "why"),
    [
        ([], "key set"),
        ({"keys": []}, "key set"),
        ({"keys": ["x"]}, "JSON object"),
        ({"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}, "private or shared"),
        ({"keys": [json.loads(ECAlgorithm.to_jwk(P384))]}, "private or shared"),
        ({"keys": [public("ES384", alg="ES256")]}, "P-384"),
        ({"keys": [{"kty": "EC", "crv": "P-521", "x": "AA", "y": "AA"}]}, "P-384"),
        ({"keys": [{"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}]}, "cannot be read"),
        ({"keys": [{"kty": "RSA", "n": "!", "e": "AQAB"}]}, "cannot be read"),
        ({"keys": [SHORT_RSA]}, "2048"),
        ({"keys": [public("ES256"), public("ES384")]}, "kid"),
        ({"keys": [public("ES256", kid="a"), public("ES384", kid="a")]}, "kid"),
    ],
)
def test_keys_that_cannot_be_registered_are_named(app, document, why):
    with pytest.raises(Invalid) as refused:
        make_client(jwks=document)

    assert why in refused.value.detail


# --- registration, revocation, discovery -------------------------------------


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ({"scopes": "claim.shred"}, Invalid),
        ({"scopes": ""}, Invalid),
        ({"scopes": "batch.manage batch.authorise", "facility": None}, Invalid),
        ({"scopes": "user.manage audit.read", "facility": None}, Invalid),
        ({"scopes": "claim.review"}, Invalid),
        ({"facility": "../x"}, Invalid),
        ({"cidrs": ["10.0.0.1/8"]}, Invalid),
        ({"cidrs": ["everywhere"]}, Invalid),
    ],
)
def test_a_client_that_must_not_be_is_not_registered(app, given, kind):
    with pytest.raises(kind):
        make_client(**given)


def test_whoever_may_not_manage_users_registers_no_client(app):
    with pytest.raises(Forbidden):
        clients.create_client("x", scopes=["claim.read"], by=make_actor())


def make_actor():
    from auth.permissions import Actor

    return Actor("user:x", frozenset(), nssf=True)


def test_a_revoked_token_is_refused(client, app):
    made = make_client(scopes="audit.read", facility=None)
    token = ask(client, made).json["access_token"]
    bearer = {"Authorization": f"Bearer {token}"}
    assert client.get("/api/v1/audit", headers=bearer).status_code == 200

    answer = client.post(
        "/oauth/revoke", data={"token": token}, auth=(made.client.client_id, made.secret)
    )

    assert answer.status_code == 200
    assert client.get("/api/v1/audit", headers=bearer).status_code == 401


@pytest.mark.parametrize("token", ["unknown", "a.b.c"])
def test_revoking_a_token_nobody_knows_is_fine(client, made, token):
    answer = client.post(
        "/oauth/revoke", data={"token": token}, auth=(made.client.client_id, made.secret)
    )

    assert answer.status_code == 200


def test_a_client_cannot_revoke_anothers_token(client, made):
    bearer = make_client_token(client, scopes="audit.read", facility=None)
    data = {"token": bearer.removeprefix("Bearer ")}

    answer = client.post("/oauth/revoke", data=data, auth=(made.client.client_id, made.secret))

    assert_error(answer, 400, "invalid_grant")
    assert client.get("/api/v1/audit", headers={"Authorization": bearer}).status_code == 200


def test_revocation_needs_authentication_and_a_token(client, made):
    assert_error(client.post("/oauth/revoke", data={"token": "x"}), 401, "invalid_client")
    answer = client.post("/oauth/revoke", auth=(made.client.client_id, made.secret))
    assert_error(answer, 400, "invalid_request")


def test_the_metadata_names_what_exists(client, app):
    body = client.get("/.well-known/oauth-authorization-server").json

    assert body["issuer"] == "http://localhost"
    assert body["token_endpoint"] == TOKEN_URL
    assert body["grant_types_supported"] == ["client_credentials"]
    assert "claim.submit" in body["scopes_supported"]
    assert set(body["token_endpoint_auth_methods_supported"]) == {
        "client_secret_basic", "client_secret_post", "private_key_jwt",
    }  # fmt: skip
    routes = {rule.rule for rule in app.url_map.iter_rules()}
    for name in ("token_endpoint", "revocation_endpoint", "jwks_uri"):
        assert body[name].removeprefix("http://localhost") in routes


def test_a_token_verifies_with_nothing_but_the_published_keys(client, made):
    token = ask(client, made).json["access_token"]
    published = jwt.PyJWKSet.from_dict(client.get("/.well-known/jwks.json").json)

    key = published[jwt.get_unverified_header(token)["kid"]]

    claims = jwt.decode(token, key, algorithms=["EdDSA"], audience="http://localhost")
    assert claims["client_id"] == made.client.client_id
    assert signer("access")[0] in public_keys("access")


def test_what_clients_do_leaves_a_trace_without_secrets(client, made, owner):
    ask(client, made)
    ask(client, None, auth=(made.client.client_id, "wrong-secret"))
    ask(client, None, auth=("typed-by-mistake", "wrong-secret"))

    rows = owner.execute(
        "SELECT action, subject, details::text FROM audit_events ORDER BY id"
    ).fetchall()

    subject = made.client.subject
    assert [row[:2] for row in rows] == [
        ("client.created", subject),
        ("token.issued", subject),
        ("client.refused", subject),
        ("client.refused", "client:unknown"),
    ]
    text = str(rows)
    assert made.secret not in text
    assert "wrong-secret" not in text
    assert "typed-by-mistake" not in text
