"""Operators' commands: what they print, what they refuse in one line, what they change."""

import json

import pytest

from auth import clients, keys, service
from auth.permissions import system_actor
from auth.sessions import Caller
from auth.signing_in import sign_in
from tests.factories import PASSWORD, make_client, make_user

TESTS = system_actor("tests")


@pytest.fixture
def run(app):
    runner = app.test_cli_runner()
    return lambda *words, **kwargs: runner.invoke(args=list(words), **kwargs)


def last_line(result):
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout.strip().splitlines()[-1])


def assert_one_line(result, words):
    assert result.exit_code != 0
    assert len(result.stderr.strip().splitlines()) == 1
    assert result.stderr.startswith("Error: ")
    assert words in result.stderr


def test_a_client_is_created_and_can_ask_for_a_token(run, client):
    result = run(
        "client", "create", "Hospital HIS", "--scope", "eligibility.check claim.submit",
        "--scope", "claim.read", "--facility", "120101", "--facility", "030201",
        "--cidr", "127.0.0.0/8", "--json",
    )  # fmt: skip

    made = last_line(result)
    assert made.keys() == {"client_id", "client_secret"}
    answer = client.post(
        "/oauth/token",
        data={"grant_type": "client_credentials"},
        auth=(made["client_id"], made["client_secret"]),
    )
    assert answer.json["scope"] == "eligibility.check claim.submit claim.read"


def test_a_client_is_created_with_a_file_of_keys(run, tmp_path):
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    key = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
    good.write_text(json.dumps({"keys": [key]}))
    bad.write_text("not json")

    made = last_line(
        run("client", "create", "x", "--scope", "claim.read", "--jwks", str(good), "--json")
    )

    (stored,) = clients.list_clients(by=TESTS)
    assert (stored.client_id, stored.jwks) == (made["client_id"], {"keys": [key]})
    result = run("client", "create", "x", "--scope", "claim.read", "--jwks", str(bad))
    assert_one_line(result, "is not a JSON key set")


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--scope", "claim.shred"], "unknown scope claim.shred"),
        (["--scope", "batch.manage batch.authorise"], "together"),
        (["--scope", "claim.read", "--cidr", "nowhere"], "nowhere"),
        (["--scope", "claim.review", "--facility", "120101"], "NSSF's"),
    ],
)
def test_a_client_that_must_not_be_is_refused_in_one_line(run, words, why):
    assert_one_line(run("client", "create", "x", *words), why)


def test_a_client_is_rotated_and_revoked(run):
    made = make_client()
    client_id = made.client.client_id

    rotated = last_line(run("client", "rotate", client_id, "--json"))
    assert rotated["client_id"] == client_id
    assert rotated["client_secret"] != made.secret
    assert run("client", "revoke", client_id).exit_code == 0

    assert_one_line(run("client", "revoke", client_id), "no such client")
    assert_one_line(run("client", "rotate", "unknown\x00"), "no such client")


def test_a_user_is_created_with_a_password_from_standard_input(run):
    result = run(
        "user", "create", "Dara", "--role", "reception", "--role", "billing",
        "--facility", "120101", "--password-stdin", "--json", input=PASSWORD + "\n",
    )  # fmt: skip

    assert last_line(result) == {"user": "dara"}
    assert sign_in("dara", PASSWORD, caller=Caller("127.0.0.1")).token
    assert PASSWORD not in result.output


def test_a_user_without_a_password_gets_a_one_time_code(run):
    result = run("user", "create", "sok", "--role", "reviewer", "--json")

    made = last_line(result)
    assert made["user"] == "sok"
    assert made["activation_code"] in result.output.splitlines()[-2]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["sok", "--role", "king"], "no role king"),
        (["sok", "--role", "billing"], "needs a facility"),
        (["sok", "--role", "finance", "--role", "finance_authoriser"], "together"),
        (["so k", "--role", "reviewer"], "user name"),
    ],
)
def test_a_user_that_must_not_be_is_refused_in_one_line(run, words, why):
    assert_one_line(run("user", "create", *words), why)


def test_a_name_given_twice_and_a_weak_password_are_refused(run):
    make_user("sok", roles=["analyst"])

    assert_one_line(run("user", "create", "sok", "--role", "analyst"), "taken")
    result = run(
        "user", "create", "dara", "--role", "analyst", "--password-stdin", input="12345678\n"
    )
    assert_one_line(result, "too easy")


def test_people_are_disabled_enabled_and_reset(run):
    make_user("sok", roles=["analyst"])

    assert run("user", "disable", "sok").exit_code == 0
    assert service.find_user("sok", by=TESTS).disabled_at
    assert run("user", "enable", "sok").exit_code == 0
    assert "One-time code" in run("user", "reset", "sok").output
    assert_one_line(run("user", "disable", "nobody"), "no such record")


def test_keys_are_rotated_and_revoked_with_a_trace(run, owner):
    before = {purpose: keys.signer(purpose)[0] for purpose in keys.PURPOSES}

    assert run("keys", "rotate").exit_code == 0
    after = {purpose: keys.signer(purpose)[0] for purpose in keys.PURPOSES}
    assert not set(before.values()) & set(after.values())
    assert run("keys", "rotate", "--purpose", "slip").exit_code == 0
    assert keys.signer("access")[0] == after["access"]
    assert keys.signer("slip")[0] != after["slip"]

    assert run("keys", "revoke", after["access"]).exit_code == 0
    assert after["access"] not in keys.public_keys("access")
    assert_one_line(run("keys", "revoke", after["access"]), "no live key")
    assert before["access"] in run("keys", "list").output
    actions = owner.execute("SELECT action, count(*) FROM audit_events GROUP BY 1").fetchall()
    assert dict(actions) == {"key.rotated": 4, "key.revoked": 1}


@pytest.mark.parametrize(
    "words",
    [
        ["client"], ["client", "create"], ["client", "rotate"], ["client", "revoke"],
        ["user"], ["user", "create"], ["user", "disable"], ["user", "enable"], ["user", "reset"],
        ["keys"], ["keys", "list"], ["keys", "rotate"], ["keys", "revoke"],
    ],
)  # fmt: skip
def test_every_command_explains_itself(run, words):
    result = run(*words, "--help")

    assert result.exit_code == 0
    assert "Usage:" in result.output
