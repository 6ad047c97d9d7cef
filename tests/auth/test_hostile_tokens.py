"""Tokens, assertions and forms made to break their reader: refused as RFC 6749 and 6750 say, never 500."""

import base64
import json
import subprocess
import sys
import time
from pathlib import Path

import jwt
import pytest

from auth import bearers
from auth.keys import ring, signer
from tests.auth.test_oauth import EDWARDS, TOKEN_URL, TYPE, ask, assert_error, keyed, made  # noqa: F401
from tests.factories import make_client, make_client_token

DEEP = b"[" * 5000
RARE = {"kid": 5, "alg": "EdDSA"}


def b64(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def signed(made, **claims):  # noqa: F811
    """Sign an assertion whose JSON no library would write: the text is ours, the signature good."""
    client_id = made.client.client_id
    body = {"iss": client_id, "sub": client_id, "aud": TOKEN_URL, "jti": f"{time.time_ns()}",
            "exp": int(time.time()) + 100} | claims  # fmt: skip
    header = b64(json.dumps({"alg": "EdDSA", "kid": "EdDSA"}).encode())
    payload = b64(json.dumps(body).encode())
    signature = EDWARDS.sign(f"{header}.{payload}".encode())
    return f"{header}.{payload}.{b64(signature)}"


def show(client, assertion):
    return ask(client, None, {"client_assertion_type": TYPE, "client_assertion": assertion})


@pytest.mark.parametrize(
    "wrong",
    [
        {"exp": "soon"}, {"exp": "4102444800"}, {"exp": float("inf")},
        {"exp": float("nan")}, {"exp": [1]}, {"exp": None}, {"exp": 1e300}, {"exp": -1e300},
        {"iat": float("inf")}, {"iat": "x"}, {"nbf": float("inf")}, {"nbf": {}},
        {"aud": {"x": 1}}, {"aud": [1]}, {"aud": None}, {"jti": 5}, {"jti": ""}, {"jti": "\x00"},
        {"jti": "x" * 256}, {"sub": "\x00"}, {"iss": ["x"]},
    ],
    ids=str,
)  # fmt: skip
def test_an_assertion_with_claims_of_a_strange_kind_is_an_invalid_client(
    client, keyed, wrong  # noqa: F811
):  # fmt: skip
    answer = show(client, signed(keyed, **wrong))

    if wrong == {"jti": "\x00"}:  # odd, but text: hashed before it is kept
        assert answer.status_code == 200
    else:
        assert_error(answer, 401, "invalid_client")


@pytest.mark.parametrize(
    "header",
    [RARE, {"alg": "EdDSA", "kid": "EdDSA", "crit": ["x"], "x": 1}, {"alg": 5}, {"alg": "EdDSA", "typ": 5},
     {"alg": "EdDSA", "kid": "EdDSA", "b64": False}, {"alg": None, "kid": "EdDSA"}, {}],
    ids=str,
)  # fmt: skip
def test_a_header_of_a_strange_kind_is_an_invalid_client(client, keyed, header):  # noqa: F811
    _, payload, signature = signed(keyed).split(".")

    answer = show(client, f"{b64(json.dumps(header).encode())}.{payload}.{signature}")

    assert_error(answer, 401, "invalid_client")


@pytest.mark.parametrize("part", [0, 1])
def test_json_nested_without_end_is_refused_as_an_assertion(client, keyed, part):  # noqa: F811
    parts = signed(keyed).split(".")
    parts[part] = b64(DEEP)

    assert_error(show(client, ".".join(parts)), 401, "invalid_client")


@pytest.mark.parametrize("part", [0, 1])
def test_json_nested_without_end_is_refused_as_a_token(client, made, part):  # noqa: F811
    token = make_client_token(client, scopes="claim.read").removeprefix("Bearer ")
    parts = token.split(".")
    parts[part] = b64(DEEP)

    answer = client.get("/api/v1/claims", headers={"Authorization": f"Bearer {'.'.join(parts)}"})

    assert (answer.status_code, answer.json["code"]) == (401, "invalid_token")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("kid", [5, None, {"a": 1}, "x" * 5000, "\x00", "../../etc/passwd"])
def test_a_key_id_of_a_strange_kind_is_an_unknown_key(client, app, kid):
    _, key = signer("access")
    payload = b64(json.dumps({"iss": "x"}).encode())
    header = b64(json.dumps({"alg": "EdDSA", "typ": "at+jwt", "kid": kid}).encode())
    token = f"{header}.{payload}.{b64(key.sign(f'{header}.{payload}'.encode()))}"

    answer = client.get("/api/v1/claims", headers={"Authorization": f"Bearer {token}"})

    assert (answer.status_code, answer.json["code"]) == (401, "invalid_token")


@pytest.mark.parametrize(
    "secret", ["\x00", "x" * 100_000, "ខ្មែរ", "\ud800", "%00", ""]
)  # fmt: skip
def test_a_secret_of_any_text_is_an_invalid_client_and_named_nowhere(
    client, made, secret  # noqa: F811
):  # fmt: skip
    pair = f"{made.client.client_id}:{secret}".encode(errors="surrogatepass")
    header = "Basic " + base64.b64encode(pair).decode()

    answer = ask(client, None, headers={"Authorization": header})

    assert_error(answer, 401, "invalid_client")
    assert answer.headers["WWW-Authenticate"] == 'Basic realm="nssf"'


def test_a_body_that_is_no_form_is_an_invalid_request(client, made):  # noqa: F811
    answer = client.post("/oauth/token", json={"grant_type": "client_credentials"})

    assert_error(answer, 400, "invalid_request")


def test_error_descriptions_hold_only_what_rfc_6749_lets_them(client, keyed):  # noqa: F811
    for text in ('"', "\\", "é", "x\r\ny: z", "a.b.c"):
        answers = [
            show(client, text),
            ask(client, keyed, {"scope": text}),
            ask(client, keyed, {"grant_type": text}),
            ask(client, keyed, {"client_id": text}),
        ]
        for answer in answers:
            described = answer.json["error_description"]
            assert all(" " <= sign <= "~" and sign not in '"\\' for sign in described), described


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_the_token_endpoint_takes_post_only(client, app, method):
    answer = client.open("/oauth/token", method=method)

    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]
    assert answer.headers["Cache-Control"] == "no-store"


