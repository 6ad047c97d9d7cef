"""`slip verify`: with the installation's keys, or with a copy of the public ones and nothing else."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from click.testing import Result
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask import Flask

from auth.keys import jwks, signer
from config import clock
from gateway.eligibility import service as eligibility
from gateway.eligibility import slip
from gateway.eligibility.service import CheckRequest, checks
from tests.factories import HOSPITAL, WOMAN
from tests.gateway.eligibility.conftest import RECEPTION

Owner = psycopg.Connection[Any]


@pytest.fixture
def token(country: Owner) -> str:
    answer = eligibility.check(CheckRequest(card_number=WOMAN, slip=True), by=RECEPTION)
    return str(answer["slip"])


def verify(app: Flask, token: str, *words: str) -> Result:
    return app.test_cli_runner().invoke(args=["slip", "verify", *words], input=token)


def test_a_genuine_slip_is_told_and_ends_with_0(app: Flask, token: str) -> None:
    told = verify(app, token)

    assert told.exit_code == 0, told.output
    assert "eligible on" in told.output
    assert f"facility {HOSPITAL}" in told.output
    assert WOMAN not in told.output


def test_a_copy_of_the_public_keys_is_all_it_needs(
    app: Flask, token: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = tmp_path / "jwks.json"
    keys.write_text(json.dumps(jwks()))

    def unreachable(_: str) -> None:
        raise AssertionError("the installation's own keys were read")

    monkeypatch.setattr(checks, "public_keys", unreachable)

    assert verify(app, token, "--keys", str(keys)).exit_code == 0
    assert verify(app, token[:-6] + "AAAAAA", "--keys", str(keys)).exit_code == 1


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", "not json", '{"keys": []}', '{"keys": [{"kty": "RSA"}]}']
)
def test_what_is_no_key_set_is_named_in_one_line(
    app: Flask, token: str, tmp_path: Path, text: str
) -> None:
    keys = tmp_path / "other.json"
    keys.write_text(text)

    told = verify(app, token, "--keys", str(keys))

    assert told.exit_code == 1
    assert "other.json: " in told.output
    assert "Traceback" not in told.output


def test_a_forged_and_an_expired_slip_end_with_1_and_say_why(
    app: Flask, token: str, tmp_path: Path
) -> None:
    claims = dict(eligibility.verify_slip(token).claims)
    kid, key = signer("slip")
    past = int((clock.now() - timedelta(minutes=5)).timestamp())
    forged = slip.sign(claims, kid=kid, key=Ed25519PrivateKey.generate())
    access_kid, access_key = signer("access")
    with_other_key = slip.sign(claims, kid=access_kid, key=access_key)
    published = tmp_path / "jwks.json"
    published.write_text(json.dumps(jwks()))
    expired = slip.sign(claims | {"exp": past}, kid=kid, key=key)

    assert (verify(app, forged).exit_code, verify(app, expired).exit_code) == (1, 1)
    assert "not a genuine slip" in verify(app, forged).output
    assert "not a genuine slip" in verify(app, with_other_key, "--keys", str(published)).output
    assert "no longer valid" in verify(app, expired).output