def test_secrets_are_not_taken_from_the_address(client, made):  # noqa: F811
    answer = client.post(
        "/oauth/token",
        query_string={"client_id": made.client.client_id, "client_secret": made.secret},
        data={"grant_type": "client_credentials"},
    )
    assert_error(answer, 401, "invalid_client")


def test_a_bearer_token_in_the_address_or_form_is_not_read(client, made):  # noqa: F811
    token = make_client_token(client, scopes="claim.read").removeprefix("Bearer ")

    assert client.get(f"/api/v1/claims?access_token={token}").status_code == 401
    assert client.post("/api/v1/claims/search", data={"access_token": token}).status_code == 401


def test_revoking_says_the_same_for_own_ended_and_unknown_tokens(client, made):  # noqa: F811
    own = ask(client, made).json["access_token"]
    said = [
        client.post(
            "/oauth/revoke",
            data={"token": token, "token_type_hint": "refresh_token"},
            auth=(made.client.client_id, made.secret),
        )
        for token in (own, own, "unknown", own[:-2] + "xx")
    ]

    assert [(one.status_code, one.data) for one in said] == [(200, b"")] * 4
    assert all(one.headers["Cache-Control"] == "no-store" for one in said)


def test_the_metadata_fits_rfc_8414_and_the_addresses_in_it_answer(client, app):
    answer = client.get("/.well-known/oauth-authorization-server", headers={"Host": "evil.example"})
    document = answer.json

    assert answer.content_type == "application/json"
    assert "evil" not in answer.text
    for name in ("token_endpoint", "revocation_endpoint", "jwks_uri"):
        assert document[name].startswith(document["issuer"] + "/")
        path = document[name].removeprefix(document["issuer"])
        assert client.open(path, method="GET" if name == "jwks_uri" else "POST").status_code != 404
    assert "none" not in document["token_endpoint_auth_methods_supported"]


def test_the_published_keys_may_be_kept_a_while_and_name_a_new_one_at_once(client, app):
    before = client.get("/.well-known/jwks.json")
    kid = ring().rotate("access")
    after = client.get("/.well-known/jwks.json")

    assert "max-age=300" in before.headers["Cache-Control"]
    assert kid not in [key["kid"] for key in before.json["keys"]]
    assert kid in [key["kid"] for key in after.json["keys"]]
    assert all("d" not in key and key["use"] == "sig" for key in after.json["keys"])


def other_process(app):
    """Say how to start a process of the product on the same keys and database."""
    current = app.extensions["nssf.settings"]
    return {
        "cwd": Path(__file__).parents[2], "text": True, "stdout": subprocess.PIPE,
        "env": {"PATH": "/usr/bin:/bin", "DATABASE_URL": current.database_url, "DEMO": "0",
                "DATA_DIR": str(current.data_dir), "KEYS_DIR": str(current.keys_dir)},
    }  # fmt: skip


COMMANDS = """
import sys
from wsgi import app
for line in sys.stdin:
    print(app.test_cli_runner().invoke(args=line.split()).exit_code, flush=True)
"""


@pytest.fixture
def elsewhere(app):
    """Give the test one other process that runs a command of the product at a time."""
    started = [sys.executable, "-c", COMMANDS]
    with subprocess.Popen(started, stdin=subprocess.PIPE, **other_process(app)) as process:

        def run(words):
            process.stdin.write(f"{words}\n")
            process.stdin.flush()
            assert process.stdout.readline() == "0\n", words

        yield run
        process.stdin.close()


def test_keys_rotated_elsewhere_hold_at_once_and_revoked_ones_within_a_second(client, elsewhere):
    old = make_client_token(client, scopes="claim.read")

    def status(token):
        return client.get("/api/v1/claims", headers={"Authorization": token}).status_code

    assert status(old) == 200
    elsewhere("keys rotate")
    new = make_client_token(client, scopes="claim.read")
    kids = [jwt.get_unverified_header(t.removeprefix("Bearer "))["kid"] for t in (old, new)]

    assert kids[0] != kids[1]
    assert (status(old), status(new)) == (200, 200)

    elsewhere(f"keys revoke {kids[0]}")
    time.sleep(bearers.KEYS_SECONDS)

    assert (status(old), status(new)) == (401, 200)


def test_a_client_revoked_elsewhere_gets_no_new_token_at_once(client, app):
    made = make_client(scopes="claim.read")  # noqa: F811
    assert ask(client, made).status_code == 200

    command = ["-m", "flask", "--app", "wsgi", "client", "revoke", made.client.client_id]
    subprocess.run([sys.executable, *command], check=True, **other_process(app))

    assert_error(ask(client, made), 401, "invalid_client")
